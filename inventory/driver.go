package inventory

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/ncruces/go-sqlite3"
	enginedriver "github.com/ncruces/go-sqlite3/driver"
)

// connector opens connections with the tables of a configuration.
type connector struct {
	config  *config
	tables  []*table
	history *history
	engine  driver.Connector
}

func newConnector(c *config) (*connector, error) {
	engine, err := (&enginedriver.SQLite{}).OpenConnector(":memory:")
	if err != nil {
		return nil, err
	}
	h := &history{}
	tables := slices.Concat(confluentTables(), aponoTables(c.secrets), egeriaTables(c.secrets), localTables(h))
	return &connector{config: c, tables: tables, history: h, engine: engine}, nil
}

// Driver implements [driver.Connector].
func (c *connector) Driver() driver.Driver { return c.engine.Driver() }

// Connect implements [driver.Connector].
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.engine.Connect(ctx)
	if err != nil {
		return nil, err
	}
	engine, ok := inner.(engineConn)
	if !ok {
		inner.Close()
		return nil, errors.New("inventory: the engine has another interface than expected")
	}
	conn := &conn{
		engineConn: engine, raw: engine.Raw(), config: c.config, tables: c.tables, history: c.history,
		statement: newStatement(c.config),
	}
	if err := register(conn, c.tables); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// engineConn has the methods of the engine's connections.
type engineConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.NamedValueChecker
	Raw() *sqlite3.Conn
}

// conn is a connection. It keeps the errors of the SDK, because the engine keeps only their texts.
type conn struct {
	engineConn
	raw       *sqlite3.Conn
	config    *config
	tables    []*table
	history   *history
	unbound   error // the missing value of a table, if the engine finds no order in which it can read the tables
	statement *statement
	transaction
}

// begin starts a statement without the rows and failures of earlier ones.
func (c *conn) begin() { c.statement = newStatement(c.config) }

// end records the data of the statement for the tables about it.
func (c *conn) end() { c.history.add(c.statement) }

// cause returns the SDK's error for an error of the engine, or the reason why ctx ended.
func (c *conn) cause(ctx context.Context, err error) error {
	if err == nil || err == io.EOF || err == driver.ErrSkip {
		return err
	}
	c.statement.mu.Lock()
	defer c.statement.mu.Unlock()
	if c.statement.failure != nil {
		return c.statement.failure
	}
	if errors.Is(err, sqlite3.INTERRUPT) && ctx.Err() != nil {
		return ended(ctx)
	}
	return err
}

// Prepare implements [driver.Conn].
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext implements [driver.ConnPrepareContext].
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.begin()
	query = rewrite(query)
	if len(statements(query)) == 0 {
		return nil, invalid("there is no statement")
	}
	special, err := c.examine(query)
	if err != nil {
		return nil, err
	}
	if special != nil {
		return c.prepareSpecial(ctx, query, special)
	}
	inner, err := c.prepareInner(ctx, query)
	if err != nil {
		return nil, err
	}
	return &stmt{inner, c}, nil
}

// prepareInner prepares a statement for the engine.
func (c *conn) prepareInner(ctx context.Context, query string) (engineStmt, error) {
	s, err := c.engineConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, c.explain(query, c.cause(ctx, err))
	}
	inner, ok := s.(engineStmt)
	if !ok {
		s.Close()
		return nil, errors.New("inventory: the engine has another interface than expected")
	}
	return &boundStmt{inner}, nil
}

// ExecContext implements [driver.ExecerContext].
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.begin()
	defer c.end()
	query = rewrite(query)
	special, err := c.examine(query)
	if err != nil {
		return nil, err
	}
	if special != nil || len(args) == 0 && slices.ContainsFunc(tokens(query), token.isParameter) {
		return nil, driver.ErrSkip // PrepareContext handles it
	}
	r, err := c.engineConn.ExecContext(ctx, query, args)
	return r, c.explain(query, c.cause(ctx, err))
}

// engineStmt has the methods of the engine's statements.
type engineStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
	driver.NamedValueChecker
	BindCount() int
	BindName(id int) string
}

// boundStmt refuses parameters without an argument. The engine would take NULL.
type boundStmt struct{ engineStmt }

func (s *boundStmt) check(args []driver.NamedValue) error {
	for id := 1; id <= s.BindCount(); id++ {
		name := s.BindName(id)
		if !slices.ContainsFunc(args, func(a driver.NamedValue) bool {
			return a.Name == "" && a.Ordinal == id || a.Name != "" && name != "" && a.Name == name[1:]
		}) {
			return invalid("the parameter %s has no argument", cmp.Or(name, fmt.Sprint("?", id)))
		}
	}
	return nil
}

// ExecContext implements [driver.StmtExecContext].
func (s *boundStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.check(args); err != nil {
		return nil, err
	}
	return s.engineStmt.ExecContext(ctx, args)
}

// QueryContext implements [driver.StmtQueryContext].
func (s *boundStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.check(args); err != nil {
		return nil, err
	}
	return s.engineStmt.QueryContext(ctx, args)
}

type stmt struct {
	engineStmt
	conn *conn
}

// ExecContext implements [driver.StmtExecContext].
func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.conn.begin()
	defer s.conn.end()
	r, err := s.engineStmt.ExecContext(ctx, args)
	return r, s.conn.cause(ctx, err)
}

// QueryContext implements [driver.StmtQueryContext].
func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.conn.begin()
	r, err := s.engineStmt.QueryContext(ctx, args)
	if err != nil {
		return nil, s.conn.cause(ctx, err)
	}
	inner, ok := r.(engineRows)
	if !ok {
		r.Close()
		return nil, errors.New("inventory: the engine has another interface than expected")
	}
	return &rows{engineRows: inner, conn: s.conn, statement: s.conn.statement, ctx: ctx}, nil
}

// engineRows has the methods of the engine's results.
type engineRows interface {
	driver.Rows
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeNullable
	ColumnTypeScanType(index int) reflect.Type
	NextRow() error
	ColumnType(index int) sqlite3.Datatype
	ColumnInt64(index int) int64
	ColumnFloat(index int) float64
	ColumnText(index int) string
	ColumnBlob(index int, buf []byte) []byte
}

type rows struct {
	engineRows
	conn      *conn
	statement *statement
	ctx       context.Context // of the query; the engine uses it for further reads
	closed    bool
}

// Next implements [driver.Rows]. Texts that look like times remain texts.
func (r *rows) Next(dest []driver.Value) error {
	r.conn.statement = r.statement // other statements may have begun
	if err := r.NextRow(); err != nil {
		return r.conn.cause(r.ctx, err)
	}
	for i := range dest {
		switch r.ColumnType(i) {
		case sqlite3.INTEGER:
			dest[i] = r.ColumnInt64(i)
		case sqlite3.FLOAT:
			dest[i] = r.ColumnFloat(i)
		case sqlite3.TEXT:
			dest[i] = r.ColumnText(i)
		case sqlite3.BLOB:
			dest[i] = r.ColumnBlob(i, []byte{})
		case sqlite3.NULL:
			dest[i] = nil
		}
	}
	return nil
}

// Close implements [driver.Rows].
func (r *rows) Close() error {
	r.conn.statement = r.statement
	if !r.closed {
		r.closed = true
		r.conn.end()
	}
	return r.conn.cause(r.ctx, r.engineRows.Close())
}
