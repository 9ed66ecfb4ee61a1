// Package contract holds the tests of what all vendor packages promise alike: iterators, errors, retries, credentials, replies,
// tokens, limits, logs. A vendor takes part with an adapter, a value of type vendor, that tells how to call it and how its replies look.
package contract
