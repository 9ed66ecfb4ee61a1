// Inventory answers SQL questions about the integrations of Confluent Cloud, Apono and Egeria.
//
//	inventory -fake "SELECT vendor, count(*) FROM integrations GROUP BY 1"
//
// queries fakes inside the program, without an account and a network. Without -fake it queries each
// vendor whose environment variables are set. `inventory -h` lists them, the flags and the exit
// codes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/integrations-go/sdk/inventory"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop)   // a second Ctrl-C ends the program immediately
	signal.Ignore(syscall.SIGPIPE) // a write to a closed pipe becomes an error
	os.Exit(exitCode(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr), os.Stderr))
}

// The exit codes.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitPartial     = 3
	exitInterrupted = 130
)

const usage = `Usage:
  inventory [flags] "SQL"              print the rows of the statements
  inventory [flags] -f FILE            the statements are in a file
  inventory [flags]                    they come from standard input, or from a prompt
  inventory [flags] snapshot FILE      add all tables to a SQLite file, as one run
  inventory [flags] diff FILE [BEFORE AFTER]
                                       print what differs between two runs, the last two by default

Without -fake, each vendor is asked whose environment variables are set:
  Confluent Cloud  CONFLUENT_CLOUD_API_KEY, CONFLUENT_CLOUD_API_SECRET, CONFLUENT_CLOUD_ENVIRONMENT
  Apono            APONO_PERSONAL_TOKEN
  Egeria           EGERIA_PLATFORM_URL, EGERIA_USER, EGERIA_USER_PASSWORD

Exit codes: 0 all was read, 1 failed, also for an error in the SQL, 2 wrong usage or a refused statement,
3 some could not be read (-partial), 130 Ctrl-C

Flags:
`

// usageError is an error in the arguments or the environment.
type usageError struct{ error }

// partialError is the number of scopes that could not be read. They have been printed.
type partialError int

func (e partialError) Error() string {
	return fmt.Sprintf("the rows are not complete: %d failures", int(e))
}

// exitCode prints err, if it is not nil, and returns the exit code of the program.
func exitCode(err error, stderr io.Writer) int {
	if err == nil || errors.Is(err, flag.ErrHelp) || errors.Is(err, syscall.EPIPE) {
		return 0 // the reader has closed the pipe
	}
	report(stderr, err)
	if _, wrong := errors.AsType[usageError](err); wrong || errors.Is(err, inventory.ErrInvalid) {
		return exitUsage
	}
	if errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	if _, partial := errors.AsType[partialError](err); partial {
		return exitPartial
	}
	return exitFailed
}

// report prints err after the name of the program. The errors of the package also begin with that
// name.
func report(stderr io.Writer, err error) {
	fmt.Fprintln(stderr, "inventory: "+strings.TrimPrefix(err.Error(), "inventory: "))
}

// settings are the flags.
type settings struct {
	fake, partial bool
	concurrency   int
	changes       int // maximum number of changes of a transaction; 0: none
	output, file  string
	environments  string
}

// parse returns the flags and the other arguments, in any order.
func parse(args []string, stderr io.Writer) (*settings, []string, error) {
	s := &settings{}
	flags := flag.NewFlagSet("inventory", flag.ContinueOnError)
	flags.BoolVar(&s.fake, "fake", false, "ask fakes of all vendors inside the program")
	flags.BoolVar(&s.partial, "partial", false, "go on where an environment, a server or an account can't be read")
	flags.IntVar(&s.concurrency, "concurrency", 4,
		"how many environments, servers and accounts to read at the same time")
	flags.IntVar(&s.changes, "max-changes", 0,
		"permit INSERT, UPDATE and DELETE, and so `many` changes in a transaction at most")
	flags.StringVar(&s.output, "o", "table", "the form of the rows: table, json, jsonl or csv")
	flags.StringVar(&s.file, "f", "", "read the statements from a `file`")
	flags.StringVar(&s.environments, "environment", "",
		"the `ids` of Confluent's environments, separated by commas; the default is $"+envEnvironment)
	flags.SetOutput(io.Discard) // main prints the error once
	args = slices.Clone(args)
	for i, arg := range args {
		if len(arg) > 2 && strings.HasPrefix(arg, "--") && strings.ContainsRune(" \t\r\n", rune(arg[2])) {
			args[i] = "\n" + arg // SQL that begins with a comment is not a flag
		}
	}
	var others []string
	for {
		err := flags.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stderr, usage)
			flags.SetOutput(stderr)
			flags.PrintDefaults()
			return nil, nil, err
		}
		if err != nil {
			return nil, nil, usageError{err}
		}
		if flags.NArg() == 0 {
			return s, others, nil
		}
		others = append(others, flags.Arg(0))
		args = flags.Args()[1:]
	}
}

// program has the data that the parts of the program share.
type program struct {
	settings *settings
	stdin    io.Reader
	stdout   io.Writer // clears the bar before it prints, if both are on a terminal
	stderr   io.Writer
	bar      *bar // nil if stderr is not a terminal
	width    int  // of the terminal that shows the rows, 0 if there is none
	reported map[string]bool
}

// terminalWidth returns the width of a terminal. ok is false if f is not a terminal. Tests replace
// it.
var terminalWidth = func(f any) (width int, ok bool) {
	file, ok := f.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width < 20 {
		width = 80
	}
	return width, true
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	s, args, err := parse(args, stderr)
	if err != nil {
		return err
	}
	p := &program{settings: s, stdin: stdin, stdout: stdout, stderr: stderr, reported: map[string]bool{}}
	p.width, _ = terminalWidth(stdout)
	if _, ok := terminalWidth(stderr); ok {
		p.bar = &bar{out: stderr}
		if p.width > 0 {
			p.stdout = p.bar.before(stdout)
		}
	}
	if err := p.dispatch(ctx, args); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	if n := len(p.reported); n > 0 {
		return partialError(n)
	}
	return nil
}

// dispatch runs the command.
func (p *program) dispatch(ctx context.Context, args []string) error {
	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	_, known := formats[p.settings.output]
	switch {
	case !known:
		return usageError{fmt.Errorf("-o %s: the forms are table, json, jsonl and csv", p.settings.output)}
	case command == "diff" && (len(args) == 2 || len(args) == 4):
		return p.diff(ctx, args[1], args[2:])
	case command == "diff":
		return usageError{errors.New("diff needs a file, and takes the numbers of two runs")}
	case command == "snapshot" && len(args) != 2:
		return usageError{errors.New("snapshot needs a file")}
	case command == "snapshot":
		return p.withDB(ctx, func(db *database) error { return p.snapshot(ctx, db, args[1]) })
	case len(args) > 1:
		return usageError{fmt.Errorf("unexpected argument %q: the SQL is one argument, in quotes", args[1])}
	}
	text, err := p.text(args)
	if err != nil {
		return err
	}
	return p.withDB(ctx, func(db *database) error {
		if text == nil {
			return p.prompt(ctx, db)
		}
		for _, statement := range statements(*text) {
			if err := p.statement(ctx, db, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// text returns the statements, nil if the user types them.
func (p *program) text(args []string) (*string, error) {
	_, typed := terminalWidth(p.stdin)
	var text string
	switch {
	case len(args) > 0 && p.settings.file != "":
		return nil, usageError{errors.New("the SQL is an argument or in a file, not both")}
	case len(args) > 0:
		text = args[0]
	case p.settings.file != "":
		content, err := os.ReadFile(p.settings.file)
		if err != nil {
			return nil, usageError{err}
		}
		text = string(content)
	case typed:
		return nil, nil
	default:
		content, err := io.ReadAll(p.stdin)
		if err != nil {
			return nil, err
		}
		text = string(content)
	}
	if len(statements(text)) == 0 {
		return nil, usageError{errors.New("there is no SQL: see inventory -h")}
	}
	return &text, nil
}

// statements returns the statements of a text. A semicolon within a text, a quoted name or a
// comment does not end a statement.
func statements(text string) []string {
	var all []string
	begin, content := 0, false
	add := func(end int) {
		if content {
			all = append(all, strings.TrimSpace(text[begin:end]))
		}
		begin, content = end+1, false
	}
	for i := 0; i < len(text); {
		n, comment := opaque(text[i:])
		switch {
		case n > 0:
			content = content || !comment
			i += n
			continue
		case text[i] == ';':
			add(i)
		case !strings.ContainsRune(" \t\r\n", rune(text[i])):
			content = true
		}
		i++
	}
	add(len(text))
	return all
}

// opaque returns the length of the text, quoted name or comment at the beginning of s, 0 if there
// is none.
func opaque(s string) (n int, comment bool) {
	for _, delimiters := range [][2]string{{"'", "'"}, {`"`, `"`}, {"`", "`"}, {"[", "]"}, {"--", "\n"}, {"/*", "*/"}} {
		rest, ok := strings.CutPrefix(s, delimiters[0])
		if !ok {
			continue
		}
		comment = len(delimiters[0]) == 2
		end := strings.Index(rest, delimiters[1])
		if end < 0 {
			return len(s), comment
		}
		return len(delimiters[0]) + end + len(delimiters[1]), comment
	}
	return 0, false
}
