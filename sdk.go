// Package sdk has the types that the clients of all vendors share: options, call options, response
// metadata, pages, tokens, waits, results of Ensure, and the common view of errors.
//
// The clients are in the packages confluent, apono and egeria. A program with one vendor needs
// little of this package: each vendor package declares the shared options under the same names, and
// uses the types declared here:
//
//	c, err := confluent.FromEnv(
//		confluent.WithRetry(sdk.RetryPolicy{MaxAttempts: 3}),
//		confluent.WithLogger(slog.Default()),
//	)
//
// A program with several vendors writes the options once:
//
//	shared := sdk.Options(sdk.WithLogger(slog.Default()), sdk.WithUserAgent("inventory/1.2"))
//	c, err := confluent.FromEnv(shared)
//	a, err := apono.FromEnv(shared)
//
// It handles the errors of all vendors in one way:
//
//	if e, ok := errors.AsType[*sdk.Error](err); ok {
//		log.Print(e.Vendor, e.StatusCode, e.RequestID)
//	}
//	if errors.Is(err, sdk.ErrNotFound) { … }
//
// # Options
//
// An [Option] configures a client, a [CallOption] one call. The options of this package mean the
// same for every vendor. Options of one vendor, such as its credentials, base URL and limiter, are
// declared in the vendor's package. Given to the New of another vendor, they are [ErrInvalid].
//
// Options are applied in order. If two set the same thing, the last one counts, but credentials may
// be given only once. A nil option is [ErrInvalid].
//
// # Iterators
//
// Lists are iterators for a range loop. Nothing is sent before the loop begins. Each range sends
// its own requests. An error is yielded once and ends the loop. The loop may end early. [Collect]
// returns a list as a slice.
//
// Several goroutines may range over one iterator at the same time: each of them gets the whole
// list. With [WithMeta] or [WithRawBody] they may not, because all of them would write to one
// variable.
//
// # Connections
//
//   - Proxies: by default a client uses those of the environment variables HTTP_PROXY, HTTPS_PROXY
//     and NO_PROXY, as [net/http.ProxyFromEnvironment] reads them. The user and the password of a
//     proxy appear in no error, log, debug text or [Meta], also with a transport of the caller's
//     own. A proxy for http sees the client's credentials; one for https does not.
//   - HTTP/2 is used over TLS if the server offers it. [WithTLSConfig] does not change that.
//   - Redirects: an attempt follows up to 9. A GET may lead to any host, which gets no credential
//     and no header of [WithHeader], and whose 4xx is no condition of the call. Any other method is
//     repeated only at the base URL's scheme, host and port, and only after 307 and 308. No
//     redirect from https to http is followed. A response with a redirect that is not followed is
//     an error with its status and header.
//   - Cookies are not kept, unless the client of [WithHTTPClient] has a Jar.
//   - CloseIdleConnections of a client closes the connections that no request uses, those of the
//     HTTP client of WithHTTPClient included. Calls that are under way are not affected, and the
//     client can be used afterwards.
//
// # Clocks
//
// The clock of this machine may be wrong. A Retry-After that is a date is compared with the Date
// header of the response, and with this clock only if there is none. The lifetimes that the token
// services of Confluent and Egeria state are relative. The expiry of a token from a [TokenSource]
// is compared with this clock.
//
// # Ownership
//
// Results belong to the caller, who may change them: objects, pages, [Meta], bodies and errors
// share no memory with the client or with the results of other calls. What is passed to a call may
// be changed when the call has returned, and the options of a list when its method has returned.
// Options are read by New: it copies the TLS configuration and the [net/http.Client], but not the
// client's transport and Jar.
//
// # Logging
//
// The models of all vendors are [log/slog.LogValuer]s that show no secrets. Pointers to them are
// too. For a nil pointer, package slog logs a panic in place of the value.
//
// Package fmt does not show the secrets of models, with two exceptions: a model in an unexported
// field of a struct, and the verbs %w and %p. It calls no methods there. The first exception also
// applies to a struct that slog's text handler logs. Export the field, or give the struct the
// methods Format and LogValue.
//
// # Concurrency
//
// Clients and limiters are safe for concurrent use. Values of this package have no locks: don't
// change one that another goroutine reads.
package sdk
