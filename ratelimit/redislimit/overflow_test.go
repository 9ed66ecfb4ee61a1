package redislimit

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// forged returns a budget with the records of n processes that another program has stored, and
// changed as change says.
func forged(t *testing.T, c *config, now time.Time, n int, numbers []int64, change func(d *document)) *budget {
	t.Helper()
	d := document{
		Generation: 1, Visits: 1, Visited: now.UnixMicro(), Seq: 1,
		Server: make([]int64, 22), Pause: make([]int64, 4), Processes: map[string][]int64{},
	}
	for i := range n {
		d.Processes[fmt.Sprint(i)] = numbers
	}
	if change != nil {
		change(&d)
	}
	text, err := json.Marshal(d)
	require.NoError(t, err)
	b, err := parse(string(text), c, now)
	require.NoError(t, err)
	require.Len(t, b.processes, n, "each of them is plausible")
	return b
}

// The sum of plausible records may be above all that 32 bits hold. It does not become negative, so
// no request is admitted that the limit does not allow.
func TestForgedSumsDoNotOverflow(t *testing.T) {
	t.Parallel()
	const high = mostRequests - 1
	now := time.Now()
	lease, ticket := now.Add(time.Second).UnixMicro(), now.UnixMicro()
	for name, numbers := range map[string][]int64{
		"in flight":              {high, 0, 0, 0, 0, lease, 0, 0},
		"in flight, and pending": {high, high, 0, 0, 0, lease, 0, 0},
		"ahead, and pending":     {high, high, 0, high, lease, lease, 0, 0},
		"waiting":                {high, 0, high, 0, 0, lease, 0, 0},
		"waiting for a place":    {high, high, high, high, lease, lease, ticket, ticket},
	} {
		for _, n := range []int{1, 2, 8, 9, 16, 24, 32} { // 8 are 2^31
			for _, limit := range []int{1, 16, mostRequests - 1} {
				c := &config{maxInFlight: limit, lease: defaultLease, maxWait: defaultMaxWait}
				b := forged(t, c, now, n, numbers, nil)
				v := visit{process: "own", want: 2, timeLeft: -1}
				a, _ := b.apply(v, c, now)
				assert.Zero(t, a.given, "%s, %d records, limit %d", name, n, limit)
				assert.Zero(t, a.share, "%s, %d records, limit %d", name, n, limit)
				tr := turn{budget: b, config: c, visit: v, now: now}
				tr.count()
				for _, sum := range []int{tr.others.held, tr.others.pending, tr.others.waiting, tr.others.ahead} {
					assert.GreaterOrEqual(t, sum, 0)
					assert.LessOrEqual(t, sum, mostRequests)
				}
			}
		}
	}
}

// A process has its equal part also if others state more than there are.
func TestShareBesideForgedRecords(t *testing.T) {
	t.Parallel()
	tr := turn{config: &config{maxInFlight: math.MaxInt32}, visit: visit{had: time.Hour}}
	for range 32 {
		r := record{held: mostRequests - 1}
		tr.others.add(r, tr.now)
		tr.rivals = append(tr.rivals, r)
	}
	assert.InDelta(t, math.MaxInt32/33, tr.share().places, 1)
}

// So many requests that left are no negative number either.
func TestForgedCountOfRecentRequestsDoesNotOverflow(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, n := range []int{1, 2, 8, 9, 16, 32} {
		c := &config{maxWait: defaultMaxWait}
		b := forged(t, c, now, 0, nil, func(d *document) {
			for i := range int64(n) {
				d.Recent = append(d.Recent, [2]int64{i + 1, mostRequests - 1})
			}
		})
		assert.GreaterOrEqual(t, b.recent.since(time.Unix(0, 0)), mostRequests-1, n)
		assert.LessOrEqual(t, b.recent.since(time.Unix(0, 0)), mostRequests, n)
	}
}

// A record with more requests than any process has is removed.
func TestRecordAboveAllNumbersOfRequests(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for i := range 4 {
		numbers := []int64{9, 0, 0, 0, 0, now.Add(time.Second).UnixMicro(), 0, 0}
		numbers[i] = mostRequests
		_, ok := readRecord(numbers, now)
		assert.False(t, ok, i)
	}
}
