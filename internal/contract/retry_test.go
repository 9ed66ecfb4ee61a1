package contract_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/core"
)

func TestStatusMethodAndHeaderDecideWhetherToTryAgain(t *testing.T) {
	const never, idempotent, all = 0, 1, 2
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		soon := time.Now().Add(3 * time.Second).UTC().Format(http.TimeFormat)
		for _, c := range []struct {
			status     int
			retryAfter string
			again      int
		}{
			{302, "", never}, {304, "", never}, {400, "", never}, {400, "1", never}, {401, "", never},
			{403, "1", never}, {404, "", never}, {409, "1", never}, {422, "", never},
			{425, "", never}, {501, "", never}, {501, "1", never}, {505, "", never}, {599, "", never},
			{408, "", idempotent}, {500, "", idempotent}, {500, "1", idempotent}, {502, "", idempotent},
			{504, "", idempotent}, {504, "1", idempotent},
			{429, "", all}, {429, "0", all}, {429, "3", all}, {429, soon, all}, {429, "-1", all}, {429, "words", all},
			{429, "66", never}, {429, "86400", never},
			{503, "", idempotent}, {503, "-1", idempotent}, {503, "words", idempotent}, {503, "0", all},
			{503, "3", all}, {503, soon, all}, {503, "66", never},
		} {
			for _, marked := range []bool{false, true} {
				client, s := start(t, v, options{}, always(c.status, "", "Retry-After", c.retryAfter))
				err := op.do(t.Context(), client, call{idempotent: marked})
				f := viewed(t, v, err)
				want := 1
				if c.again == all || c.again == idempotent && (marked || repeatable(f.Method)) {
					want = core.DefaultRetryPolicy().MaxAttempts
				}
				assert.Equal(t, want, s.count(), "%d, Retry-After %q, marked %v", c.status, c.retryAfter, marked)
				assert.Equal(t, want, f.Attempts)
				assert.Equal(t, c.status, f.StatusCode)
				assert.Contains(t, err.Error(), fmt.Sprintf("attempts %d", want))
			}
		}
	})
}

func TestSuccessAfterRetriesIsASuccess(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		var meta core.Meta
		c, s := start(t, v, options{}, func(n int, _ request) (*http.Response, error) {
			if n < 5 {
				return respond(429, ""), nil
			}
			return op.good(v), nil
		})
		require.NoError(t, op.do(t.Context(), c, call{meta: &meta}))
		assert.Equal(t, 5, meta.Attempts)
		first := s.requests()[0]
		for _, r := range s.requests() {
			assert.Equal(t, first.body, r.body)
			assert.Equal(t, first.Method, r.Method)
			assert.Equal(t, first.URL.String(), r.URL.String())
			assert.Equal(t, first.Header, r.Header)
		}
	})
}

func TestMaxAttemptsOneMeansOne(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for _, answer := range []func(int, request) (*http.Response, error){
			always(429, "", "Retry-After", "1"), always(503, ""), func(int, request) (*http.Response, error) {
				return nil, errCut
			},
		} {
			c, s := start(t, v, options{retry: noRetries()}, answer)
			begin := time.Now()
			require.Error(t, op.do(t.Context(), c, call{idempotent: true}))
			assert.Equal(t, 1, s.count())
			assert.Zero(t, time.Since(begin))
		}
	})
}

func TestLostConnectionIsRetriedOnlyWhereNothingCanHappenTwice(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	proxy := &net.OpError{Op: "proxyconnect", Net: "tcp", Err: refused}
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for _, c := range []struct {
			err  error
			sent bool
		}{{refused, false}, {proxy, false}, {&net.DNSError{Err: "no such host", Name: "x"}, false}, {errCut, true},
			{&net.OpError{Op: "read", Err: errCut}, true}} {
			client, s := start(t, v, options{}, func(_ int, r request) (*http.Response, error) {
				trace := httptrace.ContextClientTrace(r.Context())
				trace.GetConn(host + ":443")
				if c.sent {
					trace.WroteHeaderField("Host", []string{host})
				}
				return nil, c.err
			})
			s.unread = !c.sent
			err := op.do(t.Context(), client, call{})
			f := viewed(t, v, err)
			require.ErrorIs(t, err, c.err)
			assert.Zero(t, f.StatusCode)
			if c.sent && !repeatable(f.Method) {
				assert.Equal(t, 1, s.count())
				assert.ElementsMatch(t, []string{"ErrUnavailable", "ErrOutcomeUnknown"}, conditions(v, err))
			} else {
				assert.Equal(t, 5, s.count())
				assert.Equal(t, []string{"ErrUnavailable"}, conditions(v, err))
			}
			assert.Equal(t, s.count(), f.Attempts)
		}
	})
}

func TestRetryAfterIsObeyedWithEveryStatusThatIsRepeated(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for _, status := range []int{408, 429, 500, 502, 503, 504} {
			c, s := start(t, v, options{}, func(n int, _ request) (*http.Response, error) {
				if n == 1 {
					return respond(status, "", "Retry-After", "20"), nil
				}
				return respond(200, v.object("x")), nil
			})
			begin := time.Now()
			_, err := c.get(t.Context(), "x", call{})
			require.NoError(t, err)
			assert.Equal(t, 2, s.count())
			assert.GreaterOrEqual(t, time.Since(begin), 20*time.Second, status)
		}
	})
}

func TestServerWaitBeyondTheCapOrTheDeadlineIsReturnedAtOnce(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for name, c := range map[string]struct {
			retryAfter string
			deadline   time.Duration
			want       time.Duration
		}{
			"beyond the cap":      {"66", time.Hour, 66 * time.Second},
			"beyond the deadline": {"20", 10 * time.Second, 20 * time.Second},
			"at the deadline":     {"10", 10 * time.Second, 10 * time.Second},
			"date beyond": {time.Now().Add(2 * time.Minute).UTC().Format(http.TimeFormat), time.Hour,
				2 * time.Minute},
		} {
			for _, status := range []int{429, 503} {
				ctx, cancel := context.WithTimeout(t.Context(), c.deadline)
				client, s := start(t, v, options{}, always(status, "", "Retry-After", c.retryAfter))
				begin := time.Now()
				err := op.do(ctx, client, call{})
				cancel()
				f := viewed(t, v, err)
				assert.Equal(t, status, f.StatusCode, name)
				assert.Equal(t, c.want, f.RetryAfter, name)
				assert.Zero(t, time.Since(begin), name)
				assert.Equal(t, 1, s.count(), name)
				require.NotErrorIs(t, err, context.DeadlineExceeded)
			}
		}
	})
}

func TestServerWaitIsObeyedToTheSecondAndALittleMore(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		policy := core.DefaultRetryPolicy()
		gaps := map[time.Duration]bool{}
		for range 20 {
			c, s := start(t, v, options{retry: policy}, func(n int, _ request) (*http.Response, error) {
				if n == 1 {
					return respond(429, "", "Retry-After", "30"), nil
				}
				return respond(200, v.object("x")), nil
			})
			_, err := c.get(t.Context(), "x", call{})
			require.NoError(t, err)
			gap := s.requests()[1].at.Sub(s.requests()[0].at)
			assert.GreaterOrEqual(t, gap, 30*time.Second)
			assert.LessOrEqual(t, gap, 33*time.Second)
			gaps[gap] = true
		}
		assert.Greater(t, len(gaps), 10, "clients told the same must not come back as one")
	})
}

// waitsWithoutAHeader are the statuses after which the wait is random: one that asks for a wait,
// and two that do not.
var waitsWithoutAHeader = []int{429, 502, 503}

// Each bound fails the test if it is halved or doubled. The longest of 200 waits is below three
// quarters of its bound once in 10^25 runs.
func TestWaitsWithoutAHeaderAreRandomBelowADoublingBound(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		policy := core.RetryPolicy{MaxAttempts: 6, MinDelay: time.Second, MaxDelay: 5 * time.Second,
			MaxServerWait: time.Minute, Budget: -1}
		bounds := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second}
		for _, status := range waitsWithoutAHeader {
			c, s := start(t, v, options{retry: policy}, always(status, ""))
			for range 200 {
				require.Error(t, c.remove(t.Context(), "x", call{}))
			}
			requireWaits(t, s.requests(), bounds, status)
		}
	})
}

// requireWaits checks the waits of 200 calls that fail: each is below its bound, and random.
func requireWaits(t *testing.T, seen []request, bounds []time.Duration, status int) {
	t.Helper()
	attempts := len(bounds) + 1
	require.Len(t, seen, 200*attempts, status)
	for i, bound := range bounds {
		longest, shortest := time.Duration(0), bound
		for first := 0; first < len(seen); first += attempts {
			wait := seen[first+i+1].at.Sub(seen[first+i].at)
			longest, shortest = max(longest, wait), min(shortest, wait)
		}
		assert.LessOrEqual(t, longest, bound, "wait %d after a %d", i, status)
		assert.Greater(t, longest, bound*3/4, "wait %d after a %d", i, status)
		assert.Less(t, shortest, bound/4, "wait %d after a %d", i, status)
	}
}

func TestCancelledWaitReturnsAtOnceWithTheContextsErrorAndTheLastStatus(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		cause := errors.New("the user left")
		ctx, cancel := context.WithCancelCause(t.Context())
		c, s := start(t, v, options{}, always(429, v.failure("slow down"), "Retry-After", "50", v.requestID, "req-7"))
		var meta core.Meta
		time.AfterFunc(3*time.Second, func() { cancel(cause) })
		begin := time.Now()
		err := op.do(ctx, c, call{meta: &meta})
		assert.Equal(t, 3*time.Second, time.Since(begin))
		f := viewed(t, v, err)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, cause)
		assert.Equal(t, 429, f.StatusCode)
		assert.Equal(t, "req-7", f.RequestID)
		assert.Equal(t, 1, f.Attempts)
		assert.Equal(t, []string{"ErrRateLimited"}, conditions(v, err))
		assert.NotContains(t, err.Error(), "\n")
		assert.Equal(t, 1, s.count())
		if op.name != "list" {
			assert.Equal(t, 429, meta.StatusCode)
			assert.Equal(t, 1, meta.Attempts)
		}
	})
}

func TestCancelledWaitAfterALostConnectionTellsBoth(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		policy := quick()
		policy.MinDelay, policy.MaxDelay = 20*time.Minute, 20*time.Minute
		c, _ := start(t, v, options{retry: policy}, func(int, request) (*http.Response, error) { return nil, errCut })
		time.AfterFunc(time.Nanosecond, cancel)
		err := c.remove(ctx, "x", call{})
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, errCut)
		assert.NotContains(t, err.Error(), "\n")
	})
}

func TestContextThatEndedBeforeSendsNothing(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		c, s := start(t, v, options{}, always(200, v.object("x")))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := op.do(ctx, c, call{})
		f := viewed(t, v, err)
		require.ErrorIs(t, err, context.Canceled)
		assert.Zero(t, f.Attempts)
		assert.Empty(t, conditions(v, err), "nothing was sent, so that the outcome is known")
		assert.Zero(t, s.count())
	})
}

func TestContextThatEndsDuringAnAttempt(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		c, s := start(t, v, options{}, func(_ int, r request) (*http.Response, error) { return hang(r) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		err := op.do(ctx, c, call{})
		assert.Equal(t, time.Second, time.Since(begin))
		f := viewed(t, v, err)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 1, s.count())
		if repeatable(f.Method) {
			assert.Empty(t, conditions(v, err))
		} else {
			assert.Equal(t, []string{"ErrOutcomeUnknown"}, conditions(v, err))
		}
	})
}

func TestAttemptTimeoutEndsOneAttemptAndNotTheCall(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		c, s := start(t, v, options{attemptTimeout: 2 * time.Second}, func(n int, r request) (*http.Response, error) {
			if n == 1 {
				return hang(r)
			}
			return op.good(v), nil
		})
		begin := time.Now()
		err := op.do(t.Context(), c, call{})
		took := time.Since(begin)
		if repeatable(s.requests()[0].Method) {
			require.NoError(t, err)
			assert.Equal(t, 2, s.count())
		} else {
			viewed(t, v, err)
			assert.ElementsMatch(t, []string{"ErrUnavailable", "ErrOutcomeUnknown"}, conditions(v, err))
			require.NotErrorIs(t, err, context.DeadlineExceeded, "the caller set no deadline")
			assert.Contains(t, err.Error(), "longer than 2s")
			assert.Equal(t, 1, s.count())
		}
		assert.GreaterOrEqual(t, took, 2*time.Second)
		assert.Less(t, took, 2100*time.Millisecond)
	})
}

func TestAttemptTimeoutCountsReadingTheResponse(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{attemptTimeout: 2 * time.Second}, func(n int, r request) (*http.Response, error) {
			resp := respond(200, v.object("x"))
			if n == 1 {
				resp.Body = &stuckBody{r.Context()}
			}
			return resp, nil
		})
		_, err := c.get(t.Context(), "x", call{})
		require.NoError(t, err)
		assert.Equal(t, 2, s.count())
	})
}

// stuckBody never delivers a byte.
type stuckBody struct{ ctx context.Context }

func (b *stuckBody) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}

func (b *stuckBody) Close() error { return nil }

func TestTimeoutOfTheCallersHTTPClientIsTheAttemptTimeout(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{client: &http.Client{Timeout: 3 * time.Second}},
			func(n int, r request) (*http.Response, error) {
				if n < 3 {
					return hang(r)
				}
				return respond(200, v.object("x")), nil
			})
		begin := time.Now()
		_, err := c.get(t.Context(), "x", call{})
		require.NoError(t, err)
		assert.Equal(t, 3, s.count())
		assert.InDelta(t, 6, time.Since(begin).Seconds(), 0.1)
	})
}

func TestAttemptTimeoutPrevailsOverTheCallersHTTPClient(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		o := options{client: &http.Client{Timeout: time.Second}, attemptTimeout: 10 * time.Second}
		c, s := start(t, v, o, func(_ int, r request) (*http.Response, error) {
			select {
			case <-time.After(5 * time.Second):
				return respond(200, v.object("x")), nil
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		})
		_, err := c.get(t.Context(), "x", call{})
		require.NoError(t, err)
		assert.Equal(t, 1, s.count())
	})
}

func TestErrorKeepsWhatTheServerSaidBeforeALaterAttemptGotNoResponse(t *testing.T) {
	const slow, cut = 1, 2
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for name, tt := range map[string]struct {
			status   int
			then     int
			deadline time.Duration
		}{
			"a deadline":        {503, slow, 5 * time.Second},
			"a gateway":         {502, slow, 5 * time.Second},
			"attempt timeouts":  {504, slow, time.Hour},
			"a lost connection": {503, cut, time.Hour},
			"a refusal":         {429, slow, 5 * time.Second},
		} {
			var meta core.Meta
			o := options{attemptTimeout: time.Minute}
			c, s := start(t, v, o, func(n int, r request) (*http.Response, error) {
				switch {
				case n == 1:
					return respond(tt.status, v.failure("the reason"), v.requestID, "req-7"), nil
				case tt.then == cut:
					return nil, errCut
				}
				return hang(r)
			})
			ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
			err := op.do(ctx, c, call{meta: &meta})
			cancel()
			f := viewed(t, v, err)
			if s.count() > 1 && !repeatable(f.Method) {
				assert.Zero(t, f.StatusCode, "the first attempt surely did nothing, of the second nothing is known")
				assert.True(t, f.OutcomeUnknown, name)
				continue
			}
			assert.Equal(t, tt.status, f.StatusCode, name)
			assert.Equal(t, "req-7", f.RequestID, name)
			assert.ErrorContains(t, err, "the reason", name)
			if op.name != "list" {
				assert.Equal(t, tt.status, meta.StatusCode, name)
			}
			if s.count() == 1 {
				continue
			}
			assert.Equal(t, s.count(), f.Attempts, name)
			assert.ErrorContains(t, err, "a later attempt: ", name)
			if tt.deadline < time.Hour {
				require.ErrorIs(t, err, context.DeadlineExceeded, name)
				assert.Equal(t, 1, strings.Count(err.Error(), context.DeadlineExceeded.Error()), "%s: %v", name, err)
			}
		}
	})
}

func TestErrorForgetsA401ThatAnotherCredentialAnswered(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{token: (&source{}).token, retry: noRetries()},
			func(n int, r request) (*http.Response, error) {
				if n == 1 {
					return respond(401, ""), nil
				}
				return nil, errCut
			})
		_, err := c.get(t.Context(), "x", call{})
		require.ErrorIs(t, err, errCut)
		assert.NotErrorIs(t, err, v.sentinels["ErrUnauthorized"])
		assert.Equal(t, 2, s.count())
	})
}
