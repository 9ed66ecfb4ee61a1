package inventory

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The name of a scope and the ID of a row may come from a server.
func TestTextOfAServerAddsNoLineToAnError(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"s\nforged": "s forged", "s\x1b[31m": `s\x1b[31m`, "s\u202egnp": `s\u202egnp`,
	} {
		assert.EqualError(t, &ScopeError{Table: "t", Account: "a", Scope: text, Err: errors.New("x")},
			"inventory: t (a, "+want+"): x")
		change := &ChangeError{Action: "delete", Table: "t", Account: "a", Scope: text, ID: text, message: "x"}
		assert.EqualError(t, change, "inventory: delete t (a, "+want+", "+want+"): x")
	}
}
