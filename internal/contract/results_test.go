package contract_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
)

// withEachArgumentRefused yields args with one of them replaced by a value that may be refused:
// nil, empty, or text that is not UTF-8.
func withEachArgumentRefused(args []reflect.Value) iter.Seq2[string, []reflect.Value] {
	return func(yield func(string, []reflect.Value) bool) {
		for i, arg := range args {
			in := arg.Type()
			if i == 0 {
				in = reflect.TypeFor[context.Context]()
			}
			bad := reflect.New(in).Elem()
			bad.Set(arg)
			spoilText(bad)
			for what, value := range map[string]reflect.Value{"zero": reflect.Zero(in), "not UTF-8": bad} {
				changed := slices.Clone(args)
				changed[i] = value
				if !yield(fmt.Sprintf("argument %d: %s", i, what), changed) {
					return
				}
			}
		}
	}
}

// spoilText replaces the texts in v, which must be settable, by text that is not UTF-8.
func spoilText(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("Caf\xe9")
	case reflect.Struct:
		for field, value := range v.Fields() {
			if field.IsExported() {
				spoilText(value)
			}
		}
	case reflect.Slice:
		v.Set(reflect.AppendSlice(reflect.Zero(v.Type()), v)) // a copy: the sample must not change
		for i := range v.Len() {
			spoilText(v.Index(i))
		}
	case reflect.Map:
		if v.Type().Key().Kind() == reflect.String {
			v.Set(reflect.MakeMap(v.Type()))
			v.SetMapIndex(reflect.ValueOf("Caf\xe9").Convert(v.Type().Key()), reflect.Zero(v.Type().Elem()))
		}
	}
}

// WithMeta and WithRawBody store values of this call. A method that refuses an argument, or that
// has not sent its request yet, has cleared them.
func TestMetaAndRawBodyKeepNothingOfTheCallBefore(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		stale := sdk.Meta{StatusCode: 299, RequestID: "stale", Attempts: 9}
		var meta sdk.Meta
		var raw []byte
		c, s := start(t, v, options{retry: noRetries()}, func(_ int, r request) (*http.Response, error) {
			assert.NotEqual(t, 299, meta.StatusCode, r.URL)
			assert.NotEqual(t, "stale", string(raw), r.URL)
			return respond(500, ""), nil
		})
		store := []sdk.CallOption{sdk.WithMeta(&meta), sdk.WithRawBody(&raw)}
		check := func(name string, method reflect.Value, args []reflect.Value, opts ...sdk.CallOption) {
			meta, raw = stale, []byte("stale")
			out := method.CallSlice(append(args, reflect.ValueOf(opts)))
			before := s.count()
			for err := range errorsOf(out) {
				require.Error(t, err, name)
				require.NotEqual(t, 299, meta.StatusCode, name)
				require.NotEqual(t, "stale", string(raw), name)
				if s.count() == before && out[len(out)-1].Kind() == reflect.Func {
					require.Equal(t, sdk.Meta{}, meta, name)
				}
				meta, raw = stale, []byte("stale") // for the second range
			}
		}
		for name, method := range methodsWithCallOptions(c) {
			args := arguments(t.Context(), v, method)
			check(name, method, args, store...)
			check(name+" with a nil option", method, args, append([]sdk.CallOption{nil}, store...)...)
			check(name+" with a bad option", method, args, append(slices.Clone(store), sdk.WithHeader("Host", "x"))...)
			check(name+" twice", method, args, append(store, store...)...)
			for what, changed := range withEachArgumentRefused(args) {
				check(name+" with "+what, method, changed, store...)
			}
		}
	})
}

func TestSecondRangeOverARefusedListEmptiesMeta(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{retry: noRetries()}, func(n int, _ request) (*http.Response, error) {
			if n == 1 {
				return respond(200, v.page("", "x-1"), v.requestID, "r-1"), nil
			}
			return nil, errors.New("gone")
		})
		var meta core.Meta
		var raw []byte
		seq, _ := c.list(t.Context(), "", call{meta: &meta, raw: &raw})
		_, errs := collect(seq)
		require.Empty(t, errs)
		require.Equal(t, "r-1", meta.RequestID)
		require.NotEmpty(t, raw)
		_, errs = collect(seq)
		require.Len(t, errs, 1)
		assert.Equal(t, core.Meta{Attempts: 1}, meta)
		assert.Nil(t, raw)
		assert.Equal(t, 2, s.count())
	})
}

func TestEachOfSeveralRawBodiesGetsACopy(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		c, _ := start(t, v, options{}, func(_ int, r request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/integrations") || strings.HasSuffix(r.URL.Path,
				"integration-groups/configuration") {
				return respond(200, v.page("", "x-1")), nil
			}
			return respond(200, v.object("x-1")), nil
		})
		first, second := []byte("stale"), []byte("stale")
		both := call{raw: &first, shared: []sdk.CallOption{sdk.WithRawBody(&second)}}
		_, err := c.get(t.Context(), "x-1", both)
		require.NoError(t, err)
		assert.Equal(t, v.object("x-1"), string(first))
		first[0] = '!'
		assert.Equal(t, v.object("x-1"), string(second))
		seq, _ := c.list(t.Context(), "", both)
		_, errs := collect(seq)
		require.Empty(t, errs)
		assert.Equal(t, v.page("", "x-1"), string(first))
		first[0] = '!'
		assert.Equal(t, v.page("", "x-1"), string(second))
	})
}
