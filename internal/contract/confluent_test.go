package contract_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/api"
	"github.com/integrations-go/sdk/internal/core"
)

var (
	sampleConfig   = confluent.Config{Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "a@b.iam.gserviceaccount.com"}}
	sampleConfigV1 = confluent.Config{Value: &confluent.AWSConfig{CustomerIAMRoleARN: "arn:aws:iam::123456789012:role/theirs"}}
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
			Operation: e.Operation, Method: e.Method, Path: e.Path, StatusCode: e.StatusCode, Header: e.Header, Body: e.Body, RequestID: e.RequestID,
			RetryAfter: e.RetryAfter, Attempts: e.Attempts, OutcomeUnknown: e.OutcomeUnknown, Argument: e.Argument, Err: e.Err,
		}, true
	},
	sentinels: map[string]error{
		"ErrNotFound": confluent.ErrNotFound, "ErrUnauthorized": confluent.ErrUnauthorized, "ErrForbidden": confluent.ErrForbidden,
		"ErrConflict": confluent.ErrConflict, "ErrInvalid": confluent.ErrInvalid, "ErrRateLimited": confluent.ErrRateLimited,
		"ErrQuotaExceeded": confluent.ErrQuotaExceeded, "ErrUnavailable": confluent.ErrUnavailable, "ErrOutcomeUnknown": confluent.ErrOutcomeUnknown,
	},
	show: func(secret string) []any {
		return []any{
			confluent.Token{Value: secret}, &confluent.Token{Value: secret}, confluent.WithToken(secret), confluent.WithAPIKey("KEY", secret),
			confluent.STSConfig{IdentityPoolID: "pool", SubjectToken: func(context.Context) (string, error) { return secret, nil }},
		}
	},
	samples: []any{
		confluent.IntegrationCreate{DisplayName: "n", Environment: confluent.Reference{ID: "env-1"}, Config: sampleConfig},
		confluent.IntegrationCreateV1{DisplayName: "n", Environment: confluent.Reference{ID: "env-1"}, Config: sampleConfigV1},
		confluent.IntegrationUpdate{Environment: confluent.Reference{ID: "env-1"}, Config: sampleConfig},
		confluent.IntegrationValidate{ID: "x-1", Environment: confluent.Reference{ID: "env-1"}},
		confluent.STSConfig{IdentityPoolID: "pool", SubjectToken: func(context.Context) (string, error) { return "jwt", nil }},
	},

	bare: func(client *http.Client, baseURL, id string) func(context.Context) error {
		c, err := api.NewClient(baseURL, api.WithHTTPClient(client))
		return func(ctx context.Context) error {
			if err != nil {
				return err
			}
			resp, err := c.GetIntegration(ctx, id, &api.GetIntegrationParams{Environment: "env-1"})
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			return json.NewDecoder(resp.Body).Decode(new(api.Integration))
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
}

func newConfluent(o options) (*client, error) {
	opts := []confluent.Option{
		confluent.WithBaseURL(o.baseURL), confluent.WithMiddleware(o.middleware...), confluent.WithRetry(confluent.RetryPolicy(o.retry)),
		confluent.WithLimiter(o.limiter), confluent.WithLogger(o.logger),
	}
	if o.client != nil {
		opts = append(opts, confluent.WithHTTPClient(o.client))
	}
	if o.attemptTimeout != 0 {
		opts = append(opts, confluent.WithAttemptTimeout(o.attemptTimeout))
	}
	if o.maxResponse != 0 {
		opts = append(opts, confluent.WithMaxResponseBytes(o.maxResponse))
	}
	if o.token == nil {
		opts = append(opts, confluent.WithAPIKey("KEYID001", "s3cr/t+pa55"))
	} else {
		opts = append(opts, confluent.WithTokenSource(confluent.TokenSourceFunc(func(ctx context.Context) (confluent.Token, error) {
			value, expiry, err := o.token(ctx)
			return confluent.Token{Value: value, Expiry: expiry}, err
		})))
	}
	c, err := confluent.New(opts...)
	if err != nil {
		return nil, err
	}
	const env = "env-1"
	id := func(in *confluent.Integration, err error) (string, error) {
		if err != nil {
			return "", err
		}
		return in.ID, nil
	}
	return &client{
		get: func(ctx context.Context, name string, o call) (string, error) {
			return id(c.Integrations.Get(ctx, env, name, o.confluent()...))
		},
		create: func(ctx context.Context, o call) (string, error) {
			return id(c.Integrations.Create(ctx, confluent.IntegrationCreate{
				DisplayName: "new", Provider: confluent.ProviderGCP, Environment: confluent.Reference{ID: env},
			}, o.confluent()...))
		},
		update: func(ctx context.Context, name string, o call) error {
			_, err := c.Integrations.Update(ctx, name, confluent.IntegrationUpdate{
				Environment: confluent.Reference{ID: env}, Config: confluent.Config{Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "a@b"}},
			}, o.confluent()...)
			return err
		},
		remove: func(ctx context.Context, name string, o call) error {
			return c.Integrations.Delete(ctx, env, name, o.confluent()...)
		},
		list: func(ctx context.Context, token string, o call) (iter.Seq2[string, error], func()) {
			filter := &confluent.ListOptions{PageToken: token}
			list := c.Integrations.List(ctx, env, filter, o.confluent()...)
			return func(yield func(string, error) bool) {
				for in, err := range list {
					name, err := id(in, err)
					if !yield(name, err) {
						return
					}
				}
			}, func() { *filter = confluent.ListOptions{PageToken: "spoiled", PageSize: -1} }
		},
		closing: c.CloseIdleConnections,
		value:   c,
	}, nil
}

func (o call) confluent() []confluent.CallOption {
	var opts []confluent.CallOption
	if o.meta != nil {
		opts = append(opts, confluent.WithMeta((*confluent.Meta)(o.meta)))
	}
	if o.raw != nil {
		opts = append(opts, confluent.WithRawBody(o.raw))
	}
	if o.idempotent {
		opts = append(opts, confluent.WithIdempotent())
	}
	if o.prefetch {
		opts = append(opts, confluent.WithPrefetch())
	}
	return opts
}
