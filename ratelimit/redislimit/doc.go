// Package redislimit is a [ratelimit.Limiter] whose budget is shared by many processes and machines
// through Redis:
//
//	key := redislimit.NewKey("api.confluent.cloud", apiKey+":"+apiSecret)
//	limiter, err := redislimit.Open(ctx, redisURL, key, redislimit.WithHeaders(ratelimit.Confluent()))
//	client := &http.Client{Transport: ratelimit.NewTransport(nil, limiter)}
//
// A place is the right to send one request. The rules are those of [ratelimit.Local], and the same
// code, with the knowledge of all processes:
//
//   - The first request, of one process, leaves before all others. It is a probe: its response
//     states the window. The others wait for it, for a second at most.
//   - All processes share the places that are left in the window.
//   - A 429 or a Retry-After holds back all processes.
//
// Local has more features: this package has no adaptive limits. If only one process uses the
// credential, use Local: it needs no Redis and no round trip.
//
// Of fixed windows, token buckets and sliding windows as much is used as [ratelimit.Local] uses,
// whose package describes it. Of windows of a second, ten processes use at least 95 %. How it works
// is described in [DESIGN.md].
//
// # Visits to Redis
//
// A budget is one text in Redis. A visit reads it, applies the rules, and replaces it if no other
// process has changed it meanwhile; otherwise it begins again. A visit is one or two runs of a
// script, and more while many processes visit at once. All times are those of the Redis server, so
// the clocks of the processes do not matter.
//
// So a budget changes once per round trip to Redis at most: 50 times per second at 20 ms. At
// servers that refill, and with headers that the server never states, each request needs such a
// change, or shares one with the requests of its process that wait at the same time. The same holds
// for WithRate beside WithHeaders or WithMaxInFlight, and below two requests per second. Keep Redis
// near: a process that has just left with such a change is the first to know the next one. Where
// Redis is farther away than the time between two requests, others may get next to nothing for
// seconds, although the rate is used.
//
// With WithRate alone, a visit reserves tokens before their time: those of the next three round
// trips, 10 ms at least, for the requests that wait. Each request leaves when its token comes. So
// processes that all want the whole rate get equal parts, with less than one run of the script for
// each request at 200 per second. A process that comes later gets its first token after those that
// the others have reserved: at 200 per second and 5 ms, after 50 ms beside one other, and after
// 200 ms beside nine. Where others are much nearer to Redis, a process may still get next to
// nothing: 20 ms beside 1 ms.
//
// If a request gives up, its reserved token goes to the next one of its process. It is lost if none
// waits when it comes. A pause that another process learned of does not hold back reserved tokens
// before the next visit.
//
// A visit requests places for all goroutines that wait, reports the responses since the visit
// before, and returns when to make the next one. Until then nothing is sent to Redis. Visits of a
// process never overlap, and [WithMaxVisits] limits their number.
//
// While plenty is left of a fixed window, a process takes up to 32 places ahead of its requests. It
// makes a visit for every 5th to 15th request then, and responses that say nothing new wait for it,
// 5 seconds at most. That needs a limit of at least 20 requests per window for each process. It
// does not happen with WithRate. The places that a process has ahead are lost for the window if it
// dies.
//
// With WithMaxInFlight a process keeps its places in flight and hands them from one request to the
// next without a visit. It looks every 200 ms whether others wait, and returns what is more than
// its share. A process that comes later gets its share within about 300 ms, if requests are short.
// A place that no request uses is returned after 10 to 20 ms.
//
// Redis sends nothing to the processes on its own. A process learns of a pause at its next visit:
// when it has no place ahead and wants to send a request, or when one of its requests is refused.
// With WithMaxInFlight it learns of it within 400 ms. A process visits every 10 to 200 ms while one
// of its goroutines waits for
//
//   - the response to a probe of another process,
//   - a place in flight that another process holds, or
//   - a place at a server that refills continuously.
//
// The key expires about a minute after the last visit and the end of all waits that it holds. The
// places in flight of a process that dies come back when its lease ends ([WithLease]).
//
// # Who leaves next
//
// The places of a visit go to the requests of its process by the rules of Local:
//
//   - By [ratelimit.WithPriority]: First, then three of Normal to one of Low.
//   - Within a priority, in the order of arrival. At the turn of a request with a deadline, the one
//     with the earliest deadline leaves.
//   - A request that has to wait gets no place if less time is left until its deadline than
//     responses usually take. It fails with a [*ratelimit.WaitError]. The responses are those to
//     this process.
//
// Redis does not know the priorities. The requests of one process do not pass those of another one.
//
// # Outages of Redis
//
// A visit that fails, or takes longer than [WithTimeout], begins an outage. It is logged once. From
// then on each process uses a limiter of its own, or its requests fail with [ErrUnavailable]
// ([WithFailClosed]).
//
// Later requests try Redis again, after 100 ms at first and every 2 seconds at last. When it
// answers, the processes share the budget again without a restart. They learn the window again.
//
// While the processes limit themselves, each one uses the whole budget, less the use that the
// responses report. So some requests may be refused.
//
// The Redis client writes lines of its own to standard error, which [redis.SetLogger] turns off.
//
// # Requirements
//
// The script needs Redis 5 or newer. The tests run against one server and a Cluster of one server,
// of version 7. The user needs the commands EVALSHA, EVAL, TIME, GET and SET on keys that begin
// with "ratelimit:". The script does not wait for replication: after a failover some state may be
// lost.
//
// # Trust
//
// What comes from Redis is checked:
//
//   - An answer that the script can't have given is an outage, and so is a key of another type.
//   - If the text is no budget, or a number in it is out of range, the budget begins again.
//   - A record of a process that no process can have written is removed.
//
// A user who may write to the key can still use up the budget: a plausible record counts until its
// lease ends, 15 minutes at most. The text is stored with its time to live, so no key stays
// forever.
//
// [DESIGN.md]: https://github.com/integrations-go/sdk/blob/main/ratelimit/DESIGN.md
package redislimit
