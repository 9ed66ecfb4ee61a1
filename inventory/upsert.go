package inventory

import (
	"bytes"
	"context"
	"database/sql/driver"
	"io"
	"slices"
	"strings"
)

// checkUpsert returns an error unless Ensure does the same as the ON CONFLICT of w.
func checkUpsert(w *writing, t *table) error {
	refused := func(why string) error {
		return invalid("%s: ON CONFLICT … DO UPDATE is carried out by Ensure: %s", t.fullName(), why)
	}
	columns, n := nameList(w.rest)
	if n == 0 {
		return refused("the INSERT must name its columns")
	}
	end := len(w.rest)
	if w.returning >= 0 {
		end = w.returning
	}
	clause := w.rest[w.conflict+2 : end]
	target, n := nameList(clause)
	clause = clause[n:]
	if len(target) == 0 || slices.ContainsFunc(target, func(c string) bool {
		return !slices.Contains([]string{t.writer.name, "account", t.writer.scope}, c)
	}) || !slices.Contains(target, t.writer.name) {
		return refused("it finds a row by " + t.writer.name)
	}
	if len(clause) < 3 || !clause[0].is("DO") || !clause[1].is("UPDATE") || !clause[2].is("SET") {
		return refused("there is no WHERE before DO, and no DO NOTHING")
	}
	var assigned []string
	for clause = clause[3:]; len(clause) > 0; clause = clause[1:] {
		// column = excluded . column
		if len(clause) < 5 || !clause[1].is("=") || !strings.EqualFold(clause[2].name(), "excluded") ||
			!clause[3].is(".") || !strings.EqualFold(clause[0].name(), clause[4].name()) {
			return refused("each column must be set to its excluded value")
		}
		assigned = append(assigned, columnName(clause[0]))
		if clause = clause[5:]; len(clause) == 0 {
			break
		}
		if !clause[0].is(",") {
			return refused("there is no WHERE")
		}
	}
	for _, c := range columns {
		key := slices.Contains(slices.Concat(t.writer.fixed, []string{t.writer.name, "account", t.writer.scope}), c)
		if !key && !slices.Contains(assigned, c) {
			return refused("it changes " + c + " too, which SET does not have")
		}
	}
	for _, c := range assigned {
		if !slices.Contains(columns, c) {
			return refused("SET has " + c + ", which is not inserted")
		}
	}
	return nil
}

// nameList returns the names, in lower case, of a list in parentheses at the beginning of ts, and
// its number of tokens.
func nameList(ts []token) (names []string, n int) {
	if len(ts) == 0 || !ts[0].is("(") {
		return nil, 0
	}
	for i, t := range ts[1:] {
		switch {
		case t.is(")"):
			return names, i + 2
		case !t.is(","):
			names = append(names, columnName(t))
		}
	}
	return nil, 0
}

// columnName returns the name of a column. Names of other tools become ours.
func columnName(t token) string { return strings.TrimPrefix(strings.ToLower(t.name()), "data__") }

// specialInsert is an INSERT with ON CONFLICT, which the engine does not support for these tables,
// or with RETURNING, for which the engine would not know the new ID.
type specialInsert struct {
	engineStmt // the INSERT without these clauses
	conn       *conn
	table      *table
	ensure     bool
	answer     engineStmt // a SELECT of the columns in RETURNING, nil without it
}

// prepareSpecial prepares the INSERT w of a query.
func (c *conn) prepareSpecial(ctx context.Context, query string, w *writing) (driver.Stmt, error) {
	s := &specialInsert{conn: c, table: c.tableOf(w), ensure: w.conflict >= 0}
	if w.returning >= 0 {
		expressions := w.rest[w.returning:]
		if slices.ContainsFunc(expressions, token.isParameter) {
			return nil, c.statement.fail(invalid("%s: RETURNING can't have parameters", s.table.fullName()))
		}
		// The engine checks the clause.
		insert := w.upTo(query, w.conflict, w.returning)
		check, err := c.prepareInner(ctx, insert+" "+query[expressions[0].start:w.end])
		if err != nil {
			return nil, err
		}
		check.Close()
		answer := "SELECT " + query[expressions[0].end:w.end] + "\nFROM " + query[w.target[0]:w.target[1]]
		if s.answer, err = c.prepareInner(ctx, answer); err != nil {
			return nil, err
		}
	}
	insert, err := c.prepareInner(ctx, w.upTo(query, w.conflict, w.returning))
	if err != nil {
		if s.answer != nil {
			s.answer.Close()
		}
		return nil, err
	}
	s.engineStmt = insert
	return s, nil
}

// Close implements [driver.Stmt].
func (s *specialInsert) Close() error {
	if s.answer != nil {
		s.answer.Close()
	}
	return s.engineStmt.Close()
}

// ExecContext implements [driver.StmtExecContext].
func (s *specialInsert) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	c := s.conn
	c.begin()
	defer c.end()
	if s.answer != nil && !c.raw.GetAutocommit() {
		return nil, invalid("%s: RETURNING is not possible in a transaction", s.table.fullName())
	}
	c.ensure, c.single, c.created = s.ensure, s.answer != nil, nil
	defer func() { c.ensure, c.single = false, false }()
	r, err := s.engineStmt.ExecContext(ctx, args)
	return r, c.cause(ctx, err)
}

// QueryContext implements [driver.StmtQueryContext]. The row exists when it returns.
func (s *specialInsert) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if _, err := s.ExecContext(ctx, args); err != nil {
		return nil, err
	}
	c := s.conn
	if s.answer == nil {
		return &readyRows{}, nil
	}
	c.statement.made = map[*table][]row{s.table: c.created}
	defer func() { c.statement.made = nil }()
	// The row exists. The end of the context must not hide its ID.
	rows, err := s.answer.QueryContext(context.WithoutCancel(ctx), nil)
	if err != nil {
		return nil, c.cause(ctx, err)
	}
	defer rows.Close()
	ready := &readyRows{columns: rows.Columns()}
	for {
		dest := make([]driver.Value, len(ready.columns))
		switch err := rows.Next(dest); err {
		case nil:
		case io.EOF:
			return ready, nil
		default:
			return nil, c.cause(ctx, err)
		}
		for i := range dest {
			if b, ok := dest[i].([]byte); ok {
				dest[i] = bytes.Clone(b)
			}
		}
		ready.rows = append(ready.rows, dest)
	}
}

// readyRows is a result in memory.
type readyRows struct {
	columns []string
	rows    [][]driver.Value
}

// Columns implements [driver.Rows].
func (r *readyRows) Columns() []string { return r.columns }

// Close implements [driver.Rows].
func (r *readyRows) Close() error { return nil }

// Next implements [driver.Rows].
func (r *readyRows) Next(dest []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(dest, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}
