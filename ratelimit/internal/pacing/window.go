package pacing

import "time"

// window is the state of one window, as far as it is known.
type window struct {
	number  int
	began   bounds    // unknown until the first window ends
	counted bool      // low is known
	low     int       // the lowest count
	at      time.Time // when the server counted low, about
	first   int       // the count of the first response
	firstAt time.Time // when the server counted first, about
	sent    time.Time // when the latest request counted in it was sent
	heard   time.Time // the arrival of the response with the lowest count
	own     int       // own requests that may be counted in it
	waiting bool      // a request had to wait
	refused bool      // a request was refused

	placed   int  // how many own requests were certainly counted in it
	admitted int  // own requests since it began
	answered int  // those of them whose responses arrived, or will not arrive
	onlyOwn  bool // all places that were taken are of these
	burst    bool // the process had it to itself, at least for a while
}

// bounds are the earliest and the latest possible time of an event. Both are zero if the event is
// not known.
type bounds struct{ from, to time.Time }

func (b bounds) known() bool { return !b.to.IsZero() }

func (b bounds) middle() time.Time { return b.from.Add(b.to.Sub(b.from) / 2) }

func (b bounds) add(d time.Duration) bounds { return bounds{b.from.Add(d), b.to.Add(d)} }

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
