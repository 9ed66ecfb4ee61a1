package program

import (
	"io"
	"strings"
	"unicode/utf8"
)

// Columns is the width of the output of the examples. It fits a narrow terminal, and is the same in
// a pipe.
const Columns = 60

// Writer breaks lines at blanks so that they fit into Columns. The continuation lines are indented
// by two more blanks. A word that is longer than a line is not broken, so that it can be copied. A
// Writer is for one goroutine.
type Writer struct {
	out     io.Writer
	pending string // the line without its end
	err     error  // the first error of out
}

// NewWriter returns a Writer that writes to out.
func NewWriter(out io.Writer) *Writer { return &Writer{out: out} }

// Write writes the lines of p that are complete.
func (w *Writer) Write(p []byte) (int, error) {
	w.pending += string(p)
	for {
		line, rest, complete := strings.Cut(w.pending, "\n")
		if !complete {
			return len(p), w.err
		}
		w.pending = rest
		w.write(line)
	}
}

// Flush writes the last line, and returns the first error of the output.
func (w *Writer) Flush() error {
	if w.pending != "" {
		w.write(w.pending)
		w.pending = ""
	}
	return w.err
}

func (w *Writer) write(line string) {
	text := strings.Join(wrap(strings.TrimRight(line, " "), Columns), "\n") + "\n"
	if _, err := io.WriteString(w.out, text); err != nil && w.err == nil {
		w.err = err
	}
}

// wrap returns the parts of a line, each of columns or less.
func wrap(line string, columns int) []string {
	var parts []string
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	for utf8.RuneCountInString(line) > columns {
		at := lastBlank(line, columns)
		if at < 0 {
			break
		}
		parts = append(parts, strings.TrimRight(line[:at], " "))
		line = indent + "  " + strings.TrimLeft(line[at:], " ")
	}
	return append(parts, line)
}

// lastBlank returns the index of the blank to break the line at: the last one that lets the part
// before it fit, or else the first one. It is -1 if the line has no blank.
func lastBlank(line string, columns int) int {
	start := len(line) - len(strings.TrimLeft(line, " "))
	best, column := -1, 0
	for i, r := range line {
		if r == ' ' && i > start {
			if column > columns && best >= 0 {
				break
			}
			best = i
		}
		column++
	}
	return best
}
