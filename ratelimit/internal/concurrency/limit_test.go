package concurrency_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit/internal/concurrency"
)

var begin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// client numbers the requests to one server. All are sent and answered at the time now.
type client struct {
	concurrency.Limit
	seq uint64
	now time.Time
}

func newClient(start, floor int) *client {
	return &client{Limit: concurrency.New(start, floor), now: begin}
}

// accept lets the server accept n requests, one after the other, each with all places taken.
func (c *client) accept(n int) {
	for range n {
		c.seq++
		c.Accept(c.Max(c.now), c.seq, c.now)
	}
}

// refuseOne lets the server refuse one request, with n in flight.
func (c *client) refuseOne(n int) {
	c.seq++
	c.Refuse(n, c.seq, c.seq, c.now)
}

// untilHigher returns how many accepted requests raise the limit.
func (c *client) untilHigher(t *testing.T) int {
	t.Helper()
	for before, n := c.max(), 1; n < 10_000; n++ {
		c.accept(1)
		if c.max() > before {
			return n
		}
	}
	t.Fatal("the limit does not rise")
	return 0
}

func (c *client) max() int { return c.Max(c.now) }

// learned returns a client whose request was refused with one more than limit in flight.
func learned(limit, floor int) *client {
	c := newClient(0, floor)
	c.accept(1)
	c.refuseOne(limit + 1)
	return c
}

func TestZeroLimitSetsNone(t *testing.T) {
	var l concurrency.Limit
	assert.False(t, l.Enabled())
	assert.Zero(t, l.Max(begin))
	l.Accept(5, 1, begin)
	assert.Zero(t, l.Max(begin.Add(time.Hour)))
	enabled := concurrency.New(0, 1)
	assert.True(t, enabled.Enabled())
}

func TestStart(t *testing.T) {
	assert.Zero(t, newClient(0, 4).max())
	assert.Equal(t, 8, newClient(8, 4).max())
	assert.Equal(t, 4, newClient(2, 4).max())

	none := newClient(0, 1)
	none.accept(1000)
	assert.Zero(t, none.max(), "nothing was refused")
}

func TestLimitDoublesPerRoundTripBeforeARefusal(t *testing.T) {
	c := newClient(8, 1)
	c.accept(8)
	assert.Equal(t, 16, c.max())
	c.accept(16)
	assert.Equal(t, 32, c.max())
}

// Requests that leave more than half of the places free prove nothing.
func TestLimitStaysWhereItIsNotUsed(t *testing.T) {
	c := newClient(8, 1)
	for range 100 {
		c.seq++
		c.Accept(4, c.seq, c.now)
	}
	assert.Equal(t, 8, c.max())
	c.Accept(5, c.seq+1, c.now)
	assert.Equal(t, 9, c.max())

	c = learned(8, 1)
	for range 10_000 {
		c.seq++
		c.Accept(7, c.seq, c.now)
	}
	assert.Equal(t, 8, c.max())
}

func TestSilenceRaisesTheLimit(t *testing.T) {
	c := newClient(8, 1)
	assert.Equal(t, 8, c.Max(begin.Add(time.Hour)), "nothing was sent")
	c.Resume(begin)
	assert.Equal(t, 8, c.Max(begin.Add(999*time.Millisecond)))
	assert.Equal(t, 16, c.Max(begin.Add(time.Second)))
	assert.Equal(t, 64, c.Max(begin.Add(3*time.Second)))
	assert.Equal(t, math.MaxInt32, c.Max(begin.Add(24*time.Hour)))
	assert.Equal(t, 8, c.Max(begin.Add(-time.Hour)))

	c = learned(4, 1)
	assert.Equal(t, 4, c.Max(begin.Add(9999*time.Millisecond)))
	assert.Equal(t, 5, c.Max(begin.Add(10*time.Second)))
	assert.Equal(t, 10, c.Max(begin.Add(time.Minute)))
	c.now = begin.Add(time.Minute)
	c.accept(1) // It ends the silence.
	assert.Equal(t, 4, c.max())
}

func TestRefusalsLowerTheLimitToWhatWasAccepted(t *testing.T) {
	c := newClient(0, 1)
	for seq := range uint64(64) { // Four of 64 are accepted, the others refused at once.
		if seq >= 4 {
			c.Refuse(64, seq+1, 64, c.now)
		}
	}
	assert.Equal(t, 4, c.max())
	for seq := range uint64(4) {
		c.Accept(int(seq)+1, seq+1, c.now)
	}
	assert.Equal(t, 4, c.max())
}

func TestLimitNeverFallsBelowTheFloor(t *testing.T) {
	c := newClient(0, 3)
	c.refuseOne(2)
	assert.Equal(t, 3, c.max())
	c.Refuse(2, 1, 1, c.now)
	assert.Equal(t, 3, c.max())
	c.refuseOne(1)
	assert.Equal(t, 3, c.max())
}

// The longer the server's limit stays the same, the rarer are the trials: each needs a seventh of
// the requests that were accepted since then, at most 700. Trials cost a hundredth of the requests
// at most.
func TestFailedTrialsBecomeRare(t *testing.T) {
	c := learned(4, 1)
	held := 0
	for i := range 50 {
		needed := c.untilHigher(t)
		switch held += needed; {
		case i == 0:
			assert.Equal(t, 99, needed, "one was accepted before")
		case held <= 700:
			assert.Equal(t, 100, needed, i)
		case held >= 4900:
			assert.Equal(t, 700, needed, i)
		default:
			assert.InDelta(t, float64(held)/7, needed, 1, i)
		}
		assert.Equal(t, 5, c.max())
		c.refuseOne(5)
		assert.Equal(t, 4, c.max())
	}
	assert.Greater(t, held, 2*4900)
}

// Requests that were accepted before pay for ten trials. There are twelve round trips between two
// of these.
func TestTrialsArePaidForInAdvance(t *testing.T) {
	for limit, want := range map[int][]int{
		1: {12, 12, 12, 12, 12, 12, 12, 13, 16, 18, 21, 60, 100},
		4: {48, 48, 48, 48, 48, 48, 48, 55, 65, 75, 88, 103},
	} {
		c := learned(100, 1)
		for range 5 {
			c.untilHigher(t)
			c.refuseOne(101)
		}
		c.accept(200)
		c.refuseOne(limit + 1) // The limit falls.
		for i, n := range want {
			assert.Equal(t, n, c.untilHigher(t), "%d, %d", limit, i)
			c.refuseOne(limit + 1)
		}
	}
}

// A trial succeeds if a round trip of requests is accepted with one more in flight. The next trials
// follow at once, with 1, 2, 4 and 8 more, until a request is refused.
func TestTrialsAfterASuccessBecomeLarge(t *testing.T) {
	c := learned(4, 1)
	c.untilHigher(t)
	for _, want := range []int{5, 6, 8, 12, 20} {
		assert.Equal(t, want, c.max())
		if want < 20 {
			assert.Equal(t, want, c.untilHigher(t), "a round trip")
		}
	}
	c.seq += 20
	for seq := c.seq - 3; seq <= c.seq; seq++ { // The last four of 20 are refused.
		c.Refuse(20, seq, c.seq, c.now)
	}
	assert.Equal(t, 16, c.max())
	c.accept(16)
	assert.Equal(t, 17, c.max(), "a round trip, because 17 was not refused for certain")
	c.refuseOne(17)
	assert.Equal(t, 16, c.max())
	assert.Equal(t, 12*16, c.untilHigher(t))
	assert.Equal(t, 17, c.max(), "the first trial is for one more")
	c.accept(17)
	assert.Equal(t, 18, c.max(), "and the second one as well")
}

// A refusal in a row of trials shows the limit: one less than were in flight.
func TestRefusalOfALargeTrialShowsTheLimit(t *testing.T) {
	c := learned(4, 1)
	c.untilHigher(t)
	for c.max() < 12 {
		c.accept(1)
	}
	c.refuseOne(11) // Twelve were never in flight.
	assert.Equal(t, 10, c.max())
	assert.Equal(t, 12*10, c.untilHigher(t))
}

// A limit that changes by less than a quarter counts as the same one, so the trials stay rare.
func TestSmallChangesDoNotMakeTrialsFrequent(t *testing.T) {
	for refusedAt, frequent := range map[int]bool{20: false, 17: false, 16: true} {
		c := learned(20, 1)
		for range 20 {
			c.untilHigher(t)
			c.refuseOne(21)
		}
		c.accept(1)
		c.refuseOne(refusedAt)
		assert.Equal(t, refusedAt-1, c.max())
		if needed := c.untilHigher(t); frequent {
			assert.Equal(t, 12*15, needed, refusedAt)
		} else {
			assert.Greater(t, needed, 12*20, refusedAt)
		}
	}
}

// Requests overtake each other, so the server may accept the trial and refuse another request.
func TestTrialFailsIfAnotherRequestIsRefused(t *testing.T) {
	c := learned(4, 1)
	c.untilHigher(t)
	trial := c.seq + 1
	c.seq += 5
	c.Refuse(5, c.seq, c.seq, c.now)
	for seq := trial; seq < c.seq; seq++ {
		c.Accept(5, seq, c.now)
	}
	assert.Equal(t, 4, c.max())
	assert.Equal(t, 100-4, c.untilHigher(t), "four were accepted")
}

// After a limit has fallen far, trials are as frequent as in the beginning.
func TestLowerLimitIsTriedSoon(t *testing.T) {
	c := learned(16, 1)
	for range 5 {
		c.untilHigher(t)
		c.refuseOne(17)
	}
	c.accept(1)
	c.refuseOne(16)
	for range 11 {
		c.Refuse(16, c.seq, c.seq, c.now)
	}
	assert.Equal(t, 4, c.max())
	c.accept(4) // Nothing between 4 and 16 was refused twice: a round trip is enough.
	assert.Equal(t, 5, c.max())
	c.refuseOne(5)
	assert.Equal(t, 4, c.max())
	assert.Equal(t, 12*4, c.untilHigher(t))
}

// During an outage all requests are refused. Afterwards each round trip raises the limit by one, up
// to the limit before the outage.
func TestLimitReturnsAfterAnOutage(t *testing.T) {
	c := learned(10, 1)
	c.accept(1)
	for n := 10; n > 0; n-- {
		c.refuseOne(n)
	}
	assert.Equal(t, 1, c.max())
	for want := 1; want < 9; want++ {
		assert.Equal(t, want, c.untilHigher(t))
	}
	assert.Equal(t, 9, c.max())
	assert.Equal(t, 12*9, c.untilHigher(t))
}

func TestForget(t *testing.T) {
	c := learned(4, 1)
	for range 10 {
		c.untilHigher(t)
		c.refuseOne(5)
	}
	c.Forget()
	assert.Zero(t, c.max())
	assert.Zero(t, c.Max(begin.Add(time.Hour)))
	c.accept(100)
	assert.Zero(t, c.max())
	c.refuseOne(5)
	assert.Equal(t, 4, c.max())
	assert.Equal(t, 12*4, c.untilHigher(t))
}

func TestLimitDoesNotOverflow(t *testing.T) {
	c := newClient(math.MaxInt32-1, 1)
	c.Accept(math.MaxInt32, 1, c.now)
	c.Accept(math.MaxInt32, 2, c.now)
	assert.Equal(t, math.MaxInt32, c.max())
	c = newClient(math.MaxInt, 1)
	c.Accept(1, 1, c.now)
	assert.Equal(t, math.MaxInt32, c.max())
}

// After some time without requests more than the limit may be in flight. A trial that is refused
// then does not raise what is known to be accepted.
func TestTrialAboveTheLimitIsTakenBack(t *testing.T) {
	c := learned(4, 1)
	for c.max() == 4 {
		c.accept(1)
	}
	c.now = c.now.Add(10 * time.Second)
	n := c.max()
	assert.Equal(t, 6, n)
	c.refuseOne(n)
	assert.Equal(t, 4, c.max())
}
