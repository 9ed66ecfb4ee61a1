package contract_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/internal/core"
)

var (
	sampleConfig = confluent.Config{
		Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "a@b.iam.gserviceaccount.com"}}
	sampleConfigV1 = confluent.Config{
		Value: &confluent.AWSConfig{CustomerIAMRoleARN: "arn:aws:iam::123456789012:role/theirs"}}
)

var confluentVendor = vendor{
	name:          "confluent",
	authorization: "Basic S0VZSUQwMDE6czNjci90K3BhNTU=",
	secrets:       []string{"s3cr/t+pa55", "S0VZSUQwMDE6czNjci90K3BhNTU="},
	new:           newConfluent,
	view: func(err error) (core.Failure, bool) {
		e, ok := errors.AsType[*confluent.Error](err)
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
		"ErrNotFound": confluent.ErrNotFound, "ErrUnauthorized": confluent.ErrUnauthorized,
		"ErrForbidden": confluent.ErrForbidden,
		"ErrConflict":  confluent.ErrConflict, "ErrInvalid": confluent.ErrInvalid,
		"ErrRateLimited":   confluent.ErrRateLimited,
		"ErrQuotaExceeded": confluent.ErrQuotaExceeded, "ErrUnavailable": confluent.ErrUnavailable,
		"ErrOutcomeUnknown": confluent.ErrOutcomeUnknown,
	},
	show: func(secret string) []any {
		return []any{
			sdk.Token{Value: secret}, &sdk.Token{Value: secret}, confluent.WithToken(secret),
			confluent.WithAPIKey("KEY", secret),
			confluent.STSConfig{IdentityPoolID: "pool", SubjectToken: func(context.Context) (string, error) {
				return secret, nil
			}},
		}
	},
	samples: []any{
		confluent.IntegrationCreate{DisplayName: "n", Environment: confluent.Reference{ID: "env-1"},
			Config: sampleConfig},
		confluent.IntegrationCreateV1{DisplayName: "n", Environment: confluent.Reference{ID: "env-1"},
			Config: sampleConfigV1},
		confluent.IntegrationUpdate{Environment: confluent.Reference{ID: "env-1"}, Config: sampleConfig},
		confluent.IntegrationValidate{ID: "x-1", Environment: confluent.Reference{ID: "env-1"}},
		confluent.STSConfig{IdentityPoolID: "pool", SubjectToken: func(context.Context) (string, error) {
			return "jwt", nil
		}},
	},

	bare: func(client *http.Client, baseURL, id string) func(context.Context) error {
		return func(ctx context.Context) error {
			at := baseURL + "/pim/v2/integrations/" + url.PathEscape(id)
			at += "?environment=" + url.QueryEscape("env-1")
			req, err := http.NewRequest(http.MethodGet, at, nil)
			if err != nil {
				return err
			}
			resp, err := client.Do(req.WithContext(ctx))
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			return json.NewDecoder(resp.Body).Decode(new(confluent.Integration))
		}
	},

	requestID: "X-Request-Id",
	object: func(id string) string {
		return fmt.Sprintf(`{"id":%q,"status":"DRAFT","environment":{"id":"env-1"}}`, id)
	},
	page: func(next string, ids ...string) string {
		items := make([]string, len(ids))
		for i, id := range ids {
			items[i] = fmt.Sprintf(`{"id":%q}`, id)
		}
		n, _ := json.Marshal(next)
		return fmt.Sprintf(`{"metadata":{"next":%s},"data":[%s]}`, n, strings.Join(items, ","))
	},
	link:    func(host, token string) string { return "https://" + host + "/pim/v2/integrations?page_token=" + token },
	token:   func(r *http.Request) string { return r.URL.Query().Get("page_token") },
	failure: func(detail string) string { return fmt.Sprintf(`{"errors":[{"id":"e-1","detail":%q}]}`, detail) },

	ready:   "",
	waiting: `{"errors":[{"id":"e-1","detail":"not yet"}]}`,
	own: map[string]sdk.Option{
		"WithAPIKey": confluent.WithAPIKey("KEYID001", canary), "WithToken": confluent.WithToken(canary),
		"WithTokenSource": confluent.WithTokenSource(sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) {
			return sdk.Token{}, nil
		})),
		"WithSTS": confluent.WithSTS(confluent.STSConfig{IdentityPoolID: "pool",
			SubjectToken: func(context.Context) (string, error) { return canary, nil }}),
		"WithBaseURL": confluent.WithBaseURL("https://" + host), "WithLimiter": confluent.WithLimiter(nil),
	},
}

func newConfluent(o options) (*client, error) {
	opts := append(o.common(), confluent.WithBaseURL(o.baseURL))
	if !o.defaultLimiter {
		opts = append(opts, confluent.WithLimiter(o.limiter))
	}
	if o.token == nil {
		opts = append(opts, confluent.WithAPIKey("KEYID001", "s3cr/t+pa55"))
	} else {
		opts = append(opts, confluent.WithTokenSource(o.tokenSource()))
	}
	c, err := confluent.New(opts...)
	if err != nil {
		return nil, err
	}
	const env = "env-1"
	id := func(integration *confluent.Integration, err error) (string, error) {
		if err != nil {
			return "", err
		}
		return integration.ID, nil
	}
	return &client{
		get: func(ctx context.Context, name string, o call) (string, error) {
			return id(c.Integrations.Get(ctx, env, name, o.options()...))
		},
		create: func(ctx context.Context, o call) (string, error) {
			return id(c.Integrations.Create(ctx, confluent.IntegrationCreate{
				DisplayName: "new", Provider: confluent.ProviderGCP, Environment: confluent.Reference{ID: env},
			}, o.options()...))
		},
		update: func(ctx context.Context, name string, o call) error {
			_, err := c.Integrations.Update(ctx, name, confluent.IntegrationUpdate{
				Environment: confluent.Reference{ID: env},
				Config:      confluent.Config{Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "a@b"}},
			}, o.options()...)
			return err
		},
		remove: func(ctx context.Context, name string, o call) error {
			return c.Integrations.Delete(ctx, env, name, o.options()...)
		},
		list: func(ctx context.Context, token string, o call) (iter.Seq2[string, error], func()) {
			filter := &confluent.ListOptions{PageToken: token}
			list := c.Integrations.List(ctx, env, filter, o.options()...)
			return func(yield func(string, error) bool) {
				for in, err := range list {
					name, err := id(in, err)
					if !yield(name, err) {
						return
					}
				}
			}, func() { *filter = confluent.ListOptions{PageToken: "spoiled", PageSize: -1} }
		},
		wait: func(ctx context.Context, name string, wait sdk.WaitOptions) error {
			return c.Integrations.WaitValid(ctx, confluent.IntegrationValidate{ID: name,
				Environment: confluent.Reference{ID: env}}, wait)
		},
		closing: c.CloseIdleConnections,
		value:   c,
	}, nil
}
