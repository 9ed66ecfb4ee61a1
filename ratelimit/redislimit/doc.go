// Package redislimit is a [ratelimit.Limiter] whose budget is shared by many processes and machines
// through Redis:
//
//	key := redislimit.NewKey("api.confluent.cloud", apiKey+":"+apiSecret)
//	limiter, err := redislimit.Open(ctx, redisURL, key, redislimit.WithHeaders(ratelimit.Confluent()))
//	client := &http.Client{Transport: ratelimit.NewTransport(nil, limiter)}
//
// A place is the right to send one request. The rules are like those of [ratelimit.Local], with the
// knowledge of all processes:
//
//   - The first request, of one process, leaves before all others. It is a probe: its response
//     states the window. The others wait for it, for a second at most.
//   - All processes share the places that are left in the window.
//   - A 429 or a Retry-After holds back all processes.
//
// Local has more features: this package has no adaptive limits. If only one process uses the
// credential, use Local: it needs no Redis and no round trip.
//
// # Fixed windows
//
// A whole number of seconds may have been rounded down, so the window may end up to a second later
// than stated. The last two places of a window are held back and released one at a time: their
// responses show whether the next window has begun. With [ratelimit.Headers].RoundedUp none are
// held back.
//
// If the limit is below 5, no place is held back, and every other window may be lost. While the
// window lasts more than 2 seconds longer, no place is held back if its limit is below 50, or if a
// single request is in flight or waits.
//
// # Servers that refill continuously
//
// If the count rises before the stated end, the server is a token bucket or has a sliding window.
// It is sent requests evenly, no more than its count certainly allows:
//
//   - Of a token bucket nearly all places are used.
//   - Of a sliding window some percent stay unused, and more if it is short or the responses are
//     slow.
//   - A few in a thousand requests may be refused.
//
// # Visits to Redis
//
// A budget is one hash in Redis. One script reads and writes it. The script uses the time of the
// Redis server, so the clocks of the processes do not matter. A run of the script is a visit. A
// visit requests places for all goroutines that wait, reports the responses since the visit before,
// and returns when to make the next one. Until then nothing is sent to Redis. Visits of a process
// never overlap, and [WithMaxVisits] limits their number.
//
// Redis sends nothing to the processes on its own. A process learns of a pause at its next visit,
// at the latest when it wants to send the next request. A process visits every 10 to 200 ms while
// one of its goroutines waits for
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
// of version 7. The user needs the commands EVALSHA, EVAL, TIME, HGETALL, HSET, HDEL and PEXPIRE on
// keys that begin with "ratelimit:". The script does not wait for replication: after a failover
// some state may be lost.
//
// # Trust
//
// What comes from Redis is checked:
//
//   - An answer that the script can't have given is an outage.
//   - Stored times are cut to the longest wait that can have led to them.
//   - If a stored number is out of range, the budget begins again.
//   - A record of a process that no process can have written is removed.
//
// A user who may write to the key can still use up the budget: a plausible record counts until its
// lease ends, 15 minutes at most. The time to live is set before anything is stored, so no key
// stays forever.
package redislimit
