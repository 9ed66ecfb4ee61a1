package contract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// records are the log's lines.
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
			"status":      {always(404, v.failure("secret detail"), v.requestID, "req-7"), "WARN", float64(404), ""},
			"redirection": {always(304, "", v.requestID, "req-7"), "WARN", float64(304), ""},
			"bad reply":   {always(200, "<html>", v.requestID, "req-7"), "WARN", float64(200), "reply"},
			"connection":  {func(int, request) (*http.Response, error) { return nil, errCut }, "WARN", nil, errCut.Error()},
		} {
			var log bytes.Buffer
			client, s := start(t, v, options{logger: logger(&log, slog.LevelDebug), retry: once()}, c.answer)
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
				assert.True(t, slices.Contains([]string{"msg", "level", "vendor", "operation", "method", "path", "attempts", "duration", "status", "request_id", "error"}, key), key)
			}
		}
	})
}

func TestRecordsTellHowLongCallsTook(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for _, status := range []int{200, 404} {
			var log bytes.Buffer
			c, _ := start(t, v, options{logger: logger(&log, slog.LevelDebug)}, func(int, request) (*http.Response, error) {
				time.Sleep(3 * time.Second)
				return reply(status, v.object("x")), nil
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
		c, s := start(t, v, options{logger: logger(&log, slog.LevelInfo)}, func(n int, _ request) (*http.Response, error) {
			switch n {
			case 1:
				return nil, errCut
			case 2:
				return reply(429, "", "Retry-After", "5"), nil
			}
			return reply(200, v.object("x")), nil
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
		assert.Equal(t, time.Since(begin), waited, "the record tells the wait that followed")
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

// contextHandler keeps what the contexts of its records hold.
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
