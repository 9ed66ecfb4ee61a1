// Package egeria is a client of Egeria's OMAG server platforms for integration daemons: which integration groups a daemon runs, its configuration document, its start and stop, and how it does.
//
//	c, err := egeria.New("https://localhost:9443", egeria.WithCredentials(user, password)) // or egeria.FromEnv()
//	daemon := c.Server("integration-daemon")
//	err = daemon.IntegrationGroups.Put(ctx, egeria.IntegrationGroup{
//		PlatformURL: "https://localhost:9443", ServerName: "metadata-store", QualifiedName: "Egeria:IntegrationGroup:Default",
//	})
//
// # Services
//
// [Client.Server] scopes calls to one server of the platform: its IntegrationGroups, its Config (the configuration document), and its Daemon (the running integration daemon). [Client.Platform] lists, starts and stops
// servers, and tells what they can run. [Client.API] is the generated client, with every operation.
//
// A change of the configuration, that of the groups included, reaches a running server with its next start. What a group consists of is read from the open metadata, and can change at any time.
//
// # Releases
//
// Platforms speak two dialects. On 4.x and 5.x the user is part of each path ([WithUser]), and is believed. On 6.0 and later requests carry a bearer token, for which the client logs in ([WithCredentials]). By default the client
// asks the platform once which it speaks; [WithDialect] tells it. What only some releases have says so; elsewhere it is [ErrNotFound].
//
// Until 5.0 at least, the platform's operation to add a group loses the groups of other names. [IntegrationGroupsService.Put] does not use it.
//
// # Credentials and the base URL
//
// Credentials go to the platform URL's scheme, host and port only, over https unless that is this machine or [WithPlainHTTP] allows otherwise. They appear in no error and no log. Certificates are verified; the one that
// a platform comes with is signed by itself, so that [WithTLSConfig] must bring it, or another one be installed.
//
// # Errors
//
// What fails returns an [*Error], possibly joined with others: use [errors.Is] with [ErrNotFound] and the other conditions, and [errors.As] for the rest. Most failures of a platform come with HTTP status 200, and say in
// the reply what went wrong; [Error.RelatedCode] is the status that they stand for, [Error.Code] the id of the message, [Error.Exception] the Java class, [Error.Failure] everything. An argument that makes no sense is
// [ErrInvalid] before anything is sent. So is a name that not every platform accepts in a path: one with / \ ; % or a control character.
//
// # Retries
//
// A GET or DELETE, and a POST that replaces a configuration, is repeated after a lost connection and after 408, 429, 500, 502, 503 and 504. Everything else (start, refresh, restart, deploy, and RefreshConfig, although it is a
// GET) is repeated only where the platform surely did nothing: 429, 503 with Retry-After, no connection. Otherwise its error is [ErrOutcomeUnknown]: look before you do it again. A failure that came with status 200 is never
// repeated. [RetryPolicy] has the numbers; each attempt may take 1 min ([WithAttemptTimeout]), starting and the like [LongTimeout]. No wait outlasts the context.
//
// # Rate limits
//
// A platform has none, but a gateway in front of it may. A 429 is understood. To spare a platform, give [WithLimiter] a limiter with [ratelimit.WithRate] or [ratelimit.WithMaxInFlight].
//
// # Integration services
//
// The connectors of 4.x use integration services, which need access services in the metadata access server. [IntegrationServices] and [PartnerServices] tell which. Later releases of 5.x and 6.0 have none of them.
//
// # Tests
//
// Package egeriatest is a platform for tests, of either dialect, with faults on demand. The examples here run against it:
//
//	srv := egeriatest.NewServer(t)
//	c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password))
//
// # Sources
//
// The rules that this package states come from the documentation at https://egeria-project.org, from the source code of the platform and its clients, and for 4.0 and 4.2 from running platforms. Where they are silent, the
// documentation here says so.
package egeria
