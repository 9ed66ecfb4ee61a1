package inventory

import (
	"slices"
	"strings"
)

// byteOrderMark is white space outside of names, as in the engine.
const byteOrderMark = "\ufeff"

// token is a word, a text, a quoted name or a single character of a statement. Comments are not
// tokens.
type token struct {
	text       string
	start, end int // position in the statement
	depth      int // number of enclosing parentheses
	quoted     bool
}

// is reports whether t is one of the words, in any letter case. A quoted name is not a word.
func (t token) is(words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(t.text, w) })
}

// isParameter reports whether t begins a placeholder.
func (t token) isParameter() bool { return strings.ContainsAny(t.text[:1], "?:@$") }

// name returns t as a table or column name.
func (t token) name() string {
	if t.quoted && len(t.text) >= 2 {
		return t.text[1 : len(t.text)-1]
	}
	return t.text
}

// tokens returns the tokens of s, which may be several statements.
func tokens(s string) []token {
	var out []token
	depth := 0
	for i := 0; i < len(s); {
		t := token{start: i, end: i + 1, depth: depth}
		switch n := opaque(s[i:]); {
		case n > 0 && (s[i] == '-' || s[i] == '/'):
			i += n
			continue
		case n > 0:
			t.end, t.quoted = i+n, true
		case strings.IndexByte(" \t\r\n\f\v", s[i]) >= 0:
			i++
			continue
		case strings.HasPrefix(s[i:], byteOrderMark):
			i += len(byteOrderMark)
			continue
		case s[i] == '(':
			depth++
		case s[i] == ')':
			depth--
			t.depth = depth
		case s[i] != '.' && inName(s[i]):
			for t.end < len(s) && s[t.end] != '.' && inName(s[t.end]) {
				t.end++
			}
		}
		t.text = s[t.start:t.end]
		out = append(out, t)
		i = t.end
	}
	return out
}

// statements returns the tokens of each statement that is not empty, without the semicolons.
func statements(s string) [][]token {
	var out [][]token
	var current []token
	for _, t := range append(tokens(s), token{text: ";"}) {
		switch {
		case t.depth > 0 || !t.is(";"):
			current = append(current, t)
		case len(current) > 0:
			out = append(out, current)
			current = nil
		}
	}
	return out
}

// writing is an INSERT, UPDATE or DELETE, parsed from its text.
type writing struct {
	verb          string // INSERT, UPDATE or DELETE
	orClause      bool   // it has an OR clause, or is REPLACE
	schema, table string // as in the text, without quotes
	target        [2]int // position of the table's name in the statement
	start, end    int    // position of the statement
	rest          []token

	where, from bool
	conflict    int // index of ON CONFLICT in rest, -1 if there is none
	returning   int // index of RETURNING in rest, -1 if there is none
}

// parseWriting returns nil for a statement that changes nothing or has no table.
func parseWriting(ts []token) *writing {
	at := verbOf(ts)
	if at < 0 {
		return nil
	}
	w := &writing{
		verb: strings.ToUpper(ts[at].text), start: ts[0].start, end: ts[len(ts)-1].end,
		conflict: -1, returning: -1,
	}
	next := func() token {
		if at++; at < len(ts) {
			return ts[at]
		}
		return token{}
	}
	t := next()
	if w.verb == "REPLACE" {
		w.verb, w.orClause = "INSERT", true
	}
	if t.is("OR") {
		w.orClause = true
		next()
		t = next()
	}
	if t.is("INTO", "FROM") {
		t = next()
	}
	w.table, w.target = t.name(), [2]int{t.start, t.end}
	if t = next(); t.is(".") {
		t = next()
		w.schema, w.table, w.target[1] = w.table, t.name(), t.end
		t = next()
	}
	if w.table == "" {
		return nil // the engine reports what is missing
	}
	if t.is("AS") {
		next()
		next()
	}
	w.rest = ts[min(at, len(ts)):]
	w.clauses()
	return w
}

// verbOf returns the index of the verb in a statement that changes something, -1 if there is none.
func verbOf(ts []token) int {
	if ts[0].is("INSERT", "REPLACE", "UPDATE", "DELETE") {
		return 0
	}
	if !ts[0].is("WITH") {
		return -1
	}
	for i, t := range ts {
		switch {
		case t.depth > 0:
		case t.is("SELECT", "VALUES"):
			return -1
		case t.is("INSERT", "UPDATE", "DELETE"):
			return i
		case t.is("REPLACE") && i+1 < len(ts) && ts[i+1].is("INTO"): // otherwise it may be a name
			return i
		}
	}
	return -1
}

// clauses finds the clauses after the name of the table.
func (w *writing) clauses() {
	depth := 0
	if len(w.rest) > 0 {
		depth = w.rest[0].depth
	}
	for i, t := range w.rest {
		if t.depth > depth {
			continue
		}
		follows := func(words ...string) bool { return i+1 < len(w.rest) && w.rest[i+1].is(words...) }
		switch {
		case t.is("WHERE"):
			w.where = true
		case t.is("FROM") && !w.rest[max(i-1, 0)].is("DISTINCT"):
			w.from = true
		case t.is("ON") && follows("CONFLICT"):
			if doFollows(w.rest[i+2:], depth) {
				w.conflict = i
			}
		case t.is("RETURNING"):
			w.returning = i
		}
	}
}

// doFollows reports whether DO follows the target of an ON CONFLICT. Otherwise CONFLICT is a column
// in a join condition.
func doFollows(ts []token, depth int) bool {
	return slices.ContainsFunc(ts, func(t token) bool { return t.depth == depth && t.is("DO") })
}

// upTo returns the text of the statement up to the first of the clauses. A clause of -1 is missing.
func (w *writing) upTo(query string, clauses ...int) string {
	end := w.end
	for _, c := range clauses {
		if c >= 0 {
			end = min(end, w.rest[c].start)
		}
	}
	return query[w.start:end]
}
