package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// argument returns the name of the argument that err refuses, "" if err is nil.
func argument(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	a, ok := errors.AsType[*argumentError](err)
	require.True(t, ok, "%T", err)
	return a.Name
}

func httpResponse(body io.Reader, length int64) *http.Response {
	return &http.Response{Header: http.Header{}, Body: io.NopCloser(body), ContentLength: length}
}

// tripper is a function that implements http.RoundTripper.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// client returns a client whose transport responds with status and counts the requests. Its errors
// are of type *Failure.
func client(status int, auth *Auth, count *int) *Client {
	c, err := New(Config{
		BaseURL: &url.URL{Scheme: "https", Host: "a.test"}, Auth: auth, Retry: RetryPolicy{MaxAttempts: 2, Budget: 10},
		HTTPClient: &http.Client{Transport: tripper(func(*http.Request) (*http.Response, error) {
			*count++
			resp := httpResponse(strings.NewReader("{}"), 2)
			resp.StatusCode = status
			return resp, nil
		})},
		NewError: func(f *Failure) error { return fmt.Errorf("%d after %d: %w", f.StatusCode, f.Attempts, f.Err) },
	})
	if err != nil {
		panic(err)
	}
	return c
}

func get(ctx context.Context, t *testing.T, c *Client) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://a.test/x", nil)
	require.NoError(t, err)
	return c.Do(req)
}
