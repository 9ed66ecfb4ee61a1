package servers

import "time"

// period is the time in which a server that refills gets its limit again, at least a second. It is
// the longest reset that two windows in a row had. A reset may be that of the next request only.
// That shows in refusals, and the period is then assumed to be longer.
type period struct {
	stretched int       // how often it was found to be half as long again
	refusals  int       // how often in a row one of a few requests was refused
	newest    uint64    // the newest request at the last of these
	accepted  bool      // a later one was accepted
	plenty    time.Time // when the period last became shorter because plenty was left
}

// duration returns the period of a server with these resets.
func (p *period) duration(r resets) time.Duration {
	d := max(r.longest, time.Second)
	for range p.stretched {
		if d < longest {
			d += d / 2
		}
	}
	return d
}

// doubt makes the period longer if a server refuses one of a few requests several times in a row,
// and shorter again when more than a reserve is left.
func (p *period) doubt(r Request, c Counts, limit int, resets resets, t Traffic) {
	switch {
	case r.Seq <= p.newest:
	case r.Refused && c.Remaining == 0:
		if p.accepted {
			if t.Newest-p.newest > fewRequests {
				p.refusals = 0
			}
			if p.refusals++; p.refusals > 2 && p.duration(resets) < t.MaxWait {
				p.stretched++
			}
		}
		p.newest, p.accepted = t.Newest, false
	case r.Refused:
	default:
		p.accepted = true
		plenty := limit > 0 && 10*int64(c.Remaining) > 3*int64(limit)
		if p.stretched > 0 && plenty && t.Now.Sub(p.plenty) > p.duration(resets)/time.Duration(limit) {
			p.stretched--
			p.plenty = t.Now
		}
	}
}
