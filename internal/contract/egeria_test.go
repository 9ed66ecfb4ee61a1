package contract_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/api"
	"github.com/integrations-go/sdk/internal/core"
)

const (
	egeriaToken    = "e93r1a.t0k/en.s3cr+et=="
	egeriaPassword = "pa55/w0rd+s3cr3t="
)

// egeriaVendor speaks the dialect of 6.x. Its operations other than get stand for actions: a group that is put in the platform's own way, a document that is deployed.
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
			Operation: e.Operation, Method: e.Method, Path: e.Path, StatusCode: e.StatusCode, Header: e.Header, Body: e.Body, RequestID: e.RequestID,
			RetryAfter: e.RetryAfter, Attempts: e.Attempts, OutcomeUnknown: e.OutcomeUnknown, Argument: e.Argument, Err: e.Err,
		}, true
	},
	sentinels: map[string]error{
		"ErrNotFound": egeria.ErrNotFound, "ErrUnauthorized": egeria.ErrUnauthorized, "ErrForbidden": egeria.ErrForbidden,
		"ErrConflict": egeria.ErrConflict, "ErrInvalid": egeria.ErrInvalid, "ErrRateLimited": egeria.ErrRateLimited,
		"ErrQuotaExceeded": egeria.ErrQuotaExceeded, "ErrUnavailable": egeria.ErrUnavailable, "ErrOutcomeUnknown": egeria.ErrOutcomeUnknown,
	},
	show: func(secret string) []any {
		document, _ := egeria.NewDocument([]byte(fmt.Sprintf(`{"localServerName":"s","localServerPassword":%q}`, secret)))
		return []any{
			egeria.Token{Value: secret}, &egeria.Token{Value: secret}, egeria.WithToken(secret), egeria.WithCredentials("user", secret),
			egeria.ServerProperties{Password: secret}, &egeria.ServerProperties{Password: secret}, document, &document, api.TokenRequest{Password: secret},
		}
	},
	samples: []any{
		sampleGroup, []egeria.IntegrationGroup{sampleGroup}, sampleDocument(), egeria.WaitOptions{Timeout: 1},
		egeria.ServerProperties{Description: "d", OrganizationName: "o", URLRoot: "u", UserID: "i", MaxPageSize: new(int)},
	},
	answer: func(r *http.Request) *http.Response {
		switch {
		case strings.HasSuffix(r.URL.Path, "/api/token"):
			part := base64.RawURLEncoding.EncodeToString([]byte(`{"iat":1,"exp":3601}`))
			return reply(200, part+"."+part+"."+part)
		case strings.HasSuffix(r.URL.Path, "/origin"):
			return reply(200, "Egeria OMAG Server Platform (version 6.1)")
		case strings.Contains(r.URL.Path, "/platform-services/") && strings.Contains(r.URL.Path, "/instance"), strings.HasSuffix(r.URL.Path, "/server-properties"):
			return reply(404, `{"status":404,"error":"Not Found"}`) // older releases have something else
		}
		return nil
	},

	bare: func(client *http.Client, baseURL, id string) func(context.Context) error {
		c, err := api.NewClient(baseURL, api.WithHTTPClient(client))
		return func(ctx context.Context) error {
			if err != nil {
				return err
			}
			resp, err := c.GetConfiguration(ctx, id)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			var reply api.DocumentReply
			if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil {
				return err
			}
			if reply.Document.ServerName() != id { // get tells it, too
				return errors.New("another document")
			}
			return nil
		}
	},

	requestID: "X-Request-Id",
	object: func(id string) string {
		return fmt.Sprintf(`{"class":"OMAGServerConfigResponse","relatedHTTPCode":200,"omagserverConfig":{"class":"OMAGServerConfig","localServerName":%q},"successMessage":"done"}`, id)
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
		return fmt.Sprintf(`{"timestamp":"2026-01-02T03:04:05.006+00:00","status":400,"error":"Refused","message":%q,"path":"/"}`, detail)
	},
}

var sampleGroup = egeria.IntegrationGroup{PlatformURL: "https://localhost:9443", ServerName: "metadata-store", QualifiedName: "x-1"}

func sampleDocument() egeria.Document {
	d, err := egeria.NewDocument([]byte(`{"class":"OMAGServerConfig","versionId":"V6.0"}`))
	if err != nil {
		panic(err)
	}
	return d
}

type egeriaClient = egeria.Client

// egeriaServices are a client with everything that it can do, in a form that a test can go through. It logs in itself.
type egeriaServices struct {
	*egeriaClient

	PlatformService   *egeria.PlatformService
	IntegrationGroups *egeria.IntegrationGroupsService
	Config            *egeria.ConfigService
	Daemon            *egeria.DaemonService

	api func() *api.Client // of a client that has its token
}

// API is that of the other client.
func (s *egeriaServices) API() *api.Client { return s.api() }

func newEgeria(o options) (*client, error) {
	opts := []egeria.Option{
		egeria.WithDialect(egeria.Dialect6), egeria.WithMiddleware(o.middleware...), egeria.WithRetry(egeria.RetryPolicy(o.retry)),
		egeria.WithLimiter(o.limiter), egeria.WithLogger(o.logger), egeria.WithClearTextStore(),
	}
	if o.client != nil {
		opts = append(opts, egeria.WithHTTPClient(o.client))
	}
	if o.attemptTimeout != 0 {
		opts = append(opts, egeria.WithAttemptTimeout(o.attemptTimeout))
	}
	if o.maxResponse != 0 {
		opts = append(opts, egeria.WithMaxResponseBytes(o.maxResponse))
	}
	who := egeria.WithToken(egeriaToken)
	if o.token != nil {
		who = egeria.WithTokenSource(egeria.TokenSourceFunc(func(ctx context.Context) (egeria.Token, error) {
			value, expiry, err := o.token(ctx)
			return egeria.Token{Value: value, Expiry: expiry}, err
		}))
	}
	c, err := egeria.New(o.baseURL, append(opts, who)...)
	if err != nil {
		return nil, err
	}
	login, err := egeria.New(o.baseURL, append(opts, egeria.WithCredentials("user", egeriaPassword), egeria.WithDialect(egeria.DialectAuto))...)
	if err != nil {
		return nil, err
	}
	all := login.Server("x-1")
	return &client{
		get: func(ctx context.Context, name string, o call) (string, error) {
			document, err := c.Server(name).Config.Get(ctx, o.egeria()...)
			if err != nil {
				return "", err
			}
			return document.ServerName(), nil
		},
		create: func(ctx context.Context, o call) (string, error) {
			return "", c.Server("new").Config.Deploy(ctx, "https://localhost:9443", o.egeria()...)
		},
		update: func(ctx context.Context, name string, o call) error {
			return c.Server(name).IntegrationGroups.PutRaw(ctx, sampleGroup, o.egeria()...)
		},
		remove: func(ctx context.Context, name string, o call) error {
			return c.Server("new").IntegrationGroups.Delete(ctx, name, o.egeria()...)
		},
		list: func(ctx context.Context, _ string, o call) (iter.Seq2[string, error], func()) {
			return func(yield func(string, error) bool) {
				groups, err := c.Server("new").IntegrationGroups.List(ctx, o.egeria()...)
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
		closing: c.CloseIdleConnections,
		value:   &egeriaServices{login, login.Platform, all.IntegrationGroups, all.Config, all.Daemon, c.API},
	}, nil
}

func (o call) egeria() []egeria.CallOption {
	var opts []egeria.CallOption
	if o.meta != nil {
		opts = append(opts, egeria.WithMeta((*egeria.Meta)(o.meta)))
	}
	if o.raw != nil {
		opts = append(opts, egeria.WithRawBody(o.raw))
	}
	if o.idempotent {
		opts = append(opts, egeria.WithIdempotent())
	}
	return opts
}
