package contract_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/ratelimit"
)

// These tests hold the documented numbers. Each fails if its number is halved or doubled.

// The waits are random below 500 ms, doubled with every attempt, up to 30 s. The probability that
// the longest of 200 waits is below three quarters of its limit is 10^-25.
func TestDefaultDelaysAreHalfASecondDoubledUpToThirty(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		bounds := []time.Duration{
			500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second,
			30 * time.Second, 30 * time.Second, 30 * time.Second,
		}
		for _, status := range waitsWithoutAHeader {
			c, s := fails(t, v, sdk.RetryPolicy{MaxAttempts: len(bounds) + 1, Budget: -1}, status)
			for range 200 {
				_, err := c.get(t.Context(), "x-1", call{})
				require.Error(t, err)
			}
			requireWaits(t, s.requests(), bounds, status)
		}
	})
}

// padded returns a reader of text and this number of spaces.
func padded(text string, spaces int) io.Reader {
	return io.MultiReader(strings.NewReader(text), io.LimitReader(endlessSpace{}, int64(spaces)))
}

type endlessSpace struct{}

func (endlessSpace) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestDefaultMaxResponseIs32MiB(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		const limit = 32 << 20
		for size, fits := range map[int]bool{limit: true, limit + 1: false} {
			c, _ := start(t, v, options{retry: noRetries()}, func(int, request) (*http.Response, error) {
				r := respond(200, "")
				r.Body, r.ContentLength = io.NopCloser(padded(v.object("x-1"), size-len(v.object("x-1")))), -1
				return r, nil
			})
			_, err := c.get(t.Context(), "x-1", call{})
			if fits {
				require.NoError(t, err)
				continue
			}
			require.ErrorContains(t, err, "33554432 bytes")
		}
	})
}

// The server accepts four requests at a time and sends no rate limit headers. After some time the
// client has found the limit and is rarely refused.
func TestDefaultLimiterLearnsHowManyMayBeInFlight(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		const places = 4
		var mu sync.Mutex
		working, served, refused := 0, 0, 0
		begin := time.Now()
		c, _ := start(t, v, options{defaultLimiter: true, retry: core.DefaultRetryPolicy()},
			func(int, request) (*http.Response, error) {
				mu.Lock()
				late := time.Since(begin) > 20*time.Second
				if working == places {
					defer mu.Unlock()
					if late {
						refused++
					}
					return respond(429, ""), nil
				}
				working++
				mu.Unlock()
				time.Sleep(50 * time.Millisecond)
				mu.Lock()
				defer mu.Unlock()
				working--
				if late {
					served++
				}
				return respond(200, v.object("x")), nil
			})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				for ctx.Err() == nil {
					if _, err := c.get(ctx, "x", call{}); err != nil {
						time.Sleep(time.Millisecond)
					}
				}
			})
		}
		wg.Wait()
		assert.Greater(t, served, 40*20*places/2, "of the places at least half are used")
		assert.Less(t, refused, served/100)
	})
}

// Forty concurrent calls use forty connections. 32 of them are kept for the next forty.
func TestDefaultTransportKeeps32IdleConnections(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		const atOnce, idle = 40, 32
		var arrived sync.WaitGroup
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			arrived.Done()
			arrived.Wait() // each call needs its own connection
			_, _ = io.WriteString(w, v.object("x-1"))
		}))
		var mu sync.Mutex
		opened := 0
		closed := make(chan struct{}, 2*atOnce)
		srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				mu.Lock()
				defer mu.Unlock()
				opened++
			case http.StateClosed:
				closed <- struct{}{}
			}
		}
		srv.Start()
		defer srv.Close()
		c := connect(t, v, options{baseURL: srv.URL, retry: noRetries()})
		defer c.closing()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		round := func() {
			arrived.Add(atOnce)
			var calls sync.WaitGroup
			for range atOnce {
				calls.Go(func() {
					_, err := c.get(ctx, "x-1", call{})
					assert.NoError(t, err)
				})
			}
			calls.Wait()
		}
		round()
		for range atOnce - idle { // The others are closed when the pool is full.
			select {
			case <-closed:
			case <-ctx.Done():
				t.Fatal("too many connections are kept")
			}
		}
		round()
		mu.Lock()
		defer mu.Unlock()
		assert.Equal(t, 2*atOnce-idle, opened)
	})
}

// counting is a limiter that counts its permits.
type counting struct {
	ratelimit.Limiter

	mu       sync.Mutex
	acquired int
}

func (l *counting) Acquire(ctx context.Context, req *http.Request) (ratelimit.Permit, error) {
	l.mu.Lock()
	l.acquired++
	l.mu.Unlock()
	return l.Limiter.Acquire(ctx, req)
}

func (l *counting) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acquired
}

func TestRedirectIsARequestOfItsOwnForTheTransport(t *testing.T) {
	t.Parallel()
	for name, hops := range map[string]int{"none": 0, "one": 1, "three": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			local, err := ratelimit.New()
			require.NoError(t, err)
			l := &counting{Limiter: local}
			s := &server{answer: func(n int, r request) (*http.Response, error) {
				resp := respond(200, "{}")
				if n <= hops {
					resp = respond(307, "", "Location", "/next")
				}
				resp.Request = r.Request
				return resp, nil
			}}
			client := &http.Client{Transport: ratelimit.NewTransport(s, l)}
			req := newRequest(t, http.MethodGet, "https://"+host+"/first", nil, "")
			resp, err := client.Do(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			assert.Equal(t, hops+1, s.count())
			assert.Equal(t, hops+1, l.count())
		})
	}
}

func TestRedirectIsARequestOfItsOwnForTheLimiterOfAClient(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		local, err := ratelimit.New()
		require.NoError(t, err)
		l := &counting{Limiter: local}
		c, s := start(t, v, options{limiter: l}, redirects(v, operations[0], 307, "/elsewhere"))
		_, err = c.get(t.Context(), "x-1", call{})
		require.NoError(t, err)
		assert.Equal(t, 2, s.count())
		assert.Equal(t, 2, l.count())
	})
}
