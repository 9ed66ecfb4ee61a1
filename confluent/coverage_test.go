package confluent_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
)

// route is an operation of the specification.
type route struct {
	id, method string
	path       *regexp.Regexp
}

func specRoutes(t *testing.T) []route {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../specs/confluent.yaml")
	require.NoError(t, err)
	var routes []route
	variable := regexp.MustCompile(`\\\{[^/]*\\\}`)
	for path, item := range doc.Paths.Map() {
		pattern := variable.ReplaceAllString(regexp.QuoteMeta(path), `[^/]+`)
		for method, op := range item.Operations() {
			require.NotEmpty(t, op.OperationID, "%s %s", method, path)
			routes = append(routes, route{op.OperationID, method, regexp.MustCompile("^" + pattern + "$")})
		}
	}
	require.NotEmpty(t, routes)
	return routes
}

// operationOf is the operation that a request belongs to, "" if the specification has none.
func operationOf(routes []route, r sentRequest) string {
	for _, candidate := range routes {
		if candidate.method == r.method && candidate.path.MatchString(r.path) {
			return candidate.id
		}
	}
	return ""
}

// requireAll checks that the calls reach all operations of the specification, and nothing beside them.
func requireAll(t *testing.T, reached map[string][]sentRequest) {
	t.Helper()
	routes := specRoutes(t)
	covered := map[string]bool{}
	for method, requests := range reached {
		assert.NotEmpty(t, requests, "%s sends nothing", method)
		for _, r := range requests {
			op := operationOf(routes, r)
			assert.NotEmpty(t, op, "%s sends %s %s, which the specification does not have", method, r.method, r.path)
			covered[op] = true
		}
	}
	for _, r := range routes {
		assert.True(t, covered[r.id], "no method calls %s", r.id)
	}
}

func TestPublicMethodsCoverTheSpecification(t *testing.T) {
	t.Parallel()
	type call = func(context.Context, *confluent.Client) error
	calls := map[string]call{
		"Client.ExchangeToken": func(ctx context.Context, c *confluent.Client) error {
			return failing(c.ExchangeToken(ctx, confluent.STSConfig{IdentityPoolID: "pool", SubjectToken: func(context.Context) (string, error) { return "jwt", nil }}))
		},
		"Integrations.Provision": func(ctx context.Context, c *confluent.Client) error {
			return failing(c.Integrations.Provision(ctx, azure("n", tenantID)))
		},
		"Integrations.WaitValid": func(ctx context.Context, c *confluent.Client) error {
			return c.Integrations.WaitValid(ctx, confluent.IntegrationValidate{ID: "x", Environment: inEnv}, confluent.WaitOptions{})
		},
		"Integrations.Ensure": func(ctx context.Context, c *confluent.Client) error {
			return failing(c.Integrations.Ensure(ctx, azure("n", tenantID)))
		},
		"IntegrationsV1.Ensure": func(ctx context.Context, c *confluent.Client) error {
			return failing(c.IntegrationsV1.Ensure(ctx, confluent.IntegrationCreateV1{DisplayName: "new", Environment: inEnv, Config: configOf(&confluent.AWSConfig{CustomerIAMRoleARN: role})}))
		},
	}
	for _, c := range wireCalls() {
		name, _, _ := strings.Cut(c.name, " ")
		calls[name] = c.do
	}

	reached := map[string][]sentRequest{}
	for name, call := range calls {
		w := newTap(t)
		require.NoError(t, call(t.Context(), w.client(t)), name)
		reached[name] = w.requests()
	}
	requireAll(t, reached)

	// A new method must not be forgotten above.
	client := newTap(t).client(t)
	for service, value := range map[string]any{"Client": client, "Integrations": client.Integrations, "IntegrationsV1": client.IntegrationsV1} {
		for m := range reflect.TypeOf(value).Methods() {
			if m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]() {
				assert.Contains(t, calls, service+"."+m.Name)
			}
		}
	}
}

func TestAPIReachesEachOperationOfTheSpecification(t *testing.T) {
	t.Parallel()
	w := newTap(t)
	generated := reflect.ValueOf(w.client(t).API())
	reached := map[string][]sentRequest{}
	for m, method := range generated.Methods() {
		if m.Type.NumOut() != 2 || m.Type.Out(0) != reflect.TypeFor[*http.Response]() {
			continue
		}
		args := []reflect.Value{reflect.ValueOf(t.Context())}
		for i, in := range slices.Collect(m.Type.Ins()) {
			if i < 2 || m.Type.IsVariadic() && i == m.Type.NumIn()-1 { // receiver, context, editors
				continue
			}
			args = append(args, anyArgument(in))
		}
		before := len(w.requests())
		out := method.Call(args)
		require.Nil(t, out[1].Interface(), m.Name)
		resp := out[0].Interface().(*http.Response)
		_, err := io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Contains(t, []int{200, 204}, resp.StatusCode)
		reached[m.Name] = w.requests()[before:]
		for _, r := range reached[m.Name] {
			assert.NotEmpty(t, r.header.Get("Authorization"), m.Name)
			assert.True(t, strings.HasPrefix(r.header.Get("User-Agent"), "integrations-go-sdk/"), m.Name)
		}
	}
	requireAll(t, reached)
}

// anyArgument is a value of a type that a generated method takes.
func anyArgument(in reflect.Type) reflect.Value {
	switch {
	case in == reflect.TypeFor[io.Reader]():
		return reflect.ValueOf(bytes.NewReader([]byte("{}")))
	case in.Kind() == reflect.String:
		return reflect.ValueOf("application/json").Convert(in)
	case in.Kind() == reflect.Pointer:
		return reflect.New(in.Elem())
	}
	return reflect.Zero(in)
}
