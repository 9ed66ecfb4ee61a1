package contract_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

var errRefused = errors.New("limiter says no")

// limiter counts its permits, and checks how it is used.
type limiter struct {
	refuseFrom uint64        // number of the first Acquire to refuse, 0 for none
	places     chan struct{} // nil if there is no limit

	mu       sync.Mutex
	seq      uint64
	held     map[uint64]bool
	observed []*http.Response
	order    []string
	misused  []string
}

func (l *limiter) Acquire(ctx context.Context, _ *http.Request) (ratelimit.Permit, error) {
	if l.places != nil {
		select {
		case l.places <- struct{}{}:
		case <-ctx.Done():
			return ratelimit.Permit{}, ctx.Err()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	l.order = append(l.order, "acquire")
	if l.refuseFrom > 0 && l.seq >= l.refuseFrom {
		return ratelimit.Permit{}, errRefused
	}
	if l.held == nil {
		l.held = map[uint64]bool{}
	}
	l.held[l.seq] = true
	return ratelimit.Permit{Seq: l.seq, State: l}, nil
}

func (l *limiter) Observe(p ratelimit.Permit, resp *http.Response) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.order = append(l.order, "observe")
	l.observed = append(l.observed, resp)
	if !l.held[p.Seq] {
		l.misused = append(l.misused, "observed without a permit")
	}
}

func (l *limiter) Release(p ratelimit.Permit) {
	if l.places != nil {
		<-l.places
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.order = append(l.order, "release")
	if !l.held[p.Seq] || p.State != l {
		l.misused = append(l.misused, "released twice, or another permit")
	}
	delete(l.held, p.Seq)
}

// check fails the test unless every permit was released exactly once.
func (l *limiter) check(t *testing.T, permits int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	assert.Empty(t, l.misused)
	assert.Empty(t, l.held)
	assert.EqualValues(t, permits, l.seq)
}

func TestEveryPermitIsReleasedExactlyOnceOnEveryPath(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for name, answer := range map[string]func(int, request) (*http.Response, error){
			"success":        func(int, request) (*http.Response, error) { return op.good(v), nil },
			"error":          always(404, v.failure("x")),
			"bad response":   always(200, "<html>"),
			"retries":        always(429, ""),
			"connection":     func(int, request) (*http.Response, error) { return nil, errCut },
			"broken off":     func(int, request) (*http.Response, error) { return brokenOff(200, v.object("x")), nil },
			"redirect":       redirects(v, op, 307, "/elsewhere"),
			"other host":     redirects(v, op, 307, "https://evil.test/"),
			"no way":         always(307, "", "Location", "http://[::1"),
			"round":          always(307, "", "Location", "/again"),
			"too large":      always(200, v.object(string(make([]byte, 2000)))),
			"nothing at all": func(int, request) (*http.Response, error) { return nil, nil },
			"no body": func(int, request) (*http.Response, error) {
				resp := op.good(v)
				resp.Body = nil
				return resp, nil
			},
		} {
			var l limiter
			c, s := start(t, v, options{limiter: &l, maxResponse: 1000}, answer)
			_ = op.do(t.Context(), c, call{})
			own := 0
			for _, r := range s.requests() {
				if r.URL.Host == host {
					own++
				}
			}
			assert.NotZero(t, own, name)
			l.check(t, own)
		}
	})
}

func TestPermitIsReleasedWhenAMiddlewareOrATokenSourcePanics(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		var l limiter
		c, _ := start(t, v, options{limiter: &l}, func(int, request) (*http.Response, error) { panic("middleware") })
		assert.PanicsWithValue(t, "middleware", func() { _, _ = c.get(t.Context(), "x", call{}) })
		l.check(t, 1)

		c, _ = start(t, v, options{limiter: &l, token: func(context.Context) (string, time.Time, error) {
			panic("source")
		}}, always(200, v.object("x")))
		for range 2 { // the second caller must not wait for the first one's fetch
			assert.PanicsWithValue(t, "source", func() { _, _ = c.get(t.Context(), "x", call{}) })
		}
		l.check(t, 1) // the credential is fetched before the permit
	})
}

func TestAcquireObserveReleaseComeInOrderForEveryAttempt(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		var l limiter
		c, _ := start(t, v, options{limiter: &l}, func(n int, _ request) (*http.Response, error) {
			switch n {
			case 1:
				return nil, errCut
			case 2:
				return respond(429, "", "X-Mark", "second"), nil
			}
			return respond(200, v.object("x")), nil
		})
		_, err := c.get(t.Context(), "x", call{})
		require.NoError(t, err)
		assert.Equal(t, []string{"acquire", "release", "acquire", "observe", "release", "acquire", "observe",
			"release"}, l.order)
		require.Len(t, l.observed, 2)
		assert.Equal(t, "second", l.observed[0].Header.Get("X-Mark"))
		assert.Equal(t, 429, l.observed[0].StatusCode)
		l.check(t, 3)
	})
}

func TestRefusalOfTheLimiterSendsNothingAndIsNoAttempt(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		l := &limiter{refuseFrom: 1}
		c, s := start(t, v, options{limiter: l}, always(200, ""))
		err := op.do(t.Context(), c, call{})
		require.ErrorIs(t, err, errRefused)
		assert.Zero(t, viewed(t, v, err).Attempts)
		assert.Empty(t, conditions(v, err))
		assert.Zero(t, s.count())
		l.check(t, 1)
	})
}

func TestRefusalBeforeARetryKeepsTheResponseThatLedToIt(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		l := &limiter{refuseFrom: 3}
		c, s := start(t, v, options{limiter: l}, always(429, v.failure("slow down"), v.requestID, "req-7"))
		err := op.do(t.Context(), c, call{})
		require.ErrorIs(t, err, errRefused)
		f := viewed(t, v, err)
		assert.Equal(t, 429, f.StatusCode)
		assert.Equal(t, "req-7", f.RequestID)
		assert.Equal(t, v.failure("slow down"), string(f.Body))
		assert.Equal(t, 2, f.Attempts)
		assert.Equal(t, 2, s.count())
	})
}

func TestWaitTooLongIsRateLimitedAndTellsTheWait(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{limiter: waiting{&ratelimit.WaitError{Wait: time.Hour, Max: time.Minute}}},
			always(200, ""))
		_, err := c.create(t.Context(), call{})
		f := viewed(t, v, err)
		assert.Equal(t, []string{"ErrRateLimited"}, conditions(v, err))
		assert.Equal(t, time.Hour, f.RetryAfter)
		assert.Zero(t, s.count())
	})
}

func TestTextOfARefusalNamesTheLimiterOnce(t *testing.T) {
	tooLong := &ratelimit.WaitError{Wait: 30 * time.Second, Max: 2 * time.Second}
	const text = "ratelimit: a wait of 30s is needed, the longest wait allowed is 2s"
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for want, refusal := range map[string]error{
			text:                              tooLong,
			"rate limit: limiter says no":     errRefused,
			"rate limit: my limiter: " + text: fmt.Errorf("my limiter: %w", tooLong),
		} {
			c, _ := start(t, v, options{limiter: waiting{refusal}}, always(200, ""))
			err := op.do(t.Context(), c, call{})
			require.ErrorIs(t, err, refusal)
			f := viewed(t, v, err)
			assert.True(t, strings.HasSuffix(err.Error(), f.Path+": "+want), err)
		}
	})
}

// waiting is a limiter that refuses with err.
type waiting struct{ err error }

func (w waiting) Acquire(context.Context, *http.Request) (ratelimit.Permit, error) {
	return ratelimit.Permit{}, w.err
}
func (waiting) Observe(ratelimit.Permit, *http.Response) {}
func (waiting) Release(ratelimit.Permit)                 {}

func TestConcurrencyLimitOfOneServesEveryoneWithATokenRefreshInside(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		l := &limiter{places: make(chan struct{}, 1)}
		flying := 0
		c, _ := start(t, v, options{limiter: l, token: func(context.Context) (string, time.Time, error) {
			time.Sleep(time.Second)
			return "token-123456", time.Now().Add(90 * time.Second), nil
		}}, func(int, request) (*http.Response, error) {
			flying++
			assert.Equal(t, 1, flying)
			time.Sleep(time.Second)
			flying--
			return respond(200, v.object("x")), nil
		})
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				_, err := c.get(t.Context(), "x", call{})
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		l.check(t, 64)
	})
}

// A burst of twice the requests that one second allows. Requests that wait for the next second must
// not fail because of an assumed wait. The limiter is the default of Confluent's client.
func TestBurstWithDeadlinesIsNotFailedOnAGuess(t *testing.T) {
	for name, timeout := range map[string]time.Duration{"1.5s": 1500 * time.Millisecond,
		"1.8s": 1800 * time.Millisecond, "2s": 2 * time.Second} {
		t.Run(name, func(t *testing.T) {
			eachInBubble(t, func(t *testing.T, v vendor) {
				l, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithAdaptiveInFlight(0,
					1))
				require.NoError(t, err)
				var mu sync.Mutex
				begin, used, refused := time.Now(), map[int]int{}, 0
				c, _ := start(t, v, options{limiter: l}, func(int, request) (*http.Response, error) {
					time.Sleep(5 * time.Millisecond)
					mu.Lock()
					defer mu.Unlock()
					second := int(time.Since(begin) / time.Second)
					resp := respond(200, v.object("x"), "X-RateLimit-Limit", "100", "X-RateLimit-Reset", "1")
					if used[second] == 100 {
						refused++
						resp = respond(429, "", "Retry-After", "1")
					} else {
						used[second]++
					}
					resp.Header.Set("X-RateLimit-Remaining", strconv.Itoa(100-used[second]))
					return resp, nil
				})
				var good atomic.Int32
				var wg sync.WaitGroup
				for range 200 {
					wg.Go(func() {
						ctx, cancel := context.WithTimeout(t.Context(), timeout)
						defer cancel()
						if _, err := c.get(ctx, "x", call{}); err == nil {
							good.Add(1)
						}
					})
				}
				wg.Wait()
				assert.GreaterOrEqual(t, good.Load(), int32(196)) // the last ones probe the next window
				assert.Zero(t, refused)
			})
		})
	}
}

// A server accepts four requests at a time and refuses the others. Refused requests wait, the
// others continue.
func TestRefusalForTooManyInFlightPausesItsCallOnly(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		l, err := ratelimit.New(ratelimit.WithAdaptiveInFlight(0, 1))
		require.NoError(t, err)
		var mu sync.Mutex
		working, served := 0, 0
		c, _ := start(t, v, options{limiter: l}, func(int, request) (*http.Response, error) {
			mu.Lock()
			if working == 4 {
				mu.Unlock()
				return respond(429, "", "Retry-After", "5"), nil
			}
			working++
			served++
			mu.Unlock()
			time.Sleep(50 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			working--
			return respond(200, v.object("x")), nil
		})
		const d = 5 * time.Second // the refused calls are still waiting
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				for ctx.Err() == nil {
					_, _ = c.get(ctx, "x", call{})
				}
			})
		}
		wg.Wait()
		assert.Greater(t, served, 4*5*20*9/10)
	})
}

// A call that was refused waits once, as long as the server asked for, and goes before those that
// came after it: it does not end last.
func TestRefusedCallKeepsItsPlace(t *testing.T) {
	for name, tt := range map[string]struct {
		status, retryAfter, callers int
		refused                     int // of the callers, the first ones
	}{
		"429":             {429, 20, 51, 1},
		"503":             {503, 7, 31, 1},
		"several refused": {429, 20, 51, 5},
	} {
		t.Run(name, func(t *testing.T) {
			eachInBubble(t, func(t *testing.T, v vendor) {
				l, err := ratelimit.New(ratelimit.WithRate(10, tt.refused))
				require.NoError(t, err)
				c, _ := start(t, v, options{limiter: l}, func(n int, _ request) (*http.Response, error) {
					time.Sleep(10 * time.Millisecond)
					if n <= tt.refused {
						return respond(tt.status, "", "Retry-After", strconv.Itoa(tt.retryAfter)), nil
					}
					return respond(200, v.object("x")), nil
				})
				var mu sync.Mutex
				begin := time.Now()
				ends := make([]time.Duration, tt.callers) // in the order in which they began
				var wg sync.WaitGroup
				for i := range tt.callers {
					wg.Go(func() {
						_, err := c.get(t.Context(), "x", call{})
						assert.NoError(t, err)
						mu.Lock()
						defer mu.Unlock()
						ends[i] = time.Since(begin)
					})
					synctest.Wait()
				}
				wg.Wait()
				pause := time.Duration(tt.retryAfter) * time.Second
				for i := range tt.refused {
					assert.Greater(t, ends[i], pause)
					// A few of the others leave while its random part of the wait passes.
					assert.Less(t, ends[i], pause+time.Duration(tt.refused+2)*100*time.Millisecond)
				}
				assert.Greater(t, ends[tt.callers-1], pause+4*time.Second*time.Duration(tt.callers)/51)
			})
		})
	}
}
