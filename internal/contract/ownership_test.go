package contract_test

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
)

// dump writes what a program can see of v: all exported fields, without the methods that hide some.
func dump(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteString("nil ")
			return
		}
		dump(b, v.Elem())
	case reflect.Struct:
		fmt.Fprintf(b, "%v{", v.Type())
		for field, value := range v.Fields() {
			if field.IsExported() {
				b.WriteString(field.Name + ":")
				dump(b, value)
			}
		}
		b.WriteString("} ")
	case reflect.Slice:
		fmt.Fprintf(b, "%d[", v.Len())
		for i := range v.Len() {
			dump(b, v.Index(i))
		}
		b.WriteString("] ")
	case reflect.Map:
		text := map[string]string{}
		for key, value := range v.Seq2() {
			var item strings.Builder
			dump(&item, value)
			text[fmt.Sprint(key)] = item.String()
		}
		for _, key := range slices.Sorted(maps.Keys(text)) {
			b.WriteString(key + "=" + text[key])
		}
	case reflect.Func, reflect.Chan:
	default:
		fmt.Fprintf(b, "%v ", v)
	}
}

// scribble changes everything in v that a program can change.
func scribble(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			scribble(v.Elem())
		}
	case reflect.Struct:
		for field, value := range v.Fields() {
			if field.IsExported() {
				scribble(value)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			scribble(v.Index(i))
		}
	case reflect.Map:
		for key, value := range v.Seq2() {
			scribble(value)
			v.SetMapIndex(key, reflect.Zero(v.Type().Elem()))
		}
	case reflect.String:
		if v.CanSet() {
			v.SetString("scribbled")
		}
	case reflect.Uint8:
		if v.CanSet() {
			v.SetUint('#')
		}
	case reflect.Int, reflect.Int64:
		if v.CanSet() {
			v.SetInt(-7)
		}
	case reflect.Bool:
		if v.CanSet() {
			v.SetBool(!v.Bool())
		}
	default:
	}
}

// clone is a copy of v that shares nothing with it that scribble changes.
func clone(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	switch {
	case v.Kind() == reflect.Interface && !v.IsNil():
		c.Set(clone(v.Elem()))
	case v.Kind() == reflect.Pointer && !v.IsNil():
		c.Set(reflect.New(v.Type().Elem()))
		c.Elem().Set(clone(v.Elem()))
	case v.Kind() == reflect.Struct:
		for field, value := range c.Fields() {
			if field.IsExported() {
				value.Set(clone(value))
			}
		}
	case v.Kind() == reflect.Slice && !v.IsNil():
		c.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			c.Index(i).Set(clone(v.Index(i)))
		}
	case v.Kind() == reflect.Map && !v.IsNil():
		c.Set(reflect.MakeMap(v.Type()))
		for key, value := range v.Seq2() {
			c.SetMapIndex(key, clone(value))
		}
	}
	return c
}

// objects answers lists with three pages, and everything else with an object.
func objects(v vendor) func(int, request) (*http.Response, error) {
	list := pages(v, 3)
	return func(n int, r request) (*http.Response, error) {
		path := strings.TrimSuffix(r.URL.Path, "/")
		listed := strings.HasSuffix(path, "/integrations") ||
			strings.HasSuffix(path, "integration-groups/configuration")
		if r.Method == http.MethodGet && listed {
			return list(n, r)
		}
		if v.answer != nil {
			if resp := v.answer(r.Request); resp != nil {
				return resp, nil
			}
		}
		return respond(200, v.object("x-1"), v.requestID, "req-7", "X-Note", "note"), nil
	}
}

// outcome has the results of a method or of its iterator, with the values that its options store.
// after is called with each value that came.
func outcome(method reflect.Value, args []reflect.Value, after func(reflect.Value)) string {
	var meta sdk.Meta
	var raw []byte
	opts := []sdk.CallOption{sdk.WithMeta(&meta), sdk.WithRawBody(&raw)}
	var all strings.Builder
	note := func(values ...reflect.Value) {
		for _, value := range values {
			dump(&all, value)
		}
		for _, value := range append(values, reflect.ValueOf(&meta), reflect.ValueOf(&raw)) {
			after(value)
		}
	}
	out := method.CallSlice(append(args, reflect.ValueOf(opts)))
	if last := out[len(out)-1]; last.Kind() == reflect.Func {
		for item, err := range last.Seq2() {
			note(item, err) // what the options store is there until the next page
		}
	} else {
		note(append(out, reflect.ValueOf(meta), reflect.ValueOf(slices.Clone(raw)))...)
	}
	return all.String()
}

func ignore(reflect.Value) {}

// A caller may change what it gets: also while a list is walked, and with the same client.
func TestResultsBelongToTheCaller(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		refuses := always(409, v.failure("no"), "X-Note", "note")
		for _, answer := range []func(int, request) (*http.Response, error){objects(v), refuses} {
			untouched, _ := start(t, v, options{retry: noRetries()}, answer)
			c, _ := start(t, v, options{retry: noRetries()}, answer)
			methods := maps.Collect(methodsWithCallOptions(c))
			seen := 0
			for name, method := range methodsWithCallOptions(untouched) {
				if strings.Contains(name, "Login") || strings.Contains(name, "ExchangeToken") {
					continue // tokens have times
				}
				want := outcome(method, arguments(t.Context(), v, method), ignore)
				for range 3 {
					got := outcome(methods[name], arguments(t.Context(), v, method), scribble)
					assert.Equal(t, want, got, name)
				}
				seen++
			}
			assert.Greater(t, seen, 10)
		}
	})
}

// A method changes nothing that it is given. An iterator does not notice that its options change.
func TestArgumentsStayAsTheyAreAndMayBeChangedAfterwards(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		run := func(name string, after func(reflect.Value)) (sent []string) {
			c, s := start(t, v, options{retry: noRetries()}, objects(v))
			method := maps.Collect(methodsWithCallOptions(c))[name]
			args := arguments(t.Context(), v, method)
			for i := range args[1:] {
				args[i+1] = clone(args[i+1])
			}
			look := func() string {
				var b strings.Builder
				for _, arg := range args[1:] {
					dump(&b, arg)
				}
				return b.String()
			}
			before := look()
			out := method.CallSlice(append(args, reflect.ValueOf([]sdk.CallOption{})))
			assert.Equal(t, before, look(), name)
			for _, arg := range args[1:] {
				after(arg)
			}
			for range errorsOf(out) {
			}
			for _, r := range s.requests() {
				sent = append(sent, r.Method+" "+r.URL.String()+" "+r.body)
			}
			return sent
		}
		c, _ := start(t, v, options{}, objects(v))
		for name := range methodsWithCallOptions(c) {
			assert.Equal(t, run(name, ignore), run(name, scribble), name)
		}
	})
}

func TestMetadataAndErrorOfACallShareNothing(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for name, answer := range map[string]func(int, request) (*http.Response, error){
			"refused":      always(404, v.failure("no"), "X-Note", "note"),
			"broken off":   func(int, request) (*http.Response, error) { return cutOff(), nil },
			"bad response": always(200, "<html>", "X-Note", "note"),
			"good":         func(int, request) (*http.Response, error) { return withNote(op.good(v)), nil },
		} {
			var first, second sdk.Meta
			c, _ := start(t, v, options{retry: noRetries()}, answer)
			err := op.do(t.Context(), c, call{shared: []sdk.CallOption{sdk.WithMeta(&first), sdk.WithMeta(&second)}})
			require.Equal(t, "note", first.Header.Get("X-Note"), name)
			first.Header.Set("X-Note", "changed")
			first.Header["X-Note"][0] = "changed"
			assert.Equal(t, "note", second.Header.Get("X-Note"), name)
			if err != nil {
				f := viewed(t, v, err)
				assert.Equal(t, "note", f.Header.Get("X-Note"), name)
				f.Header["X-Note"][0] = "changed"
				assert.Equal(t, "note", second.Header.Get("X-Note"), name)
			}
		}
	})
}

func withNote(r *http.Response) *http.Response {
	r.Header.Set("X-Note", "note")
	return r
}

// cutOff is a good response whose body ends too early.
func cutOff() *http.Response {
	r := withNote(respond(200, ""))

	r.Body = struct {
		brokenReader
		nothingToClose
	}{}
	return r
}

type nothingToClose struct{}

func (nothingToClose) Close() error { return nil }

// The options are read by New.
func TestHTTPClientIsCopiedByNew(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		s := &server{answer: always(200, v.object("x-1"))}
		own := &http.Client{Transport: s, Timeout: time.Minute}
		c := connect(t, v, options{baseURL: "https://" + host, client: own})
		own.Transport, own.Timeout = nil, time.Nanosecond
		own.CheckRedirect = func(*http.Request, []*http.Request) error { return errCut }
		_, err := c.get(t.Context(), "x-1", call{})
		require.NoError(t, err)
		assert.Equal(t, 1, s.count())
	})
}
