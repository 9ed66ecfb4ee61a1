package sdk

import "time"

// WaitOptions configures how a method waits for a state. Zero fields have their defaults.
type WaitOptions struct {
	// Interval is the first pause between two requests. Each pause is 1.5 times as long
	// as the previous one, up to MaxInterval. Each is shortened by a random part of up to
	// 20 %. The defaults are 2 s and 30 s.
	Interval, MaxInterval time.Duration
	// Timeout ends the wait, unless the context ends it earlier. The default is 10 min.
	Timeout time.Duration
	// Progress is called after each attempt that does not end the wait, before the pause,
	// in the goroutine that waits. It gets the number of attempts so far and the last
	// error. It is not called after the timeout. Nil: no call.
	Progress func(attempt int, lastError error)
}
