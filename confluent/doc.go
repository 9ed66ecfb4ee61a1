// Package confluent is a client of Confluent Cloud's Provider Integration Management (pim):
// integrations that give Confluent's managed resources, such as connectors and Tableflow, access to
// a customer's account at AWS, Azure or Google Cloud without a stored secret.
//
//	c, err := confluent.New(confluent.WithAPIKey(key, secret)) // or confluent.FromEnv()
//	integration, err := c.Integrations.Get(ctx, "env-abc123", "cspi-abc123")
//
// # Versions
//
// The API has two versions for different clouds. [Client.Integrations] is pim/v2, for Azure and
// Google Cloud. [Client.IntegrationsV1] is pim/v1, for AWS. Both use the same [Config] and the same
// method names. The vendor marks pim/v1 as General Availability, and pim/v2 as Early Access.
//
// Every integration belongs to an environment. Each call needs the ID of the environment: as an
// argument if it is in the query, and as Environment.ID of the request if it is in the body.
//
// # Life cycle
//
// An integration of v1 is complete when it is created, and can't be changed. An integration of v2
// has a [Status]:
//
//	        POST                 PATCH with a config            a resource uses it
//	(none) ------> StatusDraft -----------------> StatusCreated ------------------> StatusActive
//
// The response to the POST has Confluent's identity (an application at Azure, a service account at
// Google Cloud), which needs to be granted access. [SetupSteps] returns the steps at the provider,
// and [AWSTrustPolicy] the policy for AWS. Only a DRAFT can be updated. An integration in use can't
// be deleted.
//
//	draft, err := c.Integrations.Create(ctx, confluent.IntegrationCreate{
//		DisplayName: "warehouse",
//		Provider:    confluent.ProviderGCP,
//		Environment: confluent.Reference{ID: "env-abc123"},
//	})
//	integration, err := c.Integrations.Update(ctx, draft.ID, confluent.IntegrationUpdate{
//		Environment: draft.Environment,
//		Config: confluent.Config{Value: &confluent.GCPConfig{
//			CustomerGoogleServiceAccount: "reader@my-project.iam.gserviceaccount.com",
//		}},
//	})
//	// grant access at Google Cloud: see confluent.SetupSteps(integration.Config)
//	err = c.Integrations.Validate(ctx, confluent.IntegrationValidate{
//		ID: integration.ID, Environment: integration.Environment,
//	})
//
// Three methods do this and handle failures:
//
//   - [IntegrationsService.Provision] creates and configures an integration. It deletes the draft
//     if that fails.
//   - [IntegrationsService.Ensure] does only the missing steps. A program can call it again, also
//     after it was interrupted.
//   - [IntegrationsService.WaitValid] waits until the grants have taken effect.
//
// # Credentials
//
// Exactly one of [WithAPIKey] (a Cloud API key), [WithToken], [WithTokenSource] and [WithSTS] (the
// token exchange for identities of an external provider) sets the credentials. They are sent only
// to the scheme, host and port of the base URL. The scheme must be https, unless the host is this
// machine or [WithPlainHTTP] is set. Credentials do not appear in errors or logs.
//
// # Errors
//
// A call that fails returns an [*Error], possibly joined with others. Use [errors.Is] with
// [ErrNotFound] and the other conditions. Use [errors.As] for status, request ID, the vendor's code
// and details, and the body. An argument that is not valid is [ErrInvalid], and nothing is sent. A
// missing object can be a 404, or a 403, which is [ErrForbidden]: for some operations the vendor
// does not distinguish missing from forbidden.
//
// # Retries
//
//   - A GET, DELETE or validation is repeated after a lost connection and after 408, 429, 500, 502,
//     503 and 504.
//   - A POST or PATCH is repeated only if the server surely did nothing: after 429, after 503 with
//     Retry-After, and if it was not sent (see [sdk.RetryPolicy]).
//
// The API has no idempotency keys. If the response to a create is lost, a second request could
// create a second integration. The client does not repeat such a call, and its error is
// [ErrOutcomeUnknown]. Check whether the integration exists before you send the request again, or
// use Ensure, which does.
//
// [sdk.RetryPolicy] has the number of attempts and the waits between them. A wait is random, or the
// one that the server asks for. Each attempt may take 1 min ([WithAttemptTimeout]). If a wait would
// exceed the deadline of the context, the error is returned at once.
//
// # Rate limits
//
// Confluent Cloud limits both the rate of requests and the number of concurrent ones, each per user
// and per organization. The numbers are not documented by the vendor. A client uses the X-RateLimit
// headers of earlier responses to wait before it sends, and so avoids status 429. These headers do
// not state the limit of concurrent requests, so the client estimates it from refused requests. If
// you know the number, set it with [ratelimit.WithMaxInFlight] and [WithLimiter]. Clients with the
// same credential should share a limiter. X-RateLimit-Reset and Retry-After are relative, in
// seconds.
//
// # Lists
//
// List and Pages return iterators for a range loop: nothing is sent before it begins, each range
// sends its own requests, an error is yielded once, as the last element, and leaving the loop ends
// the walk. [sdk.Page].NextToken resumes a list elsewhere. [WithPrefetch] fetches a page ahead.
//
// [Client.AllIntegrations] walks the lists of both versions and yields each integration once. This
// walk can't be resumed.
//
// # Unions and unknown values
//
// [Config] is one of several kinds. Its Value is an [*AWSConfig], [*AzureConfig] or [*GCPConfig],
// or an [*UnknownConfig] for a kind newer than this release. Unknown kinds, and unknown members of
// known kinds, are kept and sent back unchanged. An unknown provider, status or kind is not an
// error. Compare providers and statuses with ==: the API uses either letter case, and decoding
// replaces a known value by its constant. A member that is only informative, such as usages or
// kind, is left out if it has an unexpected type.
//
// The request types, such as [IntegrationCreate], lack the members that only the server sets. An
// optional member with its zero value is left out.
//
// # Other requests
//
// [Client.Do] sends any request with the client's credentials, retries and limits. Its URL may be
// relative to the base URL.
//
// # Limits
//
//   - A display name has at most 60 characters ([MaxDisplayNameLength]).
//   - A page has at most 100 items ([MaxPageSize]).
//   - An IAM role ARN has 20 to 2048 characters.
//   - The longest lifetime of an exchanged token is 15 min ([MaxTokenLifetime]).
//   - A response is read up to 32 MiB ([WithMaxResponseBytes]).
//   - An organization may have 100 integrations unless the vendor raises its quota
//     ([ErrQuotaExceeded]).
//
// # Tests
//
// Package confluenttest is a fake of the API, with faults and rate limits on demand. The examples
// here run against it:
//
//	srv := confluenttest.NewServer(t)
//	c, err := confluent.New(
//		confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret),
//	)
//
// # Sources
//
// The vendor's rules in this documentation come from the reference at
// https://docs.confluent.io/cloud/current/api.html and from the vendor's CLI and Terraform
// provider. The documentation states where these differ or say nothing.
package confluent
