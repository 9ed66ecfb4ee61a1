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
// Confluent doesn't publish all of how it answers. What follows is this fake's choice, and clients should depend on none of
// it; [Style] or an option changes what is named in brackets.
//
// Statuses:
//
//   - 409 for a delete while in use (Style.InUse) and for an update outside DRAFT (Style.NotDraft);
//   - 403 for an environment that isn't there (Style.UnknownEnvironment), 404 for an integration of another environment
//     (Style.NotFound), and 403 for a deleted API key, where other wrong credentials get 401;
//   - 402 for a v1 create beyond the quota, 400 for one of v2 (Style.V2Quota). All integrations of all clouds and both
//     versions count, drafts too;
//   - 400 for a v2 create with provider aws (Style.AWSInV2), 422 for a provider that nobody knows, and for one other than
//     aws in v1;
//   - 422 for a display name that is too long, for a config of another cloud's kind and for a missing or malformed role
//     ARN; 400 for whatever else is missing, for a malformed tenant id or service account, for a body that isn't JSON,
//     and for all that a validation refuses;
//   - 409 in v2, too, for a role that an integration of the environment has, whichever version made it;
//   - 415 for a body of another content type, 400 for it in the token exchange, which believes any subject token.
//
// Integrations:
//
//   - a POST to v2 with a config ends in CREATED;
//   - an update that is refused leaves the draft as it was (Style.LockFailedDraft);
//   - a second v2 integration of the same name is allowed ([WithUniqueNames]);
//   - a get and a delete of v1 act on v2 integrations, as its list shows them; v2 doesn't find those of v1, and its
//     list leaves them out;
//   - read-only members of a request are ignored, unknown members of a config kept, and an update keeps the members of
//     the config that it doesn't name. A kind may bear the prefix "pim.v1." or "pim.v2.";
//   - v2 answers the provider in lower case (Style.UpperProvider), v1 as it was sent;
//   - a delete takes effect at once, although its description says "being deleted";
//   - the texts of errors, the codes invalid_filter, invalid_state and resource_in_use, and no code with 404
//     (Style.FlatErrors, Style.EmptyNotFound).
//
// Lists:
//
//   - the provider filter takes any case (Style.ExactProvider), those for display_name and status don't; an empty filter
//     is none, and v1 ignores those that only v2 has;
//   - integrations stand in the order of their creation, and none moves to another page when others are deleted;
//   - total_size is on each page (Style.BareMetadata) and counts what is there at the time of the request;
//   - next has the page token alone (Style.RelativeNext), so the environment must be added. The filters and the page size
//     of the first request hold, a differing filter is refused with 400, and a token never expires;
//   - the last page has no next (Style.NullNext, Style.EmptyNext, Style.TrailingPage).
//
// Rate limits: windows are fixed and per credential, not per user and organization, start with their first call, and tell
// the time to their end rounded up; failures carry no X-RateLimit headers but for 429 ([WithRateLimit], [WithMaxInFlight]).
package confluenttest
