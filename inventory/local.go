package inventory

import (
	"errors"
	"iter"
	"strconv"
	"sync"

	"github.com/integrations-go/sdk"
)

// schemaLocal is the schema of the tables about statements.
const schemaLocal = "main"

// history keeps the last statement that called an API, for all connections.
type history struct {
	mu      sync.Mutex
	last    *statement
	changes []changed
}

// add records that s has ended.
func (h *history) add(s *statement) {
	s.mu.Lock()
	asked := len(s.requests) > 0 || len(s.failed) > 0
	s.mu.Unlock()
	if !asked {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = s
}

// requests returns the requests of the last statement.
func (h *history) requests() []request {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil {
		return nil
	}
	h.last.mu.Lock()
	defer h.last.mu.Unlock()
	return h.last.requests
}

// failures returns the failures of the last statement.
func (h *history) failures() []failure {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil {
		return nil
	}
	h.last.mu.Lock()
	defer h.last.mu.Unlock()
	return h.last.failed
}

// numbered is a value with its place in a list.
type numbered[T any] struct {
	n     int
	value *T
}

var errorShape = shape[numbered[failure]]{
	id: func(f *numbered[failure]) string { return strconv.Itoa(f.n) },
	fields: []field[numbered[failure]]{
		{column{name: "at", kind: timestamp, doc: "when it failed"}, func(f *numbered[failure]) any {
			return f.value.at
		}},
		{column{name: "table_name", kind: text, doc: "the table"}, func(f *numbered[failure]) any {
			return f.value.err.Table
		}},
		{column{name: "scope", kind: text, doc: "the environment or server"}, func(f *numbered[failure]) any {
			return f.value.err.Scope
		}},
		{column{name: "status", kind: integer, doc: "the HTTP status; NULL if there was no response"},
			func(f *numbered[failure]) any {
				if e, ok := errors.AsType[*sdk.Error](f.value.err); ok && e.StatusCode > 0 {
					return e.StatusCode
				}
				return nil
			}},
		{column{name: "message", kind: text, doc: "the error"}, func(f *numbered[failure]) any {
			return f.value.err.Err.Error()
		}},
	},
}

var requestShape = shape[numbered[request]]{
	id: func(r *numbered[request]) string { return strconv.Itoa(r.n) },
	fields: []field[numbered[request]]{
		{column{name: "at", kind: timestamp, doc: "when its response was read"}, func(r *numbered[request]) any {
			return r.value.at
		}},
		{column{name: "table_name", kind: text, doc: "the table"}, func(r *numbered[request]) any {
			return r.value.table
		}},
		{column{name: "scope", kind: text, doc: "the environment or server"}, func(r *numbered[request]) any {
			return r.value.scope
		}},
		{column{name: "status", kind: integer, doc: "the HTTP status"}, func(r *numbered[request]) any {
			return r.value.meta.StatusCode
		}},
		{column{name: "attempts", kind: integer, doc: "how often it was sent"}, func(r *numbered[request]) any {
			return r.value.meta.Attempts
		}},
		{column{name: "request_id", kind: text, doc: "the vendor's id of it"}, func(r *numbered[request]) any {
			return r.value.meta.RequestID
		}},
		{column{name: "rows", kind: integer, doc: "how many rows it brought"}, func(r *numbered[request]) any {
			return r.value.rows
		}},
	},
}

// localTables returns the tables about the last statement that called an API.
func localTables(h *history) []*table {
	return []*table{
		{
			schema: schemaLocal, name: "inventory_errors",
			doc:     "what the last statement could not read, with WithPartial",
			columns: errorShape.columns(),
			local: func() iter.Seq2[row, error] {
				return localRows(&errorShape, h.failures(), func(f *failure) string { return f.err.Account })
			},
		},
		{
			schema: schemaLocal, name: "inventory_requests", doc: "the requests of the last statement",
			columns: requestShape.columns(),
			local: func() iter.Seq2[row, error] {
				return localRows(&requestShape, h.requests(), func(r *request) string { return r.account })
			},
		},
		{
			schema: schemaLocal, name: "inventory_changes",
			doc:     "the changes of all connections with their outcome, the latest 10,000",
			columns: changeShape.columns(),
			local: func() iter.Seq2[row, error] {
				return localRows(&changeShape, h.changesMade(), func(c *changed) string { return c.account })
			},
		},
	}
}

// localRows yields the rows of a list.
func localRows[T any](s *shape[numbered[T]], values []T, accountOf func(*T) string) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for i := range values {
			a := &account{name: accountOf(&values[i])}
			if !yield(s.row(a, "", &numbered[T]{i, &values[i]}, nil), nil) {
				return
			}
		}
	}
}
