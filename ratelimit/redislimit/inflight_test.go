package redislimit

import (
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMaxInFlightCountsForAllProcesses(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	s := newWindowServer(t, 1e6, time.Hour)
	s.hold = 10 * time.Millisecond
	const d = 2 * time.Second
	// The server continues to work on requests that the end cuts off, though their places are free.
	s.until = time.Now().Add(d)
	var group sync.WaitGroup
	var counts [3]int64
	for i := range counts {
		l := open(t, addr, WithMaxInFlight(4))
		group.Go(func() {
			// The first has many more goroutines, and gets its turn like the others.
			counts[i], _, _ = sendRequests(t.Context(), l, s.URL, strconv.Itoa(i), []int{30, 5, 5}[i], d)
		})
	}
	group.Wait()
	s.Close() // waits for the last requests
	t.Log(counts, s.maxInFlight)
	assert.Equal(t, 4, s.maxInFlight)
	for _, n := range counts {
		assert.Greater(t, n, (counts[0]+counts[1]+counts[2])/10, "%v", counts)
	}
}

// The places of a killed process come back when its lease ends. A living process keeps its places.
func TestLeaseEndsAfterProcessIsKilled(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	const lease = 600 * time.Millisecond
	cmd, out := startProcess(t, job{Redis: addr, MaxInFlight: 2, Lease: lease, Hold: 2})
	line, err := out.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "holding\n", line)

	l := open(t, addr, WithMaxInFlight(2), WithLease(lease))
	ctx, cancel := withTimeout(t, 3*lease)
	defer cancel()
	_, err = l.Acquire(ctx, nil)
	require.ErrorIs(t, err, ctx.Err(), "it renews its lease")
	cmd.Process.Kill()
	start := time.Now()
	acquire(t, l)
	acquire(t, l)
	assert.LessOrEqual(t, time.Since(start), lease+loadTolerance)
}

func TestLeaseIsRenewedUntilProcessDies(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		const lease = 600 * time.Millisecond
		dead := &bubble{}
		a := inBubble(t, addr, dead, WithMaxInFlight(1), WithLease(lease))
		b := inBubble(t, addr, &bubble{}, WithMaxInFlight(1))
		acquire(t, a)
		time.Sleep(5 * lease)
		dead.dead.Store(true)
		got := waitFor(t, b)
		assert.Greater(t, got, lease/2, "it has renewed its lease three times in that time")
		assert.Less(t, got, lease+200*time.Millisecond, "a waiting process visits every 200 ms at least")
	})
}

// Close returns at once the places that the lease would keep.
func TestCloseReturnsPlaces(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		a, b := inBubble(t, addr, &bubble{}, WithMaxInFlight(1)), inBubble(t, addr, &bubble{}, WithMaxInFlight(1))
		acquire(t, a)
		require.NoError(t, a.Close())
		assert.Less(t, waitFor(t, b), soon)
		_, err := a.Acquire(t.Context(), nil)
		assert.ErrorIs(t, err, ErrClosed)
	})
}
