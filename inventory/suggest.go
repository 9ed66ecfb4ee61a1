package inventory

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// unknownName matches the engine's messages about a missing table or column.
var unknownName = regexp.MustCompile(`no such (table|column): "?([^"\n]+)"?|has no column named "?([^"\n]+)"?`)

// explain adds information to an error of the engine: the column without a value, or the nearest
// name to an unknown one.
func (c *conn) explain(statement string, err error) error {
	if err == nil || !errors.Is(err, sqlite3.ERROR) {
		return err
	}
	if c.unbound != nil && strings.Contains(err.Error(), "no query solution") {
		return c.unbound
	}
	m := unknownName.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	wanted, names := m[2], c.tableNames()
	if m[1] != "table" {
		wanted = wanted[strings.LastIndexByte(wanted, '.')+1:] + m[3]
		names = c.columnNames(statement)
	}
	name := nearest(wanted, names)
	if name == "" {
		return err
	}
	return fmt.Errorf("%w (did you mean %s?)", err, name)
}

// tableNames returns the names of all tables, as written in statements.
func (c *conn) tableNames() []string {
	names := []string{"integrations"}
	for _, t := range c.tables {
		names = append(names, strings.TrimPrefix(t.fullName(), schemaLocal+"."))
	}
	return names
}

// columnNames returns the names of the columns of the tables in a statement, or of all tables if it
// has none.
func (c *conn) columnNames(statement string) []string {
	var used, all []string
	for _, t := range c.tables {
		for _, column := range t.columns {
			all = append(all, column.name)
			if strings.Contains(strings.ToLower(statement), strings.TrimPrefix(t.fullName(), schemaLocal+".")) {
				used = append(used, column.name)
			}
		}
	}
	if len(used) == 0 {
		return append(all, "vendor", "scope", "type")
	}
	return used
}

// nearest returns the name with the smallest distance to wanted, "" if there is no similar one.
// wanted may be without a schema.
func nearest(wanted string, names []string) string {
	wanted = strings.ToLower(wanted)
	best, changes := "", max(2, len(wanted)/3)+1
	for _, name := range names {
		d := distance(wanted, name)
		if _, short, ok := strings.Cut(name, "."); ok && !strings.Contains(wanted, ".") {
			d = distance(wanted, short)
		}
		if d < changes {
			best, changes = name, d
		}
	}
	return best
}

// distance returns the number of bytes to add, remove or replace to change a to b.
func distance(a, b string) int {
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		diagonal := last[0]
		last[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = last[j+1]
			last[j+1] = min(cost, last[j]+1, last[j+1]+1)
		}
	}
	return last[len(b)]
}
