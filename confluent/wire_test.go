package confluent_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/internal/contract/specified"
)

const (
	tapKey    = "TAPKEY"
	tapSecret = "tap-secret-of-nobody"
)

// tap responds to requests in memory and keeps the requests.
type tap struct {
	*httpmock.MockTransport
	mu   sync.Mutex
	sent []sentRequest
}

type sentRequest struct {
	method, url, path string // path is escaped, as sent
	query             url.Values
	header            http.Header
	hasBody           bool
	body              string
}

// newTap returns a tap with the given responses, in order. It repeats the last one. Without
// responses it uses fitting.
func newTap(t *testing.T, answers ...httpmock.Responder) *tap {
	w := &tap{MockTransport: httpmock.NewMockTransport()}
	w.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		s := sentRequest{method: req.Method, url: req.URL.String(), path: req.URL.EscapedPath(),
			header: req.Header.Clone()}
		var err error
		if s.query, err = url.ParseQuery(req.URL.RawQuery); err != nil {
			t.Errorf("malformed query %q: %v", req.URL.RawQuery, err)
		}
		if s.hasBody = req.Body != nil && req.Body != http.NoBody; s.hasBody {
			b, err := io.ReadAll(req.Body)
			if err != nil {
				return nil, err
			}
			s.body = string(b)
		}
		w.mu.Lock()
		w.sent = append(w.sent, s)
		n := len(w.sent)
		w.mu.Unlock()
		if len(answers) == 0 {
			return fitting(req)
		}
		return answers[min(n, len(answers))-1](req)
	})
	return w
}

// answer returns a responder with a JSON body. headers are pairs of name and value.
func answer(status int, body string, headers ...string) httpmock.Responder {
	return func(*http.Request) (*http.Response, error) {
		resp := httpmock.NewStringResponse(status, body)
		resp.Header = http.Header{"Content-Type": {"application/json"}}
		for i := 0; i < len(headers); i += 2 {
			resp.Header.Add(headers[i], headers[i+1])
		}
		return resp, nil
	}
}

// fitting is a successful response to any operation.
func fitting(req *http.Request) (*http.Response, error) {
	const one = `{"id":"cspi-1","display_name":"n","status":"DRAFT","environment":{"id":"env-1"}}`
	path := req.URL.Path
	switch {
	case strings.HasSuffix(path, "/oauth2/token"):
		return answer(200, `{"access_token":"t","issued_token_type":"i","token_type":"Bearer","expires_in":900}`)(req)
	case req.Method == http.MethodDelete, strings.HasSuffix(path, ":validate"):
		return answer(204, "")(req)
	case req.Method == http.MethodGet && strings.HasSuffix(path, "/integrations"):
		return answer(200, `{"metadata":{},"data":[`+one+`]}`)(req)
	}
	return answer(200, one)(req)
}

func (w *tap) client(t *testing.T, opts ...confluent.Option) *confluent.Client {
	t.Helper()
	all := []confluent.Option{confluent.WithAPIKey(tapKey, tapSecret),
		confluent.WithHTTPClient(&http.Client{Transport: w}), noRetries()}
	c, err := confluent.New(append(all, opts...)...)
	require.NoError(t, err)
	return c
}

func (w *tap) requests() []sentRequest {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]sentRequest(nil), w.sent...)
}

func (w *tap) only(t *testing.T) sentRequest {
	t.Helper()
	all := w.requests()
	require.Len(t, all, 1)
	return all[0]
}

// drain reads a list to its end.
func drain[T any](list iter.Seq2[*T, error]) (items []*T, err error) {
	for item, e := range list {
		if e != nil {
			err = e
			continue // detects a second item or an error after it
		}
		items = append(items, item)
	}
	return items, err
}

func failing[T any](_ T, err error) error { return err }

func configOf(v confluent.ConfigValue) confluent.Config { return confluent.Config{Value: v} }

// wireCall is one call of a public method, and the one request that it must send.
type wireCall struct {
	// name begins with the service and the method, such as "Integrations.Get". After a blank it
	// describes the call. Errors of the method have the first word as Operation. Errors of Pages
	// and FindByDisplayName have that of List.
	name   string
	do     func(context.Context, *confluent.Client) error
	method string
	path   string
	query  string
	body   string // "" if there is none
}

func wireCalls() []wireCall {
	type (
		ctx = context.Context
		cl  = *confluent.Client
	)
	const v1, v2 = "/pim/v1/integrations", "/pim/v2/integrations"
	aws := configOf(&confluent.AWSConfig{CustomerIAMRoleARN: role, IAMRoleARN: "arn:aws:iam::999999999999:role/theirs",
		ExternalID: "e"})
	azure := configOf(&confluent.AzureConfig{CustomerAzureTenantID: "t", ConfluentMultiTenantAppID: "a"})
	gcp := configOf(&confluent.GCPConfig{CustomerGoogleServiceAccount: "<c>@p", GoogleServiceAccount: "g@p"})
	newer := configOf(
		&confluent.UnknownConfig{Raw: json.RawMessage(`{"kind":"OciIntegrationConfig","big":12345678901234567890.10}`)})
	fetched := confluent.Reference{ID: env, Environment: "parent", Related: "r", ResourceName: "crn://n",
		Kind: "Environment", APIVersion: "org/v2"}
	const (
		awsBody   = `{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"` + role + `"}`
		azureBody = `{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"t"}`
		gcpBody   = `{"kind":"GcpIntegrationConfig","customer_google_service_account":"<c>@p"}`
		newerBody = `{"kind":"OciIntegrationConfig","big":12345678901234567890.10}`
		envBody   = `"environment":{"id":"env-1"}`
	)
	return []wireCall{
		{"IntegrationsV1.Get", func(x ctx, c cl) error {
			return failing(c.IntegrationsV1.Get(x, env, "cspi-1"))
		}, "GET", v1 + "/cspi-1", "environment=env-1", ""},
		{"IntegrationsV1.List", func(x ctx, c cl) error {
			return failing(drain(c.IntegrationsV1.List(x, env, nil)))
		}, "GET", v1, "environment=env-1&page_size=100", ""},
		{"IntegrationsV1.Pages with all filters", func(x ctx, c cl) error {
			return failing(drain(c.IntegrationsV1.Pages(x, "env/1 &", &confluent.ListOptions{Provider: "aws",
				PageSize: 7, PageToken: "t+/=&"})))
		}, "GET", v1, "environment=env%2F1+%26&page_size=7&page_token=t%2B%2F%3D%26&provider=aws", ""},
		{"IntegrationsV1.Create", func(x ctx, c cl) error {
			return failing(c.IntegrationsV1.Create(x, confluent.IntegrationCreateV1{Environment: inEnv, Config: aws}))
		}, "POST", v1, "", `{"provider":"AWS","config":` + awsBody + `,` + envBody + `}`},
		{"IntegrationsV1.Create with all members", func(x ctx, c cl) error {
			return failing(c.IntegrationsV1.Create(x, confluent.IntegrationCreateV1{DisplayName: `a"<é`,
				Provider: "aws", Environment: fetched, Config: newer}))
		}, "POST", v1, "", `{"display_name":"a\"<é","provider":"aws","config":` + newerBody +
			`,"environment":{"id":"env-1"}}`},
		{"IntegrationsV1.Delete", func(x ctx, c cl) error {
			return c.IntegrationsV1.Delete(x, env, "cspi-1")
		}, "DELETE", v1 + "/cspi-1", "environment=env-1", ""},
		{"IntegrationsV1.FindByDisplayName", func(x ctx, c cl) error {
			return failing(c.IntegrationsV1.FindByDisplayName(x, env, "n"))
		}, "GET", v1, "environment=env-1&page_size=100", ""},

		{"Integrations.Get", func(x ctx, c cl) error {
			return failing(c.Integrations.Get(x, env, "cspi-1"))
		}, "GET", v2 + "/cspi-1", "environment=env-1", ""},
		{"Integrations.List", func(x ctx, c cl) error {
			return failing(drain(c.Integrations.List(x, env, &confluent.ListOptions{})))
		}, "GET", v2, "environment=env-1&page_size=100", ""},
		{"Integrations.Pages with all filters", func(x ctx, c cl) error {
			return failing(drain(c.Integrations.Pages(x, env, &confluent.ListOptions{
				DisplayName: "a & b", Provider: confluent.ProviderAzure, Status: confluent.StatusDraft, PageSize: 1,
				PageToken: "t",
			})))
		}, "GET", v2, "display_name=a+%26+b&environment=env-1&page_size=1&page_token=t&provider=AZURE&status=DRAFT",
			""},
		{"Integrations.Create", func(x ctx, c cl) error {
			return failing(c.Integrations.Create(x, confluent.IntegrationCreate{Provider: confluent.ProviderAzure,
				Environment: inEnv}))
		}, "POST", v2, "", `{"provider":"azure",` + envBody + `}`},
		{"Integrations.Create with all members", func(x ctx, c cl) error {
			return failing(c.Integrations.Create(x, confluent.IntegrationCreate{DisplayName: "n", Environment: fetched,
				Config: gcp}))
		}, "POST", v2, "", `{"display_name":"n","provider":"gcp","config":` + gcpBody +
			`,"environment":{"id":"env-1","environment":"parent"}}`},
		{"Integrations.Create of a provider that is newer than this release", func(x ctx, c cl) error {
			return failing(c.Integrations.Create(x, confluent.IntegrationCreate{Provider: "Oci", Environment: inEnv,
				Config: newer}))
		}, "POST", v2, "", `{"provider":"Oci","config":` + newerBody + `,` + envBody + `}`},
		{"Integrations.Update Azure", func(x ctx, c cl) error {
			return failing(c.Integrations.Update(x, "cspi-1", confluent.IntegrationUpdate{Environment: inEnv,
				Config: azure}))
		}, "PATCH", v2 + "/cspi-1", "", `{"config":` + azureBody + `,` + envBody + `}`},
		{"Integrations.Update GCP", func(x ctx, c cl) error {
			return failing(c.Integrations.Update(x, "cspi-1", confluent.IntegrationUpdate{Environment: fetched,
				Config: gcp}))
		}, "PATCH", v2 + "/cspi-1", "", `{"config":` + gcpBody +
			`,"environment":{"id":"env-1","environment":"parent"}}`},
		{"Integrations.Delete", func(x ctx, c cl) error {
			return c.Integrations.Delete(x, env, "cspi-1")
		}, "DELETE", v2 + "/cspi-1", "environment=env-1", ""},
		{"Integrations.Validate", func(x ctx, c cl) error {
			return c.Integrations.Validate(x, confluent.IntegrationValidate{ID: "cspi-1", Environment: inEnv})
		}, "POST", v2 + ":validate", "", `{"id":"cspi-1",` + envBody + `}`},
		{"Integrations.Validate with a config", func(x ctx, c cl) error {
			return c.Integrations.Validate(x, confluent.IntegrationValidate{ID: "a/b", Environment: inEnv, Config: aws})
		}, "POST", v2 + ":validate", "", `{"id":"a/b","config":` + awsBody + `,` + envBody + `}`},
		{"Integrations.FindByDisplayName", func(x ctx, c cl) error {
			return failing(c.Integrations.FindByDisplayName(x, env, "n"))
		}, "GET", v2, "display_name=n&environment=env-1&page_size=100", ""},
	}
}

func TestEachMethodSendsExactlyItsRequest(t *testing.T) {
	t.Parallel()
	for _, tt := range wireCalls() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newTap(t)
			require.NoError(t, tt.do(t.Context(), w.client(t, confluent.WithUserAgent("my-app/1.2"))))
			got := w.only(t)

			assert.Equal(t, tt.method, got.method)
			assert.Equal(t, "https://api.confluent.cloud"+tt.path, strings.SplitN(got.url, "?", 2)[0])
			want, err := url.ParseQuery(tt.query)
			require.NoError(t, err)
			assert.Equal(t, want, got.query)

			header := http.Header{
				"Accept":        {"application/json"},
				"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(tapKey+":"+tapSecret))},
			}
			agent := got.header.Get("User-Agent")
			assert.Regexp(t, `^integrations-go-sdk/\d+\.\d+\.\d+ \(go[^)]+\) my-app/1\.2$`, agent)
			header.Set("User-Agent", agent)
			if tt.body == "" {
				assert.False(t, got.hasBody, "body %q", got.body)
			} else {
				header.Set("Content-Type", "application/json")
				requireSameJSON(t, tt.body, got.body)
			}
			assert.Equal(t, header, got.header, "no header less and none more")
		})
	}
}

// requireSameJSON compares documents and keeps numbers as text.
func requireSameJSON(t *testing.T, want, got string) {
	t.Helper()
	decode := func(s string) (v any) {
		d := json.NewDecoder(strings.NewReader(s))
		d.UseNumber()
		require.NoError(t, d.Decode(&v), s)
		return v
	}
	require.Equal(t, decode(want), decode(got))
}

func TestRequestsAreTheSameOverHTTP1AndHTTP2(t *testing.T) {
	t.Parallel()
	for proto, opts := range map[string][]confluenttest.Option{"HTTP/1.1": nil,
		"HTTP/2.0": {confluenttest.WithHTTP2()}} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			srv, c := newPair(t, opts...)
			for _, tt := range wireCalls() {
				srv.ResetCalls()
				srv.Inject(confluenttest.Fault{Status: 200,
					Body: `{"id":"cspi-1","data":[{"id":"cspi-1","display_name":"n"}]}`})
				require.NoError(t, tt.do(t.Context(), c), tt.name)
				calls := srv.Calls()
				require.Len(t, calls, 1, tt.name)
				got := calls[0]
				assert.Equal(t, proto, got.Proto)
				assert.Equal(t, tt.method+" "+tt.path, got.Method+" "+got.Path)
				assert.Empty(t, got.Header.Get("Transfer-Encoding"), tt.name)
				if tt.body == "" {
					assert.Empty(t, got.Body, tt.name)
					assert.NotContains(t, got.Header, "Content-Type", tt.name)
				} else {
					requireSameJSON(t, tt.body, string(got.Body))
					assert.NotEmpty(t, got.Header.Get("Content-Length"), tt.name)
				}
			}
		})
	}
}

// A new operation needs a row in each table that it belongs to.
func TestEachOperationIsInTheTables(t *testing.T) {
	t.Parallel()
	rows := []string{"POST /sts/v1/oauth2/token"} // tested in TestTheExchangeSendsTheFormAndNothingElse
	for _, tt := range wireCalls() {
		rows = append(rows, tt.method+" "+tt.path)
	}
	for _, op := range specified.Unreached("confluent", rows) {
		t.Errorf("no row has the request of %s: add one to wireCalls in wire_test.go", op)
	}
	var paths []string
	for name, tt := range idCalls() {
		w := newTap(t)
		err := tt.do(t.Context(), w.client(t), "x-1")
		sent := w.requests()
		if !assert.NoError(t, err, name) || !assert.Len(t, sent, 1, name) {
			continue // the other rows are still checked
		}
		paths = append(paths, sent[0].method+" "+sent[0].path)
	}
	for _, op := range specified.Unreached("confluent", paths) {
		if len(op.Variables()) > 0 {
			t.Errorf("no row puts a value into the path of %s: add one to idCalls in wire_test.go", op)
		}
	}
}

func TestBaseURLIsKept(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"https://gateway.test":              "https://gateway.test",
		"https://gateway.test/":             "https://gateway.test",
		"https://gateway.test:8443/":        "https://gateway.test:8443",
		"https://gateway.test/confluent":    "https://gateway.test/confluent",
		"https://gateway.test/confluent/":   "https://gateway.test/confluent",
		"https://gateway.test/a/b%2Fc%20d/": "https://gateway.test/a/b%2Fc%20d",
		"http://127.0.0.1:1/x":              "http://127.0.0.1:1/x",
		"http://[::1]:1/x/":                 "http://[::1]:1/x",
	} {
		t.Run(base, func(t *testing.T) {
			t.Parallel()
			for _, tt := range wireCalls() {
				w := newTap(t)
				require.NoError(t, tt.do(t.Context(), w.client(t, confluent.WithBaseURL(base))), tt.name)
				got := w.only(t)
				assert.Equal(t, want+tt.path, strings.SplitN(got.url, "?", 2)[0], tt.name)
				assert.NotEmpty(t, got.header.Get("Authorization"), "a path prefix does not make it another origin")
			}
		})
	}
}

// Members that only the server sets must not be sent back, including members that this release does
// not know.
func TestFetchedObjectsAreSentBackWithoutReadOnlyMembers(t *testing.T) {
	t.Parallel()
	const future = `"future":{"n":1.50,"list":[1,null]},"customer_new":"x"`
	for _, tt := range []struct{ name, fetched, sent string }{
		{
			"AWS",
			`{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"` + role +
				`","iam_role_arn":"arn:theirs","external_id":"e",` + future + `}`,
			`{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"` + role + `",` + future + `}`,
		},
		{
			"Azure",
			`{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"t","confluent_multi_tenant_app_id":"a",` +
				future + `}`,
			`{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"t",` + future + `}`,
		},
		{
			"GCP",
			`{"kind":"GcpIntegrationConfig","customer_google_service_account":"c","google_service_account":"g",` +
				future + `}`,
			`{"kind":"GcpIntegrationConfig","customer_google_service_account":"c",` + future + `}`,
		},
		{
			"the schema's name as kind",
			`{"kind":"pim.v2.GcpIntegrationConfig","customer_google_service_account":"c","google_service_account":"g"}`,
			`{"kind":"GcpIntegrationConfig","customer_google_service_account":"c"}`,
		},
		{
			"unset customer side",
			`{"kind":"GcpIntegrationConfig","customer_google_service_account":"","google_service_account":"g",` +
				future + `}`,
			`{"kind":"GcpIntegrationConfig",` + future + `}`,
		},
		{
			"unknown kind",
			`{"kind":"OciIntegrationConfig","tenancy":"t","google_service_account":"g",` + future + `}`,
			`{"kind":"OciIntegrationConfig","tenancy":"t","google_service_account":"g",` + future + `}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			provider, constant := "oci", "oci"
			for _, known := range []string{"Aws", "Azure", "Gcp"} {
				if strings.Contains(tt.sent, known+"IntegrationConfig") {
					provider, constant = strings.ToLower(known), strings.ToUpper(known)
				}
			}
			object := answer(200, `{"id":"cspi-1","provider":"`+provider+
				`","status":"DRAFT","usages":["crn://u"],"api_version":"pim/v2","kind":"Integration","display_name":"n",
				"environment":{"id":"env-1","related":"https://r","resource_name":"crn://n","api_version":"org/v2",`+
				`"kind":"Environment"},
				"config":`+tt.fetched+`}`)
			w := newTap(t, object)
			c, ctx := w.client(t), t.Context()
			in, err := c.Integrations.Get(ctx, env, "cspi-1")
			require.NoError(t, err)
			before, err := json.Marshal(in)
			require.NoError(t, err)

			require.NoError(t,
				failing(c.Integrations.Create(ctx, confluent.IntegrationCreate{DisplayName: in.DisplayName,
					Provider: in.Provider, Environment: in.Environment, Config: in.Config})))
			require.NoError(t,
				failing(c.Integrations.Update(ctx, in.ID, confluent.IntegrationUpdate{Environment: in.Environment,
					Config: in.Config})))
			require.NoError(t, c.Integrations.Validate(ctx, confluent.IntegrationValidate{ID: in.ID,
				Environment: in.Environment, Config: in.Config}))
			require.NoError(t,
				failing(c.IntegrationsV1.Create(ctx, confluent.IntegrationCreateV1{DisplayName: in.DisplayName,
					Provider: in.Provider, Environment: in.Environment, Config: in.Config})))

			sent := w.requests()[1:]
			const head = `"environment":{"id":"env-1"},"config":`
			named := func(provider string) string { return `"display_name":"n","provider":"` + provider + `"` }
			// v1 has the spelling of the constant
			for i, rest := range []string{named(provider), ``, `"id":"cspi-1"`, named(constant)} {
				requireSameJSON(t, `{`+strings.TrimPrefix(rest+","+head, ",")+tt.sent+`}`, sent[i].body)
			}
			after, err := json.Marshal(in)
			require.NoError(t, err)
			assert.Equal(t, string(before), string(after), "sending changes nothing at the caller's")
		})
	}
}
