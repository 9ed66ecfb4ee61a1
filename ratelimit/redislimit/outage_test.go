package redislimit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// logged is the output of a logger.
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

func TestFailClosedReturnsErrUnavailable(t *testing.T) {
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
		assert.Less(t, time.Since(start), longTimeout)
		l.Observe(held, httpResponse(429, "Retry-After", "1"))
		time.Sleep(5 * time.Millisecond)
	}
	require.NoError(t, server.start())
	require.Eventually(t, func() bool {
		p, err := l.Acquire(t.Context(), nil)
		if err == nil {
			l.Release(p)
		}
		return err == nil
	}, 2*maxRetryDelay+loadTolerance, 10*time.Millisecond)
	lines := log.lines()
	require.Len(t, lines, 2)
	assert.Contains(t, lines[0], "level=WARN")
	assert.Contains(t, lines[0], "requests fail")
	assert.Contains(t, lines[1], "level=INFO")
	assert.NotContains(t, strings.Join(lines, " "), secret)
}

// During an outage each process limits itself. Afterwards all share the budget again.
func TestOutageUsesFallback(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	var log logged
	opts := []Option{
		WithHeaders(ratelimit.Confluent()), WithMaxInFlight(3),
		WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
	}
	a, b := open(t, server.addr, opts...), open(t, server.addr, opts...)
	exchange(t, a, windowResponse(10, 9, 100))
	before := acquire(t, a)
	server.kill()
	during := acquire(t, a)
	a.Observe(during, windowResponse(10, 1, 100))
	acquire(t, a)
	ctx, cancel := withTimeout(t, 50*time.Millisecond)
	defer cancel()
	_, err := a.Acquire(ctx, nil)
	assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong, "the limiter of this process obeys the headers")
	assert.Equal(t, 3, a.Snapshot().InFlight)
	a.Observe(before, windowResponse(10, 8, 100))
	a.Release(before)

	require.NoError(t, server.start())
	require.Eventually(t, func() bool {
		ctx, cancel := withTimeout(t, time.Millisecond)
		defer cancel()
		if p, err := a.Acquire(ctx, nil); err == nil {
			a.Release(p)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.outage == nil
	}, 2*maxRetryDelay+loadTolerance, 10*time.Millisecond)
	waitReported(t, a)
	p := acquire(t, b) // Since the outage, a holds two of the three places.
	ctx, cancel = withTimeout(t, 100*time.Millisecond)
	defer cancel()
	_, err = b.Acquire(ctx, nil)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	b.Release(p)
	a.Release(during)
	waitReported(t, a)
	lines := strings.Join(log.lines(), "\n")
	assert.LessOrEqual(t, strings.Count(lines, "level=WARN"), 2, "one for each process")
	assert.NotContains(t, lines, secret)
}

// A Redis that keeps its data through an outage does not know the requests sent meanwhile.
func TestOutageForgetsWindow(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	l := open(t, server.addr, WithHeaders(ratelimit.Confluent()))
	exchange(t, l, windowResponse(10, 9, 100))
	l.mu.Lock()
	l.beginOutage(visit{began: time.Now()}, errors.New("cut"), time.Now())
	l.mu.Unlock()
	time.Sleep(firstRetryDelay + 10*time.Millisecond)
	local := acquire(t, l)
	require.Eventually(t, func() bool {
		waitReported(t, l)
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.outage == nil
	}, longTimeout, time.Millisecond)
	l.Release(local)
	assert.Equal(t, -1, l.Snapshot().Remaining)
	probe := acquire(t, l)
	ctx, cancel := withTimeout(t, 100*time.Millisecond)
	defer cancel()
	_, err := l.Acquire(ctx, nil)
	assert.ErrorIs(t, err, context.DeadlineExceeded, "one probe leaves again")
	l.Observe(probe, windowResponse(10, 3, 100))
	waitReported(t, l)
	assert.Equal(t, 3, l.Snapshot().Remaining)
}

// Redis is killed and restarted under load: no request is lost and no process ends.
func TestRestartOfRedisFailsNoRequest(t *testing.T) {
	server := startRedis(t)
	s := newWindowServer(t, 50, 500*time.Millisecond)
	var group sync.WaitGroup
	var ok atomic.Int64
	for range 3 {
		cmd, out := startProcess(t, job{Redis: server.addr, URL: s.URL, Goroutines: 5, For: 7 * time.Second})
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
	s.Close() // waits for the last requests
	t.Logf("accepted per window: %v, refused: %v", s.accepted, s.refused)
	n := len(s.accepted)
	require.Greater(t, n, 12)
	for _, n := range s.refused[:2] {
		assert.Zero(t, n, "before")
	}
	for i := n - 3; i < n; i++ {
		assert.Zero(t, s.refused[i], "afterwards they share the budget again")
	}
	for i, n := range s.accepted[:n-1] {
		assert.Positive(t, n, "window %d", i)
	}
	client := redis.NewClient(&redis.Options{Addr: server.addr})
	defer client.Close()
	assert.EqualValues(t, 1, client.Exists(t.Context(), keyOf(t).String()).Val(), "Redis is in use again")
}

// If Redis never answers, only the first request is delayed.
func TestUnresponsiveRedisDelaysFirstRequestOnly(t *testing.T) {
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
	assert.Less(t, took[len(took)-2], 350*time.Millisecond, "the machine may have paused once")
	assert.Less(t, took[len(took)-1], 50*time.Millisecond+loadTolerance)
	l.mu.Lock()
	defer l.mu.Unlock()
	assert.LessOrEqual(t, l.unfinished, maxUnfinished)
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
