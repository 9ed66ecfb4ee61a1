package inventory

import (
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// protect prevents statements from using files, and from changing the tables of [register], which
// the next user of the connection needs.
func (c *conn) protect() error {
	return c.raw.SetAuthorizer(
		func(action sqlite3.AuthorizerActionCode, name, module, _, _ string) sqlite3.AuthorizerReturnCode {
			var why error
			switch action { //nolint:exhaustive // all others are allowed
			case sqlite3.AUTH_ATTACH:
				if name != ":memory:" {
					why = invalid("ATTACH and VACUUM of a file are not possible")
				}
			case sqlite3.AUTH_DETACH:
				if slices.ContainsFunc(schemas, func(s string) bool { return strings.EqualFold(s, name) }) {
					why = invalid("%s can't be detached", name)
				}
			case sqlite3.AUTH_CREATE_VTABLE, sqlite3.AUTH_DROP_VTABLE:
				if slices.ContainsFunc(c.tables, func(t *table) bool { return strings.EqualFold(t.module(), module) }) {
					why = invalid("%s can't be created or dropped", name)
				}
			case sqlite3.AUTH_ALTER_TABLE:
				if slices.ContainsFunc(c.tables, func(t *table) bool {
					return strings.EqualFold(t.schema, name) && strings.EqualFold(t.name, module)
				}) {
					why = invalid("%s.%s can't be altered", name, module)
				}
			case sqlite3.AUTH_DROP_TEMP_VIEW:
				if strings.EqualFold(name, "integrations") {
					why = invalid("%s can't be dropped", name)
				}
			}
			if why != nil {
				_ = c.statement.fail(why)
				return sqlite3.AUTH_DENY
			}
			return sqlite3.AUTH_OK
		})
}

// longestToken is the maximum length of a name, or of a text that may be a name, in bytes. With
// 1,000,000 bytes, the engine's interface does not return.
const longestToken = 900_000

// checkLengths returns an error for a token that is too long. The texts of a change, and arguments,
// may have any length.
func checkLengths(ts []token) error {
	changes := ts[0].is("INSERT", "REPLACE", "UPDATE", "DELETE")
	for _, t := range ts {
		if len(t.text) > longestToken && (!changes || t.text[0] != '\'') {
			return invalid("a name or a text has more than %d bytes: pass it as an argument", longestToken)
		}
	}
	return nil
}
