package contract_test

import (
	"bytes"
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
)

// canary is a secret that must not be shown.
const canary = "s3cr3t-canary"

// newWith returns the error of New of v with these options.
func newWith(v vendor, opts ...sdk.Option) error {
	_, err := v.new(options{baseURL: "https://" + host, shared: opts, retry: quick()})
	return err
}

func TestOptionOfAnotherVendorIsRefused(t *testing.T) {
	t.Parallel()
	for _, owner := range vendors {
		require.NotEmpty(t, owner.own)
		for name, option := range owner.own {
			for _, v := range vendors {
				if v.name == owner.name {
					continue
				}
				t.Run(owner.name+"."+name+" for "+v.name, func(t *testing.T) {
					t.Parallel()
					for _, given := range []sdk.Option{option, sdk.Options(option), sdk.Options(sdk.WithUserAgent("x"),
						sdk.Options(option))} {
						err := newWith(v, given)
						f := viewed(t, v, err)
						require.ErrorIs(t, err, sdk.ErrInvalid)
						assert.NotEmpty(t, f.Argument)
						assert.ErrorContains(t, err, owner.name+"."+name)
						assert.ErrorContains(t, err, "not of "+v.name)
						assert.NotContains(t, err.Error(), canary)
					}
				})
			}
		}
	}
}

// The table of the adapter has each option of this vendor only.
func TestEveryOptionOfAVendorIsEitherSharedOrItsOwn(t *testing.T) {
	shared := functions(t, "../../option.go", "Option")
	each(t, func(t *testing.T, v vendor) {
		forwards := functions(t, "../../"+v.name+"/options.go", "Option")
		maps.DeleteFunc(forwards, func(name string, _ function) bool {
			_, own := v.own[name]
			_, common := shared[name]
			return own || common || !ast.IsExported(name)
		})
		assert.Empty(t, forwards)
	})
}

func TestVendorsForwardTheSharedOptionsInOneLine(t *testing.T) {
	for file, result := range map[string]string{"option.go": "Option", "calloption.go": "CallOption"} {
		t.Run(result, func(t *testing.T) {
			shared := functions(t, "../../"+file, result)
			delete(shared, "Options")
			require.NotEmpty(t, shared)
			each(t, func(t *testing.T, v vendor) {
				forwards := functions(t, "../../"+v.name+"/options.go", result)
				for name, want := range shared {
					got, ok := forwards[name]
					if !assert.True(t, ok, "%s.%s is missing: add one line to %s/options.go", v.name, name, v.name) {
						continue
					}
					assert.Equal(t, want.parameters, strings.ReplaceAll(got.parameters, "sdk.", ""), name)
					assert.Regexp(t, `^\{\s*return sdk\.`+name+`\(`+regexp.QuoteMeta(got.names)+`(\.\.\.)?\)\s*\}$`,
						got.body)
					assert.Contains(t, got.doc, "[sdk."+name+"]", "its documentation leads to the shared one")
				}
			})
		})
	}
}

// function has the compared parts of a function's source.
type function struct{ parameters, names, body, doc string }

// functions returns the functions of a file with this result type.
func functions(t *testing.T, path, result string) map[string]function {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
	require.NoError(t, err)
	source := func(n ast.Node) string {
		var b strings.Builder
		require.NoError(t, printer.Fprint(&b, fset, n))
		return b.String()
	}
	all := map[string]function{}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if ok && f.Recv == nil && f.Type.Results != nil && len(f.Type.Results.List) == 1 &&
			source(f.Type.Results.List[0].Type) == result {
			var parameters, names []string
			for _, p := range f.Type.Params.List {
				for _, n := range p.Names {
					parameters, names = append(parameters, source(p.Type)), append(names, n.Name)
				}
			}
			all[f.Name.Name] = function{strings.Join(parameters, ", "), strings.Join(names, ", "), source(f.Body),
				f.Doc.Text()}
		}
	}
	return all
}

func TestSharedOptionsServeClientsOfEveryVendor(t *testing.T) {
	shared := sdk.Options(sdk.WithUserAgent("inventory/1.2"), sdk.WithMaxResponseBytes(16),
		sdk.WithLogger(slog.New(slog.DiscardHandler)), sdk.WithAttemptTimeout(time.Second))
	each(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{shared: []sdk.Option{shared}}, always(200, v.object("x-1")))
		_, err := c.get(t.Context(), "x-1", call{})
		assert.ErrorContains(t, err, "16 bytes")
		assert.Contains(t, s.requests()[0].Header.Get("User-Agent"), "inventory/1.2")
	})
}

func TestNilOptionsAreRefused(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		for name, option := range map[string]sdk.Option{
			"nil": nil, "nil in Options": sdk.Options(nil), "nil after a good one": sdk.Options(sdk.WithPlainHTTP(),
				nil),
			"nil writer": sdk.WithDebug(nil), "nil TLS config": sdk.WithTLSConfig(nil),
			"nil HTTP client": sdk.WithHTTPClient(nil),
			"nil middleware":  sdk.WithMiddleware(nil), "nil pointer as writer": sdk.WithDebug((*bytes.Buffer)(nil)),
			"nil file":                 sdk.WithDebug((*os.File)(nil)),
			"nil pointer as Transport": sdk.WithHTTPClient(&http.Client{Transport: (*http.Transport)(nil)}),
		} {
			err := newWith(v, option)
			assert.ErrorIs(t, err, sdk.ErrInvalid, name)
			assert.NotEmpty(t, viewed(t, v, err).Argument, name)
		}
		assert.NoError(t, newWith(v, sdk.Options()), "none is fine")
	})
}

func TestCallOptionsThatAreNotValidAreRefusedBeforeAnythingIsSent(t *testing.T) {
	refused := map[string]sdk.CallOption{ // the first word is the option
		"nil": nil, "WithMeta nil": sdk.WithMeta(nil), "WithRawBody nil": sdk.WithRawBody(nil),
		"WithCallAttemptTimeout 0":        sdk.WithCallAttemptTimeout(0),
		"WithCallAttemptTimeout negative": sdk.WithCallAttemptTimeout(-time.Second),
		"WithHeader without a name":       sdk.WithHeader("", "x"),
		"WithHeader name with a space":    sdk.WithHeader("X Y", "x"),
		"WithHeader name with a break":    sdk.WithHeader("X\r\nY", "x"),
		"WithHeader name with an umlaut":  sdk.WithHeader("Ü", "x"),
		"WithHeader value with a break":   sdk.WithHeader("X", "a\nb"),
		"WithHeader value with NUL":       sdk.WithHeader("X", "\x00"),
	}
	requireRefusals(t, "calloption.go", "CallOption", slices.Collect(maps.Keys(refused)))
	for _, name := range []string{"Authorization", "authorization", "PROXY-authorization", "Host", "content-length",
		"Transfer-Encoding", "Connection", "Upgrade", "TE", "Trailer", "Keep-Alive", "Accept-Encoding", "Expect"} {
		refused["WithHeader "+name] = sdk.WithHeader(name, canary)
	}
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		c, s := start(t, v, options{}, func(int, request) (*http.Response, error) { return op.good(v), nil })
		for name, option := range refused {
			err := op.do(t.Context(), c, call{shared: []sdk.CallOption{option, sdk.WithHeader("X-Good", "y")}})
			require.ErrorIs(t, err, sdk.ErrInvalid, name)
			f := viewed(t, v, err)
			assert.NotEmpty(t, f.Argument, name)
			assert.NotEmpty(t, f.Operation, name)
			assert.NotContains(t, err.Error(), canary, name)
		}
		assert.Zero(t, s.count())
	})
}

func TestOptionsThatAreNotValidAreRefused(t *testing.T) {
	refused := map[string]sdk.Option{ // the first word is the option
		"Options nil": sdk.Options(nil), "WithHTTPClient nil": sdk.WithHTTPClient(nil),
		"WithTLSConfig nil": sdk.WithTLSConfig(nil), "WithMiddleware nil": sdk.WithMiddleware(nil),
		"WithRetry of delays in the wrong order": sdk.WithRetry(sdk.RetryPolicy{MinDelay: 2, MaxDelay: 1}),
		"WithAttemptTimeout 0":                   sdk.WithAttemptTimeout(0),
		"WithAttemptTimeout negative":            sdk.WithAttemptTimeout(-time.Second),
		"WithMaxResponseBytes 0":                 sdk.WithMaxResponseBytes(0),
		"WithUserAgent with a break":             sdk.WithUserAgent(canary + "\r\ny"),
		"WithDebug nil":                          sdk.WithDebug(nil),
	}
	requireRefusals(t, "option.go", "Option", append(slices.Collect(maps.Keys(refused)), "WithLogger takes any"))
	each(t, func(t *testing.T, v vendor) {
		for name, option := range refused {
			err := newWith(v, option)
			require.ErrorIs(t, err, sdk.ErrInvalid, name)
			assert.NotEmpty(t, viewed(t, v, err).Argument, name)
			assert.NotContains(t, err.Error(), canary, name)
		}
	})
}

// requireRefusals checks that each option of a file that takes an argument has a row. The first
// word of a row is the option.
func requireRefusals(t *testing.T, file, result string, rows []string) {
	t.Helper()
	for name, option := range functions(t, "../../"+file, result) {
		assert.True(t, option.parameters == "" || slices.ContainsFunc(rows, func(row string) bool {
			return strings.HasPrefix(row, name+" ")
		}), "no argument of %s is refused: add a row to %s in internal/contract/options_test.go", name, t.Name())
	}
}

func TestHeaderOfACallIsOnEveryAttempt(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		c, s := start(t, v, options{}, func(n int, _ request) (*http.Response, error) {
			if n == 1 {
				return respond(429, ""), nil
			}
			return op.good(v), nil
		})
		trace := []sdk.CallOption{
			sdk.WithHeader("X-Trace", "one"), sdk.WithHeader("x-trace", "two"),
			sdk.WithHeader("Accept", "application/json;v=2"), sdk.WithHeader("X-Empty", ""),
		}
		require.NoError(t, op.do(t.Context(), c, call{shared: trace}))
		require.NoError(t, op.do(t.Context(), c, call{}))
		seen := s.requests()
		require.Len(t, seen, 3)
		for _, r := range seen[:2] {
			assert.Equal(t, []string{"one", "two"}, r.Header.Values("X-Trace"))
			assert.Equal(t, []string{"application/json;v=2"}, r.Header.Values("Accept"), "it replaces the client's own")
			assert.Equal(t, []string{""}, r.Header.Values("X-Empty"))
			assert.NotEmpty(t, r.Header.Get("Authorization"))
		}
		assert.Empty(t, seen[2].Header.Values("X-Trace"), "it is for one call")
		assert.Equal(t, "application/json", seen[2].Header.Get("Accept"))
	})
}

func TestHeaderOfACallStaysWithItsOrigin(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{}, func(_ int, r request) (*http.Response, error) {
			if r.URL.Host == host {
				return respond(307, "", "Location", "https://elsewhere.test"+r.URL.RequestURI()), nil
			}
			return respond(200, v.object("x-1")), nil
		})
		_, err := c.get(t.Context(), "x-1", call{shared: []sdk.CallOption{sdk.WithHeader("X-Api-Key", canary)}})
		require.NoError(t, err)
		seen := s.requests()
		require.Len(t, seen, 2)
		assert.Equal(t, canary, seen[0].Header.Get("X-Api-Key"))
		assert.Empty(t, seen[1].Header.Get("X-Api-Key"))
	})
}

func TestAttemptTimeoutOfACallPrevails(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ client, call time.Duration }{
		"shorter": {time.Minute, time.Second}, "longer": {time.Second, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			eachInBubble(t, func(t *testing.T, v vendor) {
				policy := quick()
				policy.MaxAttempts = 1
				c, _ := start(t, v, options{attemptTimeout: tt.client, retry: policy},
					func(_ int, r request) (*http.Response, error) { return hang(r) })
				begin := time.Now()
				_, err := c.get(t.Context(), "x-1", call{shared: []sdk.CallOption{sdk.WithCallAttemptTimeout(tt.call)}})
				require.ErrorIs(t, err, sdk.ErrUnavailable)
				assert.Equal(t, tt.call, time.Since(begin))
				begin = time.Now()
				_, err = c.get(t.Context(), "x-1", call{})
				require.Error(t, err)
				assert.Equal(t, tt.client, time.Since(begin), "it is for one call")
			})
		})
	}
}

func TestProgressIsReportedForEachAttempt(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, _ := start(t, v, options{}, func(n int, _ request) (*http.Response, error) {
			switch {
			case n < 4 && strings.Contains(v.waiting, "errors"):
				return respond(400, v.waiting), nil
			case n < 4:
				return respond(200, v.waiting), nil
			}
			return respond(200, v.ready), nil
		})
		var attempts []int
		wait := sdk.WaitOptions{Progress: func(attempt int, lastError error) {
			attempts = append(attempts, attempt)
			assert.Error(t, lastError)
			_, ok := v.view(lastError)
			assert.True(t, ok, "%T", lastError)
		}}
		require.NoError(t, c.wait(t.Context(), "x-1", wait))
		assert.Equal(t, []int{1, 2, 3}, attempts, "the last attempt ends the wait")

		ctx, cancel := context.WithCancel(t.Context())
		attempts = nil
		c, _ = start(t, v, options{}, func(int, request) (*http.Response, error) {
			if strings.Contains(v.waiting, "errors") {
				return respond(400, v.waiting), nil
			}
			return respond(200, v.waiting), nil
		})
		err := c.wait(ctx, "x-1", sdk.WaitOptions{Progress: func(attempt int, _ error) {
			attempts = append(attempts, attempt)
			cancel()
		}})
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, []int{1}, attempts, "Progress may end the wait")
		_, ok := errors.AsType[*sdk.Error](err)
		assert.True(t, ok)
	})
}

func TestNilContextIsRefused(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		c, s := start(t, v, options{}, func(int, request) (*http.Response, error) { return op.good(v), nil })
		var none context.Context
		err := op.do(none, c, call{})
		require.ErrorIs(t, err, sdk.ErrInvalid)
		assert.Equal(t, "context", viewed(t, v, err).Argument)
		err = c.wait(none, "x-1", sdk.WaitOptions{})
		require.ErrorIs(t, err, sdk.ErrInvalid)
		assert.Zero(t, s.count())
	})
}

// A middleware that changes a value in place must not change the header of the next attempt.
func TestHeaderOfACallIsItsOwnForEachAttempt(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		c, s := start(t, v,
			options{middleware: []func(http.RoundTripper) http.RoundTripper{
				func(next http.RoundTripper) http.RoundTripper {
					return tripper(func(r *http.Request) (*http.Response, error) {
						r.Header["X-Trace"][0] += "!"
						return next.RoundTrip(r)
					})
				}}}, func(n int, _ request) (*http.Response, error) {
				if n < 3 {
					return respond(503, ""), nil
				}
				return respond(200, v.object("x-1")), nil
			})
		_, err := c.get(t.Context(), "x-1", call{shared: []sdk.CallOption{sdk.WithHeader("X-Trace", "v")}})
		require.NoError(t, err)
		for _, r := range s.requests() {
			assert.Equal(t, []string{"v!"}, r.Header.Values("X-Trace"))
		}
	})
}

// Each method of each service is called with invalid options. Nothing is sent, including requests
// for a credential or for the dialect.
func TestNoMethodSendsAnythingForCallOptionsThatAreNotValid(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{}, always(500, ""))
		called := 0
		for name, method := range methodsWithCallOptions(c) {
			args := arguments(t.Context(), v, method)
			for err := range errorsOf(
				method.CallSlice(append(args, reflect.ValueOf([]sdk.CallOption{sdk.WithHeader("Host", "x")})))) {
				assert.ErrorIs(t, err, sdk.ErrInvalid, name)
			}
			called++
		}
		assert.Greater(t, called, 5)
		assert.Empty(t, s.requests())
	})
}

// methodsWithCallOptions yields the exported methods of a client and its services that have call
// options.
func methodsWithCallOptions(c *client) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		client := reflect.ValueOf(c.value)
		services := map[string]reflect.Value{"Client": client}
		for field, value := range client.Elem().Fields() {
			if field.IsExported() && value.Kind() == reflect.Pointer {
				services[field.Name] = value
			}
		}
		for name, service := range services {
			for m, method := range service.Methods() {
				in := method.Type()
				takes := in.IsVariadic() && in.In(0) == reflect.TypeFor[context.Context]() &&
					in.In(in.NumIn()-1) == reflect.TypeFor[[]sdk.CallOption]()
				if takes && !yield(name+"."+m.Name, method) {
					return
				}
			}
		}
	}
}

// arguments returns the arguments of a method before its call options.
func arguments(ctx context.Context, v vendor, method reflect.Value) []reflect.Value {
	args := []reflect.Value{reflect.ValueOf(ctx)}
	for i := 1; i < method.Type().NumIn()-1; i++ {
		args = append(args, argument(v, method.Type().In(i)))
	}
	return args
}

// errorsOf yields the errors that a method returns, or that its iterator yields. An iterator is
// ranged over twice.
func errorsOf(out []reflect.Value) iter.Seq[error] {
	return func(yield func(error) bool) {
		last := out[len(out)-1]
		if last.Kind() != reflect.Func {
			err, _ := reflect.TypeAssert[error](last)
			yield(err)
			return
		}
		for range 2 {
			var err error
			for _, item := range last.Seq2() {
				err, _ = reflect.TypeAssert[error](item)
			}
			if !yield(err) {
				return
			}
		}
	}
}
