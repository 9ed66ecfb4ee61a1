package core

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestResponseToACallWithoutCredentialsIsNotKeptInItsError(t *testing.T) {
	t.Parallel()
	var failure *Failure
	c := client(200, nil, new(int))
	c.cfg.NewError = func(f *Failure) error { failure = f; return io.EOF }
	noProgress := func([]byte) error { return io.ErrNoProgress }
	for noAuth, body := range map[bool]string{false: "{}", true: ""} {
		err := CallDecode(t.Context(), c, "op", []func(*CallOptions){func(o *CallOptions) { o.noAuth = noAuth }},
			func(ctx context.Context) (*http.Response, error) {
				return get(ctx, t, c)
			}, noProgress)
		require.ErrorIs(t, err, io.EOF)
		assert.Equal(t, body, string(failure.Body), "a token may be in it")
	}
}

// The patterns of secrets are computed once for a failure, not for each response header. The test
// measures allocations, so it does not run in parallel with others.
func TestHeadersOfAFailureCostLittle(t *testing.T) {
	c := client(404, Basic("user", "s3cr/t+pa55"), new(int))
	cost := func(headers int) float64 {
		h := http.Header{}
		for i := range headers {
			h.Set(fmt.Sprintf("X-%d", i), "an ordinary value; with=parts")
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://a.test/x", nil)
		require.NoError(t, err)
		return testing.AllocsPerRun(10, func() {
			f := c.failure(newRawCall(t.Context()), req, &response{resp: &http.Response{StatusCode: 404, Header: h}},
				nil)
			require.Len(t, f.Header, headers)
		})
	}
	assert.Less(t, cost(100)-cost(0), 100*10.0)
}
