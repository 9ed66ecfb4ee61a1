package core

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTokenShowsInNoVerb(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		text := fmt.Sprintf(verb, Token{Value: "top-secret"}) + fmt.Sprintf(verb, &Token{Value: "top-secret"}) +
			fmt.Sprintf(verb, struct{ T Token }{Token{Value: "top-secret"}})
		assert.NotContains(t, text, "top-secret", verb)
		assert.NotContains(t, text, fmt.Sprintf("%x", "top-secret"), verb)
	}
}
