// Package api holds the models of Egeria's OMAG Server Platform for integration daemons, with a plain client for all their
// operations: integration groups, configuration documents, servers, tokens, and the running daemon.
//
// The package follows specs/egeria.yaml one to one and is generated from it; only [Envelope], [IntegrationGroup],
// [IntegrationGroups], [Document], [ServerStatusReply], [Object], [Time] and a few methods are written by hand. When the specification changes,
// names here may change in a minor release. Package egeria hides such changes where it can and is what most programs should
// use.
//
// The paths are those of 6.0 and later. In 4.x and 5.x, users/{userId} follows right after open-metadata/admin-services,
// open-metadata/platform-services and open-metadata/integration-daemon. A [Client] of this package alone does not add it; a
// [RequestEditorFn] can. Not every release has every operation: the specification says which.
//
// The Client that the method API of egeria's client returns sends its requests through the same transport: they are
// authenticated, limited and retried like all others, and have the paths of the server's release. What comes back is the bare
// [http.Response], whatever its status; the caller reads and closes its body. A failure usually has status 200 and says what
// it is in the [Envelope] that every reply embeds.
//
// The plain client checks little. Path values must not be empty, "." or "..", which lead to another path: one that removes all
// integration groups, for example.
//
// Requests write their member class themselves. A password never shows in what package fmt prints. Members are left out when
// they have their zero value.
//
// Responses decode leniently. Null and absent are the zero value: "", a nil pointer, slice or map, a Time that IsZero.
package api
