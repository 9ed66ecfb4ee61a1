// Package core is the one call path of the three vendor packages: authentication, retries, rate limits,
// logging, decoding and errors. It knows no vendor; what differs is handed over in [Config].
//
// The stages, outermost first: log, retry, redirects, limit, attempt timeout, authentication, the user's
// middleware, the base transport. Every attempt passes limit and authentication again. The body of a reply is read inside the
// retry stage, so that a reply that breaks off halfway is retried like a connection that breaks.
package core
