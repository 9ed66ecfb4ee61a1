package contract_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
)

// eachEnsure calls test with each Ensure method.
func eachEnsure(t *testing.T, test func(t *testing.T, v vendor, ensure ensureFunc)) {
	t.Helper()
	for _, v := range vendors {
		for version, ensure := range ensuring[v.name] {
			t.Run(v.name+" "+version, func(t *testing.T) {
				t.Parallel()
				test(t, v, ensure)
			})
		}
	}
}

// The caller must be able to see in a log that the integration was looked for, and was not there.
func TestEnsureSaysThatItLookedAgainAfterALostCreate(t *testing.T) {
	t.Parallel()
	for status, is := range map[int]string{http.StatusInternalServerError: "ErrOutcomeUnknown",
		http.StatusConflict: "ErrConflict"} {
		eachEnsure(t, func(t *testing.T, v vendor, ensure ensureFunc) {
			none := v.page("")
			c, s := start(t, v, options{retry: noRetries()}, func(_ int, r request) (*http.Response, error) {
				if r.Method == http.MethodPost {
					return respond(status, v.failure("no luck")), nil
				}
				return respond(200, none), nil
			})
			got, err := ensure(t.Context(), c.value, "lake")
			require.ErrorIs(t, err, v.sentinels[is])
			require.NotErrorIs(t, err, v.sentinels["ErrNotFound"], "the caller would create it again")
			require.ErrorContains(t, err, "a second lookup of the name found none")
			assert.NotContains(t, err.Error(), "\n")
			assert.Equal(t, status, viewed(t, v, err).StatusCode)
			assert.Empty(t, got)
			var methods []string
			for _, r := range s.requests() {
				methods = append(methods, r.Method)
			}
			assert.Equal(t, "GET POST GET", strings.Join(methods, " "))
		})
	}
}

func TestTextOfAWaitThatEndedIsOneLine(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		status := map[string]int{"confluent": 400}[v.name]
		c, _ := start(t, v, options{}, always(max(status, 200), v.waiting))
		err := c.wait(t.Context(), "x-1", sdk.WaitOptions{Timeout: time.Minute})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.NotContains(t, err.Error(), "\n")
		assert.Regexp(t, "^context deadline exceeded; "+v.name+": ", err.Error())
	})
}
