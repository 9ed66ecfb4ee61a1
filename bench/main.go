// Command bench compares this SDK with other ways to call the same APIs, in one run: on the same
// server, transport, credentials and payloads. It prints a report in Markdown. README.md describes
// how to repeat a run.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// nextGo is the toolchain that -toolchains compares with.
const nextGo = "go1.27.4"

var workloads = []string{"micro", "prefetch", "limits", "goodput", "processes", "consumer"}

// settings are the flags.
type settings struct {
	quick, toolchains bool
	workloads         []string
	rounds            int
	benchtime         time.Duration
	limitTime         time.Duration
	svg, readme       string
	redis             string
}

func parse(args []string) (settings, error) {
	var s settings
	var names string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.BoolVar(&s.quick, "quick", false, "a run below a minute, whose figures say little")
	f.BoolVar(&s.toolchains, "toolchains", false, "run with the Go that is installed, and with "+nextGo)
	f.StringVar(&names, "workloads", strings.Join(workloads, ","), "which to run")
	f.IntVar(&s.rounds, "rounds", 80, "how often each client is measured, in turns")
	f.DurationVar(&s.benchtime, "benchtime", 40*time.Millisecond, "how long it is measured each time")
	f.DurationVar(&s.limitTime, "limittime", 10*time.Second, "how long a client runs against a limit, in whole seconds")
	f.StringVar(&s.svg, "svg", "requests.svg", `file for the plot of requests over time, "" for none`)
	f.StringVar(&s.readme, "readme", "", "file whose last run is replaced with this one")
	f.StringVar(&s.redis, "redis-server", "redis-server", "the program that keeps the shared limit of the processes")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if f.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if s.quick {
		s.rounds, s.benchtime, s.limitTime = 2, 10*time.Millisecond, 2*time.Second
	}
	s.workloads = strings.Split(names, ",")
	for _, name := range s.workloads {
		if !slices.Contains(workloads, name) {
			return s, fmt.Errorf("there is no workload %q; there are %s", name, strings.Join(workloads, ", "))
		}
	}
	switch {
	case s.rounds < 1:
		return s, fmt.Errorf("-rounds is %d", s.rounds)
	case s.benchtime <= 0:
		return s, fmt.Errorf("-benchtime is %v", s.benchtime)
	case s.limitTime < time.Second || s.limitTime%time.Second != 0:
		return s, fmt.Errorf("-limittime is %v, not whole seconds", s.limitTime)
	}
	return s, nil
}

func main() {
	var err error
	switch os.Getenv(roleVariable) {
	case roleServer:
		err = serve()
	case roleWorker:
		err = work()
	case roleGoodput:
		simulate() // does not return
	default:
		err = compareAll(os.Args[1:])
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func compareAll(args []string) error {
	s, err := parse(args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var report, before []byte
	if s.readme != "" { // found out now, or there would be no place for what took so long
		if _, before, _, err = split(s.readme); err != nil {
			return err
		}
	}
	if s.toolchains {
		report, err = both(ctx, s, args)
	} else {
		report, err = one(ctx, s)
	}
	if err == nil && s.readme != "" {
		report = slices.Concat([]byte(difference(string(before), string(report))), []byte("\n"), report)
	}
	if _, printed := os.Stdout.Write(report); printed != nil {
		return printed
	}
	if err == nil && s.readme != "" {
		err = keep(s.readme, report)
	}
	return err
}

// one measures with the toolchain that built the program.
func one(ctx context.Context, s settings) ([]byte, error) {
	testing.Init()
	if err := flag.Set("test.benchtime", s.benchtime.String()); err != nil {
		return nil, err
	}
	server, err := startServer(ctx)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	r := &result{head: machine(ctx)}
	err = measure(ctx, s, server, r)
	if len(r.runs) == 0 {
		s.svg = ""
	}
	if s.svg != "" {
		err = errors.Join(err, os.WriteFile(s.svg, []byte(plot(r.runs)), 0o644))
	}
	err = errors.Join(err, r.failures())
	picture := ""
	if s.svg != "" {
		picture = filepath.Base(s.svg)
	}
	return []byte(r.markdown(picture)), err
}

func measure(ctx context.Context, s settings, server *server, r *result) error {
	for _, workload := range s.workloads {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		switch workload {
		case "micro":
			err = micro(ctx, server, s.rounds, r.addComparison)
		case "prefetch":
			// Each round takes half a minute. Six are just enough for an interval.
			rounds, environment := min(s.rounds, 6), environmentWalk
			if s.quick {
				rounds, environment = 1, environmentShort
			}
			err = prefetch(ctx, server, rounds, environment, r.addComparison)
		case "limits":
			err = limits(ctx, server, s.limitTime, s.quick, r)
		case "goodput":
			r.goodput, err = measureGoodput(ctx, s.quick)
		case "processes":
			err = manyProcesses(ctx, server, s, r)
		case "consumer":
			r.burdens, err = consume(ctx, !s.quick)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", workload, err)
		}
	}
	return nil
}

// both builds the program with each toolchain and runs it with the other flags.
func both(ctx context.Context, s settings, args []string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	rest := slices.DeleteFunc(slices.Clone(args), func(a string) bool {
		name, _, _ := strings.Cut(strings.TrimLeft(a, "-"), "=")
		return name == "toolchains"
	})
	var report bytes.Buffer
	for _, toolchain := range []string{"local", nextGo} {
		program := filepath.Join(dir, toolchain)
		build := exec.CommandContext(ctx, "go", "build", "-o", program, ".")
		build.Env = append(os.Environ(), "GOTOOLCHAIN="+toolchain)
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return report.Bytes(), fmt.Errorf("building with %s: %w", toolchain, err)
		}
		flags := append(slices.Clip(rest), "-readme=")
		if s.svg != "" {
			extension := filepath.Ext(s.svg)
			flags = append(flags, "-svg="+strings.TrimSuffix(s.svg, extension)+"-"+toolchain+extension)
		}
		run := exec.CommandContext(ctx, program, flags...)
		run.Env = append(os.Environ(), "GOTOOLCHAIN="+toolchain) // for what the program builds itself
		run.Stderr = os.Stderr
		out, err := run.Output()
		report.Write(out)
		report.WriteString("\n")
		if err != nil {
			return report.Bytes(), fmt.Errorf("with %s: %w", toolchain, err)
		}
	}
	return report.Bytes(), nil
}

// sdkFolder is where our module is.
func sdkFolder(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", sdkModule).Output()
	if err != nil {
		return "", fmt.Errorf("run it in its own folder, with Go (%s): %w", runtime.Version(), err)
	}
	return strings.TrimSpace(string(out)), nil
}
