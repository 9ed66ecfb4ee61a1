package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// factory creates a Local per key and remembers them.
type factory struct {
	opts []ratelimit.Option

	mu      sync.Mutex
	created map[string][]*ratelimit.Local
}

func (f *factory) create(key string) (ratelimit.Limiter, error) {
	l, err := ratelimit.New(f.opts...)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.created == nil {
		f.created = map[string][]*ratelimit.Local{}
	}
	f.created[key] = append(f.created[key], l)
	return l, err
}

// count returns how many limiters were created for key.
func (f *factory) count(key string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.created[key])
}

func hostOf(req *http.Request) string { return req.URL.Host }

func newKeyed(t testing.TB, create func(string) (ratelimit.Limiter, error), maxIdle int) *ratelimit.Keyed {
	t.Helper()
	k, err := ratelimit.NewKeyed(hostOf, create, maxIdle)
	require.NoError(t, err)
	return k
}

func requestTo(t testing.TB, host string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "https://"+host+"/x", nil)
	require.NoError(t, err)
	return req
}

// hold admits a request for key and does not release it.
func hold(t testing.TB, k *ratelimit.Keyed, key string) ratelimit.Permit {
	t.Helper()
	p, err := k.Acquire(t.Context(), requestTo(t, key))
	require.NoError(t, err)
	return p
}

func TestNewKeyedRefusesBadArguments(t *testing.T) {
	f := &factory{}
	_, err := ratelimit.NewKeyed(nil, f.create, 1)
	assert.ErrorContains(t, err, "key is nil")
	_, err = ratelimit.NewKeyed(hostOf, nil, 1)
	assert.ErrorContains(t, err, "newLimiter is nil")
	for _, n := range []int{0, -1} {
		_, err = ratelimit.NewKeyed(hostOf, f.create, n)
		assert.ErrorContains(t, err, strconv.Itoa(n)+", it must be at least 1")
	}
}

func TestNilOrEmptyKeyedAdmitsNothing(t *testing.T) {
	for _, k := range []*ratelimit.Keyed{nil, {}} {
		_, err := k.Acquire(t.Context(), requestTo(t, "a"))
		assert.ErrorContains(t, err, "NewKeyed")
		k.Observe(ratelimit.Permit{}, respond(200))
		k.Release(ratelimit.Permit{})
	}
}

// Each key has a limiter of its own, which learns from the responses to its own requests.
func TestKeyedKeepsKeysApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &factory{}
		k := newKeyed(t, f.create, 10)
		a, b := hold(t, k, "a"), hold(t, k, "b")
		k.Observe(a, respond(429, "Retry-After", "5"))
		k.Release(a)
		k.Release(b)
		begin := time.Now()
		k.Release(hold(t, k, "b"))
		assert.Zero(t, time.Since(begin))
		p := hold(t, k, "a")
		assertWait(t, 5*time.Second, time.Since(begin))
		assert.Equal(t, time.Now(), p.At)
		assert.Equal(t, uint64(2), p.Seq)
		assert.Equal(t, 1, f.count("a"))
		assert.Equal(t, 2, k.Len())
	})
}

// The least recently used limiter is removed. A limiter in use is never removed.
func TestKeyedForgetsIdleLimiters(t *testing.T) {
	f := &factory{}
	k := newKeyed(t, f.create, 2)
	held := hold(t, k, "held")
	for _, key := range []string{"a", "b", "a", "c"} { // b is the oldest when c is idle
		k.Release(hold(t, k, key))
	}
	assert.Equal(t, 3, k.Len())
	k.Release(hold(t, k, "a"))
	k.Release(hold(t, k, "c"))
	assert.Equal(t, 1, f.count("a"))
	assert.Equal(t, 1, f.count("c"))
	k.Release(hold(t, k, "b"))
	assert.Equal(t, 2, f.count("b"))
	k.Release(hold(t, k, "a"))
	assert.Equal(t, 2, f.count("a"), "b took its place")

	for i := range 100 {
		k.Release(hold(t, k, strconv.Itoa(i)))
		assert.LessOrEqual(t, k.Len(), 3)
	}
	k.Release(held)
	k.Release(hold(t, k, "held"))
	assert.Equal(t, 1, f.count("held"))
	assert.Equal(t, 2, k.Len())
}

// A limiter with a request that waits is in use, also when nothing is in flight.
func TestKeyedKeepsALimiterWithWaitingRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &factory{}
		k := newKeyed(t, f.create, 1)
		p := hold(t, k, "a")
		k.Observe(p, respond(429, "Retry-After", "5"))
		k.Release(p)
		var group sync.WaitGroup
		group.Go(func() { k.Release(hold(t, k, "a")) })
		synctest.Wait()
		for _, key := range []string{"b", "c"} {
			k.Release(hold(t, k, key))
		}
		assert.Equal(t, 2, k.Len())
		group.Wait()
		assert.Equal(t, 1, f.count("a"))
	})
}

func TestKeyedReleasesOnce(t *testing.T) {
	f := &factory{}
	k := newKeyed(t, f.create, 1)
	one, two := hold(t, k, "a"), hold(t, k, "a")
	for range 3 {
		k.Release(one)
	}
	k.Release(hold(t, k, "b"))
	assert.Equal(t, 2, k.Len(), "a is in use")
	for _, p := range []ratelimit.Permit{{}, {Seq: 1}, {State: 5}} {
		k.Observe(p, respond(200))
		k.Release(p)
	}
	k.Release(two)
	assert.Equal(t, 1, k.Len())
	assert.Zero(t, f.created["a"][0].Snapshot().InFlight)
}

// A limiter that could not be created is not kept. The error does not show the key.
func TestKeyedTriesAgainAfterAnError(t *testing.T) {
	want := errors.New("no connection")
	calls := 0
	k := newKeyed(t, func(string) (ratelimit.Limiter, error) {
		switch calls++; calls {
		case 1:
			return nil, want
		case 2:
			return nil, nil
		case 3:
			return (*ratelimit.Local)(nil), nil
		case 4:
			panic("factory")
		}
		return ratelimit.New()
	}, 1)
	for _, text := range []string{"no connection", "returned nil", "returned nil"} {
		_, err := k.Acquire(t.Context(), requestTo(t, "secret"))
		assert.ErrorContains(t, err, text)
		assert.NotContains(t, err.Error(), "secret")
		assert.Zero(t, k.Len())
		assert.Equal(t, text == "no connection", errors.Is(err, want))
	}
	assert.Panics(t, func() { _, _ = k.Acquire(t.Context(), requestTo(t, "secret")) })
	assert.Zero(t, k.Len())
	k.Release(hold(t, k, "secret"))
	assert.Equal(t, 1, k.Len())
}

// Requests wait for the limiter of their key while it is created, or until their contexts end. All
// of them get the limiter or its error. Requests with other keys do not wait.
func TestKeyedCreatesALimiterOnce(t *testing.T) {
	for name, failure := range map[string]error{"created": nil, "failed": errors.New("no")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				calls := 0
				k := newKeyed(t, func(key string) (ratelimit.Limiter, error) {
					if key == "other" {
						return ratelimit.New()
					}
					mu.Lock()
					calls++
					mu.Unlock()
					time.Sleep(time.Second)
					if failure != nil {
						return nil, failure
					}
					return ratelimit.New()
				}, 10)
				var group sync.WaitGroup
				for range 10 {
					group.Go(func() {
						p, err := k.Acquire(t.Context(), requestTo(t, "slow"))
						assert.ErrorIs(t, err, failure)
						k.Release(p)
					})
				}
				synctest.Wait()
				begin := time.Now()
				k.Release(hold(t, k, "other"))
				ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
				defer cancel()
				_, err := k.Acquire(ctx, requestTo(t, "slow"))
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, 500*time.Millisecond, time.Since(begin))
				group.Wait()
				assert.Equal(t, 1, calls)
				assert.Equal(t, time.Second, time.Since(begin))
				if failure == nil {
					assert.Equal(t, 2, k.Len())
				} else {
					assert.Equal(t, 1, k.Len())
				}
			})
		})
	}
}

func TestKeyedSurvivesALimiterThatPanics(t *testing.T) {
	k := newKeyed(t, func(key string) (ratelimit.Limiter, error) {
		if key == "bad" {
			return panicking{}, nil
		}
		return ratelimit.New()
	}, 1)
	assert.Panics(t, func() { _, _ = k.Acquire(t.Context(), requestTo(t, "bad")) })
	k.Release(hold(t, k, "good"))
	assert.Equal(t, 1, k.Len(), "the bad one is idle, and forgotten")
}

// Many goroutines with many keys: at most one request at a time per key, although the limiters come
// and go.
func TestKeyedWithManyKeys(t *testing.T) {
	f := &factory{opts: []ratelimit.Option{ratelimit.WithMaxInFlight(1)}}
	k := newKeyed(t, f.create, 3)
	var busy [10]sync.Mutex
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range 300 {
				n := rand.N(len(busy))
				p, err := k.Acquire(t.Context(), requestTo(t, fmt.Sprint(n)))
				if !assert.NoError(t, err) {
					return
				}
				assert.True(t, busy[n].TryLock())
				k.Observe(p, respond(200))
				busy[n].Unlock()
				k.Release(p)
			}
		})
	}
	group.Wait()
	assert.LessOrEqual(t, k.Len(), 3)
	for key, limiters := range f.created {
		for _, l := range limiters {
			assert.Zero(t, l.Snapshot().InFlight, key)
		}
	}
}

// A limiter per user is combined with one for all users. Either can hold a request back, and no
// place is lost.
func TestKeyedBelowAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		users := newKeyed(t, (&factory{opts: []ratelimit.Option{ratelimit.WithMaxInFlight(1)}}).create, 10)
		org := newLocal(t, ratelimit.WithMaxInFlight(2))
		l := newAll(t, users, org)
		begin := time.Now()
		var group sync.WaitGroup
		for i := range 12 { // 3 users, 4 requests each
			group.Go(func() {
				p, err := l.Acquire(t.Context(), requestTo(t, strconv.Itoa(i%3)))
				if assert.NoError(t, err) {
					time.Sleep(time.Second)
					l.Observe(p, respond(200))
					l.Release(p)
				}
			})
		}
		group.Wait()
		took := time.Since(begin) // A request may hold the place of its user while it waits in org.
		assert.GreaterOrEqual(t, took, 6*time.Second)
		assert.LessOrEqual(t, took, 8*time.Second)
		assert.Equal(t, 3, users.Len())
		assert.Zero(t, org.Snapshot().InFlight)
	})
}

// Acquire returns the error of a key's limiter. That limiter is idle then, and another key may
// replace it.
func TestKeyedReturnsTheErrorOfALimiter(t *testing.T) {
	broken := errors.New("broken")
	k := newKeyed(t, func(string) (ratelimit.Limiter, error) { return &log{err: broken}, nil }, 1)
	for _, key := range []string{"a", "b"} {
		_, err := k.Acquire(t.Context(), requestTo(t, key))
		assert.Equal(t, broken, err)
	}
	assert.Equal(t, 1, k.Len())
}
