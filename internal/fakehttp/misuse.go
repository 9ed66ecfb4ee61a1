package fakehttp

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
)

// TB is the part of testing.TB that a fake needs.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipped() bool
	Cleanup(func())
}

// misuse is the panic value of an invalid call.
type misuse struct{ text string }

func (m *misuse) Error() string { return m.text }

// Misuse returns the panic value for a call without a server.
func Misuse(format string, args ...any) error { return &misuse{fmt.Sprintf(format, args...)} }

// Misuse reports an invalid call, such as one with an unknown ID. It fails the test that the server
// belongs to, and does not return. Without a test, it returns the value to panic with. s may be nil
// if the server is not started yet.
func (s *Server) Misuse(format string, args ...any) error {
	cause := Misuse(format, args...)
	if s != nil && s.tb != nil {
		s.tb.Helper()
		s.tb.Fatalf("%v%s", cause, caller())
	}
	return cause
}

// CheckTB panics if tb is nil or a nil pointer.
func CheckTB(tb TB) {
	if v := reflect.ValueOf(tb); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		panic(Misuse("NewServer needs the test that it belongs to, and tb is nil: without a test, use Start"))
	}
}

// FailMisuse fails the test after a panic with a [Misuse], for example at the start of a server.
// Call it with defer.
func FailMisuse(tb TB) {
	tb.Helper()
	switch cause := recover().(type) {
	case nil:
	case *misuse:
		tb.Fatalf("%v%s", cause, caller())
	default:
		panic(cause)
	}
}

// CloseWith ties the server to a test: the server closes when the test ends, and a [Server.Misuse]
// fails the test. The test also fails if [Server.Close] returns an error, unless the test was
// skipped.
func (s *Server) CloseWith(tb TB) {
	tb.Helper()
	s.tb = tb
	tb.Cleanup(func() {
		if err := s.Close(); err != nil && !tb.Skipped() {
			tb.Errorf("%v", err)
		}
	})
}

// caller returns the position of the call of a fake, "" if it is not known. Without it, the test
// would show a position inside the fake.
func caller() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		frame, more := frames.Next()
		if !inFake(frame) {
			return fmt.Sprintf(" (called at %s:%d)", frame.File, frame.Line)
		}
		if !more {
			return ""
		}
	}
}

// inFake reports whether a frame is in a fake or below one.
func inFake(f runtime.Frame) bool {
	if strings.HasSuffix(f.File, "_test.go") {
		return false
	}
	folder, name := "", f.Function
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		folder, name = name[:i], name[i+1:]
	}
	name, _, _ = strings.Cut(name, ".")
	return folder == "" || name == "fakehttp" || strings.Contains(folder, "integrations-go/sdk/") &&
		strings.HasSuffix(name, "test")
}

// RecordedTB is a TB for the tests of fakes. The zero value is ready to use.
type RecordedTB struct {
	Failures []string
	Skip     bool // the result of Skipped

	cleanups []func()
}

// Helper does nothing.
func (*RecordedTB) Helper() {}

// Skipped returns r.Skip.
func (r *RecordedTB) Skipped() bool { return r.Skip }

// Errorf records a failure.
func (r *RecordedTB) Errorf(format string, args ...any) {
	r.Failures = append(r.Failures, fmt.Sprintf(format, args...))
}

// Fatalf records a failure, and ends the goroutine.
func (r *RecordedTB) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// Cleanup stores f for [RecordedTB.End].
func (r *RecordedTB) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

// End ends the test like package testing: it runs the last cleanup first.
func (r *RecordedTB) End() {
	for len(r.cleanups) > 0 {
		last := len(r.cleanups) - 1
		f := r.cleanups[last]
		r.cleanups = r.cleanups[:last]
		f()
	}
}

// Run runs f in its own goroutine and returns its panic value. It returns nil if there was none,
// for example if Fatalf ended f.
func (r *RecordedTB) Run(f func()) (cause any) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { cause = recover() }()
		f()
	}()
	<-done
	return cause
}

// CheckMisuse returns an error unless call, or the start itself, fails the test of a server with a
// test, and panics for a server without one (tb is nil). Then it calls use with each started
// server, which must still work.
func CheckMisuse[S any](start func(tb TB) S, call, use func(S)) error {
	var errs []error
	var started []S
	run := func(tb TB) func() {
		return func() {
			s := start(tb)
			started = append(started, s)
			call(s)
		}
	}
	tb := &RecordedTB{}
	if cause := tb.Run(run(tb)); cause != nil {
		errs = append(errs, fmt.Errorf("a server of a test: panic %v", cause))
	}
	if len(tb.Failures) != 1 || !strings.Contains(tb.Failures[0], "_test.go:") {
		errs = append(errs, fmt.Errorf("a server of a test: failures %q", tb.Failures))
	}
	if _, ok := tb.Run(run(nil)).(*misuse); !ok {
		errs = append(errs, errors.New("a server without a test: no panic"))
	}
	for _, s := range started {
		use(s)
	}
	tb.End()
	return errors.Join(errs...)
}
