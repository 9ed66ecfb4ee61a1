package core

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKeyedLockIsHeldByOneGoroutinePerKey(t *testing.T) {
	t.Parallel()
	var l keyedLock
	var counts [3]int // each is written only under its lock
	var wg sync.WaitGroup
	for i := range 300 {
		wg.Go(func() {
			unlock, err := l.lock(t.Context(), fmt.Sprint(i%3))
			assert.NoError(t, err)
			defer unlock()
			counts[i%3]++
		})
	}
	wg.Wait()
	assert.Equal(t, [3]int{100, 100, 100}, counts)
	assert.Empty(t, l.locks, "what nobody holds takes no memory")
}

func TestKeyedLockEndsWaitingWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l keyedLock
		unlock, err := l.lock(t.Context(), "a")
		require.NoError(t, err)
		other, err := l.lock(t.Context(), "b")
		require.NoError(t, err, "another key is free")
		other()

		cause := fmt.Errorf("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		begin := time.Now()
		_, err = l.lock(ctx, "a")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, cause)
		assert.Equal(t, time.Second, time.Since(begin))
		assert.Len(t, l.locks, 1, "it is still held")

		unlock()
		assert.Empty(t, l.locks)
		unlock, err = l.lock(t.Context(), "a")
		require.NoError(t, err, "the one that gave up does not hold it")
		unlock()
	})
}
