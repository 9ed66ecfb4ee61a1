package sdk

import (
	"time"

	"github.com/integrations-go/sdk/internal/core"
)

// RetryPolicy sets how often and how long a call is tried.
//
//   - Idempotent requests are repeated after connection errors and the statuses 408, 429, 500, 502,
//     503 and 504. These are GET, PUT, DELETE, and calls with [WithIdempotent].
//   - POST and PATCH are repeated only if the server surely did nothing: after 429, after 503 with
//     Retry-After, and if the request was not sent.
//
// A request was not sent if its connection, proxy or TLS handshake failed or took too long, if it
// got no free connection, or if the server refused it unprocessed (REFUSED_STREAM and GOAWAY of
// HTTP/2). The text of the error names the stage. The client observes this with package httptrace
// in the transport of net/http. With another transport, for example one that wraps it, a request
// also counts as sent if the transport has read its body or calls no hooks, and if the error says
// that the server refused the request. After three requests in succession without hooks, all later
// ones count as sent. [WithMiddleware] has no such limits.
//
// A zero field has its default, so RetryPolicy{MaxAttempts: 3} changes only the attempts. A
// negative field turns off what it controls.
type RetryPolicy struct {
	// MaxAttempts is the maximum number of attempts, including the first one and those
	// that net/http repeats (a request without a body whose reused connection broke). The
	// default is 5. 1 or a negative number turns retries off. After a 401, one attempt
	// with another token does not count if the token comes from a source.
	MaxAttempts int
	// MinDelay and MaxDelay limit the backoff if the server states no wait, also after a
	// 429. The backoff is a random time up to MinDelay. The limit doubles with every
	// attempt, up to MaxDelay. The defaults are 500 ms and 30 s. Negative: no wait.
	MinDelay, MaxDelay time.Duration
	// MaxServerWait is the longest wait that the client accepts from a server
	// (Retry-After, or the vendor's reset header). If the wait is longer, or exceeds the
	// context's deadline, the call returns the error at once. The default is 65 s: a
	// window of one minute, plus a margin for the rounding of its end. Negative: a call
	// is not repeated if the server asks for a wait.
	//
	// A reset of Confluent Cloud in whole seconds may have been rounded down, so 1 s is
	// added to it first: a reset of 30 needs a MaxServerWait of 31 s. After the wait,
	// the limiter spreads the calls that waited, over a tenth of the wait and at most
	// 100 ms. So a call may wait up to 100 ms longer than MaxServerWait. It may also
	// wait several times: for its turn, and after each refusal. The deadline of the
	// context limits the sum.
	//
	// MaxServerWait limits the retries, and the client's own limiter. A limiter that is
	// set with WithLimiter ignores it. Its limit is [ratelimit.WithMaxWait], for all
	// clients that share it.
	MaxServerWait time.Duration
	// Budget limits retries while most calls fail. Each retry takes one from the budget.
	// Each response with status 2xx, 3xx, or 4xx other than 408, 425 and 429 returns a
	// tenth, up to Budget. A retry after a 429, or after a response that states the wait,
	// takes nothing. The default is 50. Negative: no limit.
	Budget int
}

// DefaultRetryPolicy returns the default policy of a client.
func DefaultRetryPolicy() RetryPolicy { return RetryPolicy(core.DefaultRetryPolicy()) }
