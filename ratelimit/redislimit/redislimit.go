package redislimit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/time/rate"

	"github.com/integrations-go/sdk/ratelimit"
	"github.com/integrations-go/sdk/ratelimit/internal/queue"
)

var (
	// ErrUnavailable is matched by the errors of Ping and Open, and with [WithFailClosed] by those
	// of Acquire during an outage. These errors also wrap the error of Redis or of the connection.
	ErrUnavailable = errors.New("redislimit: Redis is not available")

	// ErrClosed is matched by the error of Acquire after Close.
	ErrClosed = errors.New("redislimit: the limiter is closed")
)

// Limiter is a [ratelimit.Limiter] for all processes that use the same [Key]. Create it with [Open]
// or [New], share it between the goroutines and clients of a process, and Close it at the end. It
// is safe for concurrent use.
//
// It runs a goroutine of its own only during a visit to Redis and for [ratelimit.Hooks].Window.
type Limiter struct {
	client     redis.UniversalClient
	ownsClient bool // Open created it
	key        string
	process    string // the name of this Limiter among those that share the budget
	config

	// fallbackCtx is the context of the waits in the fallback. Close cancels it.
	fallbackCtx context.Context
	endFallback context.CancelFunc

	mu         sync.Mutex
	closed     bool
	visiting   chan struct{} // closed when the visiting goroutine ends; nil if there is none
	timer      *time.Timer
	waiters    waiters
	seq        uint64     // of the latest Permit
	inFallback int        // requests that wait in the fallback
	held       int        // admitted and not released
	pending    int        // admitted by Redis, without a response
	unreported []response // for the next visit
	reportAt   time.Time  // when these are due at the latest
	unused     []*grant   // places ahead of the requests of this process, the oldest first
	used       int        // so many of them were used since wantAhead changed
	wantAhead  int        // so many are wanted
	reserved   []*grant   // with tokens whose time comes, the earliest first; held and pending count them
	ahead      int        // places that were given ahead since the latest outage, without a response so far
	freed      bool       // held or pending has changed, and other processes may wait for that
	unfinished int        // visits whose goroutine has not ended, given up ones included
	outage     *outage    // nil while Redis answers
	outages    int        // so many have begun
	trip       queue.RoundTrip
	shown      windowID // the latest window that a visit has shown
	known      *budget  // as the latest visit has left it; nil if that is not known
	clock      clock
	places
	view
}

// config holds the options of a Limiter.
type config struct {
	headers         ratelimit.Headers // zero without WithHeaders
	interval        float64           // microseconds per request; 0 without WithRate
	burst           int
	maxInFlight     int // 0 without WithMaxInFlight
	maxWait         time.Duration
	failClosed      bool
	fallback        ratelimit.Limiter
	fallbackOptions []ratelimit.Option // of the default fallback
	log             *slog.Logger
	timeout         time.Duration
	lease           time.Duration
	visits          *rate.Limiter
	hooks           ratelimit.Hooks
	now             func() time.Time
}

// readsHeaders reports whether the responses may state a window.
func (c *config) readsHeaders() bool { return c.headers != (ratelimit.Headers{}) }

// view is the result of the latest visit, in local time. The mu of the Limiter protects it.
type view struct {
	visitedAt      time.Time     // when the visit ended
	late           bool          // its answer came after the end of the lease
	clockSkew      time.Duration // how much the clock of Redis is ahead
	nextVisit      time.Time     // when to ask again for the waiters
	nextPlace      time.Time     // when the first waiter may go; zero if not known
	statedDeadline time.Time     // the deadline of the first waiter that the visit stated
	block          block         // the wait that the server imposes
	window         window
}

// block is a wait of all requests until a time.
type block struct{ until, learnedAt time.Time }

// window is the state of the server's window.
type window struct {
	limit, remaining int // 0 and -1 if not known
	end, pauseEnd    time.Time
	plenty           bool // see turn.plenty
}

// outage is a time in which Redis does not answer.
type outage struct {
	began   time.Time
	err     error         // of the latest visit
	retryAt time.Time     // when the next visit may be made
	delay   time.Duration // from the next visit to the one after it
	retry   bool          // the next visit is due
}

// grant is the State of a Permit. The mu of its owner protects responded and released.
type grant struct {
	owner      *Limiter
	local      *ratelimit.Permit // of the fallback; nil if Redis admitted the request
	generation int64             // of the budget's key
	seq        int64             // in the order of all processes
	admittedAt int64             // in microseconds, by the clock of Redis
	sentAt     time.Time         // when the request left, by the clock of this process
	skew       time.Duration     // how much the clock of Redis is ahead of that
	low        int               // the lowest count of its window when it left
	ahead      bool              // no request waited for it
	outages    int               // so many had begun when it was given
	isProbe    bool              // all others wait for its response
	responded  bool              // its response has arrived
	released   bool
}

// errUseFallback makes a waiter use the fallback.
var errUseFallback = errors.New("redislimit: use the fallback")

// Open returns a Limiter with a client of its own for the Redis at redisURL. It calls
// [Limiter.Ping], and returns an error that matches [ErrUnavailable] if that fails. Close closes
// the client.
//
// The URL begins with redis://, rediss:// (TLS) or unix://, as [redis.ParseURL] describes it. No
// error contains it. Commands are not retried unless the URL has max_retries. For Sentinel or
// Cluster use [New] and [Limiter.Ping].
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
	l.ownsClient = true
	if err := l.Ping(ctx); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// New returns a Limiter that uses client. Closing the Limiter does not close client. New sends
// nothing; [Limiter.Ping] checks whether Redis works. New returns an error for a nil client, a
// [Key] without host or credential, and an option that is not valid. The error names it.
//
// The client must have finite timeouts. After [WithTimeout] the Limiter gives a visit up, but only
// the timeouts of the client end it. While four such visits have not ended, no further one is made.
func New(client redis.UniversalClient, key Key, opts ...Option) (*Limiter, error) {
	if v := reflect.ValueOf(client); client == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, errors.New("redislimit: the client is nil")
	}
	if err := key.validate(); err != nil {
		return nil, err
	}
	l := &Limiter{
		client: client, key: key.String(), process: rand.Text(),
		config: config{
			maxWait: defaultMaxWait, timeout: defaultTimeout, lease: defaultLease,
			log: slog.Default(), visits: newVisits(defaultMaxVisits), now: newClock(),
		},
		view: view{window: window{remaining: -1}},
	}
	l.fallbackCtx, l.endFallback = context.WithCancel(context.Background())
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("redislimit: New: option %d of %d is nil", i+1, len(opts))
		}
		if err := opt(l); err != nil {
			return nil, err
		}
	}
	local, err := ratelimit.New(l.fallbackOptions...)
	if err != nil {
		return nil, fmt.Errorf("redislimit: %w", err)
	}
	if l.fallback == nil {
		l.fallback = local
	}
	return l, nil
}

var errNotMade = errors.New(
	"redislimit: the *Limiter is nil or empty; create it with New or Open, and check the error")

// made reports whether l comes from New.
func (l *Limiter) made() bool { return l != nil && l.client != nil }

// Ping checks whether Redis can keep the budget: whether it answers, accepts the login of the
// client, runs the script and accepts writes. The error matches [ErrUnavailable]. Ping takes no
// longer than ctx and [WithTimeout].
func (l *Limiter) Ping(ctx context.Context) error {
	if !l.made() {
		return unavailable(errNotMade)
	}
	_, err := l.send(ctx, visit{})
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// Acquire implements [ratelimit.Limiter]. Requests with the priority [ratelimit.Low] let the others
// of this process pass. Apart from priority and deadline it treats all requests alike. If ctx ends
// first, the error wraps ctx.Err and context.Cause. If the wait is known to be longer than the time
// to the deadline of ctx, or than [WithMaxWait], Acquire fails at once with a
// [*ratelimit.WaitError]. A wait that leaves less time until the deadline than responses usually
// take is too long as well. A Limiter that is nil, or not from New or Open, returns an error. See
// also [ErrUnavailable] and [ErrClosed].
func (l *Limiter) Acquire(ctx context.Context, req *http.Request) (ratelimit.Permit, error) {
	if !l.made() {
		return ratelimit.Permit{}, errNotMade
	}
	if ctx.Err() != nil {
		return ratelimit.Permit{}, contextError(ctx)
	}
	p, w, err := l.enter(ctx)
	switch {
	case err == errUseFallback:
		return l.acquireLocal(ctx, req)
	case w == nil:
		return p, err
	}
	returned := false
	defer func() {
		if !returned { // ctx, a hook or the limiter itself has panicked.
			l.leave(w, nil)
			l.Release(w.permit)
		}
	}()
	l.handleTimer()
	select {
	case <-w.ready:
	case <-ctx.Done():
		l.leave(w, contextError(ctx))
	}
	if w.waited && l.hooks.Wait != nil {
		l.hooks.Wait(w.permit.At.Sub(w.since))
	}
	returned = true
	if w.err == errUseFallback {
		return l.acquireLocal(ctx, req)
	}
	return w.permit, w.err
}

// enter admits a request with ctx if it needs no visit. If it has to wait, it returns its waiter.
// The caller must call schedule then. The error is errUseFallback if the fallback is in use.
func (l *Limiter) enter(ctx context.Context) (ratelimit.Permit, *waiter, error) {
	l.mu.Lock()
	defer l.mu.Unlock() // Methods of ctx may panic, and the caller recover.
	now := l.now()
	switch {
	case l.closed:
		return ratelimit.Permit{}, nil, ErrClosed
	case l.outage != nil:
		if !now.Before(l.outage.retryAt) && l.unfinished < maxUnfinished {
			l.outage.retry = true
			l.schedule(now)
		}
		if !l.failClosed {
			return ratelimit.Permit{}, nil, errUseFallback
		}
		if !l.outage.retry {
			return ratelimit.Permit{}, nil, unavailable(l.outage.err)
		}
	}
	if g, ok := l.takeAhead(now); ok {
		p := l.grantTo(g, now)
		l.schedule(now)
		return p, nil, nil
	}
	w := l.newWaiter(ctx, now)
	if now.Before(l.nextVisit) { // The latest visit is recent enough.
		if err := l.tooLong(now, w); err != nil {
			return ratelimit.Permit{}, nil, err
		}
	}
	l.waiters.add(w)
	return ratelimit.Permit{}, w, nil
}

// leave takes w out of the queue and ends its wait with err. It does nothing if w was admitted in
// the same moment. Then its permit must be released.
func (l *Limiter) leave(w *waiter, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-w.ready:
		return
	default:
	}
	l.waiters.fail(w, err)
	l.schedule(l.now())
}

// acquireLocal admits a request with the fallback.
func (l *Limiter) acquireLocal(ctx context.Context, req *http.Request) (p ratelimit.Permit, err error) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(l.fallbackCtx, func() { cancel(ErrClosed) })()
	var local ratelimit.Permit
	err = errUseFallback // while it is not known
	defer func() {       // also where the fallback panics
		l.mu.Lock()
		defer l.mu.Unlock()
		l.inFallback--
		if err == nil {
			l.held++
			l.seq++
			p = ratelimit.Permit{Seq: l.seq, At: local.At, State: &grant{owner: l, local: &local}}
		}
	}()
	l.mu.Lock()
	l.inFallback++
	l.mu.Unlock()
	local, err = l.fallback.Acquire(inner, req)
	if err != nil && context.Cause(inner) == ErrClosed {
		err = ErrClosed
	}
	return p, err
}

// contextError returns the error of a wait that ctx ended.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) && strings.Contains(cause.Error(), err.Error()) {
		return fmt.Errorf("redislimit: %w", cause) // the text has both
	}
	return fmt.Errorf("redislimit: %w: %w", err, cause)
}

// unavailable returns err as one that matches ErrUnavailable.
func unavailable(err error) error { return fmt.Errorf("%w: %w", ErrUnavailable, err) }

// grantOf returns the grant of p, nil for a Permit of another Limiter.
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
	refused, pause := l.observe(g, resp)
	if refused && l.hooks.Refused != nil {
		l.hooks.Refused(resp.StatusCode, pause)
	}
}

// observe learns from the response to g. It reports whether that is a refusal, and for how long it
// holds back all requests, as far as this process knows.
func (l *Limiter) observe(g *grant, resp *http.Response) (refused bool, pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g.released {
		return false, 0
	}
	now := l.now()
	r := l.newResponse(g, resp, now)
	if r.first = !g.responded; r.first {
		g.responded = true
		l.pending--
		l.trip.Measure(now.Sub(g.sentAt))
	}
	if r.refused {
		l.refusals++
		l.handUntil = time.Time{} // Redis learns of it first.
		l.dropReserved(len(l.reserved))
	}
	pause = l.pauseAfter(r)
	if r.refused || l.headers != (ratelimit.Headers{}) {
		l.report(r)
		l.schedule(now)
	}
	return r.refused, pause
}

// Release implements [ratelimit.Limiter]. It does not wait for Redis. A second Release of a Permit
// does nothing.
func (l *Limiter) Release(p ratelimit.Permit) {
	g := l.grantOf(p)
	if g == nil {
		return
	}
	if l.release(g) && g.local != nil {
		l.fallback.Release(*g.local)
	}
}

// release ends the request that has g. It reports false if it has ended before.
func (l *Limiter) release(g *grant) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g.released {
		return false
	}
	g.released = true
	l.held--
	now := l.now()
	if g.local == nil && !g.responded {
		l.pending--
		if l.readsHeaders() { // Other processes may wait for its response.
			l.report(response{grant: g, arrivedAt: now, first: true})
		}
	}
	if g.local == nil {
		l.putBack(now)
	} else {
		l.freed = l.freed || l.maxInFlight > 0
	}
	l.schedule(now)
	return true
}

// Close ends all waits with [ErrClosed] and returns the places of this process to Redis, with the
// last responses. Then it closes the client if [Open] created it, and returns the error of that. It
// takes no longer than twice [WithTimeout]. Requests in flight continue. A second Close does
// nothing.
func (l *Limiter) Close() error {
	if !l.made() {
		return nil
	}
	visiting, first := l.endWaits()
	if !first {
		return nil
	}
	if visiting != nil {
		select {
		case <-visiting:
		case <-time.After(l.timeout): // Many processes visit at once.
		}
	}
	if last, ok := l.lastVisit(); ok {
		ctx, cancel := context.WithTimeout(context.Background(), l.timeout)
		defer cancel()
		l.send(ctx, last) //nolint:errcheck // The lease ends by itself.
	}
	if l.ownsClient {
		return l.client.Close()
	}
	return nil
}

// endWaits closes l and ends all waits with [ErrClosed]. It returns the channel of the visit that
// is on its way, and reports false if l was closed before.
func (l *Limiter) endWaits() (visiting chan struct{}, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, false
	}
	l.closed = true
	l.endFallback()
	if l.timer != nil {
		l.timer.Stop()
	}
	l.waiters.failAll(ErrClosed)
	return l.visiting, true
}

// lastVisit returns the visit that returns the places of this process. It reports false if Redis
// knows of none.
func (l *Limiter) lastVisit() (visit, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := l.newVisit(l.now(), 0)
	last.held, last.pending = 0, 0
	return last, l.outage == nil && !l.visitedAt.IsZero()
}
