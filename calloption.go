package sdk

import (
	"time"

	"github.com/integrations-go/sdk/internal/core"
)

// CallOption configures one call. A nil option, or one that is not valid, fails the call with
// [ErrInvalid] before anything is sent.
type CallOption func(*core.CallOptions)

// WithMeta stores the response metadata in m, also if the call fails. A list stores it again for
// each page. A method that sends several requests stores that of the last one. Each call, and each
// range over a list, first sets m to the zero Meta, even if an argument is then refused.
func WithMeta(m *Meta) CallOption {
	return func(o *core.CallOptions) { o.WithMeta((*core.Meta)(m)) }
}

// WithRawBody stores a copy of the response body in b. Use it for members that this release has no
// fields for. Each call, and each range over a list, first sets b to nil.
func WithRawBody(b *[]byte) CallOption {
	return func(o *core.CallOptions) { o.WithRawBody(b) }
}

// WithIdempotent allows the client to repeat a POST or PATCH after an ambiguous failure. Use it if
// a second request does no harm. If a response was lost and the call fails, the error is still
// [ErrOutcomeUnknown]. Methods that send several requests, such as Ensure and Provision, ignore the
// option.
func WithIdempotent() CallOption {
	return func(o *core.CallOptions) { o.WithIdempotent() }
}

// WithPrefetch makes List and Pages fetch one page ahead while the caller works on the current one.
// It has no effect on other calls, or on lists that come in one response.
func WithPrefetch() CallOption {
	return func(o *core.CallOptions) { o.WithPrefetch() }
}

// WithHeader sends a header with each attempt of the call. It replaces a header of the same name
// that the client would send. Repeat the option to send several values of one name. The header goes
// only to the scheme, host and port of the base URL, as credentials do. A value is treated as a
// secret if its name suggests one, such as X-Api-Key. Parts of such a value are also secrets, if
// they have at least 6 characters: what follows a scheme, as in "Bearer x", the password in it, and
// the values of cookies.
//
// These headers are refused with [ErrInvalid]:
//
//   - names and values that are not valid in HTTP;
//   - Authorization, Proxy-Authorization, Host, Content-Length and Accept-Encoding;
//   - headers of the connection: Connection, Keep-Alive, Transfer-Encoding, Upgrade, Trailer, TE
//     and Expect.
func WithHeader(name, value string) CallOption {
	return func(o *core.CallOptions) { o.WithHeader(name, value) }
}

// WithCallAttemptTimeout sets the attempt timeout of one call. It overrides [WithAttemptTimeout].
// It does not limit the time that a token source takes.
func WithCallAttemptTimeout(d time.Duration) CallOption {
	return func(o *core.CallOptions) { o.WithAttemptTimeout(d) }
}
