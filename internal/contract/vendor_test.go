package contract_test

import (
	"context"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/ratelimit"
)

// vendors are tested by every test.
var vendors = []vendor{confluentVendor, aponoVendor, egeriaVendor}

// vendor is the adapter of a vendor package.
type vendor struct {
	name          string
	authorization string   // the header of a client without a token source
	secrets       []string // texts that must never be shown
	new           func(options) (*client, error)
	view          func(error) (core.Failure, bool) // returns the fields of the vendor's *Error in an error
	sentinels     map[string]error
	show          func(secret string) []any // returns values of the package's types that contain a secret
	samples       []any                     // valid arguments of the methods, one per type
	// answer returns responses that make the methods call other operations. nil: no special
	// response.
	answer func(r *http.Request) *http.Response

	// bare does the same as get with the code of the generated client and package encoding/json.
	bare func(client *http.Client, baseURL, id string) func(context.Context) error

	// The API of the vendor's server.
	requestID string                                  // the header with the request ID
	object    func(id string) string                  // the response to get, create and update
	page      func(next string, ids ...string) string // next is a result of link, "" on the last page
	link      func(host, token string) string         // a link to the next page, or only the token
	token     func(list *http.Request) string         // the page token of a request
	failure   func(detail string) string              // an error document
	removed   string                                  // the response to delete; "" means 204
	unpaged   bool                                    // lists have one page
	below     string                                  // the path of get after the ID
	ready     string                                  // the response that ends a wait
	waiting   string                                  // a response that does not end a wait

	own map[string]sdk.Option // own are the options of this vendor only, by name. A secret in them is the canary.
}

// options are settings that New of every vendor supports.
type options struct {
	baseURL        string
	client         *http.Client
	middleware     []func(http.RoundTripper) http.RoundTripper
	retry          core.RetryPolicy
	attemptTimeout time.Duration // 0 means the default
	maxResponse    int64         // 0 means the default
	limiter        ratelimit.Limiter
	defaultLimiter bool // instead of limiter
	logger         *slog.Logger
	token          func(context.Context) (string, time.Time, error) // nil means fixed credentials
	shared         []sdk.Option
}

// client calls the tested operations of a vendor. Each is one request.
type client struct {
	get     func(ctx context.Context, id string, o call) (gotID string, err error)
	create  func(ctx context.Context, o call) (id string, err error)
	update  func(ctx context.Context, id string, o call) error
	remove  func(ctx context.Context, id string, o call) error
	list    func(ctx context.Context, token string, o call) (ids iter.Seq2[string, error], spoil func())
	closing func()
	wait    func(ctx context.Context, id string, wait sdk.WaitOptions) error // until the server responds with ready
	value   any                                                              // the vendor's client
}

// call has the options of one call.
type call struct {
	meta       *core.Meta
	raw        *[]byte
	idempotent bool
	prefetch   bool
	shared     []sdk.CallOption
}

// common returns the options that all vendors share.
func (o options) common() []sdk.Option {
	opts := []sdk.Option{sdk.WithMiddleware(o.middleware...), sdk.WithRetry(sdk.RetryPolicy(o.retry)),
		sdk.WithLogger(o.logger)}
	if o.client != nil {
		opts = append(opts, sdk.WithHTTPClient(o.client))
	}
	if o.attemptTimeout != 0 {
		opts = append(opts, sdk.WithAttemptTimeout(o.attemptTimeout))
	}
	if o.maxResponse != 0 {
		opts = append(opts, sdk.WithMaxResponseBytes(o.maxResponse))
	}
	return append(opts, o.shared...)
}

// tokenSource returns the source of the tokens.
func (o options) tokenSource() sdk.TokenSource {
	return sdk.TokenSourceFunc(func(ctx context.Context) (sdk.Token, error) {
		value, expiry, err := o.token(ctx)
		return sdk.Token{Value: value, Expiry: expiry}, err
	})
}

// options returns the options of the call.
func (o call) options() []sdk.CallOption {
	var opts []sdk.CallOption
	if o.meta != nil {
		opts = append(opts, sdk.WithMeta((*sdk.Meta)(o.meta)))
	}
	if o.raw != nil {
		opts = append(opts, sdk.WithRawBody(o.raw))
	}
	if o.idempotent {
		opts = append(opts, sdk.WithIdempotent())
	}
	if o.prefetch {
		opts = append(opts, sdk.WithPrefetch())
	}
	return append(opts, o.shared...)
}
