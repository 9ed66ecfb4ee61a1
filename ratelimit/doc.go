// Package ratelimit keeps an HTTP client inside the rate limits of a server: it
// waits before a request is sent, instead of collecting 429 Too Many Requests.
//
// A [Limiter] is shared by all goroutines and clients that spend the same
// budget, usually one credential at one server. [Local] is the one for a single
// process, and [NewTransport] puts it under any [net/http.Client]:
//
//	limiter, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()))
//	client := &http.Client{Transport: ratelimit.NewTransport(nil, limiter)}
//
// # What Local does
//
// With [WithHeaders] it learns the window from the replies. The first request
// goes alone; the others wait for its header, for a second at most, and then
// share what is left. Each request takes one place. When none is left, all wait for the end of the
// window, and leave it spread over at most 100 ms and a tenth of the window. The
// next window has the limit that the server told. Replies overtake each other,
// so in one window the lowest count holds, and what belongs to an earlier window
// is ignored. A reply without these headers changes nothing; if it is the first
// one, there is no window to obey.
//
// A status 429, or 503 with Retry-After, holds back every user of the Local, not
// only the one who got it: for Retry-After, or if that is missing for the rest
// of the window. If a 429 tells neither, when to try again is up to the sender.
//
// [WithRate] and [WithMaxInFlight] add limits of one's own.
//
// What other processes take is known only from the count in the replies. At the
// end of a window that they share, requests already in flight may be refused.
//
// # Units and rounding
//
// Times from the server are whole seconds as a rule: relative
// ([RelativeSeconds], Confluent Cloud) or a Unix time ([EpochSeconds], GitHub).
// Since a whole number may have been cut, a window is taken to end one second
// later than told, counted from the arrival of the reply; if the server rounds
// up, [Headers].RoundedUp saves that second. Retry-After is taken as it is: the
// least time to wait.
//
// A server can't stop a client for longer than [WithMaxWait].
package ratelimit
