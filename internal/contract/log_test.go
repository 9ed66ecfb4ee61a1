package contract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
)

// records returns the lines of a log.
func records(t *testing.T, log *bytes.Buffer) []map[string]any {
	t.Helper()
	var all []map[string]any
	for d := json.NewDecoder(log); d.More(); {
		var r map[string]any
		require.NoError(t, d.Decode(&r))
		delete(r, "time")
		all = append(all, r)
	}
	return all
}

func logger(log *bytes.Buffer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: level}))
}

func TestEveryCallIsOneRecord(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for name, c := range map[string]struct {
			answer func(int, request) (*http.Response, error)
			level  string
			status any
			text   string
		}{
			"success": {func(int, request) (*http.Response, error) {
				r := op.good(v)
				r.Header.Set(v.requestID, "req-7")
				return r, nil
			}, "DEBUG", float64(op.good(v).StatusCode), ""},
			"status":       {always(404, v.failure("secret detail"), v.requestID, "req-7"), "WARN", float64(404), ""},
			"redirection":  {always(304, "", v.requestID, "req-7"), "WARN", float64(304), ""},
			"bad response": {always(200, "<html>", v.requestID, "req-7"), "WARN", float64(200), "response"},
			"connection": {func(int, request) (*http.Response, error) { return nil, errCut }, "WARN", nil,
				errCut.Error()},
		} {
			var log bytes.Buffer
			client, s := start(t, v, options{logger: logger(&log, slog.LevelDebug), retry: noRetries()}, c.answer)
			_ = op.do(t.Context(), client, call{})
			all := records(t, &log)
			require.Len(t, all, 1, name)
			r := all[0]
			assert.Equal(t, "call", r["msg"], name)
			assert.Equal(t, c.level, r["level"], name)
			assert.Equal(t, c.status, r["status"], name)
			assert.Equal(t, v.name, r["vendor"])
			assert.NotEmpty(t, r["operation"])
			assert.Equal(t, s.requests()[0].Method, r["method"])
			assert.Equal(t, s.requests()[0].URL.EscapedPath(), r["path"])
			assert.EqualValues(t, 1, r["attempts"])
			if c.status != nil {
				assert.Equal(t, "req-7", r["request_id"])
			}
			if c.text == "" {
				assert.NotContains(t, r, "error", name)
			} else {
				assert.Contains(t, r["error"], c.text, name)
			}
			for key := range r {
				assert.True(t, slices.Contains([]string{"msg", "level", "vendor", "operation", "method", "path",
					"attempts", "duration", "status", "request_id", "error"}, key), key)
			}
		}
	})
}

func TestRecordsTellHowLongCallsTook(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for _, status := range []int{200, 404} {
			var log bytes.Buffer
			c, _ := start(t, v, options{logger: logger(&log, slog.LevelDebug)},
				func(int, request) (*http.Response, error) {
					time.Sleep(3 * time.Second)
					return respond(status, v.object("x")), nil
				})
			_, err := c.get(t.Context(), "x", call{})
			assert.Equal(t, status == 200, err == nil)
			all := records(t, &log)
			require.Len(t, all, 1)
			assert.EqualValues(t, 3*time.Second, all[0]["duration"])
		}
	})
}

func TestRetriesHaveRecordsOfTheirOwn(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		var log bytes.Buffer
		c, s := start(t, v, options{logger: logger(&log, slog.LevelInfo)},
			func(n int, _ request) (*http.Response, error) {
				switch n {
				case 1:
					return nil, errCut
				case 2:
					return respond(429, "", "Retry-After", "5"), nil
				}
				return respond(200, v.object("x")), nil
			})
		begin := time.Now()
		_, err := c.get(t.Context(), "x", call{})
		require.NoError(t, err)
		all := records(t, &log)
		require.Len(t, all, 2, "the success is for the debug level")
		var waited time.Duration
		for i, r := range all {
			assert.Equal(t, "retry", r["msg"])
			assert.Equal(t, "INFO", r["level"])
			assert.EqualValues(t, i+1, r["attempts"])
			waited += time.Duration(r["wait"].(float64))
		}
		assert.Contains(t, all[0]["error"], errCut.Error())
		assert.EqualValues(t, 429, all[1]["status"])
		assert.Equal(t, time.Since(begin), waited, "the record has the wait that followed")
		assert.Equal(t, 3, s.count())
	})
}

func TestWaitThatIsNotMadeIsNotLogged(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		var log bytes.Buffer
		c, _ := start(t, v, options{logger: logger(&log, slog.LevelDebug)}, always(429, "", "Retry-After", "3600"))
		_, err := c.get(t.Context(), "x", call{})
		require.Error(t, err)
		all := records(t, &log)
		require.Len(t, all, 1)
		assert.Equal(t, "call", all[0]["msg"])
	})
}

func TestLogGetsTheCallersContext(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		type key struct{}
		h := &contextHandler{key: key{}}
		c, _ := start(t, v, options{logger: slog.New(h)}, always(404, ""))
		_, err := c.get(context.WithValue(t.Context(), key{}, "trace-1"), "x", call{})
		require.Error(t, err)
		assert.Equal(t, []any{"trace-1"}, h.seen)
	})
}

// contextHandler stores values from the contexts of its records.
type contextHandler struct {
	key  any
	seen []any
}

func (*contextHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h *contextHandler) Handle(ctx context.Context, _ slog.Record) error {
	h.seen = append(h.seen, ctx.Value(h.key))
	return nil
}
func (h *contextHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h *contextHandler) WithGroup(string) slog.Handler      { return h }

func TestRecordsHaveNothingThatTheServerSays(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		const said = "said-by-the-server"
		for name, answer := range map[string]func(int, request) (*http.Response, error){
			"status": always(400, v.failure(said), "X-Note", said),
			"a failure in a 200": always(200, `{"class":"VoidResponse","relatedHTTPCode":400,"exceptionClassName":"`+
				said+`","exceptionErrorMessage":"`+said+`","exceptionErrorMessageId":"`+said+`"}`),
			"no JSON": always(200, said),
			"an odd value": always(200, `{"id":{"`+said+`":1},"name":7,"status":"`+said+`","data":"`+said+
				`","items":"`+said+`"}`),
			"a bad link": always(200, `{"data":[],"metadata":{"next":"https://api.test/x?token=`+said+
				`"},"items":[],"pagination":{"next_page_token":7}}`),
			"not HTTP": func(int, request) (*http.Response, error) {
				return nil, fmt.Errorf("malformed HTTP response %q", said)
			},
			"an odd id": always(404, "", v.requestID, said+" {}"),
			"a long id": always(404, "", v.requestID, strings.Repeat(said, 20)),
			"an echo of the call's": func(_ int, r request) (*http.Response, error) {
				return respond(404, "", v.requestID, r.Header.Get("X-Note")), nil
			},
		} {
			var log bytes.Buffer
			c, _ := start(t, v, options{logger: logger(&log, slog.LevelDebug), retry: noRetries()}, answer)
			_ = op.do(t.Context(), c, call{shared: []sdk.CallOption{sdk.WithHeader("X-Note", said)}})
			require.NotEmpty(t, log.String())
			assert.NotContains(t, log.String(), said, name)
		}
	})
}

func TestRecordsHideACredentialBeforeTheyChangeATextThatHasIt(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for name, tt := range map[string]struct{ secret, before, rest string }{
			"cut":              {"Ab3dE6gH9jKlMnOpQrStUvWxYz0123456789", strings.Repeat("x", 1955), "Ab3dE6"},
			"cut in an escape": {"Ab3dE6+H9jKlMnOpQrStUvWxYz0123456789", strings.Repeat("x", 1960), "Ab3dE6"},
			"quotation marks":  {`ab"cd"efghij`, "bad credential ", "efghij"},
			"two spaces":       {"pass  phrase  two", "bad credential ", "pass phrase two"},
		} {
			var log bytes.Buffer
			c, _ := start(t, v, options{logger: logger(&log, slog.LevelDebug)},
				func(int, request) (*http.Response, error) {
					return nil, errors.New(tt.before + strings.ReplaceAll(tt.secret, "+", `\u002b`) + " refused")
				})
			err := op.do(t.Context(), c, call{shared: []sdk.CallOption{sdk.WithHeader("X-Api-Key", tt.secret)}})
			hides(t, shown(err)+log.String(), []string{tt.rest}, name)
			assert.Contains(t, log.String(), "[redacted]", name)
		}
	})
}

func TestRecordsDoNotShowWhereARedirectLeads(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		const said = "said-by-the-server"
		refuses := func(*http.Request, []*http.Request) error { return errors.New("not there") }
		for name, tt := range map[string]struct {
			location, want string
			policy         func(*http.Request, []*http.Request) error
		}{
			"endless":                       {"/" + said, "redirect: stopped after 10", nil},
			"refused by the caller":         {"/" + said, "redirect: not there", refuses},
			"to a host that does not exist": {"https://" + said + ".test/", "", nil},
		} {
			var log bytes.Buffer
			c, _ := start(t, v, options{logger: logger(&log, slog.LevelDebug),
				client: &http.Client{CheckRedirect: tt.policy}}, func(_ int, r request) (*http.Response, error) {
				if r.URL.Host != host {
					return nil, errors.New("dial tcp: lookup " + r.URL.Hostname() + ": no such host")
				}
				return respond(307, "", "Location", tt.location), nil
			})
			require.ErrorContains(t, op.do(t.Context(), c, call{}), said, name)
			assert.NotContains(t, log.String(), said, name)
			assert.Contains(t, log.String(), tt.want, name)
		}
	})
}

func TestRecordOfACallForACredentialHasNoTextOfTheServer(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		inner, _ := start(t, v, options{retry: noRetries()}, always(403, v.failure("said-by-the-server"), v.requestID,
			"req-7"))
		var log bytes.Buffer
		c, _ := start(t, v, options{logger: logger(&log, slog.LevelDebug),
			token: func(ctx context.Context) (string, time.Time, error) {
				_, err := inner.get(ctx, "x", call{})
				return "", time.Time{}, err
			}}, always(200, ""))
		_, err := c.get(t.Context(), "x", call{})
		require.ErrorContains(t, err, "said-by-the-server")
		assert.NotContains(t, log.String(), "said-by-the-server")
		assert.Contains(t, log.String(), "status=403")
	})
}

func TestWaitThatGoesOnWarnsOfNothing(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		statuses := []int{200, 200, 200}
		if strings.Contains(v.waiting, "errors") {
			statuses = []int{400, 409, 422}
		}
		var log bytes.Buffer
		c, s := start(t, v, options{logger: logger(&log, slog.LevelInfo)},
			func(n int, _ request) (*http.Response, error) {
				if n <= len(statuses) {
					return respond(statuses[n-1], v.waiting), nil
				}
				return respond(200, v.ready), nil
			})
		require.NoError(t, c.wait(t.Context(), "x-1", sdk.WaitOptions{}))
		assert.Equal(t, 4, s.count())
		assert.Empty(t, records(t, &log))

		c, _ = start(t, v, options{logger: logger(&log, slog.LevelInfo)}, always(401, v.failure("who are you")))
		require.Error(t, c.wait(t.Context(), "x-1", sdk.WaitOptions{}))
		assert.Len(t, records(t, &log), 1, "what ends the wait is a warning")
	})
}
