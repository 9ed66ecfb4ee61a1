package inventory

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"time"
)

// kind is the type of a column's values.
type kind int

const (
	text      kind = iota
	integer        // a whole number
	boolean        // 0 or 1
	document       // JSON as text
	timestamp      // RFC 3339, in UTC
)

// sqlType returns the declared type of a column of this kind.
func (k kind) sqlType() string {
	switch k {
	case integer, boolean:
		return "INTEGER"
	case document:
		return "JSON TEXT" // the engine treats it as text
	}
	return "TEXT"
}

func (k kind) String() string {
	return [...]string{"text", "integer", "boolean", "JSON", "time"}[k]
}

// column is a column of a table.
type column struct {
	name string
	kind kind
	doc  string
	fold bool // comparisons ignore letter case, like the SDK

	hidden bool // not part of *
}

// filter is a column whose wanted values a table sends to the API, or uses to send fewer requests.
type filter struct {
	column   string
	required bool // the table can't be read without a value
	scope    bool // its values are the scopes to read
	local    bool // used for rows in memory; the API does not filter by it
}

// The first columns of all tables.
const (
	keyColumn = iota // hidden; unique in its table
	rawColumn        // hidden
	accountColumn
)

var leading = []column{
	{name: "_key", kind: text, hidden: true, doc: "identifies the row within its table"},
	{name: "_raw", kind: document, hidden: true, doc: "the item as received"},
	{name: "account", kind: text, doc: "the name of the account in New"},
}

// row is a row of a table. Its values are computed when they are requested.
type row interface {
	key() string
	// value returns nil, a string or a pointer to one, a json.RawMessage, an int, an int64 or a
	// bool.
	value(column int) (any, error)
	// size returns the approximate memory of the row, in bytes.
	size() int
}

// query has the conditions on the rows of a table.
type query struct {
	filters map[string][]string // alternative values by column
	raw     bool                // the rows need the raw item
	limit   int                 // maximum number of rows that are read, 0 if it is not known
	again   bool                // the rows may be read several times
}

// wanted returns the values that the column may have. ok is false if any value is allowed.
func (q *query) wanted(column string) (values []string, ok bool) {
	values, ok = q.filters[column]
	return values, ok
}

// only returns the only value that the column may have, "" if there are several or if any is
// allowed.
func (q *query) only(column string) string {
	if values := q.filters[column]; len(values) == 1 {
		return values[0]
	}
	return ""
}

// withoutRaw returns q for rows whose raw item may contain secrets.
func (q *query) withoutRaw() *query {
	other := *q
	other.raw = false
	return &other
}

// largestPage is the maximum number of items of a page. It is Confluent's maximum and Apono's
// default.
const largestPage = 100

// pageSize returns the number of items that a page should have, 0 if the number of wanted rows is
// not known.
func (q *query) pageSize() int { return min(q.limit, largestPage) }

// permits reports whether the column may have the value.
func (q *query) permits(column, value string) bool {
	values, ok := q.filters[column]
	return !ok || slices.Contains(values, value)
}

// table is the definition of a table. It is independent of the database engine.
type table struct {
	schema, name string
	doc          string
	columns      []column // the leading ones first
	filters      []filter
	// scopes returns the parts of an account that are read separately, such as environments. nil
	// means that the account has one part.
	scopes func(ctx context.Context, a *account, q *query) ([]string, error)
	// configured reports whether an account has configured values for a required column. nil means
	// that it never has.
	configured func(a *account) bool
	// rows yields the rows of a scope that q may want. The engine checks them again.
	rows func(ctx context.Context, a *account, scope string, q *query) iter.Seq2[row, error]
	// local yields the rows of a table that needs no request. The other functions are nil then.
	local func() iter.Seq2[row, error]
	// writer changes rows, nil if the table can't be changed.
	writer *writer
}

// fullName returns the name of the table in statements.
func (t *table) fullName() string { return t.schema + "." + t.name }

// filter returns the filter of a column, nil if it has none.
func (t *table) filter(column int) *filter {
	for i := range t.filters {
		if t.columns[column].name == t.filters[i].column {
			return &t.filters[i]
		}
	}
	return nil
}

// field is a column with a value of an item of the SDK.
type field[T any] struct {
	column
	// get returns the value for row.value, a json.RawMessage, or any other value for a document. A
	// pointer to a text needs no memory.
	get func(item *T) any
}

// emptyText is a text that may be empty without being absent.
type emptyText string

// item is a row for an item of the SDK.
type item[T any] struct {
	of      *shape[T]
	account *account
	scope   string
	value_  *T
	raw     json.RawMessage // nil if it is not wanted
}

// shape has the common properties of the items of a table.
type shape[T any] struct {
	scope  *column // follows the first columns; nil if there is none
	fields []field[T]
	id     func(*T) string
	weight func(*T) int // returns the bytes of the documents in an item; nil if there are none
}

// columns returns all columns of a table whose items have the shape s.
func (s *shape[T]) columns() []column {
	columns := slices.Clone(leading)
	if s.scope != nil {
		columns = append(columns, *s.scope)
	}
	for _, f := range s.fields {
		columns = append(columns, f.column)
	}
	return columns
}

// row returns the row of an item.
func (s *shape[T]) row(a *account, scope string, value *T, raw json.RawMessage) row {
	return &item[T]{of: s, account: a, scope: scope, value_: value, raw: raw}
}

func (i *item[T]) key() string {
	return strings.Join([]string{i.account.name, i.scope, i.of.id(i.value_)}, "\x00")
}

// itemBytes is the approximate memory of an item without documents.
const itemBytes = 1 << 10

func (i *item[T]) size() int {
	size := itemBytes + len(i.raw)
	if i.of.weight != nil {
		size += i.of.weight(i.value_)
	}
	return size
}

func (i *item[T]) value(column int) (any, error) {
	switch column {
	case keyColumn:
		return i.key(), nil
	case rawColumn:
		return documentOf(i.raw)
	case accountColumn:
		return &i.account.name, nil
	}
	column -= len(leading)
	if i.of.scope != nil {
		if column == 0 {
			return &i.scope, nil
		}
		column--
	}
	f := i.of.fields[column]
	v := f.get(i.value_)
	switch f.kind {
	case document:
		return documentOf(v)
	case timestamp:
		if t, ok := v.(time.Time); ok {
			return timeText(t), nil
		}
	case text:
		if exact, ok := v.(emptyText); ok {
			return string(exact), nil
		}
		// In the API, an empty text means an absent member.
		if p, ok := v.(*string); ok && *p == "" || v == "" {
			return nil, nil
		}
	}
	return v, nil
}

// timeText returns t as RFC 3339 in UTC, nil for the zero time.
func timeText(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// documentOf returns v as JSON text, nil if it is absent or null.
func documentOf(v any) (any, error) {
	raw, received := v.(json.RawMessage)
	if !received && v != nil {
		var err error
		if raw, err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil, nil
	case received:
		return v, nil
	}
	return raw, nil
}
