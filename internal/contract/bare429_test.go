package contract_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// A 429 without any header pauses its sender alone. From the second in a row on it pauses
// everybody, at first for 100 ms. A success begins again.
func TestSecondBare429InARowPausesEverybody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()))
		require.NoError(t, err)
		exchange := func(resp *http.Response) (waited time.Duration) {
			begin := time.Now()
			p, err := l.Acquire(t.Context(), nil)
			require.NoError(t, err)
			waited = time.Since(begin)
			l.Observe(p, resp)
			l.Release(p)
			return waited
		}
		for range 3 {
			exchange(respond(429, ""))
			assert.Zero(t, exchange(respond(429, "")), "the first one pauses its sender, who decides")
			var group sync.WaitGroup
			begin := time.Now()
			for range 10 {
				group.Go(func() {
					p, err := l.Acquire(t.Context(), nil)
					if assert.NoError(t, err) {
						assert.GreaterOrEqual(t, time.Since(begin), 100*time.Millisecond)
						assert.LessOrEqual(t, time.Since(begin), 110*time.Millisecond, "spread over a tenth of it")
						l.Observe(p, respond(200, ""))
						l.Release(p)
					}
				})
			}
			group.Wait()
			assert.Zero(t, exchange(respond(200, "")))
		}
	})
}
