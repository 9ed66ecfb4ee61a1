//go:build unix

package main

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	_ "github.com/lib/pq"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// copySnapshot copies all runs of a snapshot file to PostgreSQL. Runs that were copied before are
// unchanged.
func copySnapshot(ctx context.Context, target, file *sql.DB) error {
	tx, err := target.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // an error means that it is committed
	_, err = tx.ExecContext(ctx, `
		CREATE TABLE IF NOT EXISTS runs(run bigint PRIMARY KEY, at timestamptz NOT NULL);
		CREATE TABLE IF NOT EXISTS items(
			run bigint NOT NULL REFERENCES runs, table_name text NOT NULL, account text NOT NULL, scope text NOT `+
		`NULL, id text NOT NULL,
			data jsonb NOT NULL, PRIMARY KEY(run, table_name, account, scope, id))`)
	if err != nil {
		return err
	}
	err = copyRows(ctx, tx, "INSERT INTO runs VALUES ($1, $2) ON CONFLICT DO NOTHING", file, "SELECT run, at FROM runs")
	if err != nil {
		return err
	}
	err = copyRows(ctx, tx, "INSERT INTO items VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
		file, "SELECT run, table_name, account, scope, id, data FROM items")
	if err != nil {
		return err
	}
	return tx.Commit()
}

// copyRows runs insert for each row of a query.
func copyRows(ctx context.Context, tx *sql.Tx, insert string, file *sql.DB, query string) error {
	into, err := tx.PrepareContext(ctx, insert)
	if err != nil {
		return err
	}
	defer into.Close()
	rows, err := file.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if _, err := into.ExecContext(ctx, values...); err != nil {
			return err
		}
	}
	return rows.Err()
}

func TestASnapshotInPostgreSQL(t *testing.T) {
	target := startPostgres(t)
	withoutVendors(t)
	path := filepath.Join(t.TempDir(), "inventory.db")
	require.Zero(t, start(t.Context(), "", "-fake", "snapshot", path).code)
	file, err := sql.Open("sqlite3", path)
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, copySnapshot(t.Context(), target, file))
	require.Zero(t, start(t.Context(), "", "-fake", "snapshot", path).code)
	require.NoError(t, copySnapshot(t.Context(), target, file))

	for query, want := range map[string]string{
		"SELECT count(*) FROM runs WHERE at > now() - interval '1 " +
			"hour'": "2",
		"SELECT count(*) FROM items WHERE run = 1 AND table_name = " +
			"'confluent.integrations'": "7",
		"SELECT data -> 'config' ->> 'serial' FROM items WHERE run = 2 AND table_name = 'confluent.integrations' " +
			"AND data ->> 'display_name' = 'mine'": "12345678901234567890",
		"SELECT string_agg(data ->> 'name', ',') FROM items WHERE run = 2 AND table_name = 'apono.integrations' AND " +
			"data ->> 'status' = 'ERROR'": "billing",
		"SELECT count(*) FROM items WHERE data::text LIKE '%" + fakePassword +
			"%'": "0",
	} {
		var got string
		require.NoError(t, target.QueryRowContext(t.Context(), query).Scan(&got), query)
		assert.Equal(t, want, got, query)
	}
}

// startPostgres starts a server of Debian's package, with a socket in a temporary folder.
func startPostgres(t *testing.T) *sql.DB {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	require.NoError(t, err)
	if len(found) == 0 {
		t.Skip("there is no PostgreSQL server: apt-get install postgresql brings one")
	}
	bin := filepath.Dir(slices.Max(found))
	dir, err := os.MkdirTemp("", "pg") //nolint:usetesting // only root can enter the folders of t.TempDir
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	attributes := &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() == 0 { // the server refuses to run as root
		owner, err := user.Lookup("postgres")
		require.NoError(t, err)
		uid, err := strconv.Atoi(owner.Uid)
		require.NoError(t, err)
		gid, err := strconv.Atoi(owner.Gid)
		require.NoError(t, err)
		require.NoError(t, os.Chown(dir, uid, gid))
		attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.SysProcAttr = dir, attributes
		return cmd
	}
	data := filepath.Join(dir, "data")
	out, err := command("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
		"--no-sync").CombinedOutput()
	require.NoError(t, err, string(out))
	server := command("postgres", "-D", data, "-k", dir, "-h", "", "-F")
	log, err := server.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	ready := make(chan error, 1)
	go func() {
		err := errors.New("the server has ended")
		for lines := bufio.NewScanner(log); lines.Scan(); { // to the end, because the server must not be blocked
			if strings.Contains(lines.Text(), "ready to accept connections") {
				ready <- nil
			}
		}
		select {
		case ready <- err:
		default:
		}
	}()
	t.Cleanup(func() {
		assert.NoError(t, server.Process.Signal(os.Interrupt)) // ends the sessions, and then the server
		assert.NoError(t, server.Wait())
	})
	require.NoError(t, <-ready)
	db, err := sql.Open("postgres", "host="+dir+" user=postgres dbname=postgres sslmode=disable")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}
