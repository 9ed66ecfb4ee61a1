package inventory

import (
	"context"
	"database/sql/driver"
	"slices"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/redact"
)

// transaction has the changes of a connection that are not sent yet.
type transaction struct {
	pending []pending
	next    int // number of the next change

	ensure  bool  // the statement is INSERT … ON CONFLICT
	single  bool  // the statement is INSERT … RETURNING
	created []row // rows that such a statement has created
}

// pending is a change of a view. The changes of a transaction have ascending numbers.
type pending struct {
	*change
	view   *tableView
	number int
}

// examine returns an error for a statement that is not allowed, or that would not be carried out as
// written. The result is not nil for an INSERT that the engine can't carry out by itself.
func (c *conn) examine(query string) (*writing, error) {
	var special *writing
	list := statements(query)
	for _, ts := range list {
		if err := checkLengths(ts); err != nil {
			return nil, err
		}
		w := parseWriting(ts)
		if w == nil {
			continue
		}
		if strings.EqualFold(w.table, "integrations") && (w.schema == "" || strings.EqualFold(w.schema, "temp")) {
			return nil, invalid("integrations is a view: change the table of one vendor")
		}
		t := c.tableOf(w)
		if t == nil {
			continue // the engine reports it, with the nearest name
		}
		if err := c.permit(w, t); err != nil {
			return nil, err
		}
		if w.conflict >= 0 || w.returning >= 0 {
			special = w
		}
	}
	if special != nil && len(list) > 1 {
		return nil, invalid("an INSERT with RETURNING or ON CONFLICT must be the only statement")
	}
	return special, nil
}

// tableOf returns the table that w changes, nil if it is not a table of this package.
func (c *conn) tableOf(w *writing) *table {
	for _, t := range c.tables {
		if strings.EqualFold(w.table, t.name) && (w.schema == "" || strings.EqualFold(w.schema, t.schema)) {
			return t
		}
	}
	return nil
}

// permit returns an error if the table t can't be changed by w.
func (c *conn) permit(w *writing, t *table) error {
	name := t.fullName()
	switch {
	case t.writer == nil || w.verb == "UPDATE" && t.writer.updates == nil:
		return invalid("%s: %s is not possible", name, w.verb)
	case c.config.maxChanges == 0:
		return invalid("%s: %s needs the option WithWrites", name, w.verb)
	case w.orClause:
		return invalid("%s: OR clauses and REPLACE are not possible: see ON CONFLICT at WithWrites", name)
	case w.verb == "INSERT":
		if w.conflict >= 0 {
			return checkUpsert(w, t)
		}
	case !w.where:
		return invalid("%s: %s needs a WHERE", name, w.verb)
	case w.returning >= 0:
		return invalid("%s: RETURNING is possible in an INSERT only", name)
	case w.verb == "UPDATE" && w.from:
		return invalid("%s: UPDATE … FROM is not possible", name)
	}
	return nil
}

// Update implements [sqlite3.VTabUpdater].
func (v *tableView) Update(args ...sqlite3.Value) (int64, error) {
	err := v.update(args)
	if err != nil {
		return 0, v.conn.statement.fail(err)
	}
	return 0, nil
}

// update collects a change. A single argument is the key of a row to delete. With more arguments,
// the first is the key of a row to update, or NULL, and the values of the columns begin with the
// third.
func (v *tableView) update(args []sqlite3.Value) error {
	c := v.conn
	if v.table.writer == nil {
		return invalid("%s can't be changed", v.table.fullName())
	}
	inserts := args[0].Type() == sqlite3.NULL
	var columns values
	if len(args) > 1 {
		columns = values{}
		for i, arg := range args[2:] {
			null := arg.Type() == sqlite3.NULL
			if arg.NoChange() || null && inserts {
				continue
			}
			columns[v.table.columns[i].name] = nil
			if !null {
				s := arg.Text()
				columns[v.table.columns[i].name] = &s
			}
		}
	}
	var ch *change
	var err error
	if inserts {
		ch, err = newRow(c.context(), c.config, v.table, columns, c.ensure)
	} else {
		ch, err = oldRow(c.config, v.table, args[0].Text(), columns)
	}
	if err != nil {
		return err
	}
	return c.collect(v, ch)
}

// collect adds a change to the transaction.
func (c *conn) collect(v *tableView, ch *change) error {
	deleted := ch.id != "" && slices.ContainsFunc(c.pending, func(p pending) bool {
		return p.action == actionDelete && p.view == v &&
			p.account == ch.account && p.scope == ch.scope && p.id == ch.id
	})
	switch {
	case deleted && ch.action == actionDelete:
		return nil // A query does not see the changes of its transaction.
	case deleted:
		return invalid("%s: the transaction deletes the row %s", v.table.fullName(), displayID(ch.id))
	case c.single && len(c.pending) == 1:
		return invalid("%s: RETURNING is possible for one row only", v.table.fullName())
	case len(c.pending) == c.config.maxChanges:
		return invalid("%s: more changes than MaxChanges(%d)", v.table.fullName(), c.config.maxChanges)
	}
	c.pending = append(c.pending, pending{ch, v, c.next})
	c.next++
	return nil
}

// displayID returns the ID in the key of a row.
func displayID(id string) string {
	id, _, _ = strings.Cut(id, "\x00")
	return id
}

// context returns the context of the running statement.
func (c *conn) context() context.Context {
	if ctx := c.raw.GetInterrupt(); ctx != nil {
		return ctx
	}
	return context.Background()
}

// Begin implements [sqlite3.VTabTxn]. A statement that writes calls it first.
func (v *tableView) Begin() error {
	v.marks = nil
	if v.conn.config.maxChanges == 0 {
		return v.conn.statement.fail(invalid("%s: a change needs the option WithWrites", v.table.fullName()))
	}
	return nil
}

// Sync implements [sqlite3.VTabTxn]. The first call sends the changes of all views.
func (v *tableView) Sync() error { return v.conn.sendPending() }

// Commit implements [sqlite3.VTabTxn].
func (v *tableView) Commit() error { return v.Rollback() }

// Rollback implements [sqlite3.VTabTxn].
func (v *tableView) Rollback() error {
	v.conn.pending, v.marks = nil, nil
	return nil
}

// Savepoint implements [sqlite3.VTabSavepointer]. A view that joins the transaction later has no
// mark for the savepoint, and no earlier changes.
func (v *tableView) Savepoint(id int) error {
	if v.marks == nil {
		v.marks = map[int]int{}
	}
	v.marks[id] = v.conn.next
	return nil
}

// Release implements [sqlite3.VTabSavepointer]. The next savepoint with the same ID has another
// mark.
func (v *tableView) Release(int) error { return nil }

// RollbackTo implements [sqlite3.VTabSavepointer].
func (v *tableView) RollbackTo(id int) error {
	first := v.marks[id]
	v.conn.pending = slices.DeleteFunc(v.conn.pending, func(p pending) bool { return p.view == v && p.number >= first })
	return nil
}

// sendPending sends the changes of the transaction, up to the first one that fails.
func (c *conn) sendPending() error {
	list := c.pending
	c.pending = nil
	ctx := context.WithValue(c.context(), statementKey{}, c.statement)
	for i, p := range list {
		err := context.Cause(ctx)
		outcome := "not sent"
		if err == nil {
			var r row
			if r, err = c.send(ctx, p.change); err == nil {
				c.history.record(p.outcome("done", ""))
				if r != nil && c.single {
					c.created = append(c.created, r)
				}
				continue
			}
			outcome = "failed"
		}
		failure := p.failure(err)
		failure.Done, failure.NotSent = i, len(list)-i-1
		if failure.OutcomeUnknown {
			outcome = "unknown"
		}
		c.history.record(p.outcome(outcome, failure.message))
		for _, later := range list[i+1:] {
			c.history.record(later.outcome("not sent", "an earlier change of the transaction failed"))
		}
		return c.statement.fail(failure)
	}
	return nil
}

// send sends a change, and sets the ID of a new row.
func (c *conn) send(ctx context.Context, ch *change) (row, error) {
	var meta sdk.Meta
	r, err := ch.send(ctx, sdk.WithMeta(&meta))
	if meta.Attempts > 0 {
		note(ctx, ch.table, ch.account, ch.scope, 0, 0, meta)
	}
	if r != nil && ch.id == "" {
		parts := strings.SplitN(r.key(), "\x00", 3)
		ch.id = parts[len(parts)-1]
	}
	return r, err
}

// failure returns the error of a change.
func (ch *change) failure(err error) *ChangeError {
	return &ChangeError{
		Table: ch.table.fullName(), Account: ch.account.name, Scope: ch.scope, Action: ch.action, ID: displayID(ch.id),
		OutcomeUnknown: outcomeUnknown(err), Err: err, message: redact.String(err.Error(), ch.secrets),
	}
}

// outcome returns the row of inventory_changes.
func (ch *change) outcome(outcome, message string) changed {
	return changed{
		at: time.Now(), table: ch.table.fullName(), account: ch.account.name, scope: ch.scope, action: ch.action,
		id: displayID(ch.id), outcome: outcome, text: message,
	}
}

// BeginTx implements [driver.ConnBeginTx].
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.engineConn.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &txn{tx, c, ctx}, nil
}

// txn is a transaction. It keeps the context of BeginTx, because Commit has none.
type txn struct {
	driver.Tx
	conn *conn
	ctx  context.Context
}

// Commit implements [driver.Tx].
func (t *txn) Commit() error {
	c := t.conn
	c.begin()
	defer c.end()
	previous := c.raw.SetInterrupt(t.ctx)
	defer c.raw.SetInterrupt(previous)
	return c.cause(t.ctx, t.Tx.Commit())
}
