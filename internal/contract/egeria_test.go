package contract_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/internal/core"
)

const (
	egeriaToken    = "e93r1a.t0k/en.s3cr+et=="
	egeriaPassword = "pa55/w0rd+s3cr3t="
)

// egeriaVendor uses the dialect of 6.x. Except for get, its operations are actions: a group that is
// set, a document that is deployed.
var egeriaVendor = vendor{
	name:          "egeria",
	authorization: "Bearer " + egeriaToken,
	secrets:       []string{egeriaToken, egeriaPassword},
	new:           newEgeria,
	view: func(err error) (core.Failure, bool) {
		e, ok := errors.AsType[*egeria.Error](err)
		if !ok {
			return core.Failure{}, false
		}
		return core.Failure{
			Operation: e.Operation, Method: e.Method, Path: e.Path, StatusCode: e.StatusCode, Header: e.Header,
			Body: e.Body, RequestID: e.RequestID,
			RetryAfter: e.RetryAfter, Attempts: e.Attempts, OutcomeUnknown: e.OutcomeUnknown, Argument: e.Argument,
			Err: e.Err,
		}, true
	},
	sentinels: map[string]error{
		"ErrNotFound": egeria.ErrNotFound, "ErrUnauthorized": egeria.ErrUnauthorized,
		"ErrForbidden": egeria.ErrForbidden,
		"ErrConflict":  egeria.ErrConflict, "ErrInvalid": egeria.ErrInvalid, "ErrRateLimited": egeria.ErrRateLimited,
		"ErrQuotaExceeded": egeria.ErrQuotaExceeded, "ErrUnavailable": egeria.ErrUnavailable,
		"ErrOutcomeUnknown": egeria.ErrOutcomeUnknown,
	},
	show: func(secret string) []any {
		document, _ := egeria.NewDocument([]byte(fmt.Sprintf(`{"localServerName":"s","localServerPassword":%q}`,
			secret)))
		return []any{
			sdk.Token{Value: secret}, &sdk.Token{Value: secret}, egeria.WithToken(secret),
			egeria.WithCredentials("user", secret),
			egeria.ServerProperties{Password: secret}, &egeria.ServerProperties{Password: secret}, document, &document,
			egeria.EventBus{Properties: egeria.Object{"p": []byte(fmt.Sprintf("%q", secret))}},
		}
	},
	samples: []any{
		sampleGroup, []egeria.IntegrationGroup{sampleGroup}, sampleDocument(), sdk.WaitOptions{Timeout: 1},
		egeria.Object{"a": []byte("1")}, egeria.EventBus{TopicURLRoot: "t"}, []string{"Error"},
		map[string]string{"x": "1"},
		egeria.ServerProperties{
			Description: "d", OrganizationName: "o", URLRoot: "u", UserID: "i", MaxPageSize: new(int),
			SecretsStoreProvider: "p", SecretsStoreLocation: "l", SecretsStoreCollection: "c",
		},
		egeria.DeployTarget{PlatformURL: "https://localhost:9443"},
	},
	answer: func(r *http.Request) *http.Response {
		switch {
		case strings.HasSuffix(r.URL.Path, "/api/token"):
			part := base64.RawURLEncoding.EncodeToString([]byte(`{"iat":1,"exp":3601}`))
			return respond(200, part+"."+part+"."+part)
		case strings.HasSuffix(r.URL.Path, "/origin"):
			return respond(200, "Egeria OMAG Server Platform (version 6.1)")
		case strings.Contains(r.URL.Path, "/platform-services/") && strings.Contains(r.URL.Path, "/instance"),
			strings.HasSuffix(r.URL.Path, "/server-properties"):
			return respond(404, `{"status":404,"error":"Not Found"}`) // older releases send another body
		}
		return nil
	},

	bare: func(client *http.Client, baseURL, id string) func(context.Context) error {
		return func(ctx context.Context) error {
			req, err := http.NewRequest(http.MethodGet, baseURL+"/open-metadata/admin-services/servers/"+
				url.PathEscape(id)+"/configuration", nil)
			if err != nil {
				return err
			}
			resp, err := client.Do(req.WithContext(ctx))
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			var response struct {
				egeria.Envelope

				Document egeria.Document `json:"omagserverConfig"`
			}
			if err := json.NewDecoder(resp.Body).Decode(&response); err != nil {
				return err
			}
			if response.Document.ServerName() != id { // get checks the name too
				return errors.New("another document")
			}
			return nil
		}
	},

	requestID: "X-Request-Id",
	object: func(id string) string {
		return fmt.Sprintf(`{"class":"OMAGServerConfigResponse","relatedHTTPCode":200,`+
			`"omagserverConfig":{"class":"OMAGServerConfig","localServerName":%q},"successMessage":"done"}`, id)
	},
	removed: `{"class":"VoidResponse","relatedHTTPCode":200}`,
	unpaged: true,
	below:   "/configuration",
	page: func(_ string, ids ...string) string {
		groups := []egeria.IntegrationGroup{}
		for _, id := range ids {
			groups = append(groups, egeria.IntegrationGroup{QualifiedName: id})
		}
		b, _ := json.Marshal(groups)
		return `{"class":"IntegrationGroupsResponse","relatedHTTPCode":200,"groups":` + string(b) + `}`
	},
	link:  func(_, token string) string { return token },
	token: func(*http.Request) string { return "" },
	failure: func(detail string) string {
		return fmt.Sprintf(`{"timestamp":"2026-01-02T03:04:05.006+00:00","status":400,"error":"Refused",`+
			`"message":%q,"path":"/"}`, detail)
	},

	ready: `{"class":"IntegrationGroupSummaryResponse","relatedHTTPCode":200,` +
		`"integrationGroupSummary":{"integrationGroupStatus":"RUNNING"}}`,
	waiting: `{"class":"IntegrationGroupSummaryResponse","relatedHTTPCode":200,` +
		`"integrationGroupSummary":{"integrationGroupStatus":"ASSIGNED"}}`,
	own: map[string]sdk.Option{
		"WithUser": egeria.WithUser("user"), "WithCredentials": egeria.WithCredentials("user", canary),
		"WithToken": egeria.WithToken(canary),
		"WithTokenSource": egeria.WithTokenSource(sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) {
			return sdk.Token{}, nil
		})),
		"WithDialect": egeria.WithDialect(egeria.Dialect6), "WithLimiter": egeria.WithLimiter(nil),
		"WithStrict":         egeria.WithStrict(),
		"WithClearTextStore": egeria.WithClearTextStore(),
	},
}

var sampleGroup = egeria.IntegrationGroup{PlatformURL: "https://localhost:9443", ServerName: "metadata-store",
	QualifiedName: "x-1"}

func sampleDocument() egeria.Document {
	d, err := egeria.NewDocument([]byte(`{"class":"OMAGServerConfig","versionId":"V6.0"}`))
	if err != nil {
		panic(err)
	}
	return d
}

type egeriaClient = egeria.Client

// egeriaServices has a client and all its services, with fields that a test can iterate over. It
// logs in by itself.
type egeriaServices struct {
	*egeriaClient

	PlatformService   *egeria.PlatformService
	IntegrationGroups *egeria.IntegrationGroupsService
	Config            *egeria.ConfigService
	MetadataStore     *egeria.MetadataStoreService
	Daemon            *egeria.DaemonService

	withToken *egeria.Client
}

// Do sends the request with the client that has the token.
func (s *egeriaServices) Do(req *http.Request) (*http.Response, error) { return s.withToken.Do(req) }

func newEgeria(o options) (*client, error) {
	opts := append(o.common(), egeria.WithDialect(egeria.Dialect6), egeria.WithClearTextStore())
	if !o.defaultLimiter {
		opts = append(opts, egeria.WithLimiter(o.limiter))
	}
	who := egeria.WithToken(egeriaToken)
	if o.token != nil {
		who = egeria.WithTokenSource(o.tokenSource())
	}
	c, err := egeria.New(o.baseURL, append(opts, who)...)
	if err != nil {
		return nil, err
	}
	login, err := egeria.New(o.baseURL, append(opts, egeria.WithCredentials("user", egeriaPassword),
		egeria.WithDialect(egeria.DialectAuto))...)
	if err != nil {
		return nil, err
	}
	all := login.Server("x-1")
	return &client{
		get: func(ctx context.Context, name string, o call) (string, error) {
			document, err := c.Server(name).Config.Get(ctx, o.options()...)
			if err != nil {
				return "", err
			}
			return document.ServerName(), nil
		},
		create: func(ctx context.Context, o call) (string, error) {
			return "", c.Server("new").Config.Deploy(ctx, egeria.DeployTarget{PlatformURL: "https://localhost:9443"},
				o.options()...)
		},
		update: func(ctx context.Context, name string, o call) error {
			return c.Server(name).IntegrationGroups.PutRaw(ctx, sampleGroup, o.options()...)
		},
		remove: func(ctx context.Context, name string, o call) error {
			return c.Server("new").IntegrationGroups.Delete(ctx, name, o.options()...)
		},
		list: func(ctx context.Context, _ string, o call) (iter.Seq2[string, error], func()) {
			return func(yield func(string, error) bool) {
				groups, err := c.Server("new").IntegrationGroups.List(ctx, o.options()...)
				if err != nil {
					yield("", err)
					return
				}
				for _, g := range groups {
					if !yield(g.QualifiedName, nil) {
						return
					}
				}
			}, func() {}
		},
		wait: func(ctx context.Context, name string, wait sdk.WaitOptions) error {
			_, err := c.Server("s").Daemon.WaitGroup(ctx, name, wait)
			return err
		},
		closing: c.CloseIdleConnections,
		value: &egeriaServices{login, login.Platform, all.IntegrationGroups, all.Config, all.MetadataStore,
			all.Daemon, c},
	}, nil
}

// platform returns the client of the adapter of Egeria.
func platform(client any) *egeria.Client { return client.(*egeriaServices).withToken }
