package ratelimit_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit"
)

// With random responses and random ends of requests, no request waits forever, and no place is
// lost.
func TestRandomResponses(t *testing.T) {
	counts := []string{"", "0", "1", "2", "5", "-1", "x", "99999999999999999999", "1.5", "2, 3"}
	resets := []string{"", "0", "1", "3", "0.2", "-4", "later", "1772366400", "31000000", "99999999999999999999", "59"}
	statuses := []int{200, 200, 200, 429, 503, 500, 304}
	for seed := range uint64(200) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 1))
				var mu sync.Mutex
				pick := func(n int) int {
					mu.Lock()
					defer mu.Unlock()
					return random.IntN(n)
				}
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()),
					ratelimit.WithMaxInFlight(1+pick(8)), ratelimit.WithRate(1000, 1+pick(5)))
				var group sync.WaitGroup
				for range 16 {
					group.Go(func() {
						for range 10 {
							ctx, cancel := context.WithCancel(t.Context())
							if pick(2) == 0 { // The requests without a deadline show a deadlock.
								ctx, cancel = context.WithTimeout(ctx, time.Duration(1+pick(100))*time.Second)
							}
							p, err := l.Acquire(ctx, nil)
							if err != nil {
								assert.True(t, errors.Is(err, ratelimit.ErrWaitTooLong) || ctx.Err() != nil, "%v", err)
								time.Sleep(time.Duration(pick(1000)) * time.Millisecond)
							} else {
								time.Sleep(time.Duration(pick(2000)) * time.Millisecond)
								if pick(10) > 0 {
									l.Observe(p, respond(statuses[pick(len(statuses))],
										"X-RateLimit-Limit", counts[pick(len(counts))],
										"X-RateLimit-Remaining", counts[pick(len(counts))],
										"X-RateLimit-Reset", resets[pick(len(resets))],
										"Retry-After", resets[pick(len(resets))]))
								}
								time.Sleep(time.Duration(pick(200)) * time.Millisecond)
								l.Release(p)
							}
							cancel()
						}
					})
				}
				group.Wait()
				s := l.Snapshot()
				assert.Zero(t, s.InFlight)
				assert.Zero(t, s.Waiting)
				time.Sleep(2 * time.Minute)
				exchange(t, l, respond(200))
			})
		})
	}
}

// A real server with short windows, and 64 goroutines of two clients.
func TestRealServer(t *testing.T) {
	const limit, every = 64, time.Second // a busy machine takes longer than a part of this to deliver a request
	var (
		mu      sync.Mutex
		end     time.Time
		used    int
		refused int
	)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		if !now.Before(end) {
			end, used = now.Add(every), 0
		}
		used++
		headerOf(exact)(w.Header(), limit, max(limit-used, 0), end.Sub(now))
		if used > limit {
			refused++
			w.WriteHeader(http.StatusTooManyRequests)
		}
		w.Write([]byte(strings.Repeat("x", 4096)))
	}))
	defer server.Close()

	l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
	clients := []*http.Client{
		{Transport: ratelimit.NewTransport(nil, l)},
		{Transport: ratelimit.NewTransport(nil, l)},
	}
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			for range 3 {
				resp, err := clients[i%2].Get(server.URL)
				if assert.NoError(t, err) {
					resp.Body.Close()
				}
				l.Snapshot()
			}
		})
	}
	group.Wait()
	for _, c := range clients {
		c.CloseIdleConnections()
	}
	assert.Zero(t, refused)
	assert.Zero(t, l.Snapshot().InFlight)
}

func TestNoAllocations(t *testing.T) {
	opts := []ratelimit.Option{ratelimit.WithRate(1e9, 1e9), ratelimit.WithMaxInFlight(10)}
	for name, l := range map[string]*ratelimit.Local{
		"without headers": newLocal(t, opts...),
		"with headers":    newLocal(t, append(opts, ratelimit.WithHeaders(ratelimit.Confluent()))...),
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			resp := withCounts(1e9, 1e9, 60)
			allocs := testing.AllocsPerRun(1000, func() {
				p, err := l.Acquire(ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				l.Observe(p, resp)
				l.Release(p)
			})
			assert.Zero(t, allocs)
		})
	}
}
