package contract_test

import (
	"context"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/ratelimit"
)

// vendors take part in every test.
var vendors = []vendor{confluentVendor, aponoVendor, egeriaVendor}

// vendor adapts a vendor package.
type vendor struct {
	name          string
	authorization string   // the header that a client without a token source sends
	secrets       []string // what it must never show
	new           func(options) (*client, error)
	view          func(error) (core.Failure, bool) // the vendor's *Error in an error
	sentinels     map[string]error
	show          func(secret string) []any            // values of the package's types that hold a secret
	samples       []any                                // arguments that the methods accept, one of a type
	answer        func(r *http.Request) *http.Response // what makes the methods go on to other operations; nil: nothing special

	// bare is what get does, by means of the generated client and package encoding/json alone.
	bare func(client *http.Client, baseURL, id string) func(context.Context) error

	// How the vendor's server talks.
	requestID string                                  // the header with the request id
	object    func(id string) string                  // what get, create and update answer
	page      func(next string, ids ...string) string // next comes from link, "" on the last page
	link      func(host, token string) string         // a link to the next page, or the mere token
	token     func(list *http.Request) string         // the page token of a request
	failure   func(detail string) string              // an error's body
	removed   string                                  // what delete answers; "": 204
	unpaged   bool                                    // lists come in one piece
	below     string                                  // what follows the id in the path of get
}

// options are what every vendor's New understands.
type options struct {
	baseURL        string
	client         *http.Client
	middleware     []func(http.RoundTripper) http.RoundTripper
	retry          core.RetryPolicy
	attemptTimeout time.Duration // 0: the default
	maxResponse    int64         // 0: the default
	limiter        ratelimit.Limiter
	logger         *slog.Logger
	token          func(context.Context) (string, time.Time, error) // nil: fixed credentials
}

// client calls the operations of a vendor that stand for the others. Each is one request.
type client struct {
	get     func(ctx context.Context, id string, o call) (gotID string, err error)
	create  func(ctx context.Context, o call) (id string, err error)
	update  func(ctx context.Context, id string, o call) error
	remove  func(ctx context.Context, id string, o call) error
	list    func(ctx context.Context, token string, o call) (ids iter.Seq2[string, error], spoil func())
	closing func()
	value   any // the vendor's client
}

// call is the options of one call.
type call struct {
	meta       *core.Meta
	raw        *[]byte
	idempotent bool
	prefetch   bool
}
