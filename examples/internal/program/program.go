// Package program has the common code of the examples: arguments, exit codes, and Ctrl-C.
package program

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
)

// errorColumns is the width of the text of an error.
const errorColumns = 80

// Main runs an example with the arguments of the process, and ends the process. Ctrl-C ends the
// context. A second one ends the process immediately.
func Main(name string, run func(ctx context.Context, args []string, out io.Writer) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop)
	out := NewWriter(os.Stdout)
	err := run(ctx, os.Args[1:], out)
	if err := out.Flush(); err != nil {
		os.Exit(1) // the reader of the pipe is closed
	}
	os.Exit(ExitCode(name, err, os.Stderr))
}

// usageError is an error in the arguments.
type usageError struct{ error }

// Usage returns err as an error in the arguments.
func Usage(err error) error { return usageError{err} }

// hintedError is an error with the next step.
type hintedError struct {
	error
	hint string
}

func (h *hintedError) Unwrap() error { return h.error }

// Hint returns err with the next step, which ExitCode prints on a line of its own. It returns nil
// if err is nil.
func Hint(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &hintedError{err, hint}
}

// interruption is the end of a program by Ctrl-C.
type interruption struct {
	did string
	err error
}

func (i *interruption) Error() string {
	if i.err == nil {
		return "interrupted; " + i.did
	}
	return "interrupted; " + i.did + ": " + i.err.Error()
}

// Unwrap returns the error of the program and the error of the context.
func (i *interruption) Unwrap() []error {
	if i.err == nil {
		return []error{context.Canceled}
	}
	return []error{context.Canceled, i.err}
}

// Interrupted returns err. If ctx has ended before, the error also says what the program did until
// then. The text of err is part of it, because it names what may be left.
func Interrupted(ctx context.Context, err error, did string) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	return &interruption{did: did, err: err}
}

// InterruptedFake is Interrupted for a program that called only servers inside itself.
func InterruptedFake(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	return &interruption{did: "what it did is above, all of it on servers inside this program: nothing is left"}
}

// ExitCode prints err if it is not nil, and returns the exit code of the program: 2 for an error in
// the arguments, 130 after Ctrl-C, and 1 for other errors. The cause of a broken connection and the
// next step have lines of their own. Lines are wrapped at 80 columns.
func ExitCode(name string, err error, out io.Writer) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	lines := []string{name + ": " + err.Error()}
	code := 1
	switch _, wrong := errors.AsType[usageError](err); {
	case wrong:
		lines = append(lines, "  -h lists the flags")
		code = 2
	case errors.Is(err, context.Canceled):
		code = 130
	default:
		if cause, ok := errors.AsType[*net.OpError](err); ok {
			lines = append(lines, "  the cause: "+cause.Error())
		}
	}
	if hinted, ok := errors.AsType[*hintedError](err); ok {
		lines = append(lines, "  "+hinted.hint)
	}
	for _, line := range lines {
		fmt.Fprintln(out, strings.Join(wrap(line, errorColumns), "\n"))
	}
	return code
}

// Parse sets the flags. It prints the usage if args request it. A flag with an empty value is an
// error.
func Parse(flags *flag.FlagSet, args []string, out io.Writer) error {
	flags.SetOutput(io.Discard) // ExitCode prints the error
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(out)
		flags.Usage()
		return err
	case err != nil:
		return usageError{err}
	case flags.NArg() > 0:
		return usageError{fmt.Errorf("unexpected argument %q", flags.Arg(0))}
	}
	flags.Visit(func(f *flag.Flag) {
		if f.Value.String() == "" {
			err = usageError{fmt.Errorf("-%s is empty", f.Name)}
		}
	})
	return err
}
