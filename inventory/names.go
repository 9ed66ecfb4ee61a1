package inventory

import "strings"

// seedTable has a name of three parts, which the engine does not support. It is the name of a table
// in other tools, and an alias for one of ours.
const (
	seedTable      = "confluent.provider_integrations.integrations"
	seedTableInUse = schemaConfluent + `."provider_integrations.integrations"`
)

// rewrite replaces the names of other tools in a statement. It does not change texts, quoted names
// and comments.
func rewrite(statement string) string {
	var b strings.Builder
	for i := 0; i < len(statement); {
		n := opaque(statement[i:])
		switch {
		case n > 0:
			b.WriteString(statement[i : i+n])
			i += n
		case len(statement)-i >= len(seedTable) && strings.EqualFold(statement[i:i+len(seedTable)], seedTable) &&
			(i == 0 || !inName(statement[i-1])) && (i+len(seedTable) == len(statement) ||
			!inName(statement[i+len(seedTable)])):
			b.WriteString(seedTableInUse)
			i += len(seedTable)
		default:
			b.WriteByte(statement[i])
			i++
		}
	}
	return b.String()
}

// inName reports whether c may be part of a name.
func inName(c byte) bool {
	return c == '_' || c == '$' || c == '.' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c &&
		c <= 'Z'
}

// opaque returns the length of the text, quoted name or comment at the beginning of s, 0 if there
// is none.
func opaque(s string) int {
	for _, delimiters := range [][2]string{{"'", "'"}, {`"`, `"`}, {"`", "`"}, {"[", "]"}, {"--", "\n"}, {"/*", "*/"}} {
		if !strings.HasPrefix(s, delimiters[0]) {
			continue
		}
		// A doubled quote ends a text and begins another one.
		end := strings.Index(s[len(delimiters[0]):], delimiters[1])
		if end < 0 {
			return len(s)
		}
		return len(delimiters[0]) + end + len(delimiters[1])
	}
	return 0
}
