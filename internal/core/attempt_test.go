package core

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// recorder records which stages of an attempt ran. The stage named fails returns an error.
type recorder struct {
	stages []string
	fails  string
}

func (r *recorder) run(stage string) error {
	r.stages = append(r.stages, stage)
	if stage == r.fails {
		return io.ErrNoProgress
	}
	return nil
}

func (r *recorder) Acquire(ctx context.Context, _ *http.Request) (ratelimit.Permit, error) {
	return ratelimit.Permit{Seq: 7}, r.run("acquire" + timed(ctx))
}

func (r *recorder) Observe(p ratelimit.Permit, _ *http.Response) { _ = r.run("observe" + place(p)) }
func (r *recorder) Release(p ratelimit.Permit)                   { _ = r.run("release" + place(p)) }

func timed(ctx context.Context) string {
	if _, ok := ctx.Deadline(); ok {
		return " with a deadline"
	}
	return ""
}

func place(p ratelimit.Permit) string {
	if p.Seq != 7 {
		return " another permit"
	}
	return ""
}

func (r *recorder) middleware(name string) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return tripper(func(req *http.Request) (*http.Response, error) {
			if err := r.run(name); err != nil {
				return nil, err
			}
			return next.RoundTrip(req)
		})
	}
}

func (r *recorder) client(t *testing.T) *Client {
	t.Helper()
	c, err := New(Config{
		BaseURL: &url.URL{Scheme: "https", Host: "a.test"}, Retry: RetryPolicy{MaxAttempts: 1}, Limiter: r,
		Middleware: []func(http.RoundTripper) http.RoundTripper{r.middleware("outer"), r.middleware("inner")},
		Auth: &Auth{
			Calls:     true,
			Prepare:   func(ctx context.Context) error { return r.run("prepare" + timed(ctx)) },
			Authorize: func(ctx context.Context) (string, error) { return "Basic x", r.run("authorize" + timed(ctx)) },
			Secrets:   func() []string { return nil },
		},
		HTTPClient: &http.Client{Transport: tripper(func(req *http.Request) (*http.Response, error) {
			if err := r.run("send" + timed(req.Context())); err != nil {
				return nil, err
			}
			assert.Equal(t, http.Header{
				"Accept": {"application/json"}, "User-Agent": {userAgent("")}, "Authorization": {"Basic x"},
			}, req.Header)
			resp := httpResponse(strings.NewReader("{}"), 2)
			resp.StatusCode = http.StatusOK
			return resp, nil
		})},
		NewError: func(f *Failure) error { return f.Err },
	})
	require.NoError(t, err)
	return c
}

// inOrder are the stages of an attempt until there is a response.
var inOrder = []string{
	"prepare", "acquire", "authorize with a deadline", "outer", "inner", "send with a deadline", "observe",
}

func TestStagesOfAnAttemptRunInOrder(t *testing.T) {
	t.Parallel()
	var r recorder
	resp, err := get(t.Context(), t, r.client(t))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, append(inOrder, "release"), r.stages)
}

func TestStageThatFailsEndsTheAttempt(t *testing.T) {
	t.Parallel()
	for i, stage := range inOrder[:len(inOrder)-1] {
		r := recorder{fails: stage}
		_, err := get(t.Context(), t, r.client(t))
		require.ErrorIs(t, err, io.ErrNoProgress, stage)
		want := append([]string(nil), inOrder[:i+1]...)
		if i > 1 {
			want = append(want, "release")
		}
		assert.Equal(t, want, r.stages)
	}
}

func TestPanicInAnAttemptGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	var r recorder
	c := r.client(t)
	c.cfg.Auth.Authorize = func(context.Context) (string, error) { panic("a token source of the caller") }
	assert.Panics(t, func() { _, _ = get(t.Context(), t, c) })
	assert.Equal(t, []string{"prepare", "acquire", "release"}, r.stages)
}

func TestMiddlewareThatGivesNoTransportIsRefused(t *testing.T) {
	t.Parallel()
	_, err := New(Config{Middleware: []func(http.RoundTripper) http.RoundTripper{
		func(http.RoundTripper) http.RoundTripper { return nil },
	}})
	assert.Equal(t, "middleware", argument(t, err))
}

func TestTimeoutOfOneCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := New(Config{
			BaseURL: &url.URL{Scheme: "https", Host: "a.test"}, Retry: RetryPolicy{MaxAttempts: 1},
			HTTPClient: &http.Client{Transport: tripper(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})},
			NewError: func(f *Failure) error { return f.Err },
		})
		require.NoError(t, err)
		for _, d := range []time.Duration{0, time.Second, time.Hour} {
			begin := time.Now()
			err = CallEmpty(t.Context(), c, "op", []func(*CallOptions){func(o *CallOptions) {
				if d > 0 {
					o.WithAttemptTimeout(d)
				}
			}}, func(ctx context.Context) (*http.Response, error) { return get(ctx, t, c) })
			if d == 0 {
				d = defaultAttemptTimeout
			}
			require.ErrorContains(t, err, d.String())
			assert.Equal(t, d, time.Since(begin))
		}
	})
}
