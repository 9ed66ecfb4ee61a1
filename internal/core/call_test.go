package core

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestResponseThatCameAnotherWayIsRefused(t *testing.T) {
	t.Parallel()
	c, err := New(Config{BaseURL: &url.URL{Scheme: "https", Host: "a.test"}, NewError: func(f *Failure) error {
		return f.Err
	}})
	require.NoError(t, err)
	err = CallEmpty(t.Context(), c, "op", []func(*CallOptions){}, func(context.Context) (*http.Response, error) {
		return httpResponse(strings.NewReader("{}"), 2), nil
	})
	require.ErrorContains(t, err, "did not come through")
	err = CallEmpty(t.Context(), c, "op", []func(*CallOptions){}, func(context.Context) (*http.Response, error) {
		return nil, io.EOF
	})
	require.ErrorIs(t, err, io.EOF, "a request that could not be built")
}

// An error document in a 2xx response states the outcome of an action, unless the document is
// incomplete.
func TestRefusalInAGoodResponse(t *testing.T) {
	t.Parallel()
	for status, unknown := range map[int]bool{400: false, 404: false, 500: true, 503: true} {
		for _, idempotent := range []bool{false, true} {
			var last *Failure
			c := client(200, nil, new(int))
			c.cfg.NewError = func(f *Failure) error { last = f; return f.Err }
			refusal := &RefusedError{Status: status, Err: io.ErrNoProgress}
			err := CallDecode(t.Context(), c, "op", []func(*CallOptions){func(o *CallOptions) {
				o.likePut = idempotent
			}}, func(ctx context.Context) (*http.Response, error) {
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://a.test/x",
					strings.NewReader("{}"))
				require.NoError(t, err)
				return c.Do(req)
			}, func([]byte) error { return refusal })
			require.ErrorIs(t, err, io.ErrNoProgress)
			assert.NotErrorIs(t, err, io.EOF)
			assert.NotErrorAs(t, err, new(*ResponseError), "the response is valid")
			assert.Equal(t, unknown && !idempotent, last.OutcomeUnknown)
			assert.Equal(t, "{}", string(last.Body))
		}
	}
}

func TestVendorSaysWhatAnErrorDocumentIs(t *testing.T) {
	t.Parallel()
	for vendors, want := range map[bool]string{false: "", true: "error document"} {
		c := client(http.StatusOK, nil, new(int))
		c.cfg.NewError = func(f *Failure) error { return f.Err }
		c.cfg.IsErrorDocument = func(b []byte) bool {
			assert.Equal(t, "{}", string(b))
			return vendors
		}
		send := func(ctx context.Context) (*http.Response, error) { return get(ctx, t, c) }
		err := CallEmpty(t.Context(), c, "op", []func(*CallOptions){}, send)
		if want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, want)
		}
	}
}
