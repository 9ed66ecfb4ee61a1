//go:build !race

// Under the race detector a sync.Pool forgets at random, so the counts say nothing there.

package contract_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// What the call path allocates beyond the generated client. It is no parallel test: the counts are those of the whole program.
func TestChainAllocatesLittleMoreThanTheGeneratedClient(t *testing.T) {
	const most = 6
	for _, v := range vendors {
		base := &http.Client{Transport: tripper(func(*http.Request) (*http.Response, error) { return reply(200, v.object("x-1")), nil })}
		limiter, err := ratelimit.New()
		require.NoError(t, err)
		c, err := v.new(options{baseURL: "https://" + host, client: base, limiter: limiter, retry: quick()})
		require.NoError(t, err)
		count := func(get func(context.Context) error) float64 {
			return testing.AllocsPerRun(1000, func() {
				if err := get(t.Context()); err != nil {
					t.Fatal(err)
				}
			})
		}
		bare := count(v.bare(base, "https://"+host, "x-1"))
		chain := count(func(ctx context.Context) error {
			_, err := c.get(ctx, "x-1", call{})
			return err
		})
		t.Logf("%s: %.0f allocations, %.0f of the generated client alone", v.name, chain, bare)
		assert.LessOrEqual(t, chain-bare, float64(most), v.name)
	}
}
