// Package redislimit is a [ratelimit.Limiter] whose budget is shared by many processes and machines
// through Redis:
//
//	key := redislimit.NewKey("api.confluent.cloud", apiKey+":"+apiSecret)
//	limiter, err := redislimit.Open(ctx, redisURL, key, redislimit.WithHeaders(ratelimit.Confluent()))
//	client := &http.Client{Transport: ratelimit.NewTransport(nil, limiter)}
//
// It has rules like those of [ratelimit.Local], with the knowledge of all processes: one request of
// one process goes alone and learns the window, all share the places that are left, and a 429 or a
// Retry-After holds all of them back.
//
// A whole number of seconds may have been rounded down, so the last two places of a window are held
// back to check, one at a time, whether the next one has begun. [ratelimit.Headers].RoundedUp saves
// that. None are held back of a limit below 5, with which every other window may be lost, and none
// while a window lasts more than 2 seconds longer and has fewer than 50 places or a single request
// to send.
//
// A server whose count rises before the stated end, such as a token bucket or a sliding window, is
// sent evenly no more than its count certainly allows. Of a bucket nearly everything is used. Of a
// sliding window some percent stay unused, and more if it is short or the responses are slow. A few
// in a thousand may be refused.
//
// Local has more features: there are no adaptive limits here, and [ratelimit.WithPriority] and
// [ratelimit.Hooks] have no effect, except in a fallback. Use Local if one process uses the
// credential alone: it needs nothing else and costs less.
//
// # How it works
//
// A budget is one hash in Redis, which one script reads and writes. The script uses the server's
// own time, so the clocks of the processes do not matter. One visit requests places for all
// goroutines that wait, reports the responses since the last one, and returns when to come back.
// Until then nothing is sent to Redis. Visits of a process never overlap, and [WithMaxVisits]
// limits their number. Goroutines are admitted in the order in which they arrived, in each process.
//
// Redis pushes nothing to the processes. A process learns of a pause at its next visit, so at the
// latest with the next request that it wants to send. While a goroutine waits for something that
// another process reports (the response to the request that goes alone, a place in flight that has
// become free), the process visits every 10 to 200 ms. It does the same for a place at a server
// that is sent its requests evenly.
//
// The key disappears by itself, about a minute after the last visit and the end of everything that
// was known. A process that dies returns its places in flight when its lease ends ([WithLease]).
//
// # If Redis fails
//
// A visit that fails, or takes longer than [WithTimeout], is an outage. It is logged once. From
// then on each process continues with a limiter of its own, or fails with [ErrUnavailable]
// ([WithFailClosed]). Redis is tried again with the requests that arrive, after 100 ms at first and
// every 2 seconds at last, and used again without a restart. The state from before the outage is
// then learned again. While processes limit themselves, each one uses the whole budget, less the
// use that the responses report, so some requests may be refused. The Redis client writes lines of
// its own to standard error, which [redis.SetLogger] turns off.
//
// # Redis
//
// The script needs version 5 or newer. The tests run against one server and a Cluster of one, of
// version 7. The user needs the commands EVALSHA, EVAL, TIME, HGETALL, HSET, HDEL and PEXPIRE on
// keys that begin with "ratelimit:". The script does not wait for replication: after a failover
// some state may be lost.
//
// What comes from Redis is checked. An answer that the script cannot have given is an outage.
// Stored times are cut to the longest wait that can have led to them, a number that is out of range
// makes the budget begin again, and a record of a process that no process can have written is
// removed. Those who may write to the key can still use up the budget: a plausible record counts
// until its lease ends, 15 minutes at most. The time to live is set before anything is stored.
package redislimit
