package redislimit

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/integrations-go/sdk/ratelimit"
)

// Processes take places ahead of their requests while plenty is left, so that most requests need no
// visit. All places are used at the limit nevertheless, and no request is refused.
func TestPlacesAheadSaveVisits(t *testing.T) {
	addr := sharedRedis(t)
	for name, tt := range map[string]struct {
		limit    int
		every    time.Duration
		load     float64 // of the limit
		visits   float64 // per request, at most
		used     float64
		rounding string
	}{
		"a sixth of 1000 per second":    {1000, time.Second, 0.16, 0.2, 0, "up"},
		"a third of 1000 per second":    {1000, time.Second, 0.33, 0.2, 0, "down"},
		"two thirds of 1000 per second": {1000, time.Second, 0.67, 0.2, 0, "up"},
		"1000 per second":               {1000, time.Second, 1.5, 0.2, 0.98, "up"},
		"a third of 1000 in 10 s":       {1000, 10 * time.Second, 0.33, 0.2, 0, "up"},
		"1000 in 10 s":                  {1000, 10 * time.Second, 1.5, 0.2, 0.98, "down"},
		"100 per second":                {100, time.Second, 1.5, 1.36, 0.98, "up"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				total := 6 * tt.every
				w := &simulation{
					policy: &fixed{limit: tt.limit, every: tt.every}, limit: tt.limit, round: roundings[tt.rounding],
					latency: 10 * time.Millisecond, from: tt.every, total: total,
				}
				requests, visits, runs := w.arrive(t, addr, tt.load)
				perRequest := float64(visits) / float64(requests)
				used := float64(w.accepted) / float64(tt.limit) / (total.Seconds()/tt.every.Seconds() - 1)
				t.Logf("%d requests, %.3f visits for each, %.1f runs for each visit, %.1f %% used, refused: %v",
					requests, perRequest, float64(runs)/float64(visits), 100*used, w.refusals)
				assert.LessOrEqual(t, perRequest, tt.visits)
				assert.LessOrEqual(t, runs, 4*visits)
				assert.GreaterOrEqual(t, used, tt.used)
				assert.Empty(t, w.refusals)
			})
		})
	}
}

// arrive lets requests arrive at random at ten processes, load times as many as the server allows.
// It returns how many were sent, how many visits were made, and how often Redis ran the script.
func (w *simulation) arrive(t *testing.T, addr string, load float64) (requests, visits, runs int64) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var group sync.WaitGroup
	var sent, scripts atomic.Int64
	const plenty = 1 << 30
	all := rate.NewLimiter(rate.Every(1000*time.Hour), plenty) // a token is a visit
	perSecond := load * float64(w.limit) * float64(w.total) / w.total.Seconds() / float64(w.policy.(*fixed).every)
	for range 10 {
		hook := &bubble{delay: 2 * time.Millisecond, after: func([]any) { scripts.Add(1) }}
		l := inBubble(t, addr, hook, WithHeaders(ratelimit.Confluent()))
		l.visits = all
		group.Go(func() {
			for begin := time.Now(); time.Since(begin) < w.total; {
				time.Sleep(time.Duration(rand.ExpFloat64() / perSecond * 10 * 1e9))
				group.Go(func() {
					p, err := l.Acquire(ctx, nil)
					if err != nil {
						return
					}
					sent.Add(1)
					time.Sleep(rand.N(w.latency))
					resp := w.serve()
					time.Sleep(rand.N(w.latency))
					l.Observe(p, resp)
					l.Release(p)
				})
			}
		})
	}
	time.Sleep(w.total)
	requests, visits, runs = sent.Load(), plenty-int64(all.Tokens()), scripts.Load()
	cancel()
	group.Wait()
	return requests, visits, runs
}

// A place ahead is none of the last ones, which look for the next window: nobody waits for it.
func TestPlaceAheadIsNoProbe(t *testing.T) {
	addr := sharedRedis(t)
	for remaining := range 12 {
		synctest.Test(t, func(t *testing.T) {
			l := inBubble(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()))
			exchange(t, l, windowResponse(60, remaining+1, 1))
			time.Sleep(900 * time.Millisecond)
			exchange(t, l, windowResponse(60, remaining, 0))
			l.mu.Lock()
			defer l.mu.Unlock()
			for _, g := range l.unused {
				assert.False(t, g.isProbe, "%d remain", remaining)
			}
			seq, _ := l.known.server.Probe()
			assert.Zero(t, seq, "%d remain", remaining)
		})
	}
}

// The places ahead of a time before an outage do not disturb the count of later ones.
func TestPlacesAheadBeforeAnOutage(t *testing.T) {
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{}
		l := inBubble(t, addr, b, WithHeaders(ratelimit.Confluent()))
		late := acquire(t, l)
		for !late.State.(*grant).ahead {
			l.Observe(late, windowResponse(1000, 900, 20))
			l.Release(late)
			late = acquire(t, l)
		}
		b.dead.Store(true)
		for {
			if _, err := l.Acquire(t.Context(), nil); err != nil {
				require.ErrorIs(t, err, ErrUnavailable)
				break
			}
		}
		b.dead.Store(false)
		time.Sleep(maxRetryDelay)
		_, err := l.Acquire(t.Context(), nil) // It tries Redis again, and does not wait for that.
		require.ErrorIs(t, err, ErrUnavailable)
		synctest.Wait()
		exchange(t, l, windowResponse(1000, 800, 15))
		l.Observe(late, windowResponse(1000, 801, 15))
		l.Release(late)
		waitReported(t, l)
		l.mu.Lock()
		defer l.mu.Unlock()
		assert.GreaterOrEqual(t, l.ahead, len(l.unused))
	})
}
