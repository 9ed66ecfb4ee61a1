package contract_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// source returns tokens that contain their number, one second after the call.
type source struct {
	life time.Duration // 0 means that it does not expire
	fail func(n int) error

	n       atomic.Int64
	running atomic.Int64
}

func (s *source) token(ctx context.Context) (string, time.Time, error) {
	n := s.n.Add(1)
	if s.running.Add(1) > 1 {
		return "", time.Time{}, errors.New("two fetches at a time")
	}
	defer s.running.Add(-1)
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return "", time.Time{}, ctx.Err()
	}
	if s.fail != nil {
		if err := s.fail(int(n)); err != nil {
			return "", time.Time{}, err
		}
	}
	var expiry time.Time
	if s.life > 0 {
		expiry = time.Now().Add(s.life)
	}
	return fmt.Sprintf("token-%d", n), expiry, nil
}

// concurrently calls get in n goroutines and returns their errors.
func concurrently(n int, get func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = get(i) })
	}
	wg.Wait()
	return errs
}

func authorizations(seen []request) []string {
	var all []string
	for _, r := range seen {
		all = append(all, r.Header.Get("Authorization"))
	}
	return all
}

func TestManyCallersShareOneTokenFetch(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		src := &source{}
		c, s := start(t, v, options{token: src.token}, always(200, v.object("x")))
		begin := time.Now()
		for _, err := range concurrently(64, func(int) error {
			_, err := c.get(t.Context(), "x", call{})
			return err
		}) {
			require.NoError(t, err)
		}
		assert.EqualValues(t, 1, src.n.Load())
		assert.Equal(t, time.Second, time.Since(begin))
		for _, a := range authorizations(s.requests()) {
			assert.Equal(t, "Bearer token-1", a)
		}
	})
}

func TestTokenIsRenewedBeforeItExpires(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for life, usedFor := range map[time.Duration]time.Duration{
			15 * time.Minute: 14 * time.Minute, 3 * time.Minute: 2 * time.Minute, time.Minute: 30 * time.Second,
			10 * time.Second: 5 * time.Second,
		} {
			src := &source{life: life}
			c, s := start(t, v, options{token: src.token}, always(200, v.object("x")))
			get := func() {
				_, err := c.get(t.Context(), "x", call{})
				require.NoError(t, err)
			}
			get()
			time.Sleep(usedFor - time.Millisecond)
			get()
			assert.EqualValues(t, 1, src.n.Load(), life)
			time.Sleep(2 * time.Millisecond)
			get()
			assert.Equal(t, []string{"Bearer token-1", "Bearer token-1", "Bearer token-2"},
				authorizations(s.requests()), life)
		}
	})
}

func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		src := &source{}
		c, s := start(t, v, options{token: src.token, retry: noRetries()},
			func(_ int, r request) (*http.Response, error) {
				if r.Header.Get("Authorization") == "Bearer token-1" {
					return respond(401, ""), nil
				}
				return op.good(v), nil
			})
		begin := time.Now()
		require.NoError(t, op.do(t.Context(), c, call{}))
		assert.Equal(t, []string{"Bearer token-1", "Bearer token-2"}, authorizations(s.requests()))
		assert.Equal(t, s.requests()[0].body, s.requests()[1].body)
		assert.Equal(t, 2*time.Second, time.Since(begin), "nothing is waited for but the tokens")

		require.NoError(t, op.do(t.Context(), c, call{}))
		assert.EqualValues(t, 2, src.n.Load(), "the new token is kept")
	})
}

func TestSecondRefusalIsFinal(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		src := &source{}
		c, s := start(t, v, options{token: src.token}, always(401, v.failure("no")))
		err := op.do(t.Context(), c, call{})
		f := viewed(t, v, err)
		assert.Equal(t, 401, f.StatusCode)
		assert.Equal(t, 2, f.Attempts)
		assert.Equal(t, []string{"ErrUnauthorized"}, conditions(v, err))
		assert.Equal(t, 2, s.count())
	})
}

func TestFixedCredentialIsNotSentAgainAfterARefusal(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		c, s := start(t, v, options{}, always(401, ""))
		require.ErrorIs(t, op.do(t.Context(), c, call{}), v.sentinels["ErrUnauthorized"])
		assert.Equal(t, 1, s.count())
	})
}

func TestManyRefusalsOfOneTokenLeadToOneFetch(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		src := &source{}
		c, _ := start(t, v, options{token: src.token, attemptTimeout: time.Hour},
			func(n int, r request) (*http.Response, error) {
				// most refusals arrive when the token has already been replaced
				time.Sleep(time.Duration(n) * time.Second)
				if r.Header.Get("Authorization") == "Bearer token-1" {
					return respond(401, ""), nil
				}
				return respond(200, v.object("x")), nil
			})
		for _, err := range concurrently(64, func(int) error {
			_, err := c.get(t.Context(), "x", call{})
			return err
		}) {
			require.NoError(t, err)
		}
		assert.EqualValues(t, 2, src.n.Load())
	})
}

func TestRefusalByAnotherHostDoesNotCostTheToken(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		src := &source{}
		c, s := start(t, v, options{token: src.token}, func(n int, _ request) (*http.Response, error) {
			if n == 1 {
				return respond(302, "", "Location", "https://evil.test/"), nil
			}
			return respond(401, ""), nil
		})
		_, err := c.get(t.Context(), "x", call{})
		assert.Equal(t, 401, viewed(t, v, err).StatusCode)
		assert.Equal(t, 2, s.count())
		assert.EqualValues(t, 1, src.n.Load())
	})
}

func TestTokenThatIsStillGoodIsUsedOnWhenTheRenewalFails(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		errSource := errors.New("identity provider is down")
		src := &source{life: 10 * time.Minute, fail: func(n int) error {
			if n > 1 {
				return errSource
			}
			return nil
		}}
		c, s := start(t, v, options{token: src.token}, always(200, v.object("x")))
		get := func() error {
			_, err := c.get(t.Context(), "x", call{})
			return err
		}
		require.NoError(t, get())
		time.Sleep(9*time.Minute + time.Second)
		require.NoError(t, get(), "renewal failed, but the token lasts")
		assert.Equal(t, []string{"Bearer token-1", "Bearer token-1"}, authorizations(s.requests()))
		time.Sleep(time.Minute)
		err := get()
		require.ErrorIs(t, err, errSource)
		assert.Zero(t, viewed(t, v, err).Attempts)
		assert.Equal(t, 2, s.count(), "nothing is sent without a token")
	})
}

func TestTokenThatExpiresDuringAFailingRenewalIsNotUsed(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		asked := 0
		deaf := func(context.Context) (string, time.Time, error) { // ignores its context
			if asked++; asked == 1 {
				return "first-token", time.Now().Add(time.Second), nil
			}
			time.Sleep(time.Second)
			return "", time.Time{}, errCut
		}
		c, s := start(t, v, options{token: deaf}, always(200, v.object("x")))
		_, err := c.get(t.Context(), "x", call{})
		require.NoError(t, err)
		time.Sleep(600 * time.Millisecond)
		begin := time.Now()
		_, err = c.get(t.Context(), "x", call{})
		require.NoError(t, err, "the token lasts longer than the renewal may take")
		assert.Equal(t, 200*time.Millisecond, time.Since(begin))
		time.Sleep(300 * time.Millisecond)
		_, err = c.get(t.Context(), "x", call{})
		require.ErrorIs(t, err, errCut)
		assert.Equal(t, 2, s.count())
	})
}

// A renewal may take half of the remaining life. Then the old token is used again, also by callers
// that started in between.
func TestTokenThatIsStillGoodServesWhileItsRenewalHangs(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		var asked atomic.Int32 // the source runs in its own goroutine
		hanging := func(ctx context.Context) (string, time.Time, error) {
			if asked.Add(1) == 1 {
				return "first-token", time.Now().Add(time.Minute), nil
			}
			<-ctx.Done()
			return "", time.Time{}, ctx.Err()
		}
		c, s := start(t, v, options{token: hanging}, always(200, v.object("x")))
		_, err := c.get(t.Context(), "x", call{})
		require.NoError(t, err)
		time.Sleep(40 * time.Second)
		var group sync.WaitGroup
		group.Go(func() {
			begin := time.Now()
			_, err := c.get(t.Context(), "x", call{})
			assert.NoError(t, err)
			assert.Equal(t, 10*time.Second, time.Since(begin))
		})
		synctest.Wait()
		begin := time.Now()
		_, err = c.get(t.Context(), "x", call{})
		require.NoError(t, err)
		assert.Zero(t, time.Since(begin))
		group.Wait()
		_, err = c.get(t.Context(), "x", call{})
		require.NoError(t, err)
		assert.EqualValues(t, 2, asked.Load(), "a failed renewal is not tried again at once")
		assert.Equal(t, 4, s.count())
	})
}

func TestCallerThatGivesUpDoesNotFailThoseWhoWaitWithIt(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for _, attemptTimeout := range []bool{false, true} {
			src := &source{}
			o := options{token: src.token}
			if attemptTimeout {
				o.attemptTimeout = time.Hour
			}
			c, _ := start(t, v, o, always(200, v.object("x")))
			first, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			begin := time.Now()
			errs := concurrently(64, func(i int) error {
				ctx := t.Context()
				if i == 0 {
					ctx = first
				} else {
					time.Sleep(100 * time.Millisecond) // the first caller fetches
				}
				_, err := c.get(ctx, "x", call{})
				return err
			})
			require.ErrorIs(t, errs[0], context.DeadlineExceeded)
			for _, err := range errs[1:] {
				require.NoError(t, err)
			}
			assert.EqualValues(t, 2, src.n.Load())
			assert.Equal(t, 1500*time.Millisecond, time.Since(begin))
		}
	})
}

func TestFailedFetchFailsAllWhoWaitedForItAndIsNotMultiplied(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		// A timeout inside the source does not mean that a caller gave up.
		for _, failure := range []error{errCut, fmt.Errorf("token endpoint: %w", context.DeadlineExceeded)} {
			src := &source{fail: func(int) error { return failure }}
			c, s := start(t, v, options{token: src.token}, always(200, v.object("x")))
			begin := time.Now()
			for _, err := range concurrently(64, func(int) error {
				_, err := c.get(t.Context(), "x", call{})
				return err
			}) {
				require.ErrorIs(t, err, failure)
				viewed(t, v, err)
			}
			assert.EqualValues(t, 1, src.n.Load())
			assert.Equal(t, time.Second, time.Since(begin))
			assert.Zero(t, s.count())
		}
	})
}

func TestUnusableTokenIsNotSent(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for _, token := range []string{"", "two words", "line\nbreak", "ümlaut", "nul\x00"} {
			c, s := start(t, v, options{token: func(context.Context) (string, time.Time, error) {
				return token, time.Time{}, nil
			}}, always(200, ""))
			_, err := c.get(t.Context(), "x", call{})
			viewed(t, v, err)
			assert.Zero(t, s.count(), token)
			if token != "" {
				assert.NotContains(t, err.Error(), token)
			}
		}
	})
}

func TestAttemptTimeoutCountsTheTokenFetch(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		src := &source{}
		c, s := start(t, v, options{token: src.token, attemptTimeout: 500 * time.Millisecond},
			always(200, v.object("x")))
		begin := time.Now()
		_, err := c.get(t.Context(), "x", call{})
		assert.Contains(t, err.Error(), "longer than 500ms")
		assert.Equal(t, 500*time.Millisecond, time.Since(begin))
		assert.Zero(t, s.count())
		assert.Zero(t, viewed(t, v, err).Attempts)
	})
}

func TestTokenThatHasExpiredByThisClockIsAskedForOnceAndReported(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for _, ago := range []time.Duration{0, time.Second, 24 * time.Hour} {
			asked := 0
			stale := func(context.Context) (string, time.Time, error) {
				asked++
				return fmt.Sprintf("token-%d", asked), time.Now().Add(-ago), nil
			}
			var log bytes.Buffer
			c, s := start(t, v, options{token: stale, logger: logger(&log, slog.LevelWarn)}, always(200, v.object("x")))
			get := func() {
				_, err := c.get(t.Context(), "x", call{})
				require.NoError(t, err)
			}
			get()
			get()
			assert.Equal(t, 1, asked, "a token serves more than one call")
			require.Len(t, records(t, &log), 1)
			time.Sleep(2 * time.Minute)
			get()
			assert.Equal(t, []string{"Bearer token-1", "Bearer token-1", "Bearer token-2"},
				authorizations(s.requests()))
			all := records(t, &log)
			require.Len(t, all, 1)
			assert.Contains(t, all[0]["msg"], "expired")
			assert.NotContains(t, fmt.Sprint(all), "token-")
		}
	})
}

// The source ignores its context.
func TestSourceThatIgnoresItsContextHoldsNoCall(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for name, tt := range map[string]struct{ deadline, attemptTimeout, want time.Duration }{
			"a deadline":         {time.Second, time.Minute, time.Second},
			"an attempt timeout": {time.Hour, 3 * time.Second, 3 * time.Second},
			"both":               {2 * time.Second, 3 * time.Second, 2 * time.Second},
		} {
			var asked atomic.Int32
			deaf := func(context.Context) (string, time.Time, error) {
				asked.Add(1)
				time.Sleep(time.Hour)
				return "late", time.Time{}, nil
			}
			c, s := start(t, v, options{token: deaf, attemptTimeout: tt.attemptTimeout}, always(200, v.object("x")))
			for range 2 {
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				begin := time.Now()
				_, err := c.get(ctx, "x", call{})
				cancel()
				viewed(t, v, err)
				assert.Equal(t, tt.want, time.Since(begin), name)
			}
			assert.EqualValues(t, 1, asked.Load(), "the second call waits for the first fetch, as long as it may")
			assert.Zero(t, s.count())
			time.Sleep(time.Hour)
			_, err := c.get(t.Context(), "x", call{})
			require.NoError(t, err)
			assert.Equal(t, []string{"Bearer late"}, authorizations(s.requests()))
		}
	})
}
