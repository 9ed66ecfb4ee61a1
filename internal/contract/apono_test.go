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
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/internal/core"
)

const aponoToken = "aup_s3cr/t+t0ken=="

var aponoVendor = vendor{
	name:          "apono",
	authorization: "Bearer " + aponoToken,
	secrets:       []string{aponoToken},
	new:           newApono,
	view: func(err error) (core.Failure, bool) {
		e, ok := errors.AsType[*apono.Error](err)
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
		"ErrNotFound": apono.ErrNotFound, "ErrUnauthorized": apono.ErrUnauthorized, "ErrForbidden": apono.ErrForbidden,
		"ErrConflict": apono.ErrConflict, "ErrInvalid": apono.ErrInvalid, "ErrRateLimited": apono.ErrRateLimited,
		"ErrQuotaExceeded": apono.ErrQuotaExceeded, "ErrUnavailable": apono.ErrUnavailable,
		"ErrOutcomeUnknown": apono.ErrOutcomeUnknown,
	},
	show: func(secret string) []any {
		store := apono.SecretStore{Value: &apono.AponoSecret{Parameters: map[string]string{"password": secret}}}
		return []any{
			sdk.Token{Value: secret}, &sdk.Token{Value: secret}, apono.WithToken(secret),
			store, &store, store.Flat(), store.Value, apono.Set(store),
			apono.IntegrationCreate{Name: "n", SecretStoreConfig: apono.Set(store)},
			apono.Integration{Name: "n", SecretStoreConfig: store},
		}
	},
	samples: []any{
		apono.IntegrationCreate{Name: "n", Type: "mysql"}, apono.IntegrationUpdate{IntegrationConfig: apono.Config{},
			Name: "n"},
		apono.IntegrationCreateV2{Name: "n", Type: "mysql"}, apono.IntegrationUpdateV2{Metadata: apono.Config{},
			Name: "n"},
	},

	bare: func(client *http.Client, baseURL, id string) func(context.Context) error {
		return func(ctx context.Context) error {
			req, err := http.NewRequest(http.MethodGet, baseURL+"/api/admin/v4/integrations/"+url.PathEscape(id), nil)
			if err != nil {
				return err
			}
			resp, err := client.Do(req.WithContext(ctx))
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			return json.NewDecoder(resp.Body).Decode(new(apono.Integration))
		}
	},

	requestID: "X-Request-Id",
	object: func(id string) string {
		return fmt.Sprintf(`{"id":%q,"name":"new","type":"mock-duck","category":"RESOURCES","status":"ACTIVE",`+
			`"integration_config":{}}`, id)
	},
	page: func(next string, ids ...string) string {
		items := make([]string, len(ids))
		for i, id := range ids {
			items[i] = fmt.Sprintf(`{"id":%q}`, id)
		}
		n, _ := json.Marshal(next)
		return fmt.Sprintf(`{"items":[%s],"pagination":{"next_page_token":%s}}`, strings.Join(items, ","), n)
	},
	link:  func(_, token string) string { return token },
	token: func(r *http.Request) string { return r.URL.Query().Get("page_token") },
	failure: func(detail string) string {
		return fmt.Sprintf(`{"status":"400","code":"Refused","message":%q}`, detail)
	},

	ready:   `{"id":"x-1","status":"ACTIVE"}`,
	waiting: `{"id":"x-1","status":"INITIALIZING"}`,
	own: map[string]sdk.Option{
		"WithToken": apono.WithToken(canary),
		"WithTokenSource": apono.WithTokenSource(sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) {
			return sdk.Token{}, nil
		})),
		"WithBaseURL": apono.WithBaseURL("https://" + host), "WithLimiter": apono.WithLimiter(nil),
		"WithStrict": apono.WithStrict(),
	},
}

func newApono(o options) (*client, error) {
	opts := append(o.common(), apono.WithBaseURL(o.baseURL))
	if !o.defaultLimiter {
		opts = append(opts, apono.WithLimiter(o.limiter))
	}
	if o.token == nil {
		opts = append(opts, apono.WithToken(aponoToken))
	} else {
		opts = append(opts, apono.WithTokenSource(o.tokenSource()))
	}
	c, err := apono.New(opts...)
	if err != nil {
		return nil, err
	}
	id := func(integration *apono.Integration, err error) (string, error) {
		if err != nil {
			return "", err
		}
		return integration.ID, nil
	}
	return &client{
		get: func(ctx context.Context, name string, o call) (string, error) {
			return id(c.Integrations.Get(ctx, name, o.options()...))
		},
		create: func(ctx context.Context, o call) (string, error) {
			return id(c.Integrations.Create(ctx, apono.IntegrationCreate{Name: "new", Type: "mock-duck"},
				o.options()...))
		},
		update: func(ctx context.Context, name string, o call) error {
			_, err := c.Integrations.Update(ctx, name, apono.IntegrationUpdate{IntegrationConfig: apono.Config{},
				Name: "new"}, o.options()...)
			return err
		},
		remove: func(ctx context.Context, name string, o call) error {
			return c.Integrations.Delete(ctx, name, o.options()...)
		},
		list: func(ctx context.Context, token string, o call) (iter.Seq2[string, error], func()) {
			filter := &apono.ListOptions{PageToken: token}
			list := c.Integrations.List(ctx, filter, o.options()...)
			return func(yield func(string, error) bool) {
				for in, err := range list {
					name, err := id(in, err)
					if !yield(name, err) {
						return
					}
				}
			}, func() { *filter = apono.ListOptions{PageToken: "spoiled", Limit: -1} }
		},
		wait: func(ctx context.Context, name string, wait sdk.WaitOptions) error {
			_, err := c.Integrations.WaitSynced(ctx, name, apono.WaitOptions{WaitOptions: wait})
			return err
		},
		closing: c.CloseIdleConnections,
		value:   c,
	}, nil
}
