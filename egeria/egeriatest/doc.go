// Package egeriatest is a stateful fake of an Egeria OMAG Server Platform, for tests and for programs that want to run without
// one: integration groups and the rest of a server's configuration document, the life of servers, integration daemons
// and tokens, of the releases 4.0 to 6.1.
//
// In a test, [NewServer] starts one that closes itself:
//
//	srv := egeriatest.NewServer(t)
//	// point a client at srv.URL with srv.User and srv.Password
//
// Inside a testing/synctest bubble, where sockets don't work, add [WithoutSocket] and use [Server.HTTPClient].
//
// # Releases
//
// [WithRelease] chooses the release. Up to 5.3, paths name the user, whom the platform believes; from 6.0 on, callers need
// the token of a login, which is valid for an hour and not beyond a [Server.Restart]. Up to 5.0, putting an integration
// group loses others ([WithInvertedFilter]).
//
// A failure comes with status 200, and tells its own code in relatedHTTPCode. Only what doesn't reach an operation has
// another status: 401, 404, 405, 415, and 400 for bodies that can't be read and for paths with an encoded slash, backslash,
// semicolon or percent sign.
//
// # State
//
// Documents are kept by server name, and nobody has to create a server: one that nobody has configured has a default document.
// A server that is started runs with the document of that moment; what is changed later counts after its next start. The
// groups of a daemon that has just started are ASSIGNED, until [Server.SetGroup] or [Server.AddConnector] say otherwise.
//
// # Operations
//
// Faults and call counts name operations by their ids: getIntegrationGroups, putIntegrationGroup, replaceIntegrationGroups,
// clearIntegrationGroups, deleteIntegrationGroup, getDaemonServices, setDaemonServices, clearDaemonServices,
// getConfiguration, setConfiguration, deleteConfiguration, getResolvedConfiguration, deployConfiguration,
// listConfigurations, getServerProperties, setServerProperties, setOrganizationName, setServerDescription,
// setServerUserID, setMaxPageSize, setServerURLRoot, setServerType, setDefaultAuditLog, startServerLegacy,
// stopServerLegacy, getInstanceStatusLegacy, getOrigin, listServers, listActiveServers, unregisterServer, isServerKnown,
// getServerStatus, startServer, stopServer, getRunningConfiguration, startServerWithConfiguration, getInstanceStatus,
// listRegisteredServices, listAccessServices, listIntegrationServices, createToken, deleteToken, getDaemonStatus,
// listGroupSummaries, getGroupSummary, refreshGroupConfig, refreshConnectors and restartConnectors. A release has only its
// own; the names of others are unknown to it.
//
// # What is recorded, and what is not
//
// The answers of 4.0 and 4.2 were recorded from platforms without integration daemons, without access services and without the
// part that checks tokens and refuses odd paths ([WithoutSecurity]), and this package answers as they did. All else is
// built from what is documented of a release. Clients should depend on none of this:
//
//   - The system and user actions of failures are in words of this package.
//   - 4.1 answers as 4.0 does, but for its version, and 4.3 as 4.2; 5.0 and 5.3 answer as 4.2 where nothing is known of them.
//   - The texts and ids of failures of 5.0 and later are those of 4.2; a server that stumbles over a group without a name
//     reports OMAG-COMMON-400-016 from 6.0 on.
//   - getServerStatus has serverStatus from 5.0 on. Before, its members stand beside those of the envelope.
//   - The older paths to start and stop servers, and the integration services, are there until 6.0. Integration services are those
//     in the code of 4.x; access services are their partners.
//   - From 5.0 on, putting, replacing or deleting groups gives a document without repository services an audit log.
//   - From 6.0 on, integration daemons without connectors fail to tell their status and to refresh and restart connectors.
//   - A connector is WAITING from 5.0 on, and RUNNING before, whatever is asked of it. A refresh of a group's definition
//     changes nothing.
//   - A wrong password is refused with 401 and no body; a new password replaces any, not only one that has expired.
//   - A token is valid up to the second that it names, and a bad one is refused also where none is needed.
//   - setServerProperties adds the line "updated configuration for basic server properties." to the audit trail.
//   - deployConfiguration knows no platform but the fake itself.
//   - Stopping a server and unregistering it are the same, because there are no cohorts.
//   - Documents are not lost with the key that a delete deletes, unless [WithEncryptedStore] says so, which is how 4.x comes.
//   - A document keeps its nested members, whether or not the release knows them.
//   - The query parameter delegatingUserId is ignored, and HEAD and OPTIONS are not answered.
package egeriatest
