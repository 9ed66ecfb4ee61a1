// Package confluenttest is a stateful fake of Confluent Cloud's Provider Integration Management,
// pim/v1 and pim/v2, and of its STS token exchange. Use it in tests, and in programs that run
// without an account.
//
// In a test, [NewServer] starts a server that closes when the test ends:
//
//	srv := confluenttest.NewServer(t)
//	// point a client at srv.URL with srv.APIKey and srv.APISecret
//
// Sockets don't work inside a testing/synctest bubble. Add [WithoutSocket] there, and use
// [Server.HTTPClient].
//
// # Life cycle
//
// A v2 integration starts as DRAFT. It becomes CREATED when an update adds the customer's identity
// to the config, and ACTIVE when a resource uses it (see [Server.SetUsages]). Only a DRAFT can be
// updated, and an integration in use cannot be deleted. A v1 integration is for AWS. It is complete
// when it is created, and can't be changed. A list of v1 shows the integrations of all clouds. A
// list of v2 shows only those of v2.
//
// # Operations
//
// Faults and call counts name operations by the vendor's operation IDs:
//
//   - listPimV1Integrations
//   - createPimV1Integration
//   - getPimV1Integration
//   - deletePimV1Integration
//   - listPimV2Integrations
//   - createPimV2Integration
//   - getPimV2Integration
//   - updatePimV2Integration
//   - deletePimV2Integration
//   - validatePimV2Integration
//   - exchangeOAuthToken
//
// # Undocumented behavior
//
// Confluent does not document all of its responses. The following rules are choices of this fake.
// Clients should not depend on them. The field of [Style] or the option in brackets changes a rule.
//
// Statuses:
//
//   - 409 for a delete while in use (Style.InUse) and for an update outside DRAFT (Style.NotDraft);
//   - 403 for an environment that doesn't exist (Style.UnknownEnvironment), 404 for an integration
//     of another environment (Style.NotFound), 403 for a deleted API key and 401 for other invalid
//     credentials;
//   - 402 for a v1 create beyond the quota (Style.V1Quota), 400 for a v2 create (Style.V2Quota).
//     The vendor's latest document of v1 has no 402. Integrations of all clouds and both versions
//     count, including drafts;
//   - 400 for a v2 create with provider aws (Style.AWSInV2), 422 for an unknown provider, and for
//     any other than aws in v1 (Style.AllCloudsInV1);
//   - 422 for a display name that is too long, for a config of another cloud's kind and for a
//     missing or malformed role ARN;
//   - 400 for any other missing value, for a malformed tenant ID or service account, for a body
//     that isn't JSON, and for every failed validation;
//   - 409, also in v2, for a role that another integration of the environment has, in either
//     version;
//   - 415 for a body of another content type, but 400 in the token exchange. The token exchange
//     accepts any subject token.
//
// Integrations:
//
//   - a create in v2 with a config ends in CREATED;
//   - an update that is refused leaves the draft unchanged (Style.LockFailedDraft);
//   - a second v2 integration with the same name is allowed ([WithUniqueNames]);
//   - get and delete of v1 also act on v2 integrations, because its list shows them. v2 finds and
//     lists only those of v2;
//   - read-only members of a request are ignored. Unknown members of a config are kept. An update
//     keeps the members of the config that it doesn't have. A kind may have the prefix "pim.v1." or
//     "pim.v2.";
//   - v2 shows the provider in lower case (Style.UpperProvider), v1 unchanged;
//   - a delete takes effect immediately, although its description says "being deleted";
//   - the texts of errors, the codes invalid_filter, invalid_state and resource_in_use, and no code
//     with 404 (Style.FlatErrors, Style.EmptyNotFound).
//
// Lists:
//
//   - the provider filter matches either letter case (Style.ExactProvider), the filters for
//     display_name and status don't. An empty filter has no effect. v1 ignores the filters that
//     only v2 has;
//   - integrations are in the order of their creation. None moves to another page when others are
//     deleted;
//   - each page has total_size (Style.BareMetadata), the number at the time of the request;
//   - next has only the page token (Style.RelativeNext), so the client must add the environment.
//     The filters and the page size of the first request remain in effect. Another filter is
//     refused with 400. A token never expires;
//   - the last page has no next (Style.NullNext, Style.EmptyNext, Style.TrailingPage).
//
// Rate limits ([WithRateLimit], [WithMaxInFlight]):
//
//   - windows are fixed, start with their first call, and are per credential, not per user and
//     organization;
//   - the time to the end of a window is rounded up;
//   - failures other than 429 have no X-RateLimit headers;
//   - a successful validation has them, and an X-Request-Id, like other successes.
package confluenttest
