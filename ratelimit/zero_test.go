package ratelimit_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// New returns a nil Local with its error. A program may ignore the error.
func TestNilLocal(t *testing.T) {
	l, err := ratelimit.New(ratelimit.WithMaxInFlight(0))
	require.Error(t, err)
	require.Nil(t, l)
	c := &closer{Reader: strings.NewReader("body")}
	sent := roundTripper(func(*http.Request) (*http.Response, error) { t.Error("sent"); return nil, nil })
	_, err = ratelimit.NewTransport(sent, l).RoundTrip(httptest.NewRequest("POST", "http://server.example/", c))
	assert.ErrorContains(t, err, "*Local is nil")
	assert.True(t, c.closed)
	_, err = l.Acquire(t.Context(), nil)
	assert.ErrorContains(t, err, "*Local is nil")
	l.Observe(ratelimit.Permit{}, respond(200))
	l.Release(ratelimit.Permit{})
	assert.Equal(t, ratelimit.Snapshot{}, l.Snapshot())
}

// Only NewTransport sets the base.
func TestNilAndZeroTransport(t *testing.T) {
	for name, transport := range map[string]*ratelimit.Transport{"nil": nil, "zero": {}} {
		for _, method := range []string{"GET", "POST"} {
			c := &closer{Reader: strings.NewReader("body")}
			_, err := transport.RoundTrip(httptest.NewRequest(method, "http://server.example/", c))
			assert.ErrorContains(t, err, "*Transport is nil or empty", name)
			assert.True(t, c.closed, name)
		}
		transport.CloseIdleConnections()
	}
}

// The zero value works like the result of New without options.
func TestZeroLocal(t *testing.T) {
	for name, use := range map[string]func(*ratelimit.Local){
		"transport": func(l *ratelimit.Local) {
			base := roundTripper(func(*http.Request) (*http.Response, error) { return respond(200), nil })
			req := httptest.NewRequest("GET", "http://server.example/", nil)
			_, err := ratelimit.NewTransport(base, l).RoundTrip(req)
			require.NoError(t, err)
		},
		"snapshot first": func(l *ratelimit.Local) { assert.Equal(t, newLocal(t).Snapshot(), l.Snapshot()) },
		"response first": func(l *ratelimit.Local) {
			l.Observe(ratelimit.Permit{Seq: 1}, respond(200))
			l.Release(ratelimit.Permit{Seq: 1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := new(ratelimit.Local)
				use(l)
				var group sync.WaitGroup
				for range 3 { // No request waits for another, because there is no window to learn.
					group.Go(func() {
						p, err := l.Acquire(t.Context(), nil)
						assert.NoError(t, err)
						time.Sleep(time.Second)
						l.Release(p)
					})
				}
				start := time.Now()
				group.Wait()
				assert.Equal(t, time.Second, time.Since(start))
				exchange(t, l, respond(429, "Retry-After", "60"))
				start = time.Now()
				exchange(t, l, respond(200))
				assert.GreaterOrEqual(t, time.Since(start), time.Minute,
					"Retry-After is obeyed, and WithMaxWait has its default")
			})
		})
	}
}

func TestStrangePermits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithMaxInFlight(1), ratelimit.WithHeaders(ratelimit.Confluent()))
		p := acquire(t, l)
		l.Observe(p, nil)
		l.Observe(ratelimit.Permit{}, withCounts(1, 0, 50))
		l.Release(ratelimit.Permit{})
		assert.Equal(t, 1, l.Snapshot().InFlight)
		l.Observe(p, withCounts(5, 4, 50))
		l.Release(p)
		l.Release(p)
		l.Observe(p, withCounts(5, 0, 50))
		assert.Equal(t, 4, l.Snapshot().Remaining)
		acquire(t, l)
		assert.Equal(t, 1, l.Snapshot().InFlight)
	})
}
