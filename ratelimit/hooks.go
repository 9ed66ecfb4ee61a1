package ratelimit

import "time"

// Hooks are called when something happens in a [Local], for metrics and logs.
// Each may be nil. They run in the goroutine that sends the request, outside
// any lock, so many may run at once, and a slow one delays its request.
type Hooks struct {
	// Wait is called after a request that had to wait was admitted.
	Wait func(d time.Duration)
	// Refused is called for a status 429, or 503 with Retry-After, with the
	// pause that followed from it, 0 if none.
	Refused func(status int, pause time.Duration)
	// Window is called when a reply showed a new window, which a server that
	// refills all the time does not have.
	Window func(s Snapshot)
}

// WithHooks sets the hooks. The default is none.
func WithHooks(h Hooks) Option {
	return func(l *Local) error {
		l.hooks = h
		return nil
	}
}
