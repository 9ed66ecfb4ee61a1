// Package egeria is a client of Egeria's OMAG server platforms for integration daemons. It manages
// the integration groups of a daemon, its configuration document, its start and stop, and its
// state.
//
//	// or egeria.FromEnv()
//	c, err := egeria.New("https://localhost:9443", egeria.WithCredentials(user, password))
//	daemon := c.Server("integration-daemon")
//	err = daemon.IntegrationGroups.Put(ctx, egeria.IntegrationGroup{
//		PlatformURL:   "https://localhost:9443",
//		ServerName:    "metadata-store",
//		QualifiedName: "Egeria:IntegrationGroup:Default",
//	})
//
// # Services
//
//   - [Client.Server] returns the services of one server of the platform: its IntegrationGroups,
//     its Config (the configuration document), its MetadataStore (the part of the document that
//     makes a metadata access store), and its Daemon (the running integration daemon).
//   - [Client.Platform] lists, starts and stops servers, and lists the services that they can run.
//   - [Client.Do] sends any request with the client's credentials, retries and limits.
//
// A change of the configuration, including its groups, takes effect at the next start of the
// server. The daemon reads the contents of a group from the open metadata. They can change at any
// time.
//
// # Models
//
// The types of requests and responses follow specs/egeria.yaml. [Document], [IntegrationGroup] and
// [Object] keep members without a field. Responses are decoded leniently: null and missing members
// have the zero value ("", a nil pointer, slice or map, or the zero [Time]). Requests leave out
// members with the zero value. Compare [GroupStatus], [ConnectorStatus] and [ServerState] with ==:
// decoding replaces a known value in any letter case by its constant. Other values are unchanged. A
// text or number that is only informative is left out if it has an unexpected type. No model shows
// a password in package fmt or log/slog, with the exceptions under Logging in package sdk. For JSON
// with passwords, see [Document.Reveal].
//
// # Releases
//
// Platforms have one of two dialects:
//
//   - On 4.x and 5.x, each path has the user ([WithUser]). The platform does not authenticate the
//     user.
//   - On 6.0 and later, requests have a bearer token. The client logs in to get it
//     ([WithCredentials]).
//
// By default the client asks the platform once for its dialect. [WithDialect] sets it. Some
// operations are only in some releases, which their documentation states. On other releases they
// are [ErrNotFound]. [Client.Login] on 4.x and 5.x is [ErrInvalid]. 5.x sends 401 for missing
// operations. The client treats it as [ErrNotFound].
//
// On 4.x, the platform's operation to add a group loses the groups with other names.
// [IntegrationGroupsService.Put] does not use it.
//
// # Starting a daemon
//
// A daemon reads the definitions of its groups from their metadata servers. Start those servers
// first. Then a group runs within seconds. Otherwise the daemon tries again after 33 minutes, or at
// [DaemonService.RefreshConfig], which [DaemonService.RefreshAndWaitGroup] calls as needed. Until
// there are connectors, calls for all connectors fail: see [Error.NoConnectors].
//
// # Secrets stores
//
// Configuration documents of 6.x have no passwords. Groups, [ServerProperties] and [DeployTarget]
// refer to a secrets store instead. Its three values must be set together.
//
// # Credentials and the base URL
//
// Credentials are sent only to the scheme, host and port of the platform URL. The scheme must be
// https, unless the host is this machine or [WithPlainHTTP] is set. Passwords and tokens do not
// appear in errors or logs. For the user, see [WithUser]. The client verifies certificates. The
// default certificate of a platform is self-signed: pass it with [WithTLSConfig], or install
// another one.
//
// # Errors
//
// A call that fails returns an [*Error], possibly joined with others. Use [errors.Is] with
// [ErrNotFound] and the other conditions, and [errors.As] for the rest. Most failures of a platform
// have HTTP status 200 and are described in the response:
//
//   - [Error.RelatedCode] is the status of the failure.
//   - [Error.Code] is the ID of the message.
//   - [Error.Exception] is the Java class.
//   - [Error.Failure] is the whole failure.
//
// An argument that is not valid is [ErrInvalid], and nothing is sent. This includes names that not
// every platform accepts in a path: names with / \ ; % or a control character.
//
// # Retries
//
//   - A GET or DELETE, and a POST that replaces a configuration, is repeated after a lost
//     connection and after 408, 429, 500, 502, 503 and 504.
//   - Any other call is repeated only if the platform surely did nothing: after 429, after 503 with
//     Retry-After, and if it was not sent (see [sdk.RetryPolicy]). Otherwise its error is
//     [ErrOutcomeUnknown]: check the result before you call it again. These are calls that start,
//     deploy, refresh, restart or change a running connector, add or enable something, or change a
//     password. They include RefreshConfig, although it is a GET.
//   - A failure with status 200 is never repeated.
//
// [sdk.RetryPolicy] has the numbers. Each attempt may take 1 min ([WithAttemptTimeout]). Starts and
// similar actions may take [LongTimeout]. No wait exceeds the deadline of the context.
//
// # Rate limits
//
// A platform has no rate limit, but a gateway in front of it may have one. The client handles 429.
// To limit the load of a platform, use [WithLimiter] with [ratelimit.WithRate] or
// [ratelimit.WithMaxInFlight].
//
// # Integration services
//
// The connectors of 4.x use integration services, which need access services in the metadata access
// server. [IntegrationServices] and [PartnerServices] return them. Later releases of 5.x, and 6.0
// and later, do not have them.
//
// # Tests
//
// Package egeriatest is a fake platform with either dialect and faults on demand. The examples here
// run against it:
//
//	srv := egeriatest.NewServer(t)
//	c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password))
//
// # Sources
//
// The rules in this documentation come from https://egeria-project.org, from the source code of the
// platform and its clients, and from running platforms of 4.0, 4.2, 5.0, 5.3 and 6.1. The
// documentation states where these say nothing.
package egeria
