// Package confluent is a client of Confluent Cloud's Provider Integration Management (pim): integrations that give Confluent's managed
// resources, such as connectors and Tableflow, access to a customer's account at AWS, Azure or Google Cloud without a stored secret.
//
//	c, err := confluent.New(confluent.WithAPIKey(key, secret)) // or confluent.FromEnv()
//	in, err := c.Integrations.Get(ctx, "env-abc123", "cspi-abc123")
//
// # Versions
//
// The API has two versions, and each serves its own clouds. [Client.Integrations] is pim/v2, for Azure and Google Cloud; [Client.IntegrationsV1] is
// pim/v1, for AWS. Both work on the same [Config], and the methods that both have are named alike. The vendor marks both versions as Early Access.
//
// Every integration belongs to an environment, whose id each call needs: as an argument where it goes into the query, and in the request's
// Environment.ID where it goes into the body.
//
// # Life cycle
//
// An integration of v1 is complete when it is created, and never changes. One of v2 has a [Status]:
//
//	        POST                 PATCH with a config            a resource uses it
//	(none) ------> StatusDraft -----------------> StatusCreated ------------------> StatusActive
//
// The reply to the POST already names Confluent's side (an application at Azure, a service account at Google Cloud), so that access can be
// granted; [SetupSteps] lists what has to be done there, and [AWSTrustPolicy] makes the policy for AWS. Only a DRAFT can be updated. Nothing that is in use can be deleted.
//
//	draft, err := c.Integrations.Create(ctx, confluent.IntegrationCreate{
//		DisplayName: "warehouse", Provider: confluent.ProviderGCP, Environment: confluent.Reference{ID: "env-abc123"},
//	})
//	in, err := c.Integrations.Update(ctx, draft.ID, confluent.IntegrationUpdate{
//		Environment: draft.Environment,
//		Config:      confluent.Config{Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "reader@my-project.iam.gserviceaccount.com"}},
//	})
//	// grant access at Google Cloud, as confluent.SetupSteps(in.Config) says
//	err = c.Integrations.Validate(ctx, confluent.IntegrationValidate{ID: in.ID, Environment: in.Environment})
//
// Three helpers do this with the failures in mind: [IntegrationsService.Provision] creates and configures, and leaves no draft behind; [IntegrationsService.Ensure] does only what is missing,
// so that it can be run again and again; [IntegrationsService.WaitValid] waits until the grants have taken effect.
//
// # Credentials
//
// Exactly one of [WithAPIKey] (a Cloud API key), [WithToken], [WithTokenSource] and [WithSTS] (the token exchange for identities of an
// external provider) says who calls. Credentials go to the base URL's scheme, host and port only, over https unless that is this machine or [WithPlainHTTP]
// allows otherwise. They appear in no error and no log.
//
// # Errors
//
// What fails returns an [*Error], possibly joined with others: use [errors.Is] with [ErrNotFound] and the other conditions, and [errors.As] for
// status, request id, the vendor's code and details, and the raw body. An argument that makes no sense is [ErrInvalid] before anything is sent. A missing object is a 404,
// or a 403 that is [ErrForbidden]: the vendor does not tell "not there" from "not yours" everywhere.
//
// # Retries
//
// A GET or DELETE, and a validation, is repeated after a lost connection and after 408, 429, 500, 502, 503 and 504; a POST or PATCH only where the server
// surely did nothing: 429, 503 with Retry-After, no connection. The API has no idempotency keys, so that repeating a create whose reply was lost could make a second
// integration. Such a call is not repeated, and its error is [ErrOutcomeUnknown]: look before you send it again, or use Ensure, which does.
//
// [RetryPolicy] has the numbers. By default a call is tried 5 times, with random waits up to 0.5 s, 1 s, 2 s and 4 s, or as long as the server asks for, up to 65 s. Each
// attempt may take 1 min ([WithAttemptTimeout]). No wait outlasts the context: where it would, the error comes at once.
//
// # Rate limits
//
// Confluent Cloud limits both the rate of requests and the number of concurrent ones, each per user and per organization; the numbers are not published. A client waits before it sends, by
// what the X-RateLimit headers of earlier replies told, rather than collect 429s. These headers say nothing of concurrency, which the client learns from refusals: whoever knows the number
// names it with [ratelimit.WithMaxInFlight] and [WithLimiter]. Clients with the same credential should share a limiter. X-RateLimit-Reset and Retry-After are relative, in seconds.
//
// # Lists
//
// List and Pages give iterators for a range loop: nothing is sent before it begins, each range sends its own requests, an error is
// yielded once, as the last thing, and leaving the loop ends the walk. [Page.NextToken] resumes a list elsewhere; [WithPrefetch] fetches a page ahead.
//
// # Unions and the unknown
//
// [Config] is one of several kinds. Its Value is an [*AWSConfig], [*AzureConfig] or [*GCPConfig], or an [*UnknownConfig] for a kind newer than this release. Unknown kinds, and unknown members
// of known ones, are kept and sent back unchanged. Providers, statuses and kinds are open: an unknown one is not an error. Compare providers with their method Is, because the API answers in either case.
//
// # Limits
//
// A display name has at most 60 characters ([MaxDisplayNameLength]), a page at most 100 items ([MaxPageSize]), an IAM role ARN 20 to 2048 characters, and an exchanged token may be asked for 15 minutes ([MaxTokenLifetime]). A reply is
// read up to 32 MiB ([WithMaxResponseBytes]). An organization may have 100 integrations unless the vendor raises its quota ([ErrQuotaExceeded]).
//
// # Tests
//
// Package confluenttest is a server that behaves like the API, with faults and rate limits on demand. The examples here run against it:
//
//	srv := confluenttest.NewServer(t)
//	c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))
//
// # Sources
//
// The rules of the vendor that this package states come from the reference at https://docs.confluent.io/cloud/current/api.html and from the behavior of the
// vendor's own tools, its CLI and its Terraform provider. Where they differ or are silent, the documentation here says so.
package confluent
