package main

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/integrations-go/sdk/inventory"
)

// querier is a connection or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// statement runs a statement. It prints its rows and its failures.
func (p *program) statement(ctx context.Context, db *database, query string) error {
	if err := p.print(ctx, db, query); err != nil {
		if p.settings.changes == 0 && strings.Contains(err.Error(), "WithWrites") {
			return fmt.Errorf("%w: use -max-changes", err)
		}
		return err
	}
	return p.reportFailures(ctx, db)
}

// print prints the rows of a statement.
func (p *program) print(ctx context.Context, db querier, query string, args ...any) error {
	stop := p.bar.start()
	defer stop()
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	columns := make([]column, len(types))
	values, dest := make([]any, len(types)), make([]any, len(types))
	for i, t := range types {
		columns[i] = column{t.Name(), strings.Contains(t.DatabaseTypeName(), "JSON")}
		dest[i] = &values[i]
	}
	out := formats[p.settings.output](p.stdout, columns, p.width)
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if err := out.row(values); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil || len(columns) == 0 {
		return err
	}
	if err := out.end(); err != nil {
		return err
	}
	stop()
	if t, ok := out.(*tableWriter); ok && t.cut {
		fmt.Fprintf(p.stderr, "inventory: cells were shortened to fit %d columns; -o json shows them in full\n",
			p.width)
	}
	return nil
}

// reportFailures prints the failures of the last statement, each one once.
func (p *program) reportFailures(ctx context.Context, db *database) error {
	if !p.settings.partial {
		return nil
	}
	rows, err := db.QueryContext(ctx,
		"SELECT at, table_name, account, coalesce(scope, ''), message FROM inventory_errors")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var at, table, account, scope, message string
		if err := rows.Scan(&at, &table, &account, &scope, &message); err != nil {
			return err
		}
		p.reportFailure(at, &inventory.ScopeError{Table: table, Account: account, Scope: scope,
			Err: errors.New(message)})
	}
	return rows.Err()
}

// reportFailure prints a failure, unless it was already printed.
func (p *program) reportFailure(at string, failure *inventory.ScopeError) {
	if key := at + failure.Error(); !p.reported[key] {
		p.reported[key] = true
		report(p.stderr, failure)
	}
}

// prompt runs the statements that a user types, until the end of the input.
func (p *program) prompt(ctx context.Context, db *database) error {
	fmt.Fprintln(p.stderr, `SQL ends with ";". .tables lists the tables, .exit or Ctrl-D ends the program.`)
	lines, read := make(chan string), make(chan error, 1)
	go func() {
		in := bufio.NewReader(p.stdin)
		for {
			line, err := in.ReadString('\n')
			if line != "" {
				lines <- line
			}
			if err != nil {
				read <- err
				return
			}
		}
	}()
	typed := ""
	for {
		if strings.TrimSpace(typed) == "" {
			fmt.Fprint(p.stderr, "inventory> ")
		} else {
			fmt.Fprint(p.stderr, "      ...> ")
		}
		select {
		case <-ctx.Done():
			fmt.Fprintln(p.stderr)
			return ctx.Err()
		case err := <-read:
			fmt.Fprintln(p.stderr)
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		case line := <-lines:
			typed += line
		}
		switch command := strings.TrimSpace(typed); {
		case command == ".exit" || command == ".quit":
			return nil
		case command == ".tables":
			typed = tablesQuery + ";"
		case !complete(typed):
			continue
		}
		for _, statement := range statements(typed) {
			if err := p.statement(ctx, db, statement); err != nil {
				if ctx.Err() != nil {
					return err
				}
				report(p.stderr, err)
			}
		}
		typed = ""
	}
}

const tablesQuery = `SELECT schema || '.' || name AS "table",
  (SELECT group_concat(c.name, ', ') FROM pragma_table_info(t.name, t.schema) c) AS columns
FROM pragma_table_list t WHERE type = 'virtual' OR schema = 'temp' AND type = 'view' ORDER BY 1`

// complete reports whether a text ends with the semicolon of a statement.
func complete(text string) bool {
	return len(statements(text)) != len(statements(text+"x")) || strings.TrimSpace(text) == ""
}

// snapshot adds a run to a file and prints it.
func (p *program) snapshot(ctx context.Context, db *database, path string) error {
	stop := p.bar.start()
	run, err := inventory.Snapshot(ctx, db.db, path)
	stop()
	if err != nil {
		return err
	}
	for i, failure := range run.Failures {
		p.reportFailure(strconv.Itoa(i), failure)
	}
	return p.withFile(ctx, path, func(file *sql.Conn) error {
		const query = "SELECT run, at, (SELECT count(*) FROM items i WHERE i.run = r.run) AS rows FROM runs r WHERE " +
			"run = ?"
		return p.print(ctx, file, query, run.ID)
	})
}

// withFile calls f with a transaction on a snapshot file. The changes are not kept.
func (p *program) withFile(ctx context.Context, path string, f func(*sql.Conn) error) error {
	if _, err := os.Stat(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return usageError{fmt.Errorf("there is no file %s: inventory snapshot creates it", path)}
		}
		return err
	}
	file, err := sql.Open("sqlite3", path)
	if err != nil {
		return err
	}
	defer file.Close()
	conn, err := file.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") }()
	return f(conn)
}

const diffQuery = `
SELECT 'added' AS change, table_name, account, nullif(scope, '') AS scope, id, name,
  NULL AS "column", NULL AS before, NULL AS after FROM added
UNION ALL
SELECT 'removed', table_name, account, nullif(scope, ''), id, name, NULL, NULL, NULL FROM removed
UNION ALL
SELECT 'changed', table_name, account, nullif(scope, ''), id, name, column_name, before, after FROM changed
ORDER BY 2, 3, 4, 5, 1, 7`

// diff prints the differences between two runs of a file.
func (p *program) diff(ctx context.Context, path string, runs []string) error {
	return p.withFile(ctx, path, func(file *sql.Conn) error {
		for i, run := range runs {
			n, err := strconv.Atoi(run)
			if err != nil {
				return usageError{fmt.Errorf("%q is not the number of a run", run)}
			}
			_, err = file.ExecContext(ctx, "UPDATE comparison SET "+[]string{"before_run", "after_run"}[i]+" = ?", n)
			if err != nil {
				return err
			}
		}
		var before, after, beforeAt, afterAt sql.NullString
		err := file.QueryRowContext(ctx, `SELECT before_run, after_run, (SELECT at FROM runs WHERE run = before_run),
			(SELECT at FROM runs WHERE run = after_run) FROM compared`).Scan(&before, &after, &beforeAt, &afterAt)
		if err != nil {
			return fmt.Errorf("%s is not a file with snapshots: %w", path, err)
		}
		if !beforeAt.Valid || !afterAt.Valid {
			return usageError{fmt.Errorf("%s does not have both runs", path)}
		}
		fmt.Fprintf(p.stderr, "inventory: from run %s (%s) to run %s (%s)\n",
			before.String, beforeAt.String, after.String, afterAt.String)
		return p.print(ctx, file, diffQuery)
	})
}
