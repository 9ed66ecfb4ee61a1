package ratelimit

import "time"

// Hooks are functions that a [Local] calls, for metrics and logs. Each may be nil. They run in the
// goroutine that sends the request, outside any lock. Several may run at once, and a slow one
// delays its request. The Limiter of package redislimit calls them as well, see its WithHooks.
type Hooks struct {
	// Wait is called when a request that had to wait is admitted.
	Wait func(d time.Duration)
	// Refused is called for a status 429, or 503 with Retry-After. pause is how long it
	// holds back all requests, 0 if it does not.
	Refused func(status int, pause time.Duration)
	// Window is called when a response shows a new window. A server that refills
	// continuously has no windows.
	Window func(s Snapshot)
}

// WithHooks sets the hooks. The default is none.
func WithHooks(h Hooks) Option {
	return func(l *Local) error {
		l.settings.hooks = h
		return nil
	}
}
