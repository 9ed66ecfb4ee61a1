// Package aponotest is a stateful fake of Apono's API for integrations: integrations of admin v4
// and v2, the catalog, resources, permissions and user tags of v3, and connectors. Use it in tests,
// and in programs that run without an account.
//
// In a test, [NewServer] starts a server that closes when the test ends:
//
//	srv := aponotest.NewServer(t)
//	// point a client at srv.URL with srv.Token
//
// Sockets don't work inside a testing/synctest bubble. Add [WithoutSocket] there, and use
// [Server.HTTPClient].
//
// # State
//
// v4 and v2 have the same integrations. The members integration_config, connector_id and
// secret_store_config of v4 are metadata, provisioner_id and secret_config in v2. v2 has no owners
// and does not change them. A server starts with one connector, a catalog and no integrations.
// [Server.Add], [Server.SeedResources] and others add objects.
//
// A create makes an integration Initializing, and a refresh makes it Refreshing, until its sync
// ends: after one more read, or as set by [WithSyncReads] and [WithSyncTime]. It is then Active,
// unless [Server.FailSync] or [Server.FailSyncNamed] sets another status. [Server.Add] starts no
// sync.
//
// # Operations
//
// Faults and call counts name operations by the vendor's operation IDs:
//
//   - listIntegrationsV4
//   - createIntegrationV4
//   - getIntegrationsByIdV4
//   - updateIntegrationV4
//   - deleteIntegrationV4
//   - listIntegrationsV2
//   - createIntegrationV2
//   - getIntegrationV2
//   - updateIntegrationV2
//   - deleteIntegrationV2
//   - refreshIntegrationV2
//   - listIntegrationConfigs
//   - getIntegrationConfig
//   - getResourceUserTags
//   - updateResourceUserTags
//   - getIntegrationPermissions
//   - getIntegrationResources
//   - listConnectorsV3
//   - getConnectorV3
//   - updateConnectorV3
//   - deleteConnectorV3
//   - listConnectors
//
// # Undocumented behavior
//
// Apono documents only the error 401, and says little about unusual input. The following rules are
// choices of this fake. Clients should not depend on them. [Style] has alternatives for many of
// them.
//
//   - An update clears members that it doesn't have. An update of user tags replaces all of them.
//   - Optional members without a value are left out, and a source_integration_reference of "" means
//     none: Apono's Terraform provider relies on both.
//   - Responses have an X-Request-Id.
//   - Reads show the keys of apono.parameters, with "" for values.
//   - The Apono store is APONO in v2. A store unknown to this package is the upper case of its v4
//     name.
//   - Filters by status and category use the spelling of v4. An empty value matches nothing.
//   - A page token keeps the limit of the first request. Filters may be sent with it if they are
//     equal.
//   - limit has no maximum. Lists of v2 and v3 ignore skip, offset and limit.
//   - Several integrations can have the same name. Config values are not checked against the
//     catalog.
//   - A type outside the catalog, a connector or a source integration that doesn't exist, and more
//     than 400 characters of custom_access_details are refused with 400.
//   - A connector in use can be deleted.
//   - A missing resource or connector gets the response of a missing integration: 404 in plain
//     text.
//   - Apono documents no rate limits. The responses of [WithRateLimit] and [WithMaxInFlight] are
//     invented.
package aponotest
