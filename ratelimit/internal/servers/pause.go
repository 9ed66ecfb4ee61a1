package servers

import "time"

const (
	// leastWait is the shortest wait that a refusal can ask for. A shorter one is none.
	leastWait = 10 * time.Millisecond
	// firstWait is half the wait after the second refusal in a row that asks for no wait. Each
	// further refusal doubles it, mostDoublings times at most.
	firstWait     = 50 * time.Millisecond
	mostDoublings = 7
)

// Pause is the time in which a server refuses requests, because it said so. The zero value is no
// pause.
type Pause struct {
	Block

	unstated int    // refusals in a row that asked for no wait
	newest   uint64 // the newest request at the latest refusal
}

// Advance ends the pause if its time is over. It returns the block that has ended, zero if there is
// none.
func (p *Pause) Advance(now time.Time) (ended Block) {
	if p.Until.IsZero() || p.Until.After(now) {
		return Block{}
	}
	ended, p.Block = p.Block, Block{}
	return ended
}

// Blocked returns the wait that s or p imposes, the longer one, zero if there is none.
func (p *Pause) Blocked(s Server) Block {
	if b := s.Blocked(); b.Until.After(p.Until) {
		return b
	}
	return p.Block
}

// Recheck ends a wait of more than t.MaxWait, once as much time has passed since it was learned:
// one request asks the server again. It returns the server from now on, and whether it has ended a
// wait.
func (p *Pause) Recheck(s Server, t Traffic) (next Server, ended bool) {
	b := p.Blocked(s)
	if b.Until.IsZero() || b.Until.Sub(t.Now) <= t.MaxWait || t.Now.Sub(b.Since) < t.MaxWait {
		return s, false
	}
	p.Block = Block{}
	return s.Forget(t), true
}

// Accept notes an accepted request.
func (p *Pause) Accept() { p.unstated = 0 }

// First reports whether request seq left after the latest refusal was known. Further refusals of
// the same burst do not count.
func (p *Pause) First(seq uint64) bool { return seq > p.newest }

// Wait returns how long to wait after a refusal of request seq that asks for the wait d, 0 if for
// none. The first refusal that asks for no wait is left to its sender. From the second one in a row
// the wait is 100 ms, and doubles with each.
func (p *Pause) Wait(d time.Duration, seq uint64, t Traffic) time.Duration {
	if d < leastWait && p.First(seq) {
		if p.unstated > 0 {
			d = min(firstWait<<min(p.unstated, mostDoublings), t.MaxWait)
		}
		p.unstated++
	}
	p.newest = max(p.newest, t.Newest)
	return d
}

// Extend begins a pause of d. A longer one that holds is not shortened.
func (p *Pause) Extend(d time.Duration, now time.Time) {
	if until := now.Add(d); d > 0 && until.After(p.Until) {
		p.Block = Block{until, now}
	}
}
