// Package aponotest is a stateful fake of Apono's API for integrations, for tests and for programs that want to run without
// an account: integrations of admin v4 and v2, the catalog, resources, permissions and user tags of v3, and connectors.
//
// In a test, [NewServer] starts one that closes itself:
//
//	srv := aponotest.NewServer(t)
//	// point a client at srv.URL with srv.Token
//
// Inside a testing/synctest bubble, where sockets don't work, add [WithoutSocket] and use [Server.HTTPClient].
//
// # State
//
// v4 and v2 show the same integrations: v4's integration_config, connector_id and secret_store_config are v2's metadata,
// provisioner_id and secret_config. v2 knows no owners and leaves them alone. A server starts with one connector and a
// catalog, and without integrations; [Server.Add], [Server.SeedResources] and others seed it.
//
// A create makes an integration Initializing and a refresh makes it Refreshing, until its sync ends: after one more read,
// or as [WithSyncReads] and [WithSyncTime] say. It is Active then, unless [Server.FailSync] decides otherwise.
//
// # Operations
//
// Faults and call counts name operations by their ids: listIntegrationsV4, createIntegrationV4, getIntegrationsByIdV4,
// updateIntegrationV4, deleteIntegrationV4, listIntegrationsV2, createIntegrationV2, getIntegrationV2,
// updateIntegrationV2, deleteIntegrationV2, refreshIntegrationV2, listIntegrationConfigs, getIntegrationConfig,
// getResourceUserTags, updateResourceUserTags, getIntegrationPermissions, getIntegrationResources, listConnectorsV3,
// getConnectorV3, updateConnectorV3, deleteConnectorV3 and listConnectors.
//
// # What is unpublished
//
// Apono publishes no errors but the 401, and little of how it treats odd input. These are choices of this package; clients
// should depend on none of them, and [Style] has other ways to answer for many:
//   - An update clears what it doesn't mention, and an update of user tags replaces them all.
//   - Optional members without a value are left out, and a source_integration_reference of "" is none: Apono's Terraform
//     provider relies on both.
//   - Replies carry an X-Request-Id.
//   - Reads show the keys of apono.parameters with "" for values.
//   - The Apono store is APONO in v2, and a store unknown to this package the upper case of its v4 name.
//   - Filters by status and category take the value as v4 writes it. An empty value is a value, and fits nothing.
//   - A page token keeps the limit of the first request. Filters may accompany it if they are the same.
//   - limit has no maximum. skip, offset and limit mean nothing to lists of v2 and v3.
//   - Names needn't be unique, and config values needn't fit the catalog.
//   - A type outside the catalog, a connector or a source integration that doesn't exist, and more than 400 characters of
//     custom_access_details are refused with 400.
//   - A connector in use can be deleted.
//   - A missing resource or connector is answered as a missing integration is: 404 in plain text.
package aponotest
