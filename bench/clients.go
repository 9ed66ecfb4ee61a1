package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	aponosdk "github.com/apono-io/apono-sdk-go"
	ccloud "github.com/confluentinc/ccloud-sdk-go-v2/provider-integration/v2"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/ratelimit"
	"github.com/integrations-go/sdk/ratelimit/redislimit"
)

// The credentials of every client. They open nothing.
const (
	apiKey    = "BENCHMARK"
	apiSecret = "not-a-secret"
	bearer    = "not-a-token"
)

// The names of the clients.
const (
	nameBare         = "net/http + encoding/json"
	nameBareUnion    = "the same, with the union decoded"
	nameRetryable    = "net/http + go-retryablehttp"
	nameSleeping     = "net/http, sleeps 1 s after a 429"
	nameCcloud       = "ccloud-sdk-go-v2"
	nameCcloudRe     = "ccloud-sdk-go-v2 + go-retryablehttp"
	nameApono        = "apono-sdk-go"
	nameGenerated    = "our generated client alone"
	nameSDK          = "this SDK"
	nameRoundedUp    = "this SDK, told that resets are rounded up"
	nameInFlight     = "this SDK, told the concurrency limit"
	nameNoLimiter    = "no limiter"
	namePrefetch     = "this SDK, WithPrefetch"
	nameSharedWindow = "this SDK, WithSharedWindow"
	nameTeam         = "ten of this SDK, WithSharedWindow"
	nameShared       = "this SDK, limiter in Redis"
	nameToldAll      = "this SDK, limiter in Redis, told that resets are rounded up"
	nameKilled       = "this SDK, limiter in Redis, which is killed and restarted"
)

// client is one way to call the API. Each function gives a sum of lengths of what it decoded: equal
// for all, and proof that it was there.
type client struct {
	name   string
	get    func(ctx context.Context) (int, error)
	create func(ctx context.Context) (int, error)
	list   func(ctx context.Context, environment string, work func()) (int, error) // work is called once per page
}

// target is where a client sends its requests, and by which transport.
type target struct {
	baseURL string
	http    *http.Client
}

// flat is the union as most people write it: one struct with all members of all kinds.
type flat struct {
	Kind                         string `json:"kind"`
	CustomerGoogleServiceAccount string `json:"customer_google_service_account,omitempty"`
	GoogleServiceAccount         string `json:"google_service_account,omitempty"`
	CustomerIAMRoleARN           string `json:"customer_iam_role_arn,omitempty"`
	IAMRoleARN                   string `json:"iam_role_arn,omitempty"`
	ExternalID                   string `json:"external_id,omitempty"`
	CustomerAzureTenantID        string `json:"customer_azure_tenant_id,omitempty"`
	ConfluentMultiTenantAppID    string `json:"confluent_multi_tenant_app_id,omitempty"`
}

func (f flat) customer() int {
	return len(f.CustomerGoogleServiceAccount) + len(f.CustomerIAMRoleARN) + len(f.CustomerAzureTenantID)
}

// union decodes only the members of the kind, and keeps what it does not know.
type union struct {
	value any
	raw   json.RawMessage
}

func (u *union) UnmarshalJSON(b []byte) error {
	var peek struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(b, &peek); err != nil {
		return err
	}
	u.raw = bytes.Clone(b)
	switch peek.Kind {
	case "GcpIntegrationConfig":
		u.value = &gcpConfig{}
	case "AwsIntegrationConfig":
		u.value = &awsConfig{}
	case "AzureIntegrationConfig":
		u.value = &azureConfig{}
	default:
		return nil
	}
	return json.Unmarshal(b, u.value)
}

type gcpConfig struct {
	Customer  string `json:"customer_google_service_account"`
	Confluent string `json:"google_service_account"`
}

type awsConfig struct {
	Customer   string `json:"customer_iam_role_arn"`
	Confluent  string `json:"iam_role_arn"`
	ExternalID string `json:"external_id"`
}

type azureConfig struct {
	Customer  string `json:"customer_azure_tenant_id"`
	Confluent string `json:"confluent_multi_tenant_app_id"`
}

func (u union) customer() int {
	switch v := u.value.(type) {
	case *gcpConfig:
		return len(v.Customer)
	case *awsConfig:
		return len(v.Customer)
	case *azureConfig:
		return len(v.Customer)
	}
	return 0
}

type config interface{ customer() int }

type bareIntegration[C config] struct {
	APIVersion  string   `json:"api_version,omitempty"`
	Kind        string   `json:"kind,omitempty"`
	ID          string   `json:"id,omitempty"`
	DisplayName string   `json:"display_name"`
	Provider    string   `json:"provider"`
	Config      C        `json:"config"`
	Usages      []string `json:"usages,omitempty"`
	Status      string   `json:"status,omitempty"`
	Environment struct {
		ID           string `json:"id"`
		Related      string `json:"related,omitempty"`
		ResourceName string `json:"resource_name,omitempty"`
	} `json:"environment"`
}

func (b *bareIntegration[C]) sum() int { return len(b.ID) + len(b.DisplayName) + b.Config.customer() }

type bareList[C config] struct {
	Metadata struct {
		Next      string `json:"next"`
		TotalSize int    `json:"total_size"`
	} `json:"metadata"`
	Data []bareIntegration[C] `json:"data"`
}

// statusError is the error of a hand-written client for a response that is not a success.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("status %d", int(e)) }

// exchange is a call as most people write it.
func exchange(
	ctx context.Context, c *http.Client, auth func(*http.Request), method, address string, body, out any,
) error {
	var reader io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return err
	}
	auth(req)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return statusError(resp.StatusCode)
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

func basic(req *http.Request) { req.SetBasicAuth(apiKey, apiSecret) }

func newBare[C config](name string, t target) client {
	return client{
		name: name,
		get: func(ctx context.Context) (int, error) {
			var out bareIntegration[C]
			address := t.baseURL + "/pim/v2/integrations/cspi-00001?environment=env-1"
			err := exchange(ctx, t.http, basic, http.MethodGet, address, nil, &out)
			return out.sum(), err
		},
		create: func(ctx context.Context) (int, error) {
			in := bareIntegration[flat]{DisplayName: "integration 2", Provider: "gcp"}
			in.Environment.ID = "env-1"
			in.Config.Kind, in.Config.CustomerGoogleServiceAccount = "GcpIntegrationConfig", account
			var out bareIntegration[C]
			err := exchange(ctx, t.http, basic, http.MethodPost, t.baseURL+"/pim/v2/integrations", in, &out)
			return out.sum(), err
		},
		list: func(ctx context.Context, environment string, work func()) (int, error) {
			n, next := 0, ""
			for {
				query := url.Values{"environment": {environment}, "page_size": {"100"}}
				if next != "" {
					query.Set("page_token", next)
				}
				var out bareList[C]
				address := t.baseURL + "/pim/v2/integrations?" + query.Encode()
				if err := exchange(ctx, t.http, basic, http.MethodGet, address, nil, &out); err != nil {
					return n, err
				}
				for i := range out.Data {
					n += out.Data[i].sum()
				}
				work()
				var err error
				if next, err = nextOf(out.Metadata.Next); err != nil || next == "" {
					return n, err
				}
			}
		},
	}
}

func nextOf(link string) (string, error) {
	u, err := url.Parse(link)
	if err != nil {
		return "", err
	}
	return u.Query().Get("page_token"), nil
}

// retryable is t as the vendor's own tools survive limits: the library's defaults.
func retryable(t target) target {
	c := retryablehttp.NewClient()
	c.Logger = nil
	c.HTTPClient = t.http
	return target{t.baseURL, c.StandardClient()}
}

// newSleeping is the loop that tools write by hand.
func newSleeping(t target) client {
	c := newBare[flat](nameSleeping, t)
	get := c.get
	c.get = func(ctx context.Context) (int, error) {
		for {
			n, err := get(ctx)
			var status statusError
			if !errors.As(err, &status) || status != http.StatusTooManyRequests {
				return n, err
			}
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
	}
	return c
}

func newCcloud(name string, t target) client {
	cfg := ccloud.NewConfiguration()
	cfg.Servers = ccloud.ServerConfigurations{{URL: t.baseURL}}
	cfg.HTTPClient = t.http
	api := ccloud.NewAPIClient(cfg).IntegrationsPimV2Api
	with := func(ctx context.Context) context.Context {
		return context.WithValue(ctx, ccloud.ContextBasicAuth, ccloud.BasicAuth{UserName: apiKey, Password: apiSecret})
	}
	sum := func(i *ccloud.PimV2Integration) int {
		n := len(i.GetId()) + len(i.GetDisplayName())
		switch {
		case i.Config == nil:
		case i.Config.PimV2GcpIntegrationConfig != nil:
			n += len(i.Config.PimV2GcpIntegrationConfig.GetCustomerGoogleServiceAccount())
		case i.Config.PimV2AwsIntegrationConfig != nil:
			n += len(i.Config.PimV2AwsIntegrationConfig.GetCustomerIamRoleArn())
		case i.Config.PimV2AzureIntegrationConfig != nil:
			n += len(i.Config.PimV2AzureIntegrationConfig.GetCustomerAzureTenantId())
		}
		return n
	}
	return client{
		name: name,
		get: func(ctx context.Context) (int, error) {
			out, resp, err := api.GetPimV2Integration(with(ctx), "cspi-00001").Environment("env-1").Execute()
			if err != nil {
				return 0, err
			}
			defer resp.Body.Close()
			return sum(&out), nil
		},
		create: func(ctx context.Context) (int, error) {
			var in ccloud.PimV2Integration
			in.SetDisplayName("integration 2")
			in.SetProvider("gcp")
			in.SetEnvironment(ccloud.ObjectReference{Id: "env-1"})
			gcp := ccloud.NewPimV2GcpIntegrationConfig("GcpIntegrationConfig")
			gcp.SetCustomerGoogleServiceAccount(account)
			in.SetConfig(ccloud.PimV2GcpIntegrationConfigAsPimV2IntegrationConfigOneOf(gcp))
			out, resp, err := api.CreatePimV2Integration(with(ctx)).PimV2Integration(in).Execute()
			if err != nil {
				return 0, err
			}
			defer resp.Body.Close()
			return sum(&out), nil
		},
		list: func(ctx context.Context, environment string, work func()) (int, error) {
			n, next := 0, ""
			for {
				req := api.ListPimV2Integrations(with(ctx)).Environment(environment).PageSize(pageItems)
				if next != "" {
					req = req.PageToken(next)
				}
				out, resp, err := req.Execute()
				if err != nil {
					return n, err
				}
				resp.Body.Close()
				for i := range out.Data {
					n += sum(&out.Data[i])
				}
				work()
				if !out.Metadata.Next.IsSet() || out.Metadata.Next.Get() == nil {
					return n, nil
				}
				if next, err = nextOf(*out.Metadata.Next.Get()); err != nil || next == "" {
					return n, err
				}
			}
		},
	}
}

func sumOf(i *confluent.Integration) int {
	n := len(i.ID) + len(i.DisplayName)
	switch v := i.Config.Value.(type) {
	case *confluent.GCPConfig:
		n += len(v.CustomerGoogleServiceAccount)
	case *confluent.AWSConfig:
		n += len(v.CustomerIAMRoleARN)
	case *confluent.AzureConfig:
		n += len(v.CustomerAzureTenantID)
	}
	return n
}

// newSDK is our client with its defaults, but for what the options change.
func newSDK(name string, t target, list []confluent.CallOption, opts ...confluent.Option) (client, error) {
	c, err := confluent.New(append([]confluent.Option{
		confluent.WithAPIKey(apiKey, apiSecret), confluent.WithBaseURL(t.baseURL), confluent.WithHTTPClient(t.http),
	}, opts...)...)
	if err != nil {
		return client{}, err
	}
	return client{
		name: name,
		get: func(ctx context.Context) (int, error) {
			out, err := c.Integrations.Get(ctx, "env-1", "cspi-00001")
			if err != nil {
				return 0, err
			}
			return sumOf(out), nil
		},
		create: func(ctx context.Context) (int, error) {
			out, err := c.Integrations.Create(ctx, confluent.IntegrationCreate{
				DisplayName: "integration 2", Environment: confluent.Reference{ID: "env-1"},
				Provider: confluent.ProviderGCP,
				Config:   confluent.Config{Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: account}},
			})
			if err != nil {
				return 0, err
			}
			return sumOf(out), nil
		},
		list: func(ctx context.Context, environment string, work func()) (int, error) {
			n := 0
			for page, err := range c.Integrations.Pages(ctx, environment, nil, list...) {
				if err != nil {
					return n, err
				}
				for i := range page.Items {
					n += sumOf(&page.Items[i])
				}
				work()
			}
			return n, nil
		},
	}, nil
}

// newGenerated is the base of the chain: the request that the generated client builds and
// our models, without credentials, limits, retries and checks.
func newGenerated(t target) client {
	return client{name: nameGenerated, get: func(ctx context.Context) (int, error) {
		at := t.baseURL + "/pim/v2/integrations/" + url.PathEscape("cspi-00001")
		at += "?environment=" + url.QueryEscape("env-1") // in two steps, as the generated client does
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
		if err != nil {
			return 0, err
		}
		resp, err := t.http.Do(req)
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		var out confluent.Integration
		err = json.NewDecoder(resp.Body).Decode(&out)
		return sumOf(&out), err
	}}
}

func roundedUp() ratelimit.Headers {
	headers := ratelimit.Confluent()
	headers.RoundedUp = true
	return headers
}

// newRoundedUp is our client told how this server rounds.
func newRoundedUp(t target) (client, error) {
	limiter, err := ratelimit.New(ratelimit.WithHeaders(roundedUp()))
	if err != nil {
		return client{}, err
	}
	return newSDK(nameRoundedUp, t, nil, confluent.WithLimiter(limiter))
}

// newInFlight is our client told how many requests this server works on at a time.
func newInFlight(t target, n int) (client, error) {
	limiter, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithMaxInFlight(n))
	if err != nil {
		return client{}, err
	}
	return newSDK(nameInFlight, t, nil, confluent.WithLimiter(limiter))
}

// newSharedWindow is our client with the limiter that it has by default, which also expects other
// processes.
func newSharedWindow(t target) (client, error) {
	limiter, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithAdaptiveInFlight(8, 1),
		ratelimit.WithSharedWindow())
	if err != nil {
		return client{}, err
	}
	return newSDK(nameSharedWindow, t, nil, confluent.WithLimiter(limiter))
}

// newShared is our client with a limiter that processes share through the Redis at address.
func newShared(
	ctx context.Context, name string, t target, address string, headers ratelimit.Headers,
) (client, func(), error) {
	u, err := url.Parse(t.baseURL)
	if err != nil {
		return client{}, nil, err
	}
	limiter, err := redislimit.Open(ctx, "redis://"+address, redislimit.NewKey(u.Host, apiKey+":"+apiSecret),
		redislimit.WithHeaders(headers), redislimit.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return client{}, nil, err
	}
	c, err := newSDK(name, t, nil, confluent.WithLimiter(limiter))
	return c, func() { _ = limiter.Close() }, err
}

// The clients of Apono v2, which is all that apono-sdk-go has. A list comes in one piece there.

type bareApono struct {
	ID                     string         `json:"id,omitempty"`
	Name                   string         `json:"name"`
	Type                   string         `json:"type"`
	Status                 string         `json:"status,omitempty"`
	Details                string         `json:"details,omitempty"`
	ProvisionerID          string         `json:"provisioner_id,omitempty"`
	Connection             map[string]any `json:"connection,omitempty"`
	LastSyncTime           json.Number    `json:"last_sync_time,omitempty"`
	Metadata               map[string]any `json:"metadata"`
	SecretConfig           map[string]any `json:"secret_config,omitempty"`
	ConnectedResourceTypes []string       `json:"connected_resource_types,omitempty"`
	CustomAccessDetails    string         `json:"custom_access_details,omitempty"`
}

func aponoMetadata() map[string]any {
	return map[string]any{"hostname": "db.example.test", "port": "5432"}
}

func newAponoBare(t target) client {
	auth := func(req *http.Request) { req.Header.Set("Authorization", "Bearer "+bearer) }
	sum := func(i *bareApono) int { return len(i.ID) + len(i.Name) + len(i.Metadata) }
	return client{
		name: nameBare,
		get: func(ctx context.Context) (int, error) {
			var out bareApono
			err := exchange(ctx, t.http, auth, http.MethodGet, t.baseURL+"/api/v2/integrations/int-00001", nil, &out)
			return sum(&out), err
		},
		create: func(ctx context.Context) (int, error) {
			in := bareApono{Name: "integration 1", Type: "postgresql", Metadata: aponoMetadata()}
			var out bareApono
			err := exchange(ctx, t.http, auth, http.MethodPost, t.baseURL+"/api/v2/integrations", in, &out)
			return sum(&out), err
		},
		list: func(ctx context.Context, _ string, work func()) (int, error) {
			var out struct {
				Data []bareApono `json:"data"`
			}
			err := exchange(ctx, t.http, auth, http.MethodGet, t.baseURL+"/api/v2/integrations", nil, &out)
			n := 0
			for i := range out.Data {
				n += sum(&out.Data[i])
			}
			work()
			return n, err
		},
	}
}

func newAponoPeer(t target) client {
	cfg := aponosdk.NewConfiguration()
	cfg.Servers = aponosdk.ServerConfigurations{{URL: t.baseURL}}
	cfg.HTTPClient = t.http
	cfg.AddDefaultHeader("Authorization", "Bearer "+bearer)
	api := aponosdk.NewAPIClient(cfg).IntegrationsApi
	sum := func(i *aponosdk.Integration) int { return len(i.Id) + len(i.Name) + len(i.Metadata) }
	return client{
		name: nameApono,
		get: func(ctx context.Context) (int, error) {
			out, resp, err := api.GetIntegrationV2(ctx, "int-00001").Execute()
			if err != nil {
				return 0, err
			}
			defer resp.Body.Close()
			return sum(out), nil
		},
		create: func(ctx context.Context) (int, error) {
			in := aponosdk.NewCreateIntegration("integration 1", "postgresql", aponoMetadata())
			out, resp, err := api.CreateIntegrationV2(ctx).CreateIntegration(*in).Execute()
			if err != nil {
				return 0, err
			}
			defer resp.Body.Close()
			return sum(out), nil
		},
		list: func(ctx context.Context, _ string, work func()) (int, error) {
			out, resp, err := api.ListIntegrationsV2(ctx).Execute()
			if err != nil {
				return 0, err
			}
			defer resp.Body.Close()
			n := 0
			for i := range out.Data {
				n += sum(&out.Data[i])
			}
			work()
			return n, nil
		},
	}
}

func newAponoSDK(t target) (client, error) {
	c, err := apono.New(apono.WithToken(bearer), apono.WithBaseURL(t.baseURL), apono.WithHTTPClient(t.http))
	if err != nil {
		return client{}, err
	}
	sum := func(i *apono.IntegrationV2) int { return len(i.ID) + len(i.Name) + len(i.Metadata) }
	return client{
		name: nameSDK,
		get: func(ctx context.Context) (int, error) {
			out, err := c.IntegrationsV2.Get(ctx, "int-00001")
			if err != nil {
				return 0, err
			}
			return sum(out), nil
		},
		create: func(ctx context.Context) (int, error) {
			out, err := c.IntegrationsV2.Create(ctx, apono.IntegrationCreateV2{
				Name: "integration 1", Type: "postgresql", Metadata: aponoConfig,
			})
			if err != nil {
				return 0, err
			}
			return sum(out), nil
		},
		list: func(ctx context.Context, _ string, work func()) (int, error) {
			n := 0
			for i, err := range c.IntegrationsV2.List(ctx) {
				if err != nil {
					return n, err
				}
				n += sum(i)
			}
			work()
			return n, nil
		},
	}, nil
}

var aponoConfig = apono.Config{"hostname": json.RawMessage(`"db.example.test"`), "port": json.RawMessage(`"5432"`)}
