// Package confluenttest is a stateful fake of Confluent Cloud's Provider Integration Management, pim/v1 and pim/v2, and of
// its STS token exchange, for tests and for programs that want to run without an account.
//
// In a test, [NewServer] starts one that closes itself:
//
//	srv := confluenttest.NewServer(t)
//	// point a client at srv.URL with srv.APIKey and srv.APISecret
//
// Inside a testing/synctest bubble, where sockets don't work, add [WithoutSocket] and use [Server.HTTPClient].
//
// # Life cycle
//
// A v2 integration starts as DRAFT, becomes CREATED when an update attaches the customer's side of the config, and ACTIVE
// when [Server.SetUsages] lets a resource use it. Only a DRAFT can be updated, and nothing in use can be deleted. A v1
// integration, which is for AWS, is complete when created and never changes. A list of v1 shows the integrations of all
// clouds; v2 knows only its own.
//
// # Operations
//
// Faults and call counts name operations by their ids: listPimV1Integrations, createPimV1Integration,
// getPimV1Integration, deletePimV1Integration, listPimV2Integrations, createPimV2Integration, getPimV2Integration,
// updatePimV2Integration, deletePimV2Integration, validatePimV2Integration and exchangeOAuthToken.
//
// # What is unpublished
//
// Confluent doesn't publish how it answers a delete while in use, an update outside DRAFT, or a second v2 integration of
// the same name. The fake answers the first two with 409 and allows the third, unless [Style] and [WithUniqueNames] say
// otherwise; clients should depend on none of this.
package confluenttest
