package pacing_test

import (
	"container/heap"
	"math/rand/v2"
	"time"

	"github.com/integrations-go/sdk/ratelimit/internal/pacing"
)

// event is a function that the simulation calls at a time.
type event struct {
	at time.Duration
	do func()
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at < e[j].at }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)        { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// world is a server with fixed windows, the processes that share them, and a simulated clock.
type world struct {
	limit   int
	length  time.Duration
	phase   time.Duration // the time since a window began, when the simulation begins
	trip    time.Duration
	jitter  float64 // of the trip
	round   func(float64) float64
	random  *rand.Rand
	now     time.Duration
	queue   events
	window  int
	used    int
	total   []int // accepted per window
	refused []int // refused per window
}

var zero = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func (w *world) time() time.Time { return zero.Add(w.now) }

func (w *world) after(d time.Duration, do func()) {
	heap.Push(&w.queue, event{w.now + max(d, 0), do})
}

func (w *world) oneWay() time.Duration {
	return time.Duration(float64(w.trip) / 2 * (1 + w.jitter*(2*w.random.Float64()-1)))
}

// serve counts a request.
func (w *world) serve() (remaining int, reset time.Duration, refused bool) {
	since := w.now + w.phase
	n := int(since / w.length)
	for len(w.total) <= n {
		w.total, w.refused = append(w.total, 0), append(w.refused, 0)
	}
	if n != w.window {
		w.window, w.used = n, 0
	}
	left := time.Duration(n+1)*w.length - since
	reset = time.Duration(w.round(left.Seconds()) * 1e9)
	if w.used >= w.limit {
		w.refused[n]++
		return 0, reset, true
	}
	w.used++
	w.total[n]++
	return w.limit - w.used, reset, false
}

// process sends requests as fast as its Pacer allows.
type process struct {
	*world
	pacing.Pacer
	begins         time.Duration
	busy           func(at time.Duration) bool // nil: always
	inFlight, most int
	started        bool
	accepted       int
	generation     int
}

func (p *process) run() {
	p.after(p.begins-p.now, p.wake)
}

// wake sends the requests that may leave now, and schedules the next call.
func (p *process) wake() {
	p.generation++
	generation := p.generation
	for p.inFlight < p.most {
		if !p.started && p.inFlight > 0 {
			return // The first request goes alone.
		}
		if p.busy != nil && !p.busy(p.now) {
			p.after(p.length/100, func() {
				if p.generation == generation {
					p.wake()
				}
			})
			return
		}
		if next := p.Next(p.time()); next.After(p.time()) {
			p.after(next.Sub(p.time()), func() {
				if p.generation == generation {
					p.wake()
				}
			})
			return
		}
		p.send()
	}
}

func (p *process) send() {
	p.inFlight++
	ticket := p.Admit(p.time(), true)
	sent := p.time()
	p.after(p.oneWay(), func() {
		remaining, reset, refused := p.serve()
		limit := p.limit
		p.after(p.oneWay(), func() {
			p.inFlight--
			p.started = true
			if !refused {
				p.accepted++
			}
			p.Observe(pacing.Response{
				Sent: sent, Heard: p.time(), Limit: limit, Remaining: remaining, Counted: true,
				Reset: reset, Refused: refused, Ticket: ticket,
			})
			p.wake()
		})
	})
}

// share lets n processes share so many windows. They begin within spread. If the load changes,
// every second process pauses for five of ten windows.
func (w *world) share(n, windows int, spread time.Duration, changing bool) (processes []*process) {
	for i := range n {
		p := &process{world: w, most: 64, begins: time.Duration(w.random.Float64() * float64(spread))}
		processes = append(processes, p)
		if changing && i%2 == 1 {
			p.busy = func(at time.Duration) bool { return at/w.length/5%2 == 0 }
		}
		p.run()
	}
	w.play(windows)
	return processes
}

// play runs the simulation for so many windows.
func (w *world) play(windows int) {
	for len(w.queue) > 0 {
		e := heap.Pop(&w.queue).(event)
		if e.at+w.phase >= time.Duration(windows)*w.length {
			return
		}
		w.now = e.at
		e.do()
	}
}

func part(numbers []int, from, to, of int) float64 {
	sum := 0
	for _, n := range numbers[min(from, len(numbers)):min(to, len(numbers))] {
		sum += n
	}
	return 100 * float64(sum) / float64((to-from)*of)
}

func jain(processes []*process) float64 {
	sum, squares := 0.0, 0.0
	for _, p := range processes {
		sum += float64(p.accepted)
		squares += float64(p.accepted) * float64(p.accepted)
	}
	return sum * sum / squares / float64(len(processes))
}
