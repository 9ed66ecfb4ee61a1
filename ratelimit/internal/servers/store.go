package servers

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// kinds are the first numbers of a stored server.
const (
	kindFixed int64 = iota
	kindRefilling
)

const (
	// mostSeq is above all sequence numbers.
	mostSeq = 1 << 53
	// mostCount is above all counts of requests. The sum of some of them fits into 32 bits.
	mostCount = 1 << 28
	// mostStretched is how often a period is stretched if the longest wait is a year: a second
	// that is half as long again 43 times is more than that.
	mostStretched = 43
	// ClockError is how far the clock by which times are stored may go back.
	ClockError = time.Second
)

// until is a time that a server states. It may be far in the future.
type until time.Time

// stated is a number of places that a server states, up to 2^31-1.
type stated int

// lowest is the lowest number of places that a server has stated, math.MaxInt before the first one.
type lowest int

// Store returns all that s knows, as numbers for [Restore]. Times are in nanoseconds since 1970, 0
// if they are zero.
func Store(s Server) []int64 {
	switch s := s.(type) {
	case *FixedWindow:
		return write([]int64{kindFixed}, s.fields())
	case *Refilling:
		return write([]int64{kindRefilling}, s.fields())
	}
	panic(fmt.Sprintf("servers: %T can't be stored", s))
}

// Restore returns the server that Store has written. now is the time, and maxWait the longest wait
// that a server can impose. It returns an error for numbers that Store can't have written.
func Restore(numbers []int64, now time.Time, maxWait time.Duration) (Server, error) {
	if len(numbers) == 0 {
		return nil, errStored
	}
	switch kind, numbers := numbers[0], numbers[1:]; kind {
	case kindFixed:
		f := &FixedWindow{}
		return f, read(numbers, f.fields(), now, maxWait)
	case kindRefilling:
		r := &Refilling{}
		if err := read(numbers, r.fields(), now, maxWait); err != nil {
			return nil, err
		}
		if r.period.stretched > mostStretched {
			return nil, errStored
		}
		return r, nil
	}
	return nil, errStored
}

// Store returns all that p knows, as numbers for [Pause.Restore].
func (p *Pause) Store() []int64 { return write(nil, p.fields()) }

// Restore sets p to what Store has written. See the function Restore.
func (p *Pause) Restore(numbers []int64, now time.Time, maxWait time.Duration) error {
	return read(numbers, p.fields(), now, maxWait)
}

var errStored = errors.New("servers: these numbers can't have been stored")

// fields returns pointers to all that w knows. Their order is that of the stored numbers.
func (w *window) fields() []any {
	c, e := &w.counts, &w.end
	return []any{
		&w.state, &w.probe.seq, &w.probe.sent,
		(*stated)(&c.limit), (*stated)(&c.remaining), (*stated)(&c.surplus), &c.epoch,
		(*lowest)(&c.low), &c.lowSeq, &c.lowAt, &c.silent,
		(*until)(&e.stated), (*until)(&e.latest), &e.since, &e.slack, &e.length,
		&w.resets.latest, &w.resets.longest,
	}
}

func (f *FixedWindow) fields() []any { return append(f.window.fields(), &f.late, &f.sent, &f.slot) }

func (s *Refilling) fields() []any {
	p := &s.period
	return append(s.window.fields(),
		&p.stretched, &p.refusals, &p.newest, &p.accepted, &p.plenty,
		&s.counted, &s.full, &s.late, &s.slot, &s.burst, &s.idleUntil, &s.contended)
}

func (p *Pause) fields() []any { return []any{(*until)(&p.Until), &p.Since, &p.unstated, &p.newest} }

// write appends the values of fields to numbers.
func write(numbers []int64, fields []any) []int64 {
	for _, field := range fields {
		var n int64
		switch v := field.(type) {
		case *int:
			n = int64(*v)
		case *stated:
			n = int64(*v)
		case *lowest:
			if n = int64(*v); *v == math.MaxInt {
				n = math.MaxInt64
			}
		case *State:
			n = int64(*v)
		case *uint64:
			n = int64(*v)
		case *time.Duration:
			n = int64(*v)
		case *time.Time:
			n = nanoseconds(*v)
		case *until:
			n = nanoseconds(time.Time(*v))
		case *bool:
			if *v {
				n = 1
			}
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// read sets fields to numbers, and checks their ranges.
func read(numbers []int64, fields []any, now time.Time, maxWait time.Duration) error {
	if len(numbers) != len(fields) {
		return errStored
	}
	for i, n := range numbers {
		most := int64(mostSeq)
		switch v := fields[i].(type) {
		case *int:
			*v, most = int(n), mostCount
		case *stated:
			*v, most = stated(n), math.MaxInt32
		case *lowest:
			if *v, most = lowest(n), math.MaxInt32; n == math.MaxInt64 {
				*v, most = math.MaxInt, n
			}
		case *State:
			*v, most = State(n), int64(Ended)
		case *uint64:
			*v = uint64(n)
		case *time.Duration:
			*v, most = time.Duration(n), int64(longest+longest)
		case *time.Time:
			*v, most = timeOf(n), now.Add(maxWait+ClockError).UnixNano()
		case *until:
			*v, most = until(timeOf(n)), now.Add(longest+longest).UnixNano()
		case *bool:
			*v, most = n == 1, 1
		}
		if n < 0 || n > most {
			return errStored
		}
	}
	return nil
}

func nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func timeOf(nanoseconds int64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds)
}
