// Package ratelimit keeps an HTTP client inside the rate limits of a server: it waits before a
// request is sent, so that the server does not refuse it with 429 Too Many Requests.
//
// # Which limiter
//
//   - The server states its limits in headers: [New] with [WithHeaders]. It uses nearly everything
//     that is allowed and is rarely refused.
//   - The server states nothing: [WithAdaptiveRate], which learns from refusals.
//   - The server limits how many requests run at once: [WithMaxInFlight] if you know the number,
//     else [WithAdaptiveInFlight]. The clients of this module have the latter by default.
//   - You want a limit of your own: [WithRate]. All of these combine.
//   - Only Retry-After matters: [New] without options.
//   - Several processes share the budget: a [Limiter] that they share.
//   - A request needs a place in each of several limits, such as that of the user and that of the
//     organization: [All].
//   - Each user, host or API key has a limit of its own: [NewKeyed].
//
// A [Limiter] is shared by all goroutines and clients that spend the same budget, usually one
// credential at one server. [Local] is the limiter for a single process, and [NewTransport] puts it
// under any [net/http.Client]:
//
//	limiter, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()))
//	client := &http.Client{Transport: ratelimit.NewTransport(nil, limiter)}
//
// # What you get
//
// Simulated, with 64 goroutines in one process, no other clients, and round trips that are short
// beside the window: what is used of what the server allows, and what is refused at most.
//
//	the server counts                                          used           refused
//	in windows of 100 or more, and states them                 98 to 100 %    none
//	in a token bucket of 100 or more, and states it            97 to 100 %    1 in 700
//	in a sliding window of 100 or more, and states it          95 to 100 %    1 in 1000
//	in either with 10 to 60 places, and states it              76 to 100 %    1 in 70
//	in a bucket or a sliding window, and states nothing,
//	  with WithAdaptiveRate                                    95 to 100 %    1 in 1000
//	how many run at once, and does not say how many,
//	  with WithAdaptiveInFlight                                90 to 100 %    1 in 700, and at first
//
// Round trips of a fifth of a window cost more. Of the calls that could succeed within their
// deadlines, 84 to 99 % do with fixed windows of a second, and 76 to 86 % with sliding ones. With
// fixed ones up to 1 in 80 was refused.
//
// # Which headers
//
//	server                        option
//	Confluent Cloud               WithHeaders(Confluent()): X-RateLimit-*, relative seconds
//	GitHub and its imitators      WithHeaders(GitHub()): X-RateLimit-*, Unix time
//	IETF draft, any version       WithHeaders(IETF()): RateLimit, RateLimit-*
//	Apono, Egeria                 none documented: Retry-After only, or WithAdaptiveRate
//
// # How Local works
//
// With [WithHeaders], Local learns the window from the responses:
//
//   - The first request goes alone. The others wait for its header, for a second at most, and then
//     share the places that are left. Each request takes one place.
//   - When no place is left, all wait for the end of the window. The first request of the next
//     window goes alone again, and its header states the places that the others share. They leave
//     spread over at most 100 ms and a tenth of the wait.
//   - Responses overtake each other. So in one window the lowest count holds, and a response that
//     belongs to an earlier window is ignored.
//   - A response without these headers changes nothing. If it is the first one, there is no window
//     to obey. A window that no response describes is assumed to be like the one before it.
//
// A server whose count rises before the stated end, such as a token bucket or a sliding window, is
// sent its requests evenly:
//
//   - In its period it gets as many requests as it allows, and slightly fewer for a sliding window:
//     about a twentieth less of 100 per second, a quarter less of 10.
//   - The period is the longest reset that two windows in a row had, at least one second. Of
//     windows shorter than a second, or not of whole seconds, a part stays unused.
//   - If one of a few requests is refused repeatedly, because the reset is that of the next request
//     only, the period is assumed to be longer. With a limit as small as 10, one in ten may be
//     refused nevertheless if the resets are [Headers].RoundedUp.
//   - If responses take as long as the period, more than half stays unused.
//   - The places that such a server has left after a quiet time may be used at once, except for the
//     last quarter.
//
// A status 429, or 503 with Retry-After, holds back every user of the Local, not only the one that
// received it: for Retry-After, or if that is missing and no place was left, for the rest of the
// window. If a 429 states neither, the sender decides when to try again. From the second such
// response in a row on all wait, at first 100 ms. Only with [WithAdaptiveInFlight], a 429 that came
// because too many were in flight holds back nobody as long as other responses are awaited: its
// sender waits, the others go on.
//
// # Deadlines
//
// A request whose context has a deadline does not wait in vain: Acquire fails at once with a
// [*WaitError] if its place would come too late, or so late that less time is left than responses
// usually take. That is the mean of the time from Acquire to Observe plus three times the mean
// deviation. Its place goes to the next one. This does not apply to a request that came with less
// time than that, or to one that need not wait.
//
// Of the requests with a deadline the earliest goes first. Requests without a deadline keep their
// turns: they are not pushed back, and they push back no others.
//
// To use a rate fully takes at least rate x latency workers: 100 requests per second at 200 ms take
// 20. More workers do not help. They wait in the limiter, and their deadlines run: with N workers,
// a call waits for up to N / rate. Give a call a longer deadline, or use fewer workers.
//
// While one request is on its way to find out whether the window has ended, the wait for that end
// is not known, and nobody is sent away because of it. The last one or two places that are held
// back for that (see below) are not for requests that can't wait so long, unless there was only one
// request at a time of late.
//
// [WithPriority] lets some requests of a process pass others. [WithHooks] and [Local.Snapshot] show
// the state.
//
// # Several processes
//
// The use by other processes is known only from the count in the responses. At the end of a window
// that they share, requests already in flight may be refused. If the other processes take more than
// a tenth of it, it looks like a server that refills continuously, and is used less well. Package
// redislimit is for that, and [WithSharedWindow] where there is no Redis. Of several policies in
// one header the tightest is obeyed at a time, roughly if they alternate.
//
// # Units and rounding
//
// Times from the server are usually whole seconds: relative ([RelativeSeconds], Confluent Cloud) or
// a Unix time ([EpochSeconds], GitHub). A whole number may have been rounded down, so a window
// certainly ends only one second later than stated, counted from the arrival of the response. If
// that second is a large part of the window, or several requests share 50 places or more, the last
// one or two places are held back to check whether the next window has begun. They can't be
// refused, but may stay unused. If the server rounds up, [Headers].RoundedUp saves that second.
// Retry-After is used unchanged: it is the least time to wait.
//
// A server can't stop a client for longer than [WithMaxWait].
//
// The file DESIGN.md beside this package has the states, the numbers and their reasons.
package ratelimit
