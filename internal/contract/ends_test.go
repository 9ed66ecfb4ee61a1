package contract_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The text of an ended call states the reason once, for every reason and every stage.
func TestTextOfAnEndedCallSaysItOnce(t *testing.T) {
	cause := errors.New("the operator has gone home")
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for name, end := range map[string]func(context.Context) (context.Context, context.CancelFunc){
			"deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 5*time.Second)
			},
			"deadline with a cause": func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeoutCause(ctx, 5*time.Second, cause)
			},
			"canceled with a cause": func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancelCause(ctx)
				timer := time.AfterFunc(5*time.Second, func() { cancel(cause) })
				return ctx, func() { timer.Stop(); cancel(nil) }
			},
		} {
			for hanging, first := range map[string]func() (*http.Response, error){
				"the first attempt": nil,
				"after a 503": func() (*http.Response, error) {
					return respond(503, "", "Retry-After", "1"), nil
				},
				"after a 429":        func() (*http.Response, error) { return respond(429, ""), nil },
				"after a broken one": func() (*http.Response, error) { return nil, errCut },
			} {
				c, _ := start(t, v, options{}, func(n int, r request) (*http.Response, error) {
					if n == 1 && first != nil {
						return first()
					}
					<-r.Context().Done()
					return nil, context.Cause(r.Context()) // like net/http
				})
				ctx, cancel := end(t.Context())
				err := op.do(ctx, c, call{})
				ended := ctx.Err()
				cancel()
				require.Error(t, err)
				if ended == nil { // a POST is not repeated
					continue
				}
				require.ErrorIs(t, err, ended, "%s %s", name, hanging)
				assert.Equal(t, 1, strings.Count(err.Error(), ended.Error()), "%s %s: %v", name, hanging, err)
				if strings.Contains(name, "cause") {
					require.ErrorIs(t, err, cause, "%s %s", name, hanging)
					assert.Equal(t, 1, strings.Count(err.Error(), cause.Error()), "%s %s: %v", name, hanging, err)
				}
			}
		}
	})
}

// The end of the caller's context is no fault of the server. A request that creates something may
// have been carried out.
func TestEndOfTheCallerIsItsCauseAndNoOtherCondition(t *testing.T) {
	cause := errors.New("the operator has gone home")
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		c, s := start(t, v, options{}, func(_ int, r request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, cause)
		defer cancel()
		err := op.do(ctx, c, call{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, cause)
		var want []string
		if !repeatable(s.requests()[0].Method) {
			want = []string{"ErrOutcomeUnknown"}
		}
		assert.Equal(t, want, conditions(v, err), op.name)
		assert.Equal(t, 1, s.count())
	})
}

func TestEndOfTheCallerKeepsTheConditionOfAnEarlierResponse(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{}, func(n int, r request) (*http.Response, error) {
			if n == 1 {
				return respond(503, "", "Retry-After", "1"), nil
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := c.get(ctx, "x-1", call{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, []string{"ErrUnavailable"}, conditions(v, err))
		assert.Equal(t, 2, s.count())
	})
}
