package contract_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/core"
)

// WithIdempotent allows a repetition, but does not make the outcome known.
func TestRepeatedCreateThatIsLostForGoodIsOutcomeUnknown(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for name, answer := range map[string]func(n int) (*http.Response, error){
			"500": func(int) (*http.Response, error) { return respond(500, ""), nil },
			"cut": func(int) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
			"504, then cut": func(n int) (*http.Response, error) {
				return lostThen(n, 504, nil, io.ErrUnexpectedEOF)
			},
			"502, then 429": func(n int) (*http.Response, error) { return lostThen(n, 502, respond(429, ""), nil) },
			"502, then refused": func(n int) (*http.Response, error) {
				return lostThen(n, 502, respond(409, v.failure("taken")), nil)
			},
			"502, then nonsense": func(n int) (*http.Response, error) {
				return lostThen(n, 502, respond(201, "<html>"), nil)
			},
			"nonsense": func(int) (*http.Response, error) { return respond(201, "<html>"), nil },
		} {
			c, _ := start(t, v, options{}, func(n int, _ request) (*http.Response, error) { return answer(n) })
			_, err := c.create(t.Context(), call{idempotent: true})
			require.ErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"], name)
			assert.True(t, viewed(t, v, err).OutcomeUnknown, name)
		}
	})
}

func lostThen(n, status int, then *http.Response, err error) (*http.Response, error) {
	if n == 1 {
		return respond(status, ""), nil
	}
	return then, err
}

// A request that was surely refused has a known outcome, with and without WithIdempotent.
func TestRepeatableCreateThatIsRefusedIsKnown(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for _, status := range []int{400, 403, 409, 429} {
			c, s := start(t, v, options{}, always(status, v.failure("no")))
			_, err := c.create(t.Context(), call{idempotent: true})
			require.NotErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"], status)
			want := 1
			if status == 429 {
				want = core.DefaultRetryPolicy().MaxAttempts
			}
			assert.Equal(t, want, s.count())
		}
	})
}
