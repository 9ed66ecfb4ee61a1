package redislimit

import (
	"container/list"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/time/rate"

	"github.com/integrations-go/sdk/ratelimit"
)

var (
	// ErrUnavailable is matched by the errors of Acquire while Redis is gone,
	// with [WithFailClosed], and by those of Ping and Open. What Redis or the
	// connection said is wrapped as well.
	ErrUnavailable = errors.New("redislimit: Redis is not available")

	// ErrClosed is matched by the error of Acquire after Close.
	ErrClosed = errors.New("redislimit: the limiter is closed")
)

// Limiter is a [ratelimit.Limiter] for all processes that use the same [Key].
// Make it with [Open] or [New], share it between the goroutines and clients of
// a process, and Close it.
//
// A goroutine of its own runs only while it talks to Redis.
type Limiter struct {
	client redis.UniversalClient
	owned  bool // made by Open
	key    string
	id     string // of this Limiter among those that share the budget

	headers     ratelimit.Headers // zero without WithHeaders
	interval    float64           // microseconds per request; 0 without WithRate
	burst       int
	maxInFlight int // 0 without WithMaxInFlight
	maxWait     time.Duration
	failClosed  bool
	fallback    ratelimit.Limiter
	local       []ratelimit.Option // of the default fallback
	log         *slog.Logger
	timeout     time.Duration
	lease       time.Duration
	visits      *rate.Limiter
	now         func() time.Time

	mu      sync.Mutex
	closed  bool
	visitor chan struct{} // closed when the goroutine that visits ends; nil if there is none
	timer   *time.Timer
	queue   list.List // of *waiter, oldest first
	seq     uint64    // of the latest Permit
	held    int       // admitted and not released
	pending int       // admitted by Redis, reply not seen
	news    []reply   // to tell
	freed   bool      // what is held or pending has changed, which others wait for
	visited time.Time // when the latest visit ended
	abroad  int       // visits whose goroutine has not ended, though maybe nobody waits for it

	// What the latest visit told, in local time.
	skew   time.Duration // what Redis's clock is ahead
	look   time.Time     // when to ask for those who wait
	at     time.Time     // when the first of them may go; zero if not known
	asked  time.Time     // the deadline of the first of them when Redis was asked
	block  block         // what the server imposes
	window window

	outage *outage // nil while Redis answers

	done context.Context // of those who wait in the fallback; Close ends it
	end  context.CancelFunc
}

// block is a time before which nothing is sent, and when that was learned.
type block struct{ until, since time.Time }

type window struct {
	limit, remaining int // 0 and -1 if not known
	reset, paused    time.Time
}

type outage struct {
	began time.Time
	err   error
	again time.Time // when to try again
	delay time.Duration
	try   bool
}

type waiter struct {
	deadline  time.Time // zero if none
	notBefore time.Time // set when a block ends
	ready     chan struct{}
	permit    ratelimit.Permit // valid after ready, unless err
	err       error
}

// grant is the State of a Permit.
type grant struct {
	owner    *Limiter
	local    *ratelimit.Permit // of the fallback; nil if Redis admitted
	life     int64             // of the budget's key
	seq      int64             // in the order of all processes
	at       int64             // when, by Redis's clock
	scout    bool
	seen     bool
	released bool
}

// errLocal tells a waiter to go to the fallback.
var errLocal = errors.New("redislimit: go to the fallback")

const maxAbroad = 4

// Open makes a Limiter with a client of its own for the Redis at redisURL, and
// pings it: a Redis that is not there, or does not let in or run scripts, is an
// error that is [ErrUnavailable]. Close closes the client.
//
// The URL is redis://, rediss:// (TLS) or unix://, as [redis.ParseURL]
// describes it. It is repeated in no error. Commands are not retried unless it
// has max_retries. For Sentinel or Cluster use [New] and [Limiter.Ping].
func Open(ctx context.Context, redisURL string, key Key, opts ...Option) (*Limiter, error) {
	o, err := redis.ParseURL(redisURL)
	if err != nil { // It may repeat the password.
		return nil, errors.New("redislimit: the Redis URL is wrong; it is like redis://user:password@host:6379/0, " +
			"special characters in user and password percent-encoded")
	}
	o.ContextTimeoutEnabled = true
	o.DialerRetries = 1
	if o.MaxRetries == 0 {
		o.MaxRetries = -1
	}
	client := redis.NewClient(o)
	l, err := New(client, key, opts...)
	if err != nil {
		client.Close()
		return nil, err
	}
	l.owned = true
	if err := l.Ping(ctx); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// New makes a Limiter on a client of one's own, which stays open when the
// Limiter is closed. It sends nothing; [Limiter.Ping] finds out whether Redis
// is there. A nil client, a [Key] without host or credential and a bad option
// are errors that name it.
//
// Give the client finite timeouts: a visit given up after [WithTimeout] ends
// with them, and after four such visits at once no further one is made.
func New(client redis.UniversalClient, key Key, opts ...Option) (*Limiter, error) {
	if v := reflect.ValueOf(client); client == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, errors.New("redislimit: the client is nil")
	}
	if err := key.validate(); err != nil {
		return nil, err
	}
	l := &Limiter{
		client: client, key: key.String(), id: rand.Text(),
		maxWait: defaultMaxWait, timeout: defaultTimeout, lease: defaultLease,
		log: slog.Default(), visits: newVisits(defaultMaxVisits), now: time.Now,
		window: window{remaining: -1},
	}
	l.done, l.end = context.WithCancel(context.Background())
	for _, opt := range opts {
		if err := opt(l); err != nil {
			return nil, err
		}
	}
	local, err := ratelimit.New(l.local...)
	if err != nil {
		return nil, fmt.Errorf("redislimit: %w", err)
	}
	if l.fallback == nil {
		l.fallback = local
	}
	return l, nil
}

// Ping asks Redis once whether it can keep the budget: whether it is there,
// lets the client in, runs the script and takes writes. The error is
// [ErrUnavailable]. It takes no longer than ctx and [WithTimeout].
func (l *Limiter) Ping(ctx context.Context) error {
	_, err := l.send(ctx, visit{})
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// Acquire implements [ratelimit.Limiter]. It makes no difference between
// requests. If ctx ends first, the error wraps ctx.Err and context.Cause. If
// the wait is known to outlast the deadline of ctx or the cap of
// [WithMaxWait], it fails at once with a [*ratelimit.WaitError]. See also
// [ErrUnavailable] and [ErrClosed].
func (l *Limiter) Acquire(ctx context.Context, req *http.Request) (ratelimit.Permit, error) {
	if ctx.Err() != nil {
		return ratelimit.Permit{}, ended(ctx)
	}
	l.mu.Lock()
	now := l.now()
	switch {
	case l.closed:
		l.mu.Unlock()
		return ratelimit.Permit{}, ErrClosed
	case l.outage != nil:
		if !now.Before(l.outage.again) && l.abroad < maxAbroad {
			l.outage.try = true
			l.next(now)
		}
		if !l.failClosed {
			l.mu.Unlock()
			return l.acquireLocal(ctx, req)
		}
		if !l.outage.try {
			err := l.outage.err
			l.mu.Unlock()
			return ratelimit.Permit{}, unavailable(err)
		}
	}
	w := &waiter{ready: make(chan struct{})}
	if deadline, ok := ctx.Deadline(); ok {
		w.deadline = now.Add(time.Until(deadline))
	}
	if now.Before(l.look) { // What is known is new enough to decide on.
		if err := l.tooLong(now, w); err != nil {
			l.mu.Unlock()
			return ratelimit.Permit{}, err
		}
	}
	place := l.queue.PushBack(w)
	l.next(now)
	l.mu.Unlock()

	select {
	case <-w.ready:
	case <-ctx.Done():
		l.mu.Lock()
		select {
		case <-w.ready: // It came in the same moment, and has to be released.
			l.mu.Unlock()
		default:
			l.queue.Remove(place)
			l.mu.Unlock()
			return ratelimit.Permit{}, ended(ctx)
		}
	}
	if w.err == errLocal {
		return l.acquireLocal(ctx, req)
	}
	return w.permit, w.err
}

func (l *Limiter) acquireLocal(ctx context.Context, req *http.Request) (ratelimit.Permit, error) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(l.done, func() { cancel(ErrClosed) })()
	p, err := l.fallback.Acquire(inner, req)
	if err != nil {
		if context.Cause(inner) == ErrClosed {
			err = ErrClosed
		}
		return ratelimit.Permit{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held++
	l.seq++
	return ratelimit.Permit{Seq: l.seq, At: p.At, State: &grant{owner: l, local: &p}}, nil
}

func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return fmt.Errorf("redislimit: %w", cause)
	}
	return fmt.Errorf("redislimit: %w: %w", err, cause)
}

func unavailable(err error) error { return fmt.Errorf("%w: %w", ErrUnavailable, err) }

// grantOf is nil for the Permit of another Limiter.
func (l *Limiter) grantOf(p ratelimit.Permit) *grant {
	if g, ok := p.State.(*grant); ok && g.owner == l {
		return g
	}
	return nil
}

// Observe implements [ratelimit.Limiter]. It does not wait for Redis.
func (l *Limiter) Observe(p ratelimit.Permit, resp *http.Response) {
	g := l.grantOf(p)
	if g == nil || resp == nil {
		return
	}
	if g.local != nil {
		l.fallback.Observe(*g.local, resp)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if g.released {
		return
	}
	if !g.seen {
		g.seen = true
		l.pending--
	}
	now := l.now()
	if r := l.read(g, resp, now); r.refused() || l.headers != (ratelimit.Headers{}) {
		l.tell(r)
		l.next(now)
	}
}

// Release implements [ratelimit.Limiter]. It does not wait for Redis. A second
// Release of a Permit does nothing.
func (l *Limiter) Release(p ratelimit.Permit) {
	g := l.grantOf(p)
	if g == nil {
		return
	}
	l.mu.Lock()
	if g.released {
		l.mu.Unlock()
		return
	}
	g.released = true
	l.held--
	now := l.now()
	if g.local == nil && !g.seen {
		l.pending--
		l.freed = true // Others may wait for its reply.
		if g.scout {
			l.tell(reply{grant: g, arrived: now})
		}
	}
	l.freed = l.freed || l.maxInFlight > 0
	l.next(now)
	l.mu.Unlock()
	if g.local != nil {
		l.fallback.Release(*g.local)
	}
}

// Snapshot is what this process knows at the moment. Limit, Remaining, Reset
// and PausedUntil are as of its latest visit to Redis, in local time; InFlight
// and Waiting count its own requests.
func (l *Limiter) Snapshot() ratelimit.Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return ratelimit.Snapshot{
		Limit: l.window.limit, Remaining: l.window.remaining, Reset: l.window.reset,
		PausedUntil: l.window.paused,
		InFlight:    l.held, Waiting: l.queue.Len(),
	}
}

// Close fails those who wait with [ErrClosed], tells Redis the last replies and that this
// process holds nothing any more, and closes the client that [Open] made. It
// takes no longer than twice [WithTimeout]. Requests on their way are not
// touched. A second Close does nothing. The error is that of closing the client.
func (l *Limiter) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.end()
	if l.timer != nil {
		l.timer.Stop()
	}
	for l.queue.Len() > 0 {
		l.finish(ratelimit.Permit{}, ErrClosed)
	}
	busy := l.visitor
	l.mu.Unlock()
	if busy != nil {
		<-busy
	}

	l.mu.Lock()
	last := l.compose(l.now(), 0)
	last.held, last.pending = 0, 0
	tell := l.outage == nil && !l.visited.IsZero()
	l.mu.Unlock()
	if tell {
		l.send(context.Background(), last) //nolint:errcheck // The lease ends by itself.
	}
	if l.owned {
		return l.client.Close()
	}
	return nil
}
