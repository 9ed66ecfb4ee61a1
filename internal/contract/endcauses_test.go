package contract_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/ratelimit"
)

// signalError is like the cause of os/signal.NotifyContext: another value than context.Canceled
// that matches it.
type signalError string

func (s signalError) Error() string        { return string(s) }
func (s signalError) Is(target error) bool { return target == context.Canceled }

// endCauses are causes of a canceled context, by what they match.
var endCauses = map[string]error{
	"another error":                errors.New("the operator has gone home"),
	"a signal":                     signalError("interrupt signal received"),
	"an error that wraps Canceled": fmt.Errorf("shutdown: %w", context.Canceled),
	"the other end":                context.DeadlineExceeded,
	"Canceled itself":              context.Canceled,
}

// requireEnd checks that err has the end of a canceled context and its cause, and that its text has
// each once.
func requireEnd(t *testing.T, err, cause error, stage string) {
	t.Helper()
	require.ErrorIs(t, err, context.Canceled, stage)
	require.ErrorIs(t, err, cause, stage)
	assert.Equal(t, 1, strings.Count(err.Error(), context.Canceled.Error()), "%s: %v", stage, err)
	assert.Equal(t, 1, strings.Count(err.Error(), cause.Error()), "%s: %v", stage, err)
}

// canceledAfter returns a context that ends after d.
func canceledAfter(t *testing.T, d time.Duration, cause error) context.Context {
	ctx, cancel := context.WithCancelCause(t.Context())
	timer := time.AfterFunc(d, func() { cancel(cause) })
	t.Cleanup(func() { timer.Stop(); cancel(nil) })
	return ctx
}

// In every stage of a call, the error has the cause of the context, also if the cause matches the
// end of the context but is another value.
func TestErrorOfAnEndedCallHasItsCauseAlsoIfThatMatchesTheEnd(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		stages := map[string]func(r request) (*http.Response, error){
			"an attempt that returns the cause": func(r request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, context.Cause(r.Context()) // like net/http
			},
			"an attempt that returns the end": hang,
			"a wait for the next attempt": func(request) (*http.Response, error) {
				return respond(429, "", "Retry-After", "50"), nil
			},
		}
		for name, cause := range endCauses {
			for stage, answer := range stages {
				c, _ := start(t, v, options{}, func(_ int, r request) (*http.Response, error) { return answer(r) })
				_, err := c.get(canceledAfter(t, 5*time.Second, cause), "x-1", call{})
				requireEnd(t, err, cause, stage+", "+name)
			}
			c, _ := start(t, v, options{}, always(200, v.object("x-1")))
			ended, cancel := context.WithCancelCause(t.Context())
			cancel(cause)
			_, err := c.get(ended, "x-1", call{})
			requireEnd(t, err, cause, "before the call, "+name)

			c, _ = start(t, v, options{token: func(ctx context.Context) (string, time.Time, error) {
				<-ctx.Done()
				return "", time.Time{}, context.Cause(ctx)
			}}, always(200, v.object("x-1")))
			_, err = c.get(canceledAfter(t, 5*time.Second, cause), "x-1", call{})
			require.ErrorIs(t, err, context.Canceled, name)
			require.ErrorIs(t, err, cause, "a token source, %s", name)

			limiter, err := ratelimit.New(ratelimit.WithRate(1.0/60, 1))
			require.NoError(t, err)
			c, _ = start(t, v, options{limiter: limiter}, always(200, v.object("x-1")))
			_, err = c.get(t.Context(), "x-1", call{})
			require.NoError(t, err)
			_, err = c.get(canceledAfter(t, 5*time.Second, cause), "x-1", call{})
			requireEnd(t, err, cause, "a wait for the limiter, "+name)
		}
	})
}

// A context that ends during a wait gives the error its cause, in a pause and in a request.
func TestErrorOfAnEndedWaitHasItsCause(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		status := 200
		if v.ready == "" { // the response that ends the wait has no body
			status = 400
		}
		for name, cause := range endCauses {
			c, s := start(t, v, options{}, always(status, v.waiting))
			pausing := sdk.WaitOptions{Interval: time.Hour, MaxInterval: time.Hour, Timeout: 2 * time.Hour}
			err := c.wait(canceledAfter(t, time.Minute, cause), "x-1", pausing)
			requireEnd(t, err, cause, "a pause, "+name)
			assert.Equal(t, 1, s.count(), "the wait was in its first pause")

			c, _ = start(t, v, options{}, func(_ int, r request) (*http.Response, error) { return hang(r) })
			err = c.wait(canceledAfter(t, 5*time.Second, cause), "x-1", sdk.WaitOptions{})
			require.ErrorIs(t, err, context.Canceled, name)
			require.ErrorIs(t, err, cause, "a request, %s", name)
		}
		c, _ := start(t, v, options{}, always(status, v.waiting))
		err := c.wait(t.Context(), "x-1", sdk.WaitOptions{Timeout: time.Minute})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, context.Canceled)
	})
}
