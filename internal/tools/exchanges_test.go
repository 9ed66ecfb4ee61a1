package tools_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/exchanges"
	"github.com/integrations-go/sdk/internal/fakehttp"
)

// The tests of a fake write their exchanges. All of them must match the specification.
func TestFakesConformToTheSpecifications(t *testing.T) {
	checks := map[string]func(*testing.T, *openapi3.T) check{"apono": aponoCheck, "confluent": confluentCheck,
		"egeria": egeriaCheck}
	eachVendor(t, func(t *testing.T, v string) {
		require.Contains(t, checks, v)
		conforms := checks[v](t, load(t, v))
		folder := t.TempDir()
		cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "./"+v+"/"+v+"test")
		cmd.Dir, cmd.Env = root, append(os.Environ(), exchanges.FolderVariable+"="+folder)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		all, err := exchanges.Read(folder)
		require.NoError(t, err)
		for _, e := range all {
			assert.NoError(t, conforms(t.Context(), e), "%s: %s %s: %d %s", e.Test, e.Method, e.URL, e.Status,
				e.ResponseBody)
		}
		t.Logf("%d exchanges", len(all))
	})
}

// check returns the difference between an exchange and a specification.
type check func(ctx context.Context, e exchanges.Exchange) error

// request returns the request of an exchange.
func request(ctx context.Context, e exchanges.Exchange) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, e.Method, e.URL, nil)
	if err != nil {
		return nil, err
	}
	req.Header, req.Body = e.RequestHeader, io.NopCloser(bytes.NewReader(e.RequestBody))
	return req, nil
}

// response returns the response of an exchange. Its status must be in the specification.
func response(
	input *openapi3filter.RequestValidationInput, e exchanges.Exchange,
) *openapi3filter.ResponseValidationInput {
	return &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: e.Status, Header: e.ResponseHeader,
		Body:    io.NopCloser(bytes.NewReader(e.ResponseBody)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
}

func routerOf(t *testing.T, doc *openapi3.T) routers.Router {
	t.Helper()
	doc.Servers = nil // allows any host
	router, err := legacy.NewRouter(doc)
	require.NoError(t, err)
	return router
}

func aponoCheck(t *testing.T, doc *openapi3.T) check {
	router := routerOf(t, doc)
	return func(ctx context.Context, e exchanges.Exchange) error {
		req, err := request(ctx, e)
		if err != nil {
			return err
		}
		route, values, err := router.FindRoute(req)
		if err != nil {
			return err
		}
		in := &openapi3filter.RequestValidationInput{
			Request: req, Route: route, PathParams: values,
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
				MultiError: true},
		}
		return errors.Join(openapi3filter.ValidateRequest(ctx, in), openapi3filter.ValidateResponse(ctx,
			response(in, e)))
	}
}

// confluentCheck checks responses. Requests may be invalid on purpose.
func confluentCheck(_ *testing.T, doc *openapi3.T) check {
	routes := map[string]*routers.Route{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			routes[op.OperationID] = &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method,
				Operation: op}
		}
	}
	return func(ctx context.Context, e exchanges.Exchange) error {
		route := routes[e.Operation]
		if route == nil {
			return fmt.Errorf("operation %q is not in the specification", e.Operation)
		}
		req, err := request(ctx, e)
		if err != nil {
			return err
		}
		out := response(&openapi3filter.RequestValidationInput{Request: req, Route: route}, e)
		out.Options.ExcludeResponseBody = e.Status == http.StatusTooManyRequests || e.Status == http.StatusNoContent
		if err := openapi3filter.ValidateResponse(ctx, out); err != nil {
			return err
		}
		for header := range route.Operation.Responses.Status(e.Status).Value.Headers {
			if header == "X-Request-Id" && e.ResponseHeader.Get(header) == "" {
				return errors.New("no " + header)
			}
		}
		return nil
	}
}

var userInPath = regexp.MustCompile(
	`(/open-metadata/(?:admin-services|platform-services|integration-daemon))/users/[^/]+`)

// egeriaCheck removes the user from paths of 4.x and 5.x. It does not check failed requests.
func egeriaCheck(t *testing.T, doc *openapi3.T) check {
	router := routerOf(t, doc)
	return func(ctx context.Context, e exchanges.Exchange) error {
		req, err := request(ctx, e)
		if err != nil {
			return err
		}
		req.URL.Path, req.URL.RawPath = userInPath.ReplaceAllString(req.URL.EscapedPath(), "$1"), ""
		route, values, err := router.FindRoute(req)
		if err != nil {
			return err
		}
		in := &openapi3filter.RequestValidationInput{
			Request: req, Route: route, PathParams: values,
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
		}
		if err := openapi3filter.ValidateResponse(ctx, response(in, e)); err != nil {
			return err
		}
		var o fakehttp.Object
		_ = json.Unmarshal(e.ResponseBody, &o) // without JSON there are no members
		if !o.Null("exceptionClassName") {
			return nil
		}
		return openapi3filter.ValidateRequest(ctx, in)
	}
}
