package contract_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

var errRefused = errors.New("limiter says no")

// limiter counts, and checks how it is used.
type limiter struct {
	refuseFrom uint64        // the first Acquire to refuse, 0 for none
	places     chan struct{} // nil: no limit

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

// check tells whether every permit came back exactly once.
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
			"bad reply":      always(200, "<html>"),
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

		c, _ = start(t, v, options{limiter: &l, token: func(context.Context) (string, time.Time, error) { panic("source") }}, always(200, v.object("x")))
		for range 2 { // the second caller must not wait for the first one's flight
			assert.PanicsWithValue(t, "source", func() { _, _ = c.get(t.Context(), "x", call{}) })
		}
		l.check(t, 1) // a credential is got before the permit
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
				return reply(429, "", "X-Mark", "second"), nil
			}
			return reply(200, v.object("x")), nil
		})
		_, err := c.get(t.Context(), "x", call{})
		require.NoError(t, err)
		assert.Equal(t, []string{"acquire", "release", "acquire", "observe", "release", "acquire", "observe", "release"}, l.order)
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

func TestRefusalBeforeARetryKeepsTheReplyThatLedToIt(t *testing.T) {
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
		c, s := start(t, v, options{limiter: waiting{&ratelimit.WaitError{Wait: time.Hour, Max: time.Minute}}}, always(200, ""))
		_, err := c.create(t.Context(), call{})
		f := viewed(t, v, err)
		assert.Equal(t, []string{"ErrRateLimited"}, conditions(v, err))
		assert.Equal(t, time.Hour, f.RetryAfter)
		assert.Zero(t, s.count())
	})
}

// waiting refuses with err.
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
			return reply(200, v.object("x")), nil
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
