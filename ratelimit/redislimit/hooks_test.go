package redislimit

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// recorder keeps what the hooks of a Limiter are called with. Each hook uses the Limiter, which
// would block if its mutex were held.
type recorder struct {
	mu       sync.Mutex
	l        *Limiter
	waits    []time.Duration
	refusals []string
	windows  []ratelimit.Snapshot
}

func (r *recorder) hooks() ratelimit.Hooks {
	record := func(add func()) {
		if r.l != nil {
			r.l.Snapshot()
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		add()
	}
	return ratelimit.Hooks{
		Wait: func(d time.Duration) { record(func() { r.waits = append(r.waits, d) }) },
		Refused: func(status int, pause time.Duration) {
			record(func() { r.refusals = append(r.refusals, fmt.Sprint(status, " ", pause)) })
		},
		Window: func(s ratelimit.Snapshot) { record(func() { r.windows = append(r.windows, s) }) },
	}
}

// shown returns the windows so far. It must run in the bubble.
func (r *recorder) shown() []ratelimit.Snapshot {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.windows
}

// hooked returns a Limiter in a bubble, and the calls of its hooks.
func hooked(t *testing.T, addr string, b *bubble, opts ...Option) (*Limiter, *recorder) {
	r := &recorder{}
	r.l = inBubble(t, addr, b, append(opts, WithHooks(r.hooks()))...)
	return r.l, r
}

// Wait is called with the whole wait of a request, and only for a request that waited and was
// admitted.
func TestWaitHook(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	t.Run("a pause", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, r := hooked(t, addr, &bubble{delay: 5 * time.Millisecond})
			for range 20 {
				exchange(t, l, httpResponse(200))
			}
			exchange(t, l, httpResponse(429, "Retry-After", "5"))
			assert.Empty(t, r.waits, "a visit is no wait")
			took := waitFor(t, l)
			assert.Greater(t, took, 4*time.Second)
			assert.Equal(t, []time.Duration{took}, r.waits)
			assert.Less(t, waitFor(t, l), time.Second)
			assert.Len(t, r.waits, 1)

			exchange(t, l, httpResponse(429, "Retry-After", "5"))
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			_, err := l.Acquire(ctx, nil)
			require.ErrorIs(t, err, context.Canceled)
			ctx, cancel = withTimeout(t, time.Second)
			defer cancel()
			_, err = l.Acquire(ctx, nil)
			require.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
			assert.Len(t, r.waits, 1)
		})
	})
	t.Run("a short pause, without a visit", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, r := hooked(t, addr, &bubble{})
			exchange(t, l, httpResponse(429, "Retry-After", "0.5"))
			took := waitFor(t, l)
			assert.Equal(t, []time.Duration{took}, r.waits)
		})
	})
	t.Run("a place in flight", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, r := hooked(t, addr, &bubble{}, WithMaxInFlight(1))
			p := acquire(t, l)
			time.AfterFunc(300*time.Millisecond, func() { l.Release(p) })
			took := waitFor(t, l)
			assert.Equal(t, []time.Duration{took}, r.waits)
		})
	})
	t.Run("the limit of visits", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, r := hooked(t, addr, &bubble{}, WithMaxVisits(1))
			waitFor(t, l)
			took := waitFor(t, l)
			assert.Greater(t, took, 500*time.Millisecond)
			assert.Equal(t, []time.Duration{took}, r.waits)
		})
	})
	t.Run("more than a visit has places", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, r := hooked(t, addr, &bubble{delay: 5 * time.Millisecond})
			q := &line{l: l}
			for i := range 1 + maxPlaces + 7 {
				q.add(t, i, ratelimit.Normal, 0)
			}
			q.wait()
			assert.Len(t, r.waits, 7)
		})
	})
}

// Refused is called with the wait that the response states, before Redis knows of it.
func TestRefusedHook(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	window := func(status, remaining int, header ...string) *http.Response {
		resp := windowResponse(10, remaining, 20.5)
		resp.StatusCode = status
		for i := 0; i < len(header); i += 2 {
			resp.Header.Set(header[i], header[i+1])
		}
		return resp
	}
	for name, tt := range map[string]struct {
		headers ratelimit.Headers
		resp    *http.Response
		want    []string
	}{
		"accepted":              {ratelimit.Confluent(), window(200, 0), nil},
		"Retry-After":           {ratelimit.Confluent(), window(429, 0, "Retry-After", "3"), []string{"429 3s"}},
		"the end of the window": {ratelimit.Confluent(), window(429, 0), []string{"429 20.5s"}},
		"places left":           {ratelimit.Confluent(), window(429, 4), []string{"429 0s"}},
		"nothing stated":        {ratelimit.Confluent(), httpResponse(429), []string{"429 0s"}},
		"unavailable":           {ratelimit.Confluent(), httpResponse(503, "Retry-After", "3"), []string{"503 3s"}},
		"unavailable, no wait":  {ratelimit.Confluent(), httpResponse(503), nil},
		"forbidden, at GitHub":  {ratelimit.GitHub(), httpResponse(403, "Retry-After", "3"), []string{"403 3s"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				slow := &bubble{delay: time.Second}
				l, r := hooked(t, addr, slow, WithHeaders(tt.headers), WithTimeout(time.Hour))
				p := acquire(t, l)
				l.Observe(p, tt.resp)
				assert.Equal(t, tt.want, r.refusals)
				l.Release(p)
				l.Observe(p, tt.resp)
				assert.Equal(t, tt.want, r.refusals, "after the end of the request")
				waitReported(t, l)
			})
		})
	}
}

// A refusal without Retry-After, of a request that the window before has counted, holds back
// nobody, and the hook says so.
func TestRefusedHookOfAnEarlierWindow(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l, r := hooked(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()))
		exchange(t, l, windowResponse(10, 2, 0.5))
		late, later := acquire(t, l), acquire(t, l)
		time.Sleep(600 * time.Millisecond)
		exchange(t, l, windowResponse(10, 9, 20.5))
		refusal := windowResponse(10, 0, 0.5)
		refusal.StatusCode = http.StatusTooManyRequests
		l.Observe(late, refusal)
		refusal.Header.Set("Retry-After", "2")
		l.Observe(later, refusal)
		assert.Equal(t, []string{"429 0s", "429 2s"}, r.refusals)
	})
}

// Window is called once for each window, in each process that makes a visit in it.
func TestWindowHook(t *testing.T) {
	testHooksInPairs := func(name string, test func(t *testing.T, a, b *Limiter, ra, rb *recorder)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := sharedRedis(t)
			synctest.Test(t, func(t *testing.T) {
				a, ra := hooked(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()))
				b, rb := hooked(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()))
				test(t, a, b, ra, rb)
			})
		})
	}
	testHooksInPairs("its first and further responses", func(t *testing.T, a, b *Limiter, ra, rb *recorder) {
		end := time.Now().Add(20500 * time.Millisecond)
		exchange(t, a, windowResponse(10, 9, 20.5))
		exchange(t, a, windowResponse(10, 8, 20.25)) // an earlier end of the same window
		exchange(t, a, windowResponse(10, 7, 20.5))
		require.Len(t, ra.shown(), 1)
		s := ra.shown()[0]
		assert.Equal(t, [2]int{10, 9}, [2]int{s.Limit, s.Remaining})
		assert.WithinDuration(t, end, s.Reset, soon)
		assert.Empty(t, rb.shown(), "no visit")
		exchange(t, b, httpResponse(200))
		require.Len(t, rb.shown(), 1, "the response of another process")
		assert.Equal(t, 6, rb.shown()[0].Remaining)
	})
	testHooksInPairs("the next one, without a request in between", func(t *testing.T, a, b *Limiter, ra, rb *recorder) {
		for range 4 {
			exchange(t, a, windowResponse(10, 9, 1.5))
			time.Sleep(2 * time.Second)
		}
		assert.Len(t, ra.shown(), 4)
		exchange(t, b, windowResponse(10, 9, 1.5))
		assert.Len(t, rb.shown(), 1)
	})
	testHooksInPairs("one that begins early", func(t *testing.T, a, b *Limiter, ra, rb *recorder) {
		exchange(t, a, windowResponse(10, 5, 20.5))
		exchange(t, b, windowResponse(10, 9, 10.5)) // more places than before, and an earlier end
		exchange(t, a, httpResponse(200))
		assert.Len(t, ra.shown(), 2)
		assert.Len(t, rb.shown(), 2)
	})
	testHooksInPairs("no window", func(t *testing.T, a, b *Limiter, ra, rb *recorder) {
		exchange(t, a, httpResponse(200))
		exchange(t, a, httpResponse(429, "Retry-After", "1"))
		waitFor(t, a)
		assert.Empty(t, ra.shown())
	})
}

// In use, a server with fixed windows shows each of them. One that refills has none.
func TestWindowHookInUse(t *testing.T) {
	addr := sharedRedis(t)
	for name, tt := range map[string]struct {
		policy      policy
		least, most int64
	}{
		"fixed windows": {&fixed{limit: 100, every: time.Second}, 8, 8},
		"bucket":        {newBucket(100, time.Second), 1, 2}, // until it is seen to be one
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const processes = 3
				var windows atomic.Int64
				hooks := ratelimit.Hooks{Window: func(ratelimit.Snapshot) { windows.Add(1) }}
				w := &simulation{
					policy: tt.policy, limit: 100, round: math.Ceil, latency: 10 * time.Millisecond,
					processes: processes, each: 8, total: 8 * time.Second, opts: []Option{WithHooks(hooks)},
				}
				w.play(t, addr)
				assert.GreaterOrEqual(t, windows.Load(), processes*tt.least)
				assert.LessOrEqual(t, windows.Load(), processes*tt.most)
			})
		})
	}
}

// A slow Window delays no request and no Close, and a hook may use the Limiter.
func TestSlowWindowHookDelaysNobody(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		called, finish := make(chan struct{}), make(chan struct{})
		var l *Limiter
		l = inBubble(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()), WithHooks(ratelimit.Hooks{
			Window: func(ratelimit.Snapshot) {
				l.Release(acquire(t, l))
				close(called)
				<-finish
				assert.NoError(t, l.Close())
			},
		}))
		exchange(t, l, windowResponse(10, 9, 20.5))
		<-called
		assert.Less(t, waitFor(t, l), soon)
		require.NoError(t, l.Close())
		close(finish)
	})
}

// During an outage the default fallback calls the hooks.
func TestHooksDuringAnOutage(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{}
		b.dead.Store(true)
		l, r := hooked(t, addr, b, WithHeaders(ratelimit.Confluent()), func(l *Limiter) error {
			l.failClosed = false
			return nil
		})
		p := acquire(t, l)
		l.Observe(p, windowResponse(10, 9, 20.5))
		l.Release(p)
		p = acquire(t, l)
		l.Observe(p, httpResponse(429, "Retry-After", "3"))
		l.Release(p)
		assert.Greater(t, waitFor(t, l), 2*time.Second)
		assert.Len(t, r.waits, 1)
		assert.Equal(t, []string{"429 3s"}, r.refusals)
		assert.Len(t, r.shown(), 1)
	})
}

// No hook is called for a response to a place of Redis during an outage: nobody is held back.
func TestRefusedHookAfterTheOutageBegan(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{}
		l, r := hooked(t, addr, b)
		p := acquire(t, l)
		b.dead.Store(true)
		_, err := l.Acquire(t.Context(), nil)
		require.ErrorIs(t, err, ErrUnavailable)
		l.Observe(p, httpResponse(429, "Retry-After", "3"))
		assert.Equal(t, []string{"429 0s"}, r.refusals)
	})
}

// Hooks that are nil are not called.
func TestNilHooksAreNotCalled(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()), WithHooks(ratelimit.Hooks{}))
		exchange(t, l, windowResponse(10, 9, 20.5))
		exchange(t, l, httpResponse(429, "Retry-After", "1"))
		assert.Greater(t, waitFor(t, l), 500*time.Millisecond)
	})
}

// Two processes, with many goroutines each, call the hooks at once.
func TestHooksOfManyGoroutines(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	s := newWindowServer(t, 40, 500*time.Millisecond)
	var group sync.WaitGroup
	for range 2 {
		r := &recorder{}
		l := open(t, addr, WithHeaders(ratelimit.Confluent()), WithHooks(r.hooks()))
		r.l = l
		group.Go(func() {
			_, _, failed := sendRequests(t.Context(), l, s.URL, "", 20, 2*time.Second)
			assert.Zero(t, failed)
			r.mu.Lock()
			defer r.mu.Unlock()
			assert.NotEmpty(t, r.waits)
			assert.GreaterOrEqual(t, len(r.windows), 3)
		})
	}
	group.Wait()
}
