// Package ratelimit keeps an HTTP client inside the rate limits of a server: it
// waits before a request is sent, instead of collecting 429 Too Many Requests.
//
// # Which limiter
//
//   - The server tells its limits in headers: [New] with [WithHeaders]. It uses
//     nearly all that is allowed and is rarely refused.
//   - It tells nothing: [WithAdaptiveRate], which learns from refusals.
//   - It limits how many requests run at once: [WithMaxInFlight] if you know the
//     number, else [WithAdaptiveInFlight]. The clients of this module have the
//     latter by default.
//   - You want a ceiling of your own: [WithRate]. All of these combine.
//   - Only Retry-After matters: [New] without options.
//   - Several processes share the budget: a [Limiter] that they share.
//
// A [Limiter] is shared by all goroutines and clients that spend the same
// budget, usually one credential at one server. [Local] is the one for a single
// process, and [NewTransport] puts it under any [net/http.Client]:
//
//	limiter, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()))
//	client := &http.Client{Transport: ratelimit.NewTransport(nil, limiter)}
//
// # Which headers
//
//	server                        option
//	Confluent Cloud               WithHeaders(Confluent()): X-RateLimit-*, relative seconds
//	GitHub and its imitators      WithHeaders(GitHub()): X-RateLimit-*, Unix time
//	IETF draft, any version       WithHeaders(IETF()): RateLimit, RateLimit-*
//	Apono, Egeria                 none documented: Retry-After only, or WithAdaptiveRate
//
// # What Local does
//
// With [WithHeaders] it learns the window from the replies. The first request
// goes alone; the others wait for its header, for a second at most, and then
// share what is left. Each request takes one place. When none is left, all wait
// for the end of the window. The first request of the next one goes alone again,
// and its header tells what the others may share; they leave spread over at most
// 100 ms and a tenth of the wait. Replies overtake each other, so in one window
// the lowest count holds, and what belongs to an earlier window is ignored. A
// reply without these headers changes nothing; if it is the first one, there is
// no window to obey. A window of which no reply tells anything is taken to be
// like the one before it.
//
// A server whose count rises before the end that it told, such as a token bucket
// or a sliding window, is sent its requests evenly, as many in its period as it
// allows, and a few less of a sliding window: about a twentieth of 100 per second,
// a quarter of 10. The period is the longest reset that it told, at least one
// second: of windows shorter than a second, or not of whole seconds, a part stays
// unused. Where one of a few requests is refused again and again, since the reset is
// that of the next request only, the period is taken to be longer; of a limit as small
// as 10, one in ten may be refused nevertheless if the resets are [Headers].RoundedUp.
// Where replies take as long as the period, more than half stays unused.
// What such a server has left after a quiet time may be used at once,
// but for the last quarter.
//
// A status 429, or 503 with Retry-After, holds back every user of the Local, not
// only the one who got it: for Retry-After, or if that is missing and no place
// was left for the rest of the window. If a 429 tells neither, when to try again
// is up to the sender; from the second in a row on all wait, at first 100 ms.
//
// [WithPriority] lets some requests pass others, [WithHooks] and
// [Local.Snapshot] show what goes on.
//
// What other processes take is known only from the count in the replies. At the
// end of a window that they share, requests already in flight may be refused; and
// where they take more than a tenth of it, it looks like a server that refills all
// the time, and is used worse. Package redislimit is for that. Of several policies
// in one header the tightest is obeyed at a time, roughly where they alternate.
//
// # Units and rounding
//
// Times from the server are whole seconds as a rule: relative
// ([RelativeSeconds], Confluent Cloud) or a Unix time ([EpochSeconds], GitHub).
// Since a whole number may have been cut, a window surely ends only one second
// later than told, counted from the arrival of the reply. Where that second is a
// great part of the window, or 50 places or more are shared by several, the last
// one or two places are kept to look whether the next window has begun: they
// can't be refused, but may stay unused. If the server rounds up,
// [Headers].RoundedUp saves that second. Retry-After is taken as it is: the least time
// to wait.
//
// A server can't stop a client for longer than [WithMaxWait].
package ratelimit
