// Package redislimit is a [ratelimit.Limiter] whose budget is shared by many
// processes and machines through Redis:
//
//	key := redislimit.NewKey("api.confluent.cloud", apiKey+":"+apiSecret)
//	limiter, err := redislimit.Open(ctx, redisURL, key, redislimit.WithHeaders(ratelimit.Confluent()))
//	client := &http.Client{Transport: ratelimit.NewTransport(nil, limiter)}
//
// It keeps rules like those of [ratelimit.Local], with what all processes know:
// one request of one process goes alone and learns the window, all share what is
// left, and a 429 or a Retry-After holds everybody back. A whole number of
// seconds may have been cut, so the last two places of a window are kept to look,
// one at a time, whether the next one has begun; [ratelimit.Headers].RoundedUp
// saves that. None are kept of a limit below 5, of which every other window may
// be lost, nor while a window lasts more than 2 seconds longer and has fewer than
// 50 places or a single request to send.
//
// A server whose count rises before the end that it told, such as a token bucket
// or a sliding window, is sent no more than its count allows for sure, and that
// evenly. Of a bucket nearly everything is used; of a sliding window some percent
// stay unused, and more if it is short or the replies are slow. A few in a thousand
// may be refused.
//
// What Local has besides, it does not: there are no adaptive limits, and
// [ratelimit.WithPriority] and [ratelimit.Hooks] have no effect, except in a
// fallback. Use Local where one process has the credential to itself; it needs
// nothing else and costs less.
//
// # How it works
//
// A budget is one hash in Redis, that one script reads and writes. The script
// has the server's own time, so the clocks of the processes do not matter. One
// visit asks places for all goroutines that wait, tells what was replied
// since the last one, and returns when to come back; until then nothing is
// asked. Visits of a process never overlap, and [WithMaxVisits] caps their
// number. Goroutines are admitted in the order in which they came, in each
// process.
//
// Between processes nothing is pushed. A process learns of a pause at its next
// visit, so at the latest with the next request that it wants to send. What
// another process has to tell (the reply to the one that goes alone, a place in
// flight that has become free) is looked for every 10 to 200 ms, while somebody
// waits for it; so is a place at a server that is sent its requests evenly.
//
// The key disappears by itself, a minute or so after the last visit and all
// that was known. A process that dies gives back its places in flight when its
// lease ends ([WithLease]).
//
// # When Redis is gone
//
// A visit that fails, or takes longer than [WithTimeout], is an outage. It is
// logged once. From then on each process goes on with a limiter of its own, or
// fails with [ErrUnavailable] ([WithFailClosed]). Redis is tried again with
// the requests that come, after 100 ms at first and every 2 seconds at last,
// and taken up again without a restart. What was known before the outage is
// then learned anew. While processes limit themselves, each one takes the
// whole budget for its own, less what the replies tell, so some requests may be
// refused. The Redis client writes lines of its own to standard error, which
// [redis.SetLogger] turns off.
//
// # Redis
//
// The script needs version 5 or newer. The tests run against one server and a
// Cluster of one, of version 7. The user needs the commands EVALSHA, EVAL,
// TIME, HGETALL, HSET, HDEL and PEXPIRE on keys that begin with "ratelimit:".
// Replication is not waited for: after a failover a little may be forgotten.
package redislimit
