package ratelimit

import (
	"context"
	"time"

	"github.com/integrations-go/sdk/ratelimit/internal/queue"
)

// Priority orders the requests of one process that wait in a [Local], or in a Limiter of package
// redislimit.
type Priority int

const (
	// Normal is the priority of a request whose context names none.
	Normal = Priority(queue.Normal)
	// Low is for requests that can wait: they let Normal ones pass, except
	// that one of four admissions is theirs while any of them wait.
	Low = Priority(queue.Low)
	// First is for a request that the server has refused and that is sent again: it lets no
	// other pass, so that it keeps its place. The clients of this module use it.
	First = Priority(queue.First)
)

// WithPriority returns a context whose requests wait with priority p. Any p but [Normal], [Low] and
// [First] counts as Normal.
func WithPriority(ctx context.Context, p Priority) context.Context {
	return queue.WithPriority(ctx, queue.Priority(p))
}

// waiter is a request that waits.
type waiter struct {
	queue.Entry
	since  time.Time
	ready  chan struct{}
	permit Permit // valid after ready, if err is nil
	err    error
}

// waiters are the requests that wait.
type waiters struct {
	queue.Queue[*waiter]
	checked time.Time // the end of the block for which the deadlines were checked
}
