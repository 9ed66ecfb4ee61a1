//go:build unix

package redislimit

import (
	"context"
	"log/slog"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A Redis that accepts connections and never answers costs one timeout, once.
func TestStalledRedisCostsOneTimeout(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	const timeout = time.Second
	for _, closed := range []bool{false, true} {
		t.Run(map[bool]string{false: "open", true: "closed"}[closed], func(t *testing.T) {
			client := redis.NewClient(&redis.Options{Addr: server.addr}) // It ignores deadlines, and tries again.
			defer client.Close()
			opts := []Option{WithTimeout(timeout), WithLogger(slog.New(slog.DiscardHandler))}
			if closed {
				opts = append(opts, WithFailClosed())
			}
			l, err := New(client, keyOf(t), opts...)
			require.NoError(t, err)
			defer l.Close()
			require.NoError(t, l.Ping(t.Context()))
			l.Release(acquire(t, l))

			require.NoError(t, server.cmd.Process.Signal(syscall.SIGSTOP))
			start := time.Now()
			var took []time.Duration
			for i := range 10 {
				begin := time.Now()
				p, err := l.Acquire(t.Context(), nil)
				if closed {
					assert.ErrorIs(t, err, ErrUnavailable)
					assert.ErrorIs(t, err, context.DeadlineExceeded)
				} else {
					assert.NoError(t, err)
					l.Release(p)
				}
				took = append(took, time.Since(begin))
				assert.Less(t, took[i], timeout+loadTolerance, "request %d", i)
			}
			if !closed {
				slices.Sort(took)
				assert.Less(t, took[7], 300*time.Millisecond, "one waits, and the machine may have paused once")
				assert.Less(t, time.Since(start), timeout+loadTolerance)
			}
			require.NoError(t, server.cmd.Process.Signal(syscall.SIGCONT))
			require.Eventually(t, func() bool {
				if p, err := l.Acquire(t.Context(), nil); err == nil {
					l.Release(p)
				}
				l.mu.Lock()
				defer l.mu.Unlock()
				return l.outage == nil
			}, 2*maxRetryDelay+loadTolerance, 5*time.Millisecond)
			l.mu.Lock()
			assert.Less(t, l.unfinished, maxUnfinished+1)
			l.mu.Unlock()
		})
	}
}

// Close waits for the current visit and one more, for each at most the timeout.
func TestCloseOfAStalledRedis(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	const timeout = 1500 * time.Millisecond
	client := redis.NewClient(&redis.Options{Addr: server.addr})
	defer client.Close()
	l, err := New(client, keyOf(t), WithTimeout(timeout), WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	l.Release(acquire(t, l))
	waitReported(t, l)
	require.NoError(t, server.cmd.Process.Signal(syscall.SIGSTOP))
	start := time.Now()
	require.NoError(t, l.Close())
	assert.Greater(t, time.Since(start), timeout*9/10, "it reports to Redis that nothing is held")
	assert.Less(t, time.Since(start), 2*timeout)
	require.NoError(t, server.cmd.Process.Signal(syscall.SIGCONT))
}
