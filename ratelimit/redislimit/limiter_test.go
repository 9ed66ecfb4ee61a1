package redislimit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

func contextWith(t testing.TB, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}

func TestNewRefuses(t *testing.T) {
	good := NewKey("api.example", secret)
	client := redis.NewClient(&redis.Options{})
	defer client.Close()
	for name, opt := range map[string]Option{
		"WithRate: perSecond is 0":          WithRate(0, 1),
		"WithRate: perSecond is -1":         WithRate(-1, 1),
		"WithRate: perSecond is NaN":        WithRate(math.NaN(), 1),
		"WithRate: perSecond is +Inf":       WithRate(math.Inf(1), 1),
		"WithRate: burst is 0":              WithRate(1, 0),
		"WithRate: burst is -1":             WithRate(1, -1),
		"WithMaxInFlight: 0":                WithMaxInFlight(0),
		"WithMaxInFlight: -1":               WithMaxInFlight(-1),
		"WithMaxWait: 0s":                   WithMaxWait(0),
		"WithMaxWait: 10000h0m0s":           WithMaxWait(10000 * time.Hour),
		"WithTimeout: 0s":                   WithTimeout(0),
		"WithLease: 1ms":                    WithLease(time.Millisecond),
		"WithLease: 1h0m0s":                 WithLease(time.Hour),
		"WithMaxVisits: 0":                  WithMaxVisits(0),
		"WithFallback: nil":                 WithFallback(nil),
		"WithLogger: nil":                   WithLogger(nil),
		"WithHeaders: Remaining and Reset":  WithHeaders(ratelimit.Headers{Limit: "L"}),
		"WithHeaders: unknown ResetUnit 77": WithHeaders(ratelimit.Headers{Remaining: "R", Reset: "S", ResetUnit: 77}),
	} {
		l, err := New(client, good, opt)
		assert.Nil(t, l)
		assert.ErrorContains(t, err, name)
	}
	for name, key := range map[string]Key{
		"no host":       NewKey("", secret),
		"no credential": NewKey("api.example", ""),
		"not a URL":     NewKey("https://user:"+secret+"@api.example/", secret),
	} {
		_, err := New(client, key)
		assert.ErrorContains(t, err, name)
		assert.NotContains(t, err.Error(), secret)
	}
	_, err := New(nil, good)
	assert.ErrorContains(t, err, "nil")
	_, err = New((*redis.Client)(nil), good)
	assert.ErrorContains(t, err, "nil")
}

// The documentation states these numbers.
func TestDefaults(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer client.Close()
	l, err := New(client, keyOf(t))
	require.NoError(t, err)
	assert.Equal(t, [3]time.Duration{500 * time.Millisecond, 15 * time.Second, 65 * time.Second},
		[3]time.Duration{l.timeout, l.lease, l.maxWait})
	assert.Equal(t, 1000, int(l.visits.Limit()))
}

func TestKey(t *testing.T) {
	key := NewKey("API.example:8443", secret)
	assert.Equal(t, key, NewKey("api.EXAMPLE:8443", secret))
	assert.NotEqual(t, key, NewKey("api.example", secret))
	assert.NotEqual(t, key, NewKey("api.example:8443", secret+"1"))
	// The hash, which the host is a part of, is no cross-reference between servers.
	assert.NotEqual(t, key.hash, NewKey("other.example", secret).hash)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, fmt.Sprintf(format, key), secret)
	}
	assert.Regexp(t, `^ratelimit:api\.example:8443:\{[0-9a-f]{32}\}$`, key.String())
}

// A wrong URL is an error of Open, and no error shows the password.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	locked := startRedis(t, "--requirepass", "right-"+secret)
	web := newAPI(t, 1, time.Hour)
	for name, tt := range map[string]struct {
		url         string
		unavailable bool
	}{
		"empty":           {"", false},
		"no scheme":       {"localhost:6379", false},
		"http":            {"http://:" + secret + "@localhost:6379", false},
		"bad port":        {"redis://:" + secret + "@localhost:port", false},
		"bad database":    {"redis://:" + secret + "@localhost:6379/" + secret, false},
		"bad password":    {"redis://user:12/" + secret + "@localhost:6379/0", false},
		"bad escape":      {"redis://user:%" + secret + "@localhost:6379/0", false},
		"unknown option":  {"redis://:" + secret + "@localhost:6379/0?" + secret + "=1", false},
		"nobody there":    {"redis://:" + secret + "@" + "127.0.0.1:1", true},
		"wrong password":  {"redis://:" + secret + "@" + locked.addr, true},
		"no password":     {"redis://" + locked.addr, true},
		"not Redis":       {"redis://:" + secret + "@" + strings.TrimPrefix(web.URL, "http://"), true},
		"no TLS":          {"rediss://:right-" + secret + "@" + locked.addr, true},
		"no such DB":      {"redis://:right-" + secret + "@" + locked.addr + "/9999", true},
		"no such socket":  {"unix:///nonexistent/socket", true},
		"no such user":    {"redis://user:" + secret + "@" + locked.addr, true},
		"right, at last":  {"redis://:right-" + secret + "@" + locked.addr, false},
		"right, database": {"redis://:right-" + secret + "@" + locked.addr + "/3", false},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			l, err := Open(t.Context(), tt.url, keyOf(t), WithTimeout(2*time.Second))
			if strings.HasPrefix(name, "right") {
				require.NoError(t, err)
				l.Close()
				return
			}
			require.Error(t, err)
			assert.Nil(t, l)
			assert.Equal(t, tt.unavailable, errors.Is(err, ErrUnavailable), "%v", err)
			assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secret)
			assert.Less(t, time.Since(start), 2*time.Second+busy)
		})
	}
}

// Ping finds a key of another type, and a Redis that accepts no writes.
func TestPing(t *testing.T) {
	server := startRedis(t)
	client := redis.NewClient(&redis.Options{Addr: server.addr})
	defer client.Close()
	l, err := New(client, keyOf(t), WithTimeout(patient))
	require.NoError(t, err)
	require.NoError(t, l.Ping(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, l.Ping(ctx), ErrUnavailable)
	require.NoError(t, client.Set(t.Context(), keyOf(t).String(), "x", 0).Err())
	assert.ErrorIs(t, l.Ping(t.Context()), ErrUnavailable)
	require.NoError(t, client.Del(t.Context(), keyOf(t).String()).Err())
	require.NoError(t, client.ConfigSet(t.Context(), "min-replicas-to-write", "1").Err())
	assert.ErrorIs(t, l.Ping(t.Context()), ErrUnavailable)
}

// logged counts the records.
type logged struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

func (l *logged) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSpace(l.out.String()), "\n")
}

func TestFailClosed(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	var log logged
	logger := slog.New(slog.NewTextHandler(&log, nil))
	l := open(t, server.addr, WithFailClosed(), WithLogger(logger), WithMaxInFlight(2))
	held := acquire(t, l)
	server.kill()
	for range 20 {
		start := time.Now()
		_, err := l.Acquire(t.Context(), nil)
		require.ErrorIs(t, err, ErrUnavailable)
		assert.Less(t, time.Since(start), patient)
		l.Observe(held, respond(429, "Retry-After", "1"))
		time.Sleep(5 * time.Millisecond)
	}
	require.NoError(t, server.start())
	require.Eventually(t, func() bool {
		p, err := l.Acquire(t.Context(), nil)
		if err == nil {
			l.Release(p)
		}
		return err == nil
	}, 2*maxDelay+busy, 10*time.Millisecond)
	lines := log.lines()
	require.Len(t, lines, 2)
	assert.Contains(t, lines[0], "level=WARN")
	assert.Contains(t, lines[0], "requests fail")
	assert.Contains(t, lines[1], "level=INFO")
	assert.NotContains(t, strings.Join(lines, " "), secret)
}

// During an outage each process limits itself. Afterwards all share the budget again.
func TestFailOpen(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	var log logged
	opts := []Option{
		WithHeaders(ratelimit.Confluent()), WithMaxInFlight(3),
		WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
	}
	a, b := open(t, server.addr, opts...), open(t, server.addr, opts...)
	exchange(t, a, told(10, 9, 100))
	before := acquire(t, a)
	server.kill()
	during := acquire(t, a)
	a.Observe(during, told(10, 1, 100))
	acquire(t, a)
	ctx, cancel := contextWith(t, 50*time.Millisecond)
	defer cancel()
	_, err := a.Acquire(ctx, nil)
	assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong, "the limiter of this process obeys the headers")
	assert.Equal(t, 3, a.Snapshot().InFlight)
	a.Observe(before, told(10, 8, 100))
	a.Release(before)

	require.NoError(t, server.start())
	require.Eventually(t, func() bool {
		ctx, cancel := contextWith(t, time.Millisecond)
		defer cancel()
		if p, err := a.Acquire(ctx, nil); err == nil {
			a.Release(p)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.outage == nil
	}, 2*maxDelay+busy, 10*time.Millisecond)
	idle(t, a)
	p := acquire(t, b) // Two of three places are held by a, from the time without Redis.
	ctx, cancel = contextWith(t, 100*time.Millisecond)
	defer cancel()
	_, err = b.Acquire(ctx, nil)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	b.Release(p)
	a.Release(during)
	idle(t, a)
	lines := strings.Join(log.lines(), "\n")
	assert.LessOrEqual(t, strings.Count(lines, "level=WARN"), 2, "one for each process")
	assert.NotContains(t, lines, secret)
}

// A Redis that keeps its data through an outage does not know the requests sent meanwhile.
func TestOutageForgets(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	l := open(t, server.addr, WithHeaders(ratelimit.Confluent()))
	exchange(t, l, told(10, 9, 100))
	l.mu.Lock()
	l.lose(visit{began: time.Now()}, errors.New("cut"), time.Now())
	l.mu.Unlock()
	time.Sleep(firstDelay + 10*time.Millisecond)
	local := acquire(t, l)
	require.Eventually(t, func() bool {
		idle(t, l)
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.outage == nil
	}, patient, time.Millisecond)
	l.Release(local)
	assert.Equal(t, -1, l.Snapshot().Remaining)
	scout := acquire(t, l)
	ctx, cancel := contextWith(t, 100*time.Millisecond)
	defer cancel()
	_, err := l.Acquire(ctx, nil)
	assert.ErrorIs(t, err, context.DeadlineExceeded, "one goes alone again")
	l.Observe(scout, told(10, 3, 100))
	idle(t, l)
	assert.Equal(t, 3, l.Snapshot().Remaining)
}

// Redis is killed and restarted under load: no request is lost and no process ends.
func TestKillAndRestart(t *testing.T) {
	server := startRedis(t)
	s := newAPI(t, 50, 500*time.Millisecond)
	var group sync.WaitGroup
	var ok atomic.Int64
	for range 3 {
		cmd, out := process(t, job{Redis: server.addr, URL: s.URL, Goroutines: 5, For: 7 * time.Second})
		group.Go(func() {
			var r result
			assert.NoError(t, json.NewDecoder(out).Decode(&r))
			assert.Zero(t, r.Failed)
			ok.Add(r.OK)
			assert.NoError(t, cmd.Wait())
		})
	}
	time.Sleep(1500 * time.Millisecond)
	server.kill()
	time.Sleep(1500 * time.Millisecond)
	require.NoError(t, server.start())
	group.Wait()
	s.Close() // ends what the last requests left behind
	t.Logf("accepted per window: %v, refused: %v", s.accepted, s.refused)
	n := len(s.accepted)
	require.Greater(t, n, 12)
	for _, n := range s.refused[:2] {
		assert.Zero(t, n, "before")
	}
	for i := n - 3; i < n; i++ {
		assert.Zero(t, s.refused[i], "afterwards they are one again")
	}
	for i, n := range s.accepted[:n-1] {
		assert.Positive(t, n, "window %d", i)
	}
	client := redis.NewClient(&redis.Options{Addr: server.addr})
	defer client.Close()
	assert.EqualValues(t, 1, client.Exists(t.Context(), keyOf(t).String()).Val(), "Redis is in use again")
}

// If Redis never answers, only the first request is delayed.
func TestNeverThere(t *testing.T) {
	t.Parallel()
	stuck, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer stuck.Close()
	go func() {
		for {
			conn, err := stuck.Accept()
			if err != nil {
				return
			}
			go io.Copy(io.Discard, conn)
		}
	}()
	client := redis.NewClient(&redis.Options{Addr: stuck.Addr().String(), ReadTimeout: -1})
	defer client.Close()
	l, err := New(client, keyOf(t), WithTimeout(50*time.Millisecond), WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	defer l.Close()
	assert.ErrorIs(t, l.Ping(t.Context()), ErrUnavailable)
	var took []time.Duration
	for start := time.Now(); time.Since(start) < 1500*time.Millisecond; {
		begin := time.Now()
		l.Release(acquire(t, l))
		took = append(took, time.Since(begin))
		time.Sleep(time.Millisecond)
	}
	slices.Sort(took)
	assert.Less(t, took[len(took)/2], 20*time.Millisecond)
	assert.Less(t, took[len(took)-2], 350*time.Millisecond, "the machine may have stood still once")
	assert.Less(t, took[len(took)-1], 50*time.Millisecond+busy)
	l.mu.Lock()
	defer l.mu.Unlock()
	assert.LessOrEqual(t, l.abroad, maxAbroad)
}

func TestCancel(t *testing.T) {
	l := open(t, sharedRedis(t), WithHeaders(ratelimit.Confluent()))
	exchange(t, l, told(2, 0, 29))
	best := time.Hour
	for range 5 { // A busy machine may miss some.
		cause := errors.New("user went home")
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan time.Time)
		for range 5 {
			go func() {
				_, err := l.Acquire(ctx, nil)
				assert.ErrorIs(t, err, context.Canceled)
				assert.ErrorIs(t, err, cause)
				done <- time.Now()
			}()
		}
		require.Eventually(t, func() bool { return l.Snapshot().Waiting == 5 }, patient, time.Millisecond)
		start := time.Now()
		cancel(cause)
		var last time.Time
		for range 5 {
			last = <-done
		}
		best = min(best, last.Sub(start))
		assert.Zero(t, l.Snapshot().Waiting)
		_, err := l.Acquire(ctx, nil)
		assert.ErrorIs(t, err, cause)
	}
	assert.Less(t, best, 10*time.Millisecond)
}

// Waiters that end at any moment lose no place, and delay no other request.
func TestCancelRace(t *testing.T) {
	t.Parallel()
	l := open(t, sharedRedis(t), WithMaxInFlight(2), WithHeaders(ratelimit.Confluent()))
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			for range 20 {
				ctx, cancel := contextWith(t, time.Duration(i)*300*time.Microsecond)
				if p, err := l.Acquire(ctx, nil); err == nil {
					if i%3 > 0 {
						l.Observe(p, told(1e6, 1e6, 10.5))
					}
					l.Release(p)
				}
				cancel()
			}
		})
	}
	group.Wait()
	for range 3 {
		p := acquire(t, l)
		l.Observe(p, told(1e6, 1e6, 10.5))
		l.Release(p)
	}
	idle(t, l)
	assert.Zero(t, l.Snapshot().InFlight)
	assert.Zero(t, l.Snapshot().Waiting)
	l.mu.Lock()
	assert.Zero(t, l.pending)
	l.mu.Unlock()
}

func TestStrangePermits(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l, other := inBubble(t, addr, &bubble{}, WithMaxInFlight(5)), inBubble(t, addr, &bubble{})
		p, foreign := acquire(t, l), acquire(t, other)
		assert.EqualValues(t, 1, p.Seq)
		l.Observe(p, nil)
		l.Observe(ratelimit.Permit{}, told(1, 0, 50))
		l.Release(ratelimit.Permit{})
		l.Release(foreign)
		assert.Equal(t, 1, l.Snapshot().InFlight)
		l.Release(p)
		l.Release(p)
		l.Observe(p, respond(429, "Retry-After", "50"))
		assert.Zero(t, l.Snapshot().InFlight)
		assert.Less(t, waitFor(t, l), soon)
		assert.Equal(t, 1, other.Snapshot().InFlight)
	})
}

// Close ends all waits, and leaves no goroutine.
func TestClose(t *testing.T) {
	l := open(t, sharedRedis(t), WithMaxInFlight(1))
	p := acquire(t, l)
	errs := make(chan error)
	go func() { _, err := l.Acquire(t.Context(), nil); errs <- err }()
	require.Eventually(t, func() bool { return l.Snapshot().Waiting == 1 }, patient, time.Millisecond)
	require.NoError(t, l.Close())
	assert.ErrorIs(t, <-errs, ErrClosed)
	require.NoError(t, l.Close())
	l.Observe(p, respond(429, "Retry-After", "1"))
	l.Release(p)
	require.Eventually(t, func() bool {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		return !bytes.Contains(stacks, []byte("redislimit.(*Limiter).work")) &&
			!bytes.Contains(stacks, []byte("redislimit.(*Limiter).send"))
	}, patient, time.Millisecond)
}

// stuck is a fallback that admits no request.
type stuck struct {
	ratelimit.Limiter
	entered chan struct{}
}

func (s stuck) Acquire(ctx context.Context, _ *http.Request) (ratelimit.Permit, error) {
	close(s.entered)
	<-ctx.Done()
	return ratelimit.Permit{}, ctx.Err()
}

func TestCloseEndsTheFallback(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	fallback := stuck{entered: make(chan struct{})}
	l := open(t, server.addr, WithFallback(fallback))
	server.kill()
	errs := make(chan error)
	go func() { _, err := l.Acquire(t.Context(), nil); errs <- err }()
	<-fallback.entered
	require.NoError(t, l.Close())
	assert.ErrorIs(t, <-errs, ErrClosed)
}

var _ ratelimit.Limiter = (*Limiter)(nil)

// The rights that the package documentation lists are sufficient.
func TestRights(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	client := redis.NewClient(&redis.Options{Addr: server.addr})
	defer client.Close()
	rights := []any{"acl", "setuser", "limits", "on", ">" + secret, "resetkeys", "~ratelimit:*", "-@all",
		"+eval", "+evalsha", "+time", "+hgetall", "+hset", "+hdel", "+pexpire"}
	require.NoError(t, client.Do(t.Context(), rights...).Err())
	l, err := Open(t.Context(), "redis://limits:"+secret+"@"+server.addr, keyOf(t),
		WithTimeout(patient), WithFailClosed(), WithMaxInFlight(3))
	require.NoError(t, err)
	defer l.Close()
	exchange(t, l, respond(429, "Retry-After", "0.1"))
	exchange(t, l, respond(200))
	require.NoError(t, client.Do(t.Context(), "acl", "setuser", "limits", "-hset").Err())
	assert.ErrorIs(t, l.Ping(t.Context()), ErrUnavailable)
}
