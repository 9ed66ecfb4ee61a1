package contract_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/ratelimit"
)

// A limiter that clients share must not lack what the limiter of one client has.
func TestDefaultLimiterIsThatOfAClient(t *testing.T) {
	t.Parallel()
	defaults := map[string]func() *ratelimit.Local{"confluent": confluent.DefaultLimiter,
		"apono": apono.DefaultLimiter, "egeria": egeria.DefaultLimiter}
	for _, v := range vendors {
		c, _ := start(t, v, options{defaultLimiter: true}, always(200, v.object("x-1")))
		client, ok := c.value.(interface{ Limiter() ratelimit.Limiter })
		require.True(t, ok)
		first, second := defaults[v.name](), defaults[v.name]()
		assert.Equal(t, client.Limiter(), ratelimit.Limiter(first), v.name)
		assert.NotSame(t, first, second, "each call returns a new one")
	}
}
