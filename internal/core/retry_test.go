package core

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDelayNeverOverflows(t *testing.T) {
	t.Parallel()
	for _, p := range []RetryPolicy{
		{MinDelay: time.Hour, MaxDelay: math.MaxInt64}, {MinDelay: math.MaxInt64, MaxDelay: math.MaxInt64},
		{}, {MaxDelay: time.Second}, {MinDelay: 1, MaxDelay: 1}, DefaultRetryPolicy(),
	} {
		c := &Client{cfg: Config{Retry: p}}
		for attempt := 1; attempt < 200; attempt++ {
			d := c.delay(attempt, verdict{}, math.MaxInt64)
			assert.True(t, 0 <= d && d <= p.MaxDelay, "%v at attempt %d of %+v", d, attempt, p)
			for _, wait := range []time.Duration{0, 1, time.Second, time.Hour} {
				d := c.delay(attempt, verdict{stated: true, wait: wait}, math.MaxInt64)
				assert.True(t, wait <= d && d <= wait+max(wait/10, p.MinDelay/5), "%v for %v at attempt %d of %+v", d,
					wait, attempt, p)
			}
		}
	}
}

func TestDelayDoublesUpToItsMaximum(t *testing.T) {
	t.Parallel()
	c := &Client{cfg: Config{Retry: RetryPolicy{MinDelay: time.Second, MaxDelay: 10 * time.Second}}}
	for name, v := range map[string]verdict{"502": {}, "429 without Retry-After": {askedToWait: true}} {
		for attempt, bound := range map[int]time.Duration{1: 1, 2: 2, 3: 4, 4: 8, 5: 10, 6: 10, 80: 10} {
			bound *= time.Second
			var longest time.Duration
			for range 2000 {
				longest = max(longest, c.delay(attempt, v, math.MaxInt64))
			}
			assert.LessOrEqual(t, longest, bound, name)
			assert.Greater(t, longest, bound*9/10, name)
		}
	}
}

func TestBudgetStaysBetweenZeroAndFull(t *testing.T) {
	t.Parallel()
	b := newBudget(2)
	assert.True(t, b.add(-10))
	assert.True(t, b.add(-10))
	assert.False(t, b.add(-10))
	for range 9 {
		b.add(1)
	}
	assert.False(t, b.add(-10))
	for range 100 {
		b.add(1)
	}
	assert.True(t, b.add(-10))
	assert.True(t, b.add(-10))
	assert.False(t, b.add(-10))
	assert.False(t, newBudget(0).add(-10))
}

func TestBudgetIsSpentOnceByManyGoroutines(t *testing.T) {
	t.Parallel()
	b := newBudget(100)
	spent := make(chan bool, 1000)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 100 {
				if b.add(-10) {
					spent <- true
				}
			}
		})
	}
	wg.Wait()
	assert.Len(t, spent, 100)
}

func TestRetryPolicyThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	require.NoError(t, DefaultRetryPolicy().Check())
	require.NoError(t, RetryPolicy{MaxAttempts: 1}.Check())
	require.NoError(t, RetryPolicy{}.Check())
	require.NoError(t, RetryPolicy{MaxAttempts: -1, MinDelay: -1, MaxDelay: -1, MaxServerWait: -1, Budget: -1}.Check())
	p := DefaultRetryPolicy()
	p.MaxDelay = p.MinDelay - 1
	assert.Equal(t, "RetryPolicy.MinDelay", argument(t, p.Check()))
	for policy, want := range map[RetryPolicy]RetryPolicy{
		{}: DefaultRetryPolicy(),
		{MaxAttempts: 1, MinDelay: 1, MaxDelay: 2, MaxServerWait: 3, Budget: 4}:      {1, 1, 2, 3, 4},
		{MaxAttempts: -1, MinDelay: -1, MaxDelay: -1, MaxServerWait: -1, Budget: -9}: {1, 0, 0, 0, unlimited},
		{MaxAttempts: 3}:             {3, 500 * time.Millisecond, 30 * time.Second, 65 * time.Second, 50},
		{MaxDelay: time.Millisecond}: {5, time.Millisecond, time.Millisecond, 65 * time.Second, 50},
		{MinDelay: time.Minute}:      {5, time.Minute, time.Minute, 65 * time.Second, 50},
	} {
		assert.Equal(t, want, policy.withDefaults(), "%+v", policy)
	}
}
