package confluent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// The operations in faults and call counts.
const (
	opCreate   = "createPimV2Integration"
	opGet      = "getPimV2Integration"
	opList     = "listPimV2Integrations"
	opUpdate   = "updatePimV2Integration"
	opDelete   = "deletePimV2Integration"
	opValidate = "validatePimV2Integration"
	opCreateV1 = "createPimV1Integration"
	opListV1   = "listPimV1Integrations"
	opExchange = "exchangeOAuthToken"
)

const (
	tenantID   = "6b2b9a4e-aaaa-4000-8000-000000000001"
	gcpAccount = "reader@project.iam.gserviceaccount.com"
	role       = "arn:aws:iam::000000000000:role/customer"
)

var inEnv = confluent.Reference{ID: env}

func azure(name, tenant string) confluent.IntegrationCreate {
	return confluent.IntegrationCreate{DisplayName: name, Environment: inEnv, Config: azureConfig(tenant)}
}

func azureConfig(tenant string) confluent.Config {
	return confluent.Config{Value: &confluent.AzureConfig{CustomerAzureTenantID: tenant}}
}

func gcpConfig(account string) confluent.Config {
	return confluent.Config{Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: account}}
}

func unknownConfig(raw string) confluent.Config {
	return confluent.Config{Value: &confluent.UnknownConfig{Raw: json.RawMessage(raw)}}
}

// sent lists the requests that reached the server, in order: method and status. The status is 0 if
// the response was cut off.
func sent(srv *confluenttest.Server) []string {
	var all []string
	for _, c := range srv.Calls() {
		all = append(all, fmt.Sprintf("%s %d", c.Method, c.Status))
	}
	return all
}

// bodiesOf returns the request bodies of an operation.
func bodiesOf(srv *confluenttest.Server, operation string) []string {
	var all []string
	for _, c := range srv.Calls() {
		if c.Operation == operation {
			all = append(all, string(c.Body))
		}
	}
	return all
}

// errorOf returns the *Error in err. A failure names the call.
func errorOf(t *testing.T, err error, call ...string) *confluent.Error {
	t.Helper()
	e, ok := errors.AsType[*confluent.Error](err)
	require.Truef(t, ok, "no *Error: %v %s", err, strings.Join(call, " "))
	return e
}

// requireRefused checks that err refuses an argument before anything is sent.
func requireRefused(t *testing.T, err error, argument string) {
	t.Helper()
	e := errorOf(t, err)
	require.ErrorIs(t, err, confluent.ErrInvalid)
	assert.Equal(t, argument, e.Argument)
	assert.Contains(t, err.Error(), argument)
	assert.Zero(t, e.StatusCode)
	assert.Zero(t, e.Attempts)
}

// noRetries returns a policy without retries.
func noRetries() confluent.Option {
	return confluent.WithRetry(sdk.RetryPolicy{MaxAttempts: 1})
}

// roundTrip is a function that implements http.RoundTripper.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// around returns a middleware with access to the request before and after next.
func around(f func(r *http.Request, next http.RoundTripper) (*http.Response, error)) confluent.Option {
	return confluent.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) { return f(r, next) })
	})
}

func TestProvisionSendsTheDraftThenItsConfig(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in            confluent.IntegrationCreate
		create, patch string
	}{
		"Azure": {
			in:     azure("vault", tenantID),
			create: `{"display_name":"vault","provider":"azure","environment":{"id":"env-1"}}`,
			patch: `{"config":{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"` + tenantID +
				`"},"environment":{"id":"env-1"}}`,
		},
		"Google Cloud, read-only members set": {
			in: confluent.IntegrationCreate{
				DisplayName: "bq", Environment: confluent.Reference{ID: env, Related: "x", ResourceName: "y"},
				Config: confluent.Config{Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: gcpAccount,
					GoogleServiceAccount: "forged"}},
			},
			create: `{"display_name":"bq","provider":"gcp","environment":{"id":"env-1"}}`,
			patch: `{"config":{"kind":"GcpIntegrationConfig","customer_google_service_account":"` + gcpAccount +
				`"},"environment":{"id":"env-1"}}`,
		},
		"AWS, provider named": {
			in: confluent.IntegrationCreate{Provider: "AWS", Environment: inEnv,
				Config: confluent.Config{Value: &confluent.AWSConfig{CustomerIAMRoleARN: role}}},

			create: `{"provider":"aws","environment":{"id":"env-1"}}`,
			patch: `{"config":{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"` + role +
				`"},"environment":{"id":"env-1"}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := newPair(t, confluenttest.WithStyle(confluenttest.Style{AWSInV2: true}))
			got, err := c.Integrations.Provision(t.Context(), tc.in)
			require.NoError(t, err)
			assert.Equal(t, confluent.StatusCreated, got.Status)
			require.Equal(t, []string{"POST 201", "PATCH 200"}, sent(srv))
			assert.JSONEq(t, tc.create, bodiesOf(srv, opCreate)[0])
			assert.JSONEq(t, tc.patch, bodiesOf(srv, opUpdate)[0])
			stored := srv.Integrations(env)
			require.Len(t, stored, 1)
			assert.Equal(t, got.ID, stored[0].ID)
		})
	}
}

func TestProvisionSendsUnknownKindsByteForByte(t *testing.T) {
	t.Parallel()
	const raw = `{"kind":"OciIntegrationConfig","customer_tenancy":"ocid1","limit":1e400}`
	srv, c := newPair(t)
	srv.Inject(confluenttest.Fault{Operation: opUpdate, Status: 200,
		Body: `{"id":"cspi-00001","status":"CREATED","config":` + raw + `}`})
	got, err := c.Integrations.Provision(t.Context(), confluent.IntegrationCreate{Provider: "GCP", Environment: inEnv,
		Config: unknownConfig(raw)})
	require.NoError(t, err)
	unknown, ok := got.Config.Value.(*confluent.UnknownConfig)
	require.True(t, ok)
	assert.Equal(t, raw, string(unknown.Raw))
	assert.Contains(t, bodiesOf(srv, opUpdate)[0], raw)
}

func TestProvisionDeletesNothingWhenTheCreateIsUncertain(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]confluenttest.Fault{
		"response cut":        {Lost: true, Apply: true},
		"response broken off": {Truncate: true},
		"500":                 {Status: 500, Apply: true},
		"502":                 {Status: 502, Apply: true},
		"no body":             {Status: 201, Apply: true},
		"null":                {Status: 201, Body: `null`, Apply: true},
		"HTML":                {Status: 200, Body: `<html></html>`, Apply: true},
		"no id":               {Status: 201, Body: `{"status":"DRAFT"}`, Apply: true},
		"an id of a number": {
			Status: 201, Body: `{"id":1}`, Apply: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := newPair(t)
			fault.Operation = opCreate
			srv.Inject(fault)
			got, err := c.Integrations.Provision(t.Context(), azure("vault", tenantID))
			require.ErrorIs(t, err, confluent.ErrOutcomeUnknown)
			assert.True(t, errorOf(t, err).OutcomeUnknown)
			assert.Contains(t, err.Error(), "may have been carried out")
			assert.Nil(t, got)
			assert.Len(t, srv.Calls(), 1)
			assert.Len(t, srv.Integrations(env), 1)
		})
	}
}

func TestProvisionTakesOddButUsableResponses(t *testing.T) {
	t.Parallel()
	for name, style := range map[string]confluenttest.Style{
		"create answered 200":       {CreateOK: true},
		"unset members left out":    {OmitUnset: true, OmitUsages: true},
		"provider in upper case":    {UpperProvider: true},
		"environment with blanks":   {BlankEnvironment: true},
		"refused drafts are locked": {LockFailedDraft: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := newPair(t, confluenttest.WithStyle(style))
			_, err := c.Integrations.Provision(t.Context(), azure("bad", "no-guid"))
			require.ErrorIs(t, err, confluent.ErrInvalid)
			require.Empty(t, srv.Integrations(env))
			got, err := c.Integrations.Provision(t.Context(), azure("vault", tenantID))
			require.NoError(t, err)
			assert.Equal(t, confluent.StatusCreated, got.Status)
		})
	}

	t.Run("create without an environment", func(t *testing.T) {
		t.Parallel()
		srv, c := newPair(t)
		srv.Inject(confluenttest.Fault{Operation: opCreate, Status: 201, Body: `{"id":"cspi-00001"}`, Apply: true})
		got, err := c.Integrations.Provision(t.Context(), azure("vault", tenantID))
		require.NoError(t, err)
		assert.Equal(t, confluent.StatusCreated, got.Status)
	})
}

// The caller's context ends at critical moments. The error must name the integration that remains.
func TestProvisionCleansUpAfterItsContextEnded(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		when func(method string, cancel func(), send func() (*http.Response, error)) (*http.Response, error)
		sent []string
		ok   bool
	}{
		"when the draft was there": {
			when: func(method string, cancel func(), send func() (*http.Response, error)) (*http.Response, error) {
				resp, err := send()
				if method == http.MethodPost {
					cancel()
				}
				return resp, err
			},
			sent: []string{"POST 201", "GET 200", "DELETE 204"},
		},
		"when the PATCH was about to go": {
			when: func(method string, cancel func(), send func() (*http.Response, error)) (*http.Response, error) {
				if method == http.MethodPatch {
					cancel()
				}
				return send()
			},
			sent: []string{"POST 201", "GET 200", "GET 200", "DELETE 204"},
		},
		"when the PATCH was carried out": {
			when: func(method string, cancel func(), send func() (*http.Response, error)) (*http.Response, error) {
				resp, err := send()
				if method == http.MethodPatch {
					cancel()
					return nil, context.Canceled
				}
				return resp, err
			},
			sent: []string{"POST 201", "PATCH 200", "GET 200"},
			ok:   true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := confluenttest.NewServer(t, confluenttest.WithoutSocket())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			c := newClient(t, srv, around(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				return tc.when(r.Method, cancel, func() (*http.Response, error) { return next.RoundTrip(r) })
			}))
			got, err := c.Integrations.Provision(ctx, azure("vault", tenantID))
			assert.Equal(t, tc.sent, sent(srv))
			if tc.ok {
				require.NoError(t, err)
				assert.Equal(t, confluent.StatusCreated, got.Status)
				return
			}
			require.ErrorIs(t, err, context.Canceled)
			errorOf(t, err)
			assert.Nil(t, got)
			assert.Empty(t, srv.Integrations(env))
		})
	}
}

// A gateway may deliver a PATCH after it has sent 504. Provision waits as long as the PATCH took
// before it deletes the draft.
func TestProvisionWaitsForAPatchThatArrivesLate(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		gaveUp, late time.Duration // time of the gateway's 504, and delay from then until it delivers the PATCH
		sent         []string
		ended        time.Duration
		deleted      bool
	}{
		"before the first GET": {5 * time.Second, 0, []string{"POST 201", "GET 200"}, 5 * time.Second, false},
		"while it waits": {5 * time.Second, 4 * time.Second, []string{"POST 201", "GET 200", "GET 200"},
			10 * time.Second, false},
		"at the end of a minute": {time.Minute, 14 * time.Second, []string{"POST 201", "GET 200", "GET 200"},
			75 * time.Second, false},
		"too late": {5 * time.Second, 6 * time.Second, []string{"POST 201", "GET 200", "GET 200",
			"DELETE 204"}, 10 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := confluenttest.NewServer(t, confluenttest.WithoutSocket())
				var late sync.WaitGroup
				c := newClient(t, srv, confluent.WithAttemptTimeout(2*time.Minute),
					around(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
						if r.Method != http.MethodPatch {
							return next.RoundTrip(r)
						}
						patch := r.Clone(context.WithoutCancel(r.Context()))
						time.Sleep(tc.gaveUp)
						deliver := func() {
							resp, err := next.RoundTrip(patch)
							if assert.NoError(t, err) {
								resp.Body.Close()
							}
						}
						if tc.late == 0 {
							deliver()
						} else {
							late.Go(func() {
								time.Sleep(tc.late)
								deliver()
							})
						}
						return nil, errors.New("the gateway gave up")
					}))
				begin := time.Now()
				got, err := c.Integrations.Provision(t.Context(), azure("vault", tenantID))
				assert.Equal(t, tc.ended, time.Since(begin))
				late.Wait()
				withoutPatch := slices.DeleteFunc(sent(srv), func(s string) bool {
					return strings.HasPrefix(s, "PATCH")
				})
				assert.Equal(t, tc.sent, withoutPatch)
				if tc.deleted {
					require.ErrorIs(t, err, confluent.ErrOutcomeUnknown)
					assert.Empty(t, srv.Integrations(env))
					return
				}
				require.NoError(t, err)
				assert.Equal(t, confluent.StatusCreated, got.Status)
				assert.Len(t, srv.Integrations(env), 1)
			})
		})
	}
}

func TestProvisionCleanUpEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, c := newPair(t, confluenttest.WithoutSocket())
		srv.Inject(confluenttest.Fault{Operation: opDelete, Delay: time.Hour, Times: -1})
		ctx, cancel := context.WithCancel(t.Context())
		srv.Inject(confluenttest.Fault{Operation: opUpdate, Delay: time.Hour})
		time.AfterFunc(10*time.Second, cancel)
		begin := time.Now()
		got, err := c.Integrations.Provision(ctx, azure("vault", tenantID))
		assert.Equal(t, 40*time.Second, time.Since(begin), "10 s until the context ended, 30 s for the clean-up")
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorContains(t, err, "left behind")
		require.NotNil(t, got)
		assert.Equal(t, confluent.StatusDraft, got.Status)
		assert.Len(t, srv.Integrations(env), 1)
	})
}

// A 404 of the token exchange says nothing about the draft.
func TestProvisionTellsTheDraftWhenNoTokenIsToBeHad(t *testing.T) {
	t.Parallel()
	srv := confluenttest.NewServer(t)
	token, fail := srv.IssueToken(time.Hour), false
	source := sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) {
		if fail {
			return sdk.Token{}, &confluent.Error{StatusCode: http.StatusNotFound}
		}
		fail = true
		return sdk.Token{Value: token, Expiry: time.Now().Add(time.Hour)}, nil
	})
	c := newBearerClient(t, srv, confluent.WithTokenSource(source),
		around(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if r.Method == http.MethodPatch {
				srv.RevokeTokens()
			}
			return next.RoundTrip(r)
		}))
	got, err := c.Integrations.Provision(t.Context(), azure("vault", tenantID))
	require.Error(t, err)
	require.NotNil(t, got, "the draft is there, and must not be forgotten")
	assert.ErrorContains(t, err, "may be left behind")
}

func TestProvisionRefusesBadInput(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	for name, tc := range map[string]struct {
		in       confluent.IntegrationCreate
		argument string
	}{
		"no config": {confluent.IntegrationCreate{Provider: "GCP", Environment: inEnv}, "Config"},
		"nil pointer": {confluent.IntegrationCreate{Environment: inEnv,
			Config: confluent.Config{Value: (*confluent.GCPConfig)(nil)}}, "Config"},
		"empty config": {confluent.IntegrationCreate{Environment: inEnv, Config: gcpConfig("")},
			"Config"},
		"Confluent's side only": {confluent.IntegrationCreate{Environment: inEnv,
			Config: confluent.Config{Value: &confluent.GCPConfig{GoogleServiceAccount: gcpAccount}}}, "Config"},
		"unknown kind, no kind": {confluent.IntegrationCreate{Provider: "GCP", Environment: inEnv,
			Config: unknownConfig(`{}`)}, "Config"},
		"unknown kind, not JSON": {confluent.IntegrationCreate{Provider: "GCP", Environment: inEnv,
			Config: unknownConfig(`{"kind":`)}, "Config"},
		"unknown kind, no provider": {confluent.IntegrationCreate{Environment: inEnv,
			Config: unknownConfig(`{"kind":"Newer"}`)}, "Provider"},
		"no environment":             {confluent.IntegrationCreate{Config: gcpConfig(gcpAccount)}, "Environment.ID"},
		"display name of 61 letters": {azure(strings.Repeat("é", 61), tenantID), "DisplayName"},
		"role ARN of 19 characters": {confluent.IntegrationCreate{Environment: inEnv,
			Config: confluent.Config{Value: &confluent.AWSConfig{CustomerIAMRoleARN: role[:19]}}},
			"CustomerIAMRoleARN"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.Integrations.Provision(t.Context(), tc.in)
			requireRefused(t, err, tc.argument)
			assert.Nil(t, got)
			assert.Empty(t, srv.Calls())
		})
	}
}
