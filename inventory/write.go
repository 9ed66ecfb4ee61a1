package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
)

// MaxChanges is the maximum number of changes of a transaction, at least 1.
type MaxChanges int

// WithWrites allows INSERT, UPDATE and DELETE. Without it they are ErrInvalid, and nothing is sent.
//
//	connector, err := inventory.New(
//		inventory.Confluent("prod", client), inventory.WithWrites(inventory.MaxChanges(1)),
//	)
//
// # Transactions
//
// The changes of a transaction are collected. COMMIT sends them one after the other. A statement
// outside of a transaction is a separate transaction. ROLLBACK sends nothing. A query does not see
// changes that are not sent yet. A transaction with more than limit changes fails before anything
// is sent. The APIs have no transactions: if a change fails, earlier changes remain, and later ones
// are not sent. COMMIT uses the context of [database/sql.DB.BeginTx].
//
// The table inventory_changes has the latest 10,000 changes of all connections with their outcome:
// done, failed, unknown (the response was lost), or "not sent". The error of a failed change is a
// [*ChangeError].
//
// # Statements
//
//   - DELETE and UPDATE need a WHERE.
//   - UPDATE changes the configuration of drafts in Confluent's v2, Apono's integrations and
//     Egeria's groups. In Apono's configuration, members with the value *** are kept.
//   - INSERT INTO confluent.integrations uses v1 for AWS, and v2 for the other clouds. In v2 it
//     creates a draft, and configures it if config is set.
//   - INSERT … RETURNING works for one row outside of a transaction, without parameters after
//     RETURNING.
//   - INSERT … ON CONFLICT (display_name) DO UPDATE SET config = excluded.config calls Ensure. The
//     column is name for Apono and qualified_name for Egeria. Every inserted column that can be
//     changed must be set, and to its inserted value.
//   - INSERT OR …, REPLACE, ON CONFLICT DO NOTHING and UPDATE … FROM are ErrInvalid.
func WithWrites(limit MaxChanges) Option {
	return func(c *config) error {
		if limit < 1 {
			return invalid("WithWrites: MaxChanges(%d) is less than 1", limit)
		}
		c.maxChanges = int(limit)
		return nil
	}
}

// ChangeError is the failure of a change.
type ChangeError struct {
	// Table is the table, such as confluent.integrations.
	Table string
	// Account is the name of the account. Scope is the environment or the server, "" if
	// the table has none.
	Account, Scope string
	// Action is insert, ensure, update or delete.
	Action string
	// ID is the ID of the row, "" for a new one.
	ID string
	// OutcomeUnknown reports whether the change may have been carried out. The error is
	// then sdk.ErrOutcomeUnknown.
	OutcomeUnknown bool
	// Done is the number of earlier changes of the transaction, which were carried out.
	Done int
	// NotSent is the number of later changes, which were not sent.
	NotSent int
	// Err is the SDK's error, such as a *confluent.Error.
	Err error

	message string // the text of Err without secrets
}

// Error returns the change, its error, and the outcome of the other changes of its transaction. It
// has no values of secret columns.
func (e *ChangeError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "inventory: %s %s (%s", e.Action, e.Table, e.Account)
	for _, s := range []string{e.Scope, e.ID} {
		if s != "" {
			b.WriteString(", " + core.OneLine(s))
		}
	}
	b.WriteString("): " + e.message)
	if e.Done+e.NotSent > 0 {
		fmt.Fprintf(&b, "; changes done before: %d, not sent: %d", e.Done, e.NotSent)
	}
	return b.String()
}

// Unwrap returns Err.
func (e *ChangeError) Unwrap() error { return e.Err }

// Is reports whether target is sdk.ErrOutcomeUnknown and the outcome is unknown.
func (e *ChangeError) Is(target error) bool {
	return e.OutcomeUnknown && target == sdk.ErrOutcomeUnknown
}

// values are the columns that a statement sets. nil means NULL.
type values map[string]*string

// text returns the value of a column, "" if it is NULL or not set.
func (v values) text(column string) string {
	if s := v[column]; s != nil {
		return *s
	}
	return ""
}

// sender sends a change. The result is nil for a deleted row.
type sender func(ctx context.Context, opts ...sdk.CallOption) (row, error)

// writer changes the rows of a table. Its functions check the values and return a function that
// sends the change.
type writer struct {
	scope string // column of the scope, "" if there is none
	name  string // column by which Ensure finds a row

	inserts []string // columns that INSERT may set, besides account and scope
	updates []string // columns that UPDATE may set
	fixed   []string // columns of INSERT that Ensure only compares

	// normalize renames the columns of an INSERT to ours. nil means that there is nothing to
	// rename.
	normalize func(v values) (values, error)

	insert func(a *account, scope string, v values, ensure bool) (sender, error)
	update func(a *account, scope, id string, v values) (sender, error)
	remove func(a *account, scope, id string) sender
	secret func(v values) []string // returns the values that errors must not show
}

// change is a collected change of a transaction.
type change struct {
	table   *table
	account *account
	scope   string
	id      string // ID in the key; "" for a new row
	action  string
	secrets []string
	send    sender
}

const (
	actionInsert = "insert"
	actionEnsure = "ensure"
	actionUpdate = "update"
	actionDelete = "delete"
)

// newRow returns the change that inserts a row.
func newRow(ctx context.Context, c *config, t *table, v values, ensure bool) (*change, error) {
	w := t.writer
	var err error
	if w.normalize != nil {
		if v, err = w.normalize(v); err != nil {
			return nil, err
		}
	}
	if err := checkColumns(t, v, append([]string{"account", w.scope}, w.inserts...), "INSERT"); err != nil {
		return nil, err
	}
	ch := &change{table: t, action: actionInsert}
	if ensure {
		ch.action = actionEnsure
	}
	if ch.account, err = c.accountOf(t, v.text("account")); err != nil {
		return nil, err
	}
	if w.scope != "" {
		if ch.scope, err = scopeOf(ctx, t, ch.account, v.text(w.scope)); err != nil {
			return nil, err
		}
	}
	ch.secrets = w.secrets(v)
	ch.send, err = w.insert(ch.account, ch.scope, v, ensure)
	return ch, err
}

// oldRow returns the change that updates the row with this key, or deletes it if v is nil.
func oldRow(c *config, t *table, key string, v values) (*change, error) {
	w := t.writer
	parts := strings.SplitN(key, "\x00", 3)
	if len(parts) != 3 {
		return nil, invalid("%s: a row without a key", t.fullName())
	}
	a, err := c.accountOf(t, parts[0])
	if err != nil {
		return nil, err
	}
	ch := &change{table: t, account: a, scope: parts[1], id: parts[2], action: actionDelete}
	if v == nil {
		ch.send = w.remove(a, ch.scope, ch.id)
		return ch, nil
	}
	if err := checkColumns(t, v, w.updates, "UPDATE"); err != nil {
		return nil, err
	}
	ch.action, ch.secrets = actionUpdate, w.secrets(v)
	ch.send, err = w.update(a, ch.scope, ch.id, v)
	return ch, err
}

func (w *writer) secrets(v values) []string {
	if w.secret == nil {
		return nil
	}
	return w.secret(v)
}

// checkColumns returns an error for a column that can't be set.
func checkColumns(t *table, v values, allowed []string, verb string) error {
	for _, c := range t.columns {
		if _, ok := v[c.name]; ok && !slices.Contains(allowed, c.name) {
			return invalid("%s: %s can't set %s", t.fullName(), verb, c.name)
		}
	}
	return nil
}

// accountOf returns the account of a new row.
func (c *config) accountOf(t *table, name string) (*account, error) {
	var found *account
	n := 0
	for _, a := range c.accounts {
		if a.schema == t.schema && (name == "" || a.name == name) {
			found = a
			n++
		}
	}
	switch n {
	case 1:
		return found, nil
	case 0:
		return nil, invalid("%s: there is no account %q", t.fullName(), name)
	}
	return nil, invalid("%s: there are %d accounts, so the column account must be set", t.fullName(), n)
}

// scopeOf returns the scope of a new row: the given one, or the only one of the account.
func scopeOf(ctx context.Context, t *table, a *account, given string) (string, error) {
	if given != "" {
		return given, nil
	}
	if a.environments != nil {
		ids, err := a.environments(ctx)
		if err != nil {
			return "", err
		}
		if len(ids) == 1 {
			return ids[0], nil
		}
	}
	return "", invalid("%s: the column %s must be set", t.fullName(), t.writer.scope)
}

// outcomeUnknown reports whether a request that failed with err may have been carried out. For
// requests that are not repeated, the SDK reports it. For others, any attempt may have been carried
// out.
func outcomeUnknown(err error) bool {
	if errors.Is(err, sdk.ErrOutcomeUnknown) {
		return true
	}
	e, ok := errors.AsType[*sdk.Error](err)
	if !ok || e.Attempts == 0 || e.StatusCode > 0 && e.StatusCode < 500 {
		return false
	}
	return e.Method == "DELETE" || e.Method == "PUT" || e.Method == "POST" && e.Vendor == schemaEgeria
}

// jsonObject returns the members of an object. The error does not show them.
func jsonObject(t, column, document string) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(document), &members) != nil || members == nil {
		return nil, invalid("%s: %s is not a JSON object", t, column)
	}
	return members, nil
}

// changed is a row of inventory_changes.
type changed struct {
	at                                               time.Time
	table, account, scope, action, id, outcome, text string
}

const changesKept = 10000 // in inventory_changes; up to twice as many in memory

// record stores the outcome of a change.
func (h *history) record(c changed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.changes) == 2*changesKept {
		h.changes = slices.Delete(h.changes, 0, changesKept)
	}
	h.changes = append(h.changes, c)
}

// changesMade returns the stored changes, the oldest one first.
func (h *history) changesMade() []changed {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.changes[max(0, len(h.changes)-changesKept):])
}

var changeShape = shape[numbered[changed]]{
	id: func(c *numbered[changed]) string { return fmt.Sprint(c.n) },
	fields: []field[numbered[changed]]{
		{column{name: "at", kind: timestamp, doc: "when its outcome was known"}, func(c *numbered[changed]) any {
			return c.value.at
		}},
		{column{name: "table_name", kind: text, doc: "the table"}, func(c *numbered[changed]) any {
			return c.value.table
		}},
		{column{name: "scope", kind: text, doc: "the environment or server"}, func(c *numbered[changed]) any {
			return c.value.scope
		}},
		{column{name: "action", kind: text, doc: "insert, ensure, update or delete"}, func(c *numbered[changed]) any {
			return c.value.action
		}},
		{column{name: "id", kind: text, doc: "the id of the row; NULL if it was not created"},
			func(c *numbered[changed]) any { return c.value.id }},
		{column{name: "outcome", kind: text, doc: "done, failed, unknown, or not sent"},
			func(c *numbered[changed]) any { return c.value.outcome }},
		{column{name: "message", kind: text, doc: "the error"}, func(c *numbered[changed]) any { return c.value.text }},
	},
}
