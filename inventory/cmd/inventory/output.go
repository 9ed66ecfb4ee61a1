package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// rowWriter prints rows.
type rowWriter interface {
	// row prints the values of a row: nil, or values of the types string, int64, float64, bool,
	// []byte and time.Time. It may keep them until end.
	row(values []any) error
	end() error
}

// column is a column of a result.
type column struct {
	name string
	json bool // its values are JSON
}

// formats are the output formats. Each row is written immediately: a reader that closes the output
// ends the requests.
var formats = map[string]func(out io.Writer, columns []column, width int) rowWriter{
	"table": func(out io.Writer, columns []column, width int) rowWriter {
		return &tableWriter{out: out, columns: columns, width: width}
	},
	"json": func(out io.Writer, columns []column, _ int) rowWriter {
		return &jsonWriter{out: out, columns: distinct(columns), array: true}
	},
	"jsonl": func(out io.Writer, columns []column, _ int) rowWriter {
		return &jsonWriter{out: out, columns: distinct(columns)}
	},
	"csv": func(out io.Writer, columns []column, _ int) rowWriter {
		return &csvWriter{out: csv.NewWriter(out), columns: columns}
	},
}

// distinct adds a number to repeated names, because an object must not have a member twice.
func distinct(columns []column) []column {
	seen := map[string]bool{}
	named := make([]column, len(columns))
	for i, c := range columns {
		name := c.name
		for n := 2; seen[name]; n++ {
			name = c.name + "_" + strconv.Itoa(n)
		}
		seen[name] = true
		named[i] = column{name, c.json}
	}
	return named
}

// jsonWriter prints objects, one per line.
type jsonWriter struct {
	out     io.Writer
	columns []column
	array   bool
	rows    int
}

func (w *jsonWriter) row(values []any) error {
	var b bytes.Buffer
	if w.array {
		b.WriteString([]string{"[\n", ",\n"}[min(w.rows, 1)])
	}
	w.rows++
	for i, v := range values {
		b.WriteByte("{,"[min(i, 1)])
		if err := appendJSON(&b, w.columns[i].name); err != nil {
			return err
		}
		b.WriteByte(':')
		if s, ok := v.(string); ok && w.columns[i].json && json.Valid([]byte(s)) {
			b.WriteString(s)
		} else if err := appendJSON(&b, v); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	if !w.array {
		b.WriteByte('\n')
	}
	_, err := w.out.Write(b.Bytes())
	return err
}

// appendJSON appends v without HTML escapes.
func appendJSON(b *bytes.Buffer, v any) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the end of the line
	return nil
}

func (w *jsonWriter) end() error {
	if !w.array {
		return nil
	}
	end := "\n]\n"
	if w.rows == 0 {
		end = "[]\n"
	}
	_, err := io.WriteString(w.out, end)
	return err
}

// csvWriter prints a line with the names, and one line per row. NULL is an empty field.
type csvWriter struct {
	out     *csv.Writer
	columns []column
	begun   bool
}

func (w *csvWriter) row(values []any) error {
	if err := w.header(); err != nil {
		return err
	}
	fields := make([]string, len(values))
	for i, v := range values {
		if v != nil {
			fields[i] = plain(v)
		}
	}
	return w.write(fields)
}

func (w *csvWriter) header() error {
	if w.begun {
		return nil
	}
	w.begun = true
	var names []string
	for _, c := range w.columns {
		names = append(names, c.name)
	}
	return w.write(names)
}

func (w *csvWriter) write(fields []string) error {
	if err := w.out.Write(fields); err != nil {
		return err
	}
	w.out.Flush()
	return w.out.Error()
}

func (w *csvWriter) end() error { return w.header() }

// plain returns v as text.
func plain(v any) string {
	switch v := v.(type) {
	case []byte:
		return hex.EncodeToString(v)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}

// blockRows is the number of rows that the table writer keeps to compute the widths of its columns.
const blockRows = 200

// tableWriter prints a table in blocks. The output of a long result begins before its end is read.
type tableWriter struct {
	out     io.Writer
	columns []column
	width   int // of the terminal; 0: unlimited
	block   [][]any
	widths  []int // of the columns in earlier blocks
	cut     bool  // a cell was too long for the terminal
}

func (w *tableWriter) row(values []any) error {
	w.block = append(w.block, append([]any(nil), values...))
	if len(w.block) < blockRows {
		return nil
	}
	return w.flush()
}

func (w *tableWriter) end() error {
	if w.widths != nil && len(w.block) == 0 {
		return nil
	}
	return w.flush()
}

// flush prints the block. The first block has a header.
func (w *tableWriter) flush() error {
	t := table.NewWriter()
	style := table.StyleLight
	style.Options = table.Options{SeparateColumns: true, SeparateHeader: true}
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	cells, right := w.cells()
	header := make(table.Row, len(w.columns))
	natural := make([]int, len(w.columns))
	for i, c := range w.columns {
		name := printable(c.name)
		natural[i] = max(4, text.StringWidth(name))
		for _, row := range cells {
			natural[i] = max(natural[i], text.StringWidth(row[i]))
		}
		header[i] = name
	}
	widths := fit(natural, w.width)
	first := w.widths == nil
	var configs []table.ColumnConfig
	for i := range widths {
		if !first && w.width == 0 {
			widths[i] = max(widths[i], w.widths[i])
		} else if !first {
			widths[i] = w.widths[i] // wider ones might not fit
		}
		header[i] = w.snip(fmt.Sprint(header[i]), widths[i])
		config := table.ColumnConfig{Number: i + 1, WidthMin: widths[i]}
		if right[i] {
			config.Align = text.AlignRight
		}
		configs = append(configs, config)
	}
	t.SetColumnConfigs(configs)
	if first {
		t.AppendHeader(header)
	}
	for _, row := range cells {
		out := make(table.Row, len(row))
		for i, cell := range row {
			out[i] = w.snip(cell, widths[i])
		}
		t.AppendRow(out)
	}
	w.widths, w.block = widths, nil
	_, err := io.WriteString(w.out, t.Render()+"\n")
	return err
}

// cells returns the texts of the block, and the columns that have only numbers.
func (w *tableWriter) cells() (cells [][]string, right []bool) {
	right = make([]bool, len(w.columns))
	words := make([]bool, len(w.columns))
	for _, values := range w.block {
		row := make([]string, len(values))
		for i, v := range values {
			row[i] = "NULL"
			if v == nil {
				continue
			}
			row[i] = printable(plain(v))
			switch v.(type) {
			case int64, float64:
				right[i] = !words[i]
			default:
				words[i], right[i] = true, false
			}
		}
		cells = append(cells, row)
	}
	return cells, right
}

// snip shortens a cell to a width.
func (w *tableWriter) snip(cell string, width int) string {
	if text.StringWidth(cell) <= width {
		return cell
	}
	w.cut = true
	return text.Snip(cell, width, "…")
}

// fit narrows the widest columns until a row fits, if possible.
func fit(widths []int, terminal int) []int {
	if terminal == 0 {
		return widths
	}
	const narrowest = 6
	total := func() int {
		n := 3*len(widths) - 1 // a space on both sides, and a line between columns
		for _, w := range widths {
			n += w
		}
		return n
	}
	for total() > terminal {
		widest := 0
		for i := range widths {
			if cmp.Compare(widths[i], widths[widest]) > 0 {
				widest = i
			}
		}
		if widths[widest] <= narrowest {
			break
		}
		widths[widest]--
	}
	return widths
}

// printable escapes characters that would move the cursor or change the screen.
func printable(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}
