// Package egeriatest is a stateful fake of an Egeria OMAG Server Platform of the releases 4.0 to
// 6.1: integration groups and the rest of a server's configuration document, the life cycle of
// servers, integration daemons, and tokens. Use it in tests, and in programs that run without a
// platform.
//
// In a test, [NewServer] starts a server that closes when the test ends:
//
//	srv := egeriatest.NewServer(t)
//	// point a client at srv.URL with srv.User and srv.Password
//
// Sockets don't work inside a testing/synctest bubble. Add [WithoutSocket] there, and use
// [Server.HTTPClient].
//
// # Releases
//
// [WithRelease] sets the release. Until 5.3, paths have the user, and the platform accepts any
// user. Since 6.0, callers need the token of a login. It is valid for one hour, but not after a
// [Server.Restart]. In 4.x, putting an integration group loses others ([WithInvertedFilter]).
//
// A failure has status 200, and its own code in relatedHTTPCode. Only a request that doesn't reach
// an operation gets another status:
//
//   - 4.x: 404, 405, 415, and 400 for invalid bodies and refused paths.
//   - 5.x: always 401 without a body, although no credentials are required.
//   - 6.x: 404, 405 and 415; 400 for invalid bodies, with the class of the exception in the
//     response; 401 without a body for paths that the firewall refuses, and for invalid tokens.
//   - All: 400 and a page of Tomcat for an encoded slash or backslash in the path.
//
// # State
//
// Documents are stored by server name. Servers do not have to be created: a server without a
// document has a default document. A server runs with the document at its start. Later changes take
// effect at its next start.
//
// A group of a daemon is ASSIGNED until the daemon has read its definition in its metadata server.
// A running metadata server of the fake defines every group, except those removed with
// [Server.RemoveDefinition]. The daemon reads definitions when it starts, 2,000,000 ms later if the
// metadata server was missing, and with refreshGroupConfig. [Server.SetGroup] and
// [Server.AddConnector] need no metadata server.
//
// Since 6.1, responses have a request ID, as requestId in the body. [Call] has one for every
// release.
//
// # Operations
//
// Faults and call counts name operations by these IDs:
//
//   - getIntegrationGroups
//   - putIntegrationGroup
//   - replaceIntegrationGroups
//   - clearIntegrationGroups
//   - deleteIntegrationGroup
//   - getDaemonServices
//   - setDaemonServices
//   - clearDaemonServices
//   - getConfiguration
//   - setConfiguration
//   - deleteConfiguration
//   - getResolvedConfiguration
//   - deployConfiguration
//   - listConfigurations
//   - getServerProperties
//   - setServerProperties
//   - setOrganizationName
//   - setServerDescription
//   - setServerUserID
//   - setMaxPageSize
//   - setServerURLRoot
//   - setServerType
//   - setDefaultAuditLog
//   - startServerLegacy
//   - stopServerLegacy
//   - getInstanceStatusLegacy
//   - getOrigin
//   - listServers
//   - listActiveServers
//   - unregisterServer
//   - isServerKnown
//   - getServerStatus
//   - startServer
//   - stopServer
//   - getRunningConfiguration
//   - startServerWithConfiguration
//   - getInstanceStatus
//   - listRegisteredServices
//   - listAccessServices
//   - listIntegrationServices
//   - createToken
//   - logout
//   - getConnectorProperties
//   - setConnectorProperties
//   - setEndpointAddress
//   - validateConnector
//   - publishLineageEvent
//   - listServerServices
//   - stopAllServers
//   - unregisterAllServers
//   - getPlaceholders
//   - setPlaceholders
//   - clearPlaceholders
//   - getServerTypeClassification
//   - listAuditLogs
//   - clearAuditLogs
//   - addConsoleAuditLog
//   - addSLF4JAuditLog
//   - deleteAuditLog
//   - getEventBus
//   - setEventBus
//   - clearEventBus
//   - setInMemoryRepository
//   - clearLocalRepository
//   - listConfiguredAccessServices
//   - configureAccessServices
//   - configureAccessServicesNoTopics
//   - configureAccessService
//   - configureAccessServiceNoTopics
//   - deleteAccessService
//   - clearAccessServices
//   - addArchiveFile
//   - listArchives
//   - clearArchives
//   - getDaemonStatus
//   - listGroupSummaries
//   - getGroupSummary
//   - refreshGroupConfig
//   - refreshConnectors
//   - restartConnectors
//
// A release has only its own operations. The names of other operations are unknown.
//
// # Further operations
//
// The vendor's clients call further operations, for which this SDK has no method:
//
//   - clearDefaultDocument
//   - clearIntegrationServices
//   - clearPlatformSecurity
//   - clearSecurity
//   - clearServerSecurity
//   - clearStore
//   - getAccessServicesConfiguration
//   - getAdminOrigin
//   - getConnectorType
//   - getDefaultDocument
//   - getIntegrationServices
//   - getLocalRepository
//   - getOriginLegacy
//   - getPlatformSecurity
//   - getRunningConfigurationLegacy
//   - getSecurity
//   - getServerSecurity
//   - getStartTime
//   - getStore
//   - listCommonServices
//   - listConfiguredIntegrationServices
//   - listEngineServices
//   - listGovernanceServices
//   - listIntegrationServiceSummaries
//   - listRunningServices
//   - listViewServices
//   - refreshIntegrationService
//   - setDefaultDocument
//   - setIntegrationServices
//   - setPlatformSecurity
//   - setSecurity
//   - setServerPassword
//   - setServerSecurity
//   - setServerURLRootLegacy
//   - setStore
//   - startServerWithConfigurationLegacy
//   - unregisterServerLegacy
//
// # Recorded and undocumented behavior
//
// The responses of 4.0, 4.2, 5.3 and 6.1 were recorded, and this package responds in the same way.
// The platforms of 4.0 and 4.2 had no integration daemons, no access services, and no checks of
// tokens and paths ([WithoutSecurity]). The tests of this package compare every step with the
// recordings, and list the remaining differences. Everything else follows the documentation of a
// release. Clients should not depend on these rules:
//
//   - The texts of system and user actions of failures are written for this package.
//   - 4.1 responds like 4.0, except for its version, and 4.3 like 4.2. 5.0 responds like 5.3,
//     except for its exceptions, placeholders and missing documents. 6.0 responds like 6.1.
//   - The text about malformed JSON is that for a body that ends too early.
//   - The older paths to start and stop servers, and the integration services, exist until 6.0.
//     Integration services are those in the code of 4.x; access services are their partners.
//   - Since 5.0, a connector is always WAITING. Before, it is always RUNNING.
//   - Group summaries have the order of a Java map of their names.
//   - A daemon of 4.x without connectors does not fail.
//   - Before 6.0, a wrong password is refused with 401 and no body. A new password replaces any
//     password, not only one that has expired.
//   - A token is valid until its expiry, to the second. An invalid token is refused even if none is
//     needed. Logging out has no effect.
//   - An expired token gets the same challenge as a token with a wrong signature.
//   - deployConfiguration only reaches the fake itself, and reads no secrets.
//   - Stopping a server and unregistering it are the same, because there are no cohorts.
//   - Documents are not lost with the key that a delete deletes. [WithEncryptedStore] makes the
//     server lose them, as 4.x and 5.0 do by default.
//   - A document keeps its nested members, including those that the release does not know.
//   - 5.0 registers the services of 5.3, and 6.0 those of 6.1. The access services and integration
//     services of 4.x are those in its code, without their descriptions.
//   - Access services, archives, placeholders, and the properties and addresses of connectors
//     follow the vendor's source. So do the audit log destinations, except the default one.
//   - The GUIDs of connector types are zeros. A class counts as a connector provider if its name
//     ends in Provider.
//   - The platform stores its security connection and its default document, but does not use them.
//   - Since 6.0, the query parameter delegatingUserId must be an existing user. It has no other
//     effect.
//   - HEAD responds without running the operation.
//   - A platform has no rate limits. [WithRateLimit] and [WithMaxInFlight] simulate a gateway in
//     front of it. Calls are counted per user. Releases without tokens count calls without a user
//     in the path per source address.
package egeriatest
