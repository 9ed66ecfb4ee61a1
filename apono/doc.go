// Package apono is a client of Apono's public API for integrations. An integration is a system that
// Apono manages access to, such as a database or cloud account, or a system that it reads user
// information from.
//
//	c, err := apono.New(apono.WithToken(token)) // or apono.FromEnv()
//	integration, err := c.Integrations.Get(ctx, id)
//
// # Services
//
//   - [Client.Integrations] is admin v4, the latest version. It has filters, pages, owners, and
//     secret stores as a union.
//   - [Client.IntegrationsV2] is v2. It has the same integrations with older names (metadata,
//     provisioner_id, secret_config) and without owners. Only v2 can refresh an integration.
//   - [Client.Catalog] (v2) describes the types of integrations.
//   - [Client.Resources] (v3) lists the resources of integrations.
//   - [Client.Connectors] (admin v3, and a list of v2) manages the connectors that reach the
//     integrations.
//   - [Client.Do] sends any request with the client's credentials, retries and limits.
//
// # Credentials and the base URL
//
// Exactly one of [WithToken] (a personal or service-account token) and [WithTokenSource] sets the
// credentials. They are sent only to the scheme, host and port of the base URL. The scheme must be
// https, unless the host is this machine or [WithPlainHTTP] is set. Credentials do not appear in
// errors or logs.
//
// The vendor's documents write the base URL with and without /api at its end. [WithBaseURL] and
// APONO_ENDPOINT accept both forms, and keep a path before it, for example that of a gateway.
//
// # Requests and responses
//
// A required member of a request is always sent, and never as null: a nil [Config], map or slice is
// sent empty. An [Optional] is left out, null, or a value. Other optional members are left out if
// they have the zero value. In a response, null and missing members have the zero value: "", a nil
// pointer, slice or map, or the zero [Time].
//
// The models follow the vendor's specification. When it changes, their fields may change in a minor
// release. Names of v2 have the suffix V2 if a newer generation exists.
//
// # Updates
//
// An update is a PUT of the whole integration. Its optional members have three states: left out
// (the zero value), [Null], and a value from [Set].
//
// Whether members that are left out are cleared is not documented by the vendor: its own clients
// assume so, but one of its mocks keeps a member. [UpdateFrom] and [UpdateFromV2] build an update
// that works in both cases. It has all known members of the integration, unknown members of the
// configuration and the secret store, and null for members that are not set.
//
//	u := apono.UpdateFrom(integration)
//	u.CustomAccessDetails = apono.Set("Ask the data team.")
//	integration, err = c.Integrations.Update(ctx, integration.ID, u)
//
// The type of an integration can't be changed. In a response, an owner has the ID and the name of
// the integration that it comes from. In a request, it has one reference, the ID or the name.
// Whether [ResourcesService.SetUserTags] replaces the tags or adds to them is not documented by the
// vendor.
//
// # Configurations and secrets
//
// A [Config] has the parameters of an integration's type, by their names in the catalog. Nearly all
// values are strings, including numbers ("5432") and booleans ("true"). Lists are JSON inside a
// string. A response can have any JSON. It is kept unchanged: numbers keep their digits.
//
// A [SecretStore] states the place of the credentials. Its Value is an [*AWSSecret], [*GCPSecret],
// [*KubernetesSecret], [*AzureSecret], [*HashicorpVaultSecret] or [*AponoSecret], or an
// [*UnknownSecret] for a store that this release does not know. v2 has another form for the same
// types, [FlatSecretStore]. The methods Nested and Flat convert between the forms. Exactly one
// store is sent. A response with two stores is an error that names both. In a list, two stores
// become an UnknownSecret, because one item must not fail the page. A Kubernetes secret needs the
// label apono-connector-read, with the value true:
//
//	kubectl label secret NAME apono-connector-read=true
//
// The parameters of an AponoSecret are the credentials themselves. Packages fmt, slog and
// encoding/json do not show them, with the exceptions in [SecretStore]. The client sends them, and
// [SecretStore.Reveal] returns JSON with them. For an integration, slog shows ID, name, type and
// status. Inside a slice, map or struct of the caller, slog's JSON handler also shows the
// configuration.
//
// Not documented by the vendor: whether the API returns the parameters, and the name of this store
// in v2. The client sends APONO.
//
// # Lists
//
// List and Pages return iterators for a range loop. Nothing is sent before the loop begins. Each
// range sends its own requests. An error is yielded once, as the last element. The loop may end
// early.
//
// Lists of admin v4 and v3 have pages. The first request has the filters. Later requests have only
// the token, as in the vendor's clients. [sdk.Page].NextToken resumes a list. [WithPrefetch]
// fetches a page ahead. A page can be empty and still be followed by others. A repeated token is an
// error.
//
// Other lists have one response. It states a total, but a parameter that requests the rest is not
// documented by the vendor. If the total is greater than the number of items, the last element is a
// [*TruncatedError]. [sdk.Page] has the numbers.
//
// # Errors
//
// A call that fails returns an [*Error], possibly joined with others. Use [errors.Is] with
// [ErrNotFound] and the other conditions. Use [errors.As] for status, code, text and body. The
// vendor documents only the error 401. Its programs send JSON, plain text or nothing, and the
// client reads all of these. An argument that is not valid is [ErrInvalid], and nothing is sent.
//
// Responses are decoded leniently. A missing or null member has the zero value. Unknown statuses
// are kept unchanged. A member that is only informative, such as the category, is left out if it
// has an unexpected type. For a member that an update sends back, an unexpected type is an error.
// With [WithStrict], a missing required member and any unexpected type are errors. Compare statuses
// with ==: decoding replaces a known status in any letter case by its constant, such as
// [StatusActive]. The statuses of v4 are not documented by the vendor.
//
// # Retries
//
//   - A GET, PUT or DELETE is repeated after a lost connection and after 408, 429, 500, 502, 503
//     and 504.
//   - A POST is repeated only if the server surely did nothing: after 429, after 503 with
//     Retry-After, and if it was not sent (see [sdk.RetryPolicy]).
//
// The API has no idempotency keys. If the response to a create is lost, a second request could
// create a second integration. The client does not repeat such a call, and its error is
// [ErrOutcomeUnknown]. Check whether the integration exists before you send the request again, or
// use Ensure, which does. [sdk.RetryPolicy] has the numbers. Each attempt may take 1 min
// ([WithAttemptTimeout]). No wait exceeds the deadline of the context.
//
// # Rate limits
//
// A rate limit, or a header that states one, is not documented by the vendor. The client still
// handles a 429, with or without Retry-After. To set your own rate, use [WithLimiter] with
// [ratelimit.WithRate] or [ratelimit.WithMaxInFlight].
//
// # Helpers
//
//   - [ValidateConfig] checks a configuration against the catalog and returns all problems at once.
//   - [IntegrationsService.WaitSynced] waits until Apono has read a created or refreshed
//     integration.
//   - [IntegrationsService.Ensure] creates a missing integration and updates one that differs. A
//     program can call it again.
//   - [IntegrationsService.FindByName] returns the integration with a name.
//   - [Contains], [HasPrefix] and [HasSuffix] return filters.
//
// # Tests
//
// Package aponotest is a fake of the API, with faults and unusual responses on demand. The examples
// here run against it:
//
//	srv := aponotest.NewServer(t)
//	c, err := apono.New(apono.WithBaseURL(srv.URL), apono.WithToken(srv.Token))
//
// # Sources
//
// The vendor's rules in this documentation come from https://docs.apono.io, from the vendor's
// published specification, and from its CLI and Terraform provider. The documentation states where
// these differ or say nothing.
package apono
