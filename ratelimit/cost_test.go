//go:build !race

package ratelimit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit"
)

// busy returns a Local with so many requests in flight, at a server with fixed windows or one that
// refills.
func busy(tb testing.TB, inFlight int, refills bool) *ratelimit.Local {
	tb.Helper()
	l := newLocal(tb, ratelimit.WithHeaders(ratelimit.Confluent()))
	exchange(tb, l, withCounts(1e9, 5e8, 60))
	if refills {
		exchange(tb, l, withCounts(1e9, 6e8, 60)) // Four tenths are missing.
	}
	for range inFlight - 1 {
		acquire(tb, l)
	}
	return l
}

// BenchmarkExchange measures Acquire, Observe and Release together.
func BenchmarkExchange(b *testing.B) {
	for _, refills := range []bool{false, true} {
		for _, inFlight := range []int{1, 64, 1000, 100_000} {
			b.Run(fmt.Sprintf("refills=%v/inflight=%d", refills, inFlight), func(b *testing.B) {
				l := busy(b, inFlight, refills)
				resp := withCounts(1e9, 6e8, 60)
				b.ReportAllocs()
				for b.Loop() {
					exchange(b, l, resp)
				}
			})
		}
	}
}

// A request takes no longer with many in flight, at any kind of server.
func TestCostDoesNotGrowWithRequestsInFlight(t *testing.T) {
	for _, refills := range []bool{false, true} {
		least := func(inFlight int) time.Duration {
			l := busy(t, inFlight, refills)
			resp := withCounts(1e9, 6e8, 60)
			fastest := time.Hour
			for range 20 {
				begin := time.Now()
				for range 100 {
					exchange(t, l, resp)
				}
				fastest = min(fastest, time.Since(begin))
			}
			return fastest
		}
		few, many := least(1), least(100_000)
		t.Logf("refills %v: %v and %v for 100 requests", refills, few, many)
		// A busy machine adds noise. A cost per request in flight would be 1,000 times as much.
		assert.Less(t, many, 20*few)
	}
}
