package inventory

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
)

// ScopeError is the failure to read one part of a table.
type ScopeError struct {
	// Table is the table, such as confluent.integrations.
	Table string
	// Account is the name of the account. Scope is the environment or the server, "" if
	// the table has none.
	Account, Scope string
	// Err is the SDK's error, such as a *confluent.Error.
	Err error
}

// Error returns the table, the account and the scope with the error.
func (e *ScopeError) Error() string {
	where := e.Account
	if e.Scope != "" {
		where += ", " + e.Scope
	}
	return fmt.Sprintf("inventory: %s (%s): %v", e.Table, core.OneLine(where), e.Err)
}

// Unwrap returns Err.
func (e *ScopeError) Unwrap() error { return e.Err }

// request is a row of inventory_requests.
type request struct {
	table, account, scope string
	at                    time.Time
	meta                  sdk.Meta
	rows                  int
}

// statement is the state of the running statement. All fields except cursors and made are safe for
// concurrent use.
type statement struct {
	config  *config
	cursors int // number of tables that the engine reads

	mu       sync.Mutex
	scopes   scopes
	failure  error // the first one; the engine keeps only its text
	failed   []failure
	requests []request
	rows     map[string]int   // by table
	made     map[*table][]row // replaces all rows: the row that an INSERT … RETURNING has created
	memory
}

// failure is a row of inventory_errors.
type failure struct {
	at  time.Time
	err *ScopeError
}

func newStatement(c *config) *statement {
	return &statement{config: c, rows: map[string]int{}, memory: newMemory()}
}

// fail records err and returns it.
func (s *statement) fail(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == nil {
		s.failure = err
	}
	return err
}

// page records a response with this number of rows of a table.
func (s *statement) page(t *table, a *account, scope string, rows, total int, meta sdk.Meta) {
	s.mu.Lock()
	s.requests = append(s.requests, request{t.fullName(), a.name, scope, time.Now(), meta, rows})
	s.rows[t.fullName()] += rows
	total = s.scopes.begun(scopeName{t.fullName(), a.name, scope}, total)
	p := Progress{Table: t.fullName(), Rows: s.rows[t.fullName()], Total: total, Requests: len(s.requests)}
	s.mu.Unlock()
	if s.config.progress != nil {
		s.config.progress(p)
	}
}

// statementKey is the context key of a *statement.
type statementKey struct{}

// note calls [statement.page] of the statement in ctx.
func note(ctx context.Context, t *table, a *account, scope string, rows, total int, meta sdk.Meta) {
	if s, ok := ctx.Value(statementKey{}).(*statement); ok {
		s.page(t, a, scope, rows, total, meta)
	}
}

// part is one scope of one account.
type part struct {
	account *account
	scope   string
}

// parts returns the parts to read for q.
func (s *statement) parts(ctx context.Context, t *table, q *query) ([]part, error) {
	var parts []part
	for _, a := range s.config.accounts {
		if a.schema != t.schema || !q.permits("account", a.name) {
			continue
		}
		if t.scopes == nil {
			parts = append(parts, part{a, ""})
			continue
		}
		scopes, err := t.scopes(ctx, a, q)
		if err != nil {
			if err := s.tolerate(ctx, &ScopeError{Table: t.fullName(), Account: a.name, Err: err}); err != nil {
				return nil, err
			}
			continue
		}
		seen := make(map[string]bool, len(scopes))
		for _, scope := range scopes {
			if !seen[scope] && sendable(scope) { // no environment or server has another name
				seen[scope] = true
				parts = append(parts, part{a, scope})
			}
		}
	}
	return parts, nil
}

// tolerate returns the failure of a scope. If partial results are allowed, it records the failure
// and returns nil. The end of ctx and an invalid statement are always returned.
func (s *statement) tolerate(ctx context.Context, err *ScopeError) error {
	if !s.config.partial || ctx.Err() != nil || errors.Is(err, ErrInvalid) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = append(s.failed, failure{time.Now(), err})
	return nil
}

// tolerated records the failure of a scope, and reports whether the statement continues.
func tolerated(ctx context.Context, t *table, a *account, scope string, err error) bool {
	s, ok := ctx.Value(statementKey{}).(*statement)
	return ok && s.tolerate(ctx, &ScopeError{Table: t.fullName(), Account: a.name, Scope: scope, Err: err}) == nil
}

// scan sends the requests for q, and yields the rows. Several parts are read concurrently. Their
// rows are yielded in the order of arrival.
func (s *statement) scan(ctx context.Context, t *table, q *query) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		ctx := context.WithValue(ctx, statementKey{}, s)
		parts, err := s.parts(ctx, t, q)
		if err != nil {
			yield(nil, err)
			return
		}
		if len(parts) == 1 {
			for r, err := range s.rowsOf(ctx, t, parts[0], q) {
				if !yield(r, err) {
					return
				}
			}
			return
		}
		s.fanOut(ctx, t, q, parts, yield)
	}
}

// rowsOf yields the rows of one part. A tolerated failure ends them.
func (s *statement) rowsOf(ctx context.Context, t *table, p part, q *query) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for r, err := range t.rows(ctx, p.account, p.scope, q) {
			if err != nil {
				err = s.tolerate(ctx, &ScopeError{Table: t.fullName(), Account: p.account.name, Scope: p.scope,
					Err: err})
				if err != nil {
					yield(nil, err)
				}
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.scopes.complete = append(s.scopes.complete, scopeName{t.fullName(), p.account.name, p.scope})
	}
}

// fanOut reads the parts in several goroutines, which have ended when it returns.
func (s *statement) fanOut(ctx context.Context, t *table, q *query, parts []part, yield func(row, error) bool) {
	type result struct {
		row row
		err error
	}
	ctx, cancel := context.WithCancel(ctx)
	results := make(chan result, 256)
	work := make(chan part)
	var workers sync.WaitGroup
	for range min(s.config.concurrency, len(parts)) {
		workers.Go(func() {
			for p := range work {
				for r, err := range s.rowsOf(ctx, t, p, q) {
					select {
					case results <- result{r, err}:
					case <-ctx.Done():
						return
					}
				}
			}
		})
	}
	go func() {
		defer close(results)
		defer workers.Wait()
		defer close(work)
		for _, p := range parts {
			select {
			case work <- p:
			case <-ctx.Done():
				return
			}
		}
	}()
	defer func() {
		cancel()
		for range results { // until all goroutines have ended
		}
	}()
	for r := range results {
		if !yield(r.row, r.err) || r.err != nil {
			return
		}
	}
	if ctx.Err() != nil {
		yield(nil, ended(ctx))
	}
}

// ended returns the error of a context that has ended. [errors.Is] finds ctx.Err() and the cause.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}
