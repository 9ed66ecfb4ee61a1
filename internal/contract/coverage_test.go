package contract_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// route is an operation of a specification.
type route struct {
	id, method string
	path       *regexp.Regexp
}

func routesOf(t *testing.T, v vendor) []route {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../../specs/" + v.name + ".yaml")
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

// requireAll checks that the methods reach all operations of the specification, and nothing beside them.
func requireAll(t *testing.T, v vendor, reached map[string][]request) {
	t.Helper()
	routes := routesOf(t, v)
	covered := map[string]bool{}
	for method, requests := range reached {
		assert.NotEmpty(t, requests, "%s sends nothing", method)
		for _, r := range requests {
			known := false
			for _, candidate := range routes {
				if candidate.method == r.Method && candidate.path.MatchString(r.URL.EscapedPath()) {
					known, covered[candidate.id] = true, true
				}
			}
			assert.True(t, known, "%s sends %s %s, which the specification does not have", method, r.Method, r.URL.EscapedPath())
		}
	}
	for _, r := range routes {
		assert.True(t, covered[r.id], "no method calls %s", r.id)
	}
}

// argument is a value of a type that a method takes, one of the vendor's samples where there is one.
func argument(v vendor, in reflect.Type) reflect.Value {
	for _, sample := range v.samples {
		if reflect.TypeOf(sample) == in {
			return reflect.ValueOf(sample)
		}
	}
	switch {
	case in == reflect.TypeFor[io.Reader]():
		return reflect.ValueOf(bytes.NewReader([]byte("{}")))
	case in.Kind() == reflect.String:
		return reflect.ValueOf("x-1").Convert(in) // as good a text as any
	case in.Kind() == reflect.Pointer:
		return reflect.New(in.Elem())
	}
	return reflect.Zero(in)
}

// callAll calls every method of value that takes a context, and gives what each has sent.
func callAll(ctx context.Context, v vendor, s *server, name string, value reflect.Value, done func(out []reflect.Value)) map[string][]request {
	reached := map[string][]request{}
	for m, method := range value.Methods() {
		t := method.Type()
		if t.NumIn() == 0 || t.In(0) != reflect.TypeFor[context.Context]() {
			continue
		}
		args := []reflect.Value{reflect.ValueOf(ctx)}
		for i := 1; i < t.NumIn() && (!t.IsVariadic() || i < t.NumIn()-1); i++ {
			args = append(args, argument(v, t.In(i)))
		}
		before := s.count()
		done(method.Call(args))
		reached[name+"."+m.Name] = s.requests()[before:]
	}
	return reached
}

// Replies needn't fit here: what is sent is what counts. A new method can't be forgotten.
func TestPublicMethodsCoverTheSpecification(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{retry: once()}, func(_ int, r request) (*http.Response, error) {
			if v.answer != nil {
				if special := v.answer(r.Request); special != nil {
					return special, nil
				}
			}
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/integrations") {
				return reply(200, v.page("")), nil
			}
			return reply(200, v.object("x-1")), nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		walk := func(out []reflect.Value) {
			if out[0].Kind() == reflect.Func {
				for range out[0].Seq2() {
					synctest.Wait()
				}
			}
		}
		reached := callAll(ctx, v, s, "Client", reflect.ValueOf(c.value), walk)
		services := 0
		for field, service := range reflect.ValueOf(c.value).Elem().Fields() {
			if field.IsExported() {
				services++
				maps.Copy(reached, callAll(ctx, v, s, field.Name, service, walk))
			}
		}
		require.NotZero(t, services)
		requireAll(t, v, reached)
	})
}

func TestAPIReachesEachOperationOfTheSpecification(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{}, always(200, v.object("x-1")))
		generated := reflect.ValueOf(c.value).MethodByName("API").Call(nil)[0]
		reached := callAll(t.Context(), v, s, "API", generated, func(out []reflect.Value) {
			require.Nil(t, out[1].Interface())
			resp := out[0].Interface().(*http.Response)
			_, err := io.Copy(io.Discard, resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			assert.Equal(t, 200, resp.StatusCode)
		})
		requireAll(t, v, reached)
		for name, requests := range reached {
			for _, r := range requests {
				assert.Equal(t, v.authorization, r.Header.Get("Authorization"), name)
				assert.True(t, strings.HasPrefix(r.Header.Get("User-Agent"), "integrations-go-sdk/"), name)
			}
		}
	})
}
