package inventory

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	enginedriver "github.com/ncruces/go-sqlite3/driver"
)

// Run is a run that [Snapshot] has added to a file.
type Run struct {
	// ID is the number of the run. The first run of a file is 1.
	ID int64
	// At is the time at which the run began.
	At time.Time
	// Rows is the number of rows of all tables.
	Rows int
	// Failures are the scopes that could not be read. Without [WithPartial] there are
	// none.
	Failures []*ScopeError
}

// Snapshot reads tables of db, which is a database of [New], and adds their rows to the SQLite file
// at path as one more run. It creates the file if it does not exist. Without names of tables, such
// as "apono.integrations", it reads all tables of the accounts of db except apono.user_tags, which
// needs a request per resource.
//
// After an error, the file has no part of the run. Secrets are hidden as in the columns. The column
// _raw is left out.
//
// # The file
//
//	runs        run, at: each run and when it began
//	items       run, table_name, account, scope, id, data: each row; data has its columns as JSON
//	scopes      run, table_name, account, scope, error: each scope, with its error if it was not read
//	added, removed, changed
//	            the differences between two runs, the last two by default
//	comparison  before_run, after_run: set the numbers to compare other runs
//	apono_integrations ...
//	            a view per table, with its columns and the number of the run
//
// The scope is an environment, a server, an integration or a resource. If one of the two runs did
// not read a scope completely, none of its rows is added or removed, because nothing is known about
// them.
func Snapshot(ctx context.Context, db *sql.DB, path string, tables ...string) (*Run, error) {
	if path == "" {
		return nil, invalid("Snapshot: the path is empty")
	}
	source, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	wanted, err := snapshotTables(source, tables)
	if err != nil {
		return nil, err
	}
	file, err := openSnapshot(ctx, path, wanted)
	if err != nil {
		return nil, fmt.Errorf("inventory: the snapshot file %s: %w", path, err)
	}
	defer file.close(ctx)
	for _, t := range wanted {
		if err := file.copy(ctx, source, t); err != nil {
			return nil, err
		}
	}
	if _, err := file.conn.ExecContext(ctx, "COMMIT"); err != nil {
		return nil, err
	}
	return &file.run, nil
}

// connOf calls f with the connection behind c.
func connOf(c *sql.Conn, f func(*conn)) error {
	return c.Raw(func(dc any) error {
		inner, ok := dc.(*conn)
		if !ok {
			return invalid("the database is not one of New")
		}
		f(inner)
		return nil
	})
}

// snapshotTables returns the tables with these names, or all tables that call an API.
func snapshotTables(c *sql.Conn, names []string) (wanted []*table, err error) {
	missing := slices.Clone(names)
	err = connOf(c, func(c *conn) {
		for _, t := range c.tables {
			i := slices.Index(missing, t.fullName())
			switch {
			case i >= 0:
				missing = slices.Delete(missing, i, i+1)
			case len(names) > 0, t.local != nil, t.fullName() == seedTable, t.fullName() == aponoTags:
				continue
			}
			wanted = append(wanted, t)
		}
	})
	if err == nil && len(missing) > 0 {
		err = invalid("Snapshot: there is no table %q", missing[0])
	}
	return wanted, err
}

// snapshotFile is a file with an open transaction.
type snapshotFile struct {
	db   *sql.DB
	conn *sql.Conn
	run  Run
}

// openSnapshot begins a run in the file at path.
func openSnapshot(ctx context.Context, path string, tables []*table) (*snapshotFile, error) {
	db, err := enginedriver.Open(path)
	if err != nil {
		return nil, err
	}
	f := &snapshotFile{db: db, run: Run{At: time.Now().UTC()}}
	if f.conn, err = db.Conn(ctx); err != nil {
		db.Close()
		return nil, err
	}
	if err := f.begin(ctx, tables); err != nil {
		f.close(ctx)
		return nil, err
	}
	return f, nil
}

// begin starts a transaction, creates missing tables and views, and adds a run.
func (f *snapshotFile) begin(ctx context.Context, tables []*table) error {
	if _, err := f.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	var id, objects int
	const query = "SELECT application_id, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id"
	err := f.conn.QueryRowContext(ctx, query).Scan(&id, &objects)
	if err != nil {
		return err
	}
	var script strings.Builder
	switch {
	case objects == 0:
		script.WriteString("PRAGMA application_id = " + strconv.Itoa(snapshotFormat) + ";" + snapshotSchema)
	case id != snapshotFormat:
		return invalid("it is a database of another program")
	}
	for _, t := range tables {
		script.WriteString(snapshotView(t))
	}
	if _, err := f.conn.ExecContext(ctx, script.String()); err != nil {
		return err
	}
	return f.conn.QueryRowContext(ctx, "INSERT INTO runs(at) VALUES (?) RETURNING run", timeText(f.run.At)).
		Scan(&f.run.ID)
}

// close ends the transaction. Uncommitted changes are lost.
func (f *snapshotFile) close(ctx context.Context) {
	_, _ = f.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") // an error means that there is none
	f.conn.Close()
	f.db.Close()
}

// copy adds the rows of a table, and the scopes that were read. For tables whose rows belong to
// others, such as resources to integrations, it queries each account only for its own.
func (f *snapshotFile) copy(ctx context.Context, source *sql.Conn, t *table) error {
	condition, ok := snapshotConditions[t.fullName()]
	if !ok {
		return f.copyPart(ctx, source, t, "")
	}
	var names []string
	err := connOf(source, func(c *conn) {
		for _, a := range c.config.accounts {
			if a.schema == t.schema {
				names = append(names, a.name)
			}
		}
	})
	for _, name := range names {
		if err == nil {
			err = f.copyPart(ctx, source, t, " WHERE "+condition, name)
		}
	}
	return err
}

// copyPart adds the rows of a table that one statement reads. The parameter of the condition is the
// account.
func (f *snapshotFile) copyPart(
	ctx context.Context, source *sql.Conn, t *table, condition string, account ...any,
) error {
	if err := f.copyRows(ctx, source, t, condition, account...); err != nil {
		return err
	}
	scopes := map[scopeName]any{} // the error, nil for scopes that were read
	err := connOf(source, func(c *conn) {
		c.statement.mu.Lock()
		defer c.statement.mu.Unlock()
		for _, name := range c.statement.scopes.complete {
			if name.table == t.fullName() {
				scopes[name] = nil
			}
		}
		for _, failed := range c.statement.failed {
			f.run.Failures = append(f.run.Failures, failed.err)
			scopes[scopeName{failed.err.Table, failed.err.Account, failed.err.Scope}] = failed.err.Err.Error()
		}
		if len(account) > 0 && len(c.statement.failed) == 0 {
			// Parents that are not among the scopes, such as a deleted integration, have no rows.
			scopes[scopeName{t.fullName(), account[0].(string), ""}] = nil
		}
	})
	if err != nil {
		return err
	}
	for s, failure := range scopes {
		_, err := f.conn.ExecContext(ctx, "INSERT INTO scopes VALUES (?, ?, ?, ?, ?)",
			f.run.ID, s.table, s.account, s.scope, failure)
		if err != nil {
			return err
		}
	}
	return nil
}

// copyRows adds the rows of a table.
func (f *snapshotFile) copyRows(ctx context.Context, source *sql.Conn, t *table, condition string, args ...any) error {
	insert, err := f.conn.PrepareContext(ctx, "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	defer insert.Close()
	columns := snapshotColumns(t)
	names := []string{"_key", "account"}
	for _, c := range columns {
		names = append(names, quoted(c.name))
	}
	query := "SELECT " + strings.Join(names, ", ") + " FROM " + t.schema + "." + quoted(t.name) + condition
	rows, err := source.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var key, account string
	values := make([]any, len(columns))
	dest := []any{&key, &account}
	for i := range values {
		dest = append(dest, &values[i])
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		data, err := snapshotData(columns, values)
		if err != nil {
			return err
		}
		scope, id := snapshotID(t, key)
		if _, err := insert.ExecContext(ctx, f.run.ID, t.fullName(), account, scope, id, data); err != nil {
			return err
		}
		f.run.Rows++
	}
	return rows.Err()
}

// snapshotID returns the scope of a row, and its ID within the scope, from the column _key. Other
// databases refuse the byte 0.
func snapshotID(t *table, key string) (scope, id string) {
	parts := append(strings.SplitN(key, "\x00", 3), "", "") // account, scope and row
	scope, id = parts[1], parts[2]
	if t.schema == schemaConfluent {
		id, _, _ = strings.Cut(id, "\x00") // the version may follow
	}
	return scope, strings.ReplaceAll(id, "\x00", "/")
}

// snapshotData returns values as a JSON object, without NULL values. The members of documents are
// sorted, because their order may differ between responses.
func snapshotData(columns []column, values []any) (string, error) {
	members := map[string]any{}
	for i, c := range columns {
		switch v := values[i].(type) {
		case nil:
			continue
		case string:
			members[c.name] = v
			if c.kind != document {
				continue
			}
			var document any
			decoder := json.NewDecoder(strings.NewReader(v))
			decoder.UseNumber() // keeps all digits
			if err := decoder.Decode(&document); err != nil {
				return "", fmt.Errorf("inventory: column %s: %w", c.name, err)
			}
			members[c.name] = document
		case int64:
			members[c.name] = v
			if c.kind == boolean {
				members[c.name] = v != 0
			}
		default:
			members[c.name] = v
		}
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(members)
	return strings.TrimSuffix(b.String(), "\n"), err
}
