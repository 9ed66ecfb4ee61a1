// Package apono is a client of Apono's public API for integrations: what Apono manages access to, such as databases and cloud accounts, and what it takes user information from.
//
//	c, err := apono.New(apono.WithToken(token)) // or apono.FromEnv()
//	in, err := c.Integrations.Get(ctx, id)
//
// # Services
//
// [Client.Integrations] is admin v4, the newest generation: filters, pages, owners, secret stores as a union. [Client.IntegrationsV2] is v2, which shows the same integrations
// in older words (metadata, provisioner_id, secret_config), knows no owners, and alone can refresh. [Client.Catalog] (v2) says what the types of integrations need, [Client.Resources] (v3) what
// integrations hold, and [Client.Connectors] (admin v3, and a list of v2) what reaches them. [Client.API] is the generated client, with every operation.
//
// # Credentials and the base URL
//
// Exactly one of [WithToken] (a personal or service-account token) and [WithTokenSource] says who calls. Credentials go to the base URL's scheme, host and port only, over
// https unless that is this machine or [WithPlainHTTP] allows otherwise. They appear in no error and no log.
//
// The vendor's documents write the base URL with and without /api at its end. [WithBaseURL] and APONO_ENDPOINT take both, and keep the path of a gateway in front of it.
//
// # Updates
//
// An update is a PUT of the whole integration. Its optional members have three states: left out (the zero value), [Null], and a value from [Set]. It is not documented what the server does with
// members that are left out: the vendor's own clients rely on their being cleared, while a mock of the vendor's keeps one of them. [UpdateFrom] and [UpdateFromV2] build an update that is right both ways: it names
// everything that this release knows of the integration, and what it does not know in the configuration and the secret store, and null for what there is not.
//
//	u := apono.UpdateFrom(in)
//	u.CustomAccessDetails = apono.Set("Ask the data team.")
//	in, err = c.Integrations.Update(ctx, in.ID, u)
//
// The type of an integration can't be changed. Owners are read with the id and the name of the integration that they come from, and written with either, as one reference. Whether
// [ResourcesService.SetUserTags] replaces the tags or adds to them is not documented.
//
// # Configurations and secrets
//
// A [Config] holds the parameters of an integration's type, by the names in the catalog. Nearly all values are texts, also numbers ("5432") and booleans ("true"), and lists are JSON inside a text;
// but any JSON may come, and is kept as it came: numbers keep their digits.
//
// A [SecretStore] says where the credentials lie: its Value is an [*AWSSecret], [*GCPSecret], [*KubernetesSecret], [*AzureSecret], [*HashicorpVaultSecret] or [*AponoSecret], or an [*UnknownSecret] for one newer
// than this release. v2 writes the same types in another form, [FlatSecretStore]; its methods Nested and Flat convert. Exactly one store is sent. A reply that names two is an error that names
// both; in a list, where it must not cost the page, it is an UnknownSecret.
//
// The parameters of an AponoSecret are the credentials themselves. Package fmt does not show them, but for what it is given with %w or %p, or finds in unexported fields of yours. Nor does slog, which shows id, name, type and
// status of an integration and nothing of its configuration. encoding/json does, because they have to be sent: don't log a struct of yours that holds an integration with a JSON handler. Whether the API returns the
// parameters is not known, nor the name that v2 has for this store; the client writes APONO.
//
// # Lists
//
// List and Pages give iterators for a range loop: nothing is sent before it begins, each range sends its own requests, an error is yielded once, as the last thing, and leaving the loop ends the walk.
//
// Lists of admin v4 and v3 come in pages. Filters go with the first request and the token alone with the others, as the vendor's clients do it. [Page.NextToken] resumes a list elsewhere; [WithPrefetch]
// fetches a page ahead. A page may be empty although more follow. A token that comes twice is an error.
//
// Lists of v2 and v3 come in one piece. They tell a total, but no parameter is documented that asks for the rest: where there is more than was sent, the last thing is a [*TruncatedError]. [Page.Info] has the numbers.
//
// # Errors
//
// What fails returns an [*Error], possibly joined with others: use [errors.Is] with [ErrNotFound] and the other conditions, and [errors.As] for status, code, text and raw body. The vendor documents no errors
// but a 401; its programs send JSON, plain text or nothing, and all of these are understood. An argument that makes no sense is [ErrInvalid] before anything is sent.
//
// Replies decode leniently: what is missing or null is the zero value, and unknown statuses are texts like any other. [WithStrict] makes a required member that is missing an error. Compare a [Status] with its method Is: v4 writes
// upper case, v2 does not, and v4's values are not documented.
//
// # Retries
//
// A GET, PUT or DELETE is repeated after a lost connection and after 408, 429, 500, 502, 503 and 504; a POST only where the server surely did nothing: 429, 503 with Retry-After, no connection. The API has no idempotency
// keys, so that repeating a create whose reply was lost could make a second integration. Such a call is not repeated, and its error is [ErrOutcomeUnknown]: look before you send it again,
// or use Ensure, which does. [RetryPolicy] has the numbers; each attempt may take 1 min ([WithAttemptTimeout]). No wait outlasts the context.
//
// # Rate limits
//
// Apono documents none, and no header that tells of one. A 429 is understood all the same, with Retry-After or without. To keep to a rate of your own, give [WithLimiter] a limiter with
// [ratelimit.WithRate] or [ratelimit.WithMaxInFlight].
//
// # Helpers
//
// [ValidateConfig] checks a configuration against the catalog and tells all problems at once. [IntegrationsService.WaitSynced] waits until Apono has read what was created or refreshed.
// [IntegrationsService.Ensure] creates what is missing and changes what differs, so that it can be run again and again. [IntegrationsService.FindByName] looks a name up;
// [Contains], [HasPrefix] and [HasSuffix] make filters.
//
// # Tests
//
// Package aponotest is a server that behaves like the API, with faults and odd answers on demand. The examples here run against it:
//
//	srv := aponotest.NewServer(t)
//	c, err := apono.New(apono.WithBaseURL(srv.URL), apono.WithToken(srv.Token))
//
// # Sources
//
// The rules of the vendor that this package states come from its documentation at https://docs.apono.io, from the specification that it publishes, and from the behavior of its own tools, its CLI
// and its Terraform provider. Where they differ or are silent, the documentation here says so.
package apono
