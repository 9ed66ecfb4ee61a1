// Package core is the call path that all vendor packages share: authentication, retries, rate
// limits, logging, decoding and errors. It is independent of vendors. The differences between
// vendors are in [Config].
//
// A call passes these stages, from the outermost to the innermost. Each has its own file:
//
//	call.go      a typed call: decode the response, or make the error
//	do.go        log, and repeat what fails, as judged in retry.go
//	redirect.go  follow redirects, within http.Client
//	attempt.go   credential, rate limit, attempt timeout, the caller's middleware, base transport
//	debug.go     show what is sent and received, between the middleware and the base transport
//	sent.go      observe whether the base transport sent the request
//	body.go      read the response body
//
// The response body is read inside the retries: a response that breaks off is repeated like a
// broken connection. The state of a call is in callstate.go.
//
// Other parts:
//
//	auth.go, bearer.go  The credential. A token is renewed shortly before it expires
//	                    (bearer.current). After a 401, retry.go asks Auth.Refused, once in a call,
//	                    whether there is another, and repeats the request with it.
//	call.go             A DELETE whose response was lost, and whose repetition got a 403 or 404:
//	                    Client.gone judges by Config.Gone, of the vendor, whether it is deleted.
//	debug.go            What WithDebug shows: secret headers and query parameters are masked there,
//	                    secret members of JSON and the client's own secrets by internal/redact.
//	                    Config.SecretMember names the members that only the vendor knows.
package core
