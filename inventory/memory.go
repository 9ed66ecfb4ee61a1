package inventory

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// cacheBytes is the maximum size of the rows that a statement keeps in memory to read again.
	cacheBytes = 16 << 20
	// probesToAll is the number of partial reads of a table after which its list is read once
	// instead. Otherwise a join would send a request for each row.
	probesToAll = 4
	// idsToAll is the number of IDs in one read from which the list is read instead.
	idsToAll = 16
)

// memory has the rows that a statement keeps to read again.
type memory struct {
	lists  map[string]*rowList // by signature
	uses   map[string]*use     // by signature
	probes map[string]int      // reads of parts of a table, by the table's name
	bytes  int                 // of all lists
}

func newMemory() memory {
	return memory{lists: map[string]*rowList{}, uses: map[string]*use{}, probes: map[string]int{}}
}

// rowList is a list of rows that was read completely.
type rowList struct {
	rows  []row
	index map[int]map[string][]row // by column, and its text in lower case; created when needed
}

// use is the number of times that all rows of a table, or of the scopes in a filter, were read.
type use struct {
	reads    int
	tooLarge bool // its rows do not fit into memory
}

// sendable reports whether an API may have an object with this name or ID. The SDK refuses to send
// others.
func sendable(value string) bool {
	return strings.TrimSpace(value) != "" && utf8.ValidString(value) && !strings.ContainsFunc(value, unicode.IsControl)
}

// signature returns a key for the rows that q requests of t. Equal keys have equal rows.
func signature(t *table, q *query) string {
	var b strings.Builder
	b.WriteString(t.fullName())
	if q.raw {
		b.WriteString("\x00raw")
	}
	for _, f := range t.filters {
		if values, ok := q.filters[f.column]; ok {
			b.WriteString("\x00" + f.column)
			for _, v := range values {
				b.WriteString("=" + strconv.Quote(v))
			}
		}
	}
	return b.String()
}

// ofScopes returns q with only the filters that select scopes.
func (q *query) ofScopes(t *table) *query { return q.with(t, (*filter).ofScope) }

// with returns q with some of its filters.
func (q *query) with(t *table, wanted func(*filter) bool) *query {
	some := *q
	some.filters = map[string][]string{}
	for i := range t.filters {
		f := &t.filters[i]
		if values, ok := q.filters[f.column]; ok && wanted(f) {
			some.filters[f.column] = values
		}
	}
	return &some
}

func (f *filter) ofScope() bool { return f.required || f.scope || f.column == "account" }

func (f *filter) sent() bool { return !f.local }

// read yields the rows of t that q may want, and possibly others. If the statement has read them
// before, they come from memory.
func (s *statement) read(ctx context.Context, t *table, q *query) iter.Seq2[row, error] {
	if t.local != nil {
		return t.local()
	}
	if made, ok := s.made[t]; ok {
		return rowsIn(made)
	}
	sent, all := q.with(t, (*filter).sent), q.ofScopes(t)
	part, complete := signature(t, sent), signature(t, all)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sig := range []string{part, complete} {
		if l := s.lists[sig]; l != nil {
			return l.find(t, q)
		}
	}
	u := s.uses[complete]
	if u == nil {
		u = &use{}
		s.uses[complete] = u
	}
	if part != complete {
		ids, before := len(q.filters["id"]), s.probes[t.fullName()]
		first := before == 0
		s.probes[t.fullName()] += max(1, ids)
		if u.tooLarge || before+max(1, ids) <= probesToAll || first && ids <= idsToAll {
			return s.keep(part, q, s.scan(ctx, t, sent))
		}
		if !first {
			return s.readWhole(ctx, complete, u, t, q)
		}
	}
	u.reads++
	if u.reads == 1 || u.tooLarge {
		return s.keep(complete, q, s.scan(ctx, t, all))
	}
	return s.readWhole(ctx, complete, u, t, q)
}

// rowsIn yields rows in memory.
func rowsIn(rows []row) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// probed makes the next read of the table read its list.
func (s *statement) probed(t *table) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.probes[t.fullName()] += probesToAll
}

// keep stores the rows of a sequence that is read completely, if they may be read again and fit
// into memory.
func (s *statement) keep(sig string, q *query, rows iter.Seq2[row, error]) iter.Seq2[row, error] {
	if !q.again {
		return rows
	}
	return func(yield func(row, error) bool) {
		var collected []row
		size, fits := 0, true
		for r, err := range rows {
			if err == nil && fits {
				if size += r.size(); s.fits(size) {
					collected = append(collected, r)
				} else {
					collected, fits = nil, false
				}
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		if fits {
			s.store(sig, collected, size)
		}
	}
}

// fits reports whether rows of this size can be kept.
func (s *statement) fits(size int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes+size <= cacheBytes
}

// store keeps rows of this size. It does not replace an existing list.
func (s *statement) store(sig string, rows []row, size int) *rowList {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lists[sig] == nil {
		s.lists[sig] = &rowList{rows: rows}
		s.bytes += size
	}
	return s.lists[sig]
}

// readWhole reads all rows before it yields the first one, because an engine that searches one row
// does not read the others. Rows that do not fit into memory are yielded immediately.
func (s *statement) readWhole(ctx context.Context, sig string, u *use, t *table, q *query) iter.Seq2[row, error] {
	all := q.ofScopes(t)
	all.limit = 0
	rows := s.scan(ctx, t, all)
	return func(yield func(row, error) bool) {
		var collected []row
		size, fits := 0, true
		for r, err := range rows {
			if err != nil || !fits {
				if !yield(r, err) || err != nil {
					return
				}
				continue
			}
			collected = append(collected, r)
			if size += r.size(); s.fits(size) {
				continue
			}
			s.mu.Lock()
			u.tooLarge, fits = true, false
			s.mu.Unlock()
			for _, r := range collected {
				if !yield(r, nil) {
					return
				}
			}
			collected = nil
		}
		if fits {
			s.store(sig, collected, size).find(t, q)(yield)
		}
	}
}

// find yields the rows of the list that q may want.
func (l *rowList) find(t *table, q *query) iter.Seq2[row, error] {
	rows := l.rows
	for _, f := range t.filters {
		values, ok := q.filters[f.column]
		if !ok || f.ofScope() {
			continue
		}
		column := slices.IndexFunc(t.columns, func(c column) bool { return c.name == f.column })
		index, err := l.indexOf(column)
		if err != nil {
			return func(yield func(row, error) bool) { yield(nil, err) }
		}
		rows = nil
		for _, v := range distinctFolded(values) {
			rows = append(rows, index[v]...)
		}
		break // The engine checks the other filters.
	}
	return func(yield func(row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// distinctFolded returns values in lower case, without duplicates.
func distinctFolded(values []string) []string {
	folded := make([]string, len(values))
	for i, v := range values {
		folded[i] = strings.ToLower(v)
	}
	slices.Sort(folded)
	return slices.Compact(folded)
}

// indexOf returns the rows by the values of a column.
func (l *rowList) indexOf(column int) (map[string][]row, error) {
	if index := l.index[column]; index != nil {
		return index, nil
	}
	index := map[string][]row{}
	for _, r := range l.rows {
		v, err := r.value(column)
		if err != nil {
			return nil, err
		}
		if p, ok := v.(*string); ok {
			v = *p
		}
		if text, ok := v.(string); ok {
			folded := strings.ToLower(text)
			index[folded] = append(index[folded], r)
		}
	}
	if l.index == nil {
		l.index = map[int]map[string][]row{}
	}
	l.index[column] = index
	return index, nil
}
