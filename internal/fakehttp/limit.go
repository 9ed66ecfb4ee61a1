package fakehttp

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// limiter counts calls in fixed windows, separately for each caller.
type limiter struct {
	limit  int
	length time.Duration

	mu      sync.Mutex
	windows map[string]window
}

type window struct {
	end  time.Time
	used int
}

// take counts a call. quota holds the limit, the remaining calls and the seconds to the next
// window, rounded up. ok is false if the limit is reached.
func (l *limiter) take(caller string, now time.Time) (quota http.Header, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.windows[caller]
	if !now.Before(w.end) {
		w = window{end: now.Add(l.length)}
	}
	if ok = w.used < l.limit; ok {
		w.used++
	}
	l.windows[caller] = w
	quota = http.Header{}
	quota.Set("X-RateLimit-Limit", strconv.Itoa(l.limit))
	quota.Set("X-RateLimit-Remaining", strconv.Itoa(l.limit-w.used))
	quota.Set("X-RateLimit-Reset", strconv.FormatInt(int64((w.end.Sub(now)+time.Second-1)/time.Second), 10))
	return quota, ok
}
