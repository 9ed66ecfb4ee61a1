package contract_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/contract/specified"
)

// requireAll checks that the methods reach exactly the operations of the specification.
func requireAll(t *testing.T, v vendor, reached map[string][]request) {
	t.Helper()
	ops := specified.Operations(v.name)
	require.NotEmpty(t, ops)
	covered := map[string]bool{}
	for method, requests := range reached {
		assert.NotEmpty(t, requests, "%s sends nothing", method)
		for _, r := range requests {
			known := false
			for _, op := range ops {
				if op.Matches(r.Method, r.URL.EscapedPath()) {
					known, covered[op.ID] = true, true
				}
			}
			assert.True(t, known, "%s sends %s %s, which the specification does not have", method, r.Method,
				r.URL.EscapedPath())
		}
	}
	for _, op := range ops {
		assert.True(t, covered[op.ID], "no exported method of a service calls %s: add one to package %s", op, v.name)
	}
}

// argument returns a value of a parameter type, one of the vendor's samples if there is one.
func argument(v vendor, typ reflect.Type) reflect.Value {
	for _, sample := range v.samples {
		if reflect.TypeOf(sample) == typ {
			return reflect.ValueOf(sample)
		}
	}
	switch {
	case typ == reflect.TypeFor[io.Reader]():
		return reflect.ValueOf(bytes.NewReader([]byte("{}")))
	case typ.Kind() == reflect.String:
		return reflect.ValueOf("x-1").Convert(typ) // any text is valid
	case typ.Kind() == reflect.Pointer:
		return reflect.New(typ.Elem())
	}
	return reflect.Zero(typ)
}

// callAll calls every method of value that takes a context, and returns the requests of each.
func callAll(
	ctx context.Context, v vendor, s *server, name string, value reflect.Value, done func(out []reflect.Value),
) map[string][]request {
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

// Only the requests matter, so responses do not have to be valid. A new method is tested without
// changes here.
func TestPublicMethodsCoverTheSpecification(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{retry: noRetries()}, func(_ int, r request) (*http.Response, error) {
			if v.answer != nil {
				if special := v.answer(r.Request); special != nil {
					return special, nil
				}
			}
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/integrations") {
				return respond(200, v.page("")), nil
			}
			return respond(200, v.object("x-1")), nil
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

func TestDoReachesEachOperationOfTheSpecification(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{}, always(200, v.object("x-1")))
		sender, ok := c.value.(interface {
			Do(req *http.Request) (*http.Response, error)
		})
		require.True(t, ok)
		reached := map[string][]request{}
		for _, op := range specified.Operations(v.name) {
			req, err := http.NewRequestWithContext(t.Context(), op.Method, op.Example("x-1"), strings.NewReader("{}"))
			require.NoError(t, err)
			before := s.count()
			resp, err := sender.Do(req)
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			assert.Equal(t, 200, resp.StatusCode)
			reached[op.ID] = s.requests()[before:]
		}
		requireAll(t, v, reached)
		for name, requests := range reached {
			for _, r := range requests {
				assert.Equal(t, v.authorization, r.Header.Get("Authorization"), name)
				assert.True(t, strings.HasPrefix(r.Header.Get("User-Agent"), "integrations-go-sdk/"), name)
			}
		}
	})
}
