package contract_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/core"
)

// noRetries returns a policy without retries.
func noRetries() core.RetryPolicy {
	p := quick()
	p.MaxAttempts = 1
	return p
}

func TestEveryStatusBeyond2xxIsAnErrorThatKeepsIt(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for _, status := range []int{300, 301, 302, 303, 304, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408,
			409, 410, 412, 415, 418, 422, 425, 429, 451, 500, 501, 502, 503, 504, 505, 511, 599, 700, 999} {
			for _, body := range []string{v.failure("the reason"), "", "null", "[]", "plain words",
				"<html><b>proxy</b></html>", `{"trunc`, "\xff\xfe\x00"} {
				c, s := start(t, v, options{retry: noRetries()}, always(status, body, v.requestID, "req-7"))
				err := op.do(t.Context(), c, call{})
				f := viewed(t, v, err)
				assert.Equal(t, status, f.StatusCode)
				assert.Equal(t, "req-7", f.RequestID)
				assert.Equal(t, body, string(f.Body))
				assert.Equal(t, 1, f.Attempts)
				sent := s.requests()[0]
				assert.Equal(t, sent.Method, f.Method)
				assert.Equal(t, sent.URL.EscapedPath(), f.Path)
				assert.Equal(t, "application/json", f.Header.Get("Content-Type"))
				assert.NotEmpty(t, f.Operation)
				text := err.Error()
				for _, want := range []string{v.name, f.Operation, f.Method, f.Path, strconv.Itoa(status), "req-7",
					"attempts 1"} {
					assert.Contains(t, text, want)
				}
				assert.NotContains(t, text, "\n")
				assert.NotContains(t, text, "<html>")
				if body == v.failure("the reason") {
					assert.Contains(t, text, "the reason")
				}
				maybe := status >= 500 && status != 501 && status != 505 ||
					slices.Contains([]int{300, 301, 302, 303, 304, 305, 408}, status)
				assert.Equal(t, maybe && !repeatable(f.Method), f.OutcomeUnknown, "%d %s", status, f.Method)
			}
		}
	})
}

func TestGoodStatusWithAnotherResponseThanPromisedIsAnError(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for _, body := range []string{"", " \n", "null", " null\n", `{"id":"x`, "<html></html>", `"text"`, "17", "[1]",
			`{"a":1} trailing`} {
			c, s := start(t, v, options{}, always(200, body, v.requestID, "req-7"))
			err := op.do(t.Context(), c, call{})
			if op.name == "delete" && v.removed == "" && !slices.Contains([]string{`{"id":"x`, "<html></html>",
				`{"a":1} trailing`}, body) {
				require.NoError(t, err, body) // its response has no result, so any JSON is valid
				continue
			}
			f := viewed(t, v, err)
			assert.Equal(t, 200, f.StatusCode, body)
			assert.Equal(t, "req-7", f.RequestID)
			assert.Equal(t, body, string(f.Body))
			assert.Equal(t, 1, s.count(), "it is not repeated")
			switch strings.TrimSpace(body) {
			case "":
				assert.Contains(t, err.Error(), "the response has no body")
			case "null":
				assert.Contains(t, err.Error(), "the response is null")
			}
			assert.Equal(t, !repeatable(f.Method), f.OutcomeUnknown)
			assert.Contains(t, err.Error(), "200")
		}
	})
}

func TestContentTypeOfGoodJSONDoesNotMatter(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for _, contentType := range []string{"", "text/plain", "application/hal+json", "text/html; charset=utf-8"} {
			for _, status := range []int{200, 201, 202, 206, 299} {
				c, _ := start(t, v, options{}, func(int, request) (*http.Response, error) {
					resp := op.good(v)
					resp.Header.Set("Content-Type", contentType)
					resp.StatusCode = status
					return resp, nil
				})
				require.NoError(t, op.do(t.Context(), c, call{}), "%d %s", status, contentType)
			}
		}
	})
}

func TestStatusIsTheConditionItStandsFor(t *testing.T) {
	want := map[int][]string{
		400: {"ErrInvalid"}, 408: {"ErrUnavailable"}, 413: {"ErrInvalid"}, 414: {"ErrInvalid"}, 415: nil,
		425: {"ErrUnavailable"}, 431: {"ErrInvalid"}, 401: {"ErrUnauthorized"}, 402: {"ErrQuotaExceeded"},
		403: {"ErrForbidden"}, 404: {"ErrNotFound"}, 405: nil,
		409: {"ErrConflict"}, 410: {"ErrNotFound"}, 422: {"ErrInvalid"}, 429: {"ErrRateLimited"},
		500: {"ErrUnavailable"}, 501: {"ErrUnavailable"}, 502: {"ErrUnavailable"}, 503: {"ErrUnavailable"},
		504: {"ErrUnavailable"},
	}
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		require.Len(t, v.sentinels, 9)
		for status, names := range want {
			c, s := start(t, v, options{retry: noRetries()}, always(status, v.failure("why")))
			err := op.do(t.Context(), c, call{})
			expected := slices.Clone(names)
			if (status >= 500 && status != 501 || status == 408) && !repeatable(s.requests()[0].Method) {
				expected = append(expected, "ErrOutcomeUnknown")
			}
			assert.ElementsMatch(t, expected, conditions(v, err), status)
			assert.ElementsMatch(t, expected, conditions(v, fmt.Errorf("wrapped: %w", err)), status)
		}
	})
}

func TestRefusedArgumentIsInvalidAndSendsNothing(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{}, always(500, ""))
		for _, id := range []string{"", ".", "..", "a\nb"} {
			_, err := c.get(t.Context(), id, call{})
			for _, err := range []error{err, c.update(t.Context(), id, call{}), c.remove(t.Context(), id, call{})} {
				f := viewed(t, v, err)
				assert.Equal(t, []string{"ErrInvalid"}, conditions(v, err))
				assert.NotEmpty(t, f.Argument)
				assert.Zero(t, f.Attempts)
				assert.Contains(t, err.Error(), f.Argument)
			}
		}
		assert.Zero(t, s.count())
	})
}

func TestErrorKeepsHowLongTheServerAskedToWait(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for value, want := range map[string]time.Duration{
			"7": 7 * time.Second, "0": 0, "": 0, "soon": 0, "-3": 0, "1.5": 1500 * time.Millisecond,
			time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat): 90 * time.Second,
			time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat):       0,
		} {
			for _, status := range []int{429, 503, 404} {
				c, _ := start(t, v, options{retry: noRetries()}, always(status, "", "Retry-After", value))
				f := viewed(t, v, c.remove(t.Context(), "x", call{}))
				assert.Equal(t, want, f.RetryAfter, "%d %q", status, value)
			}
		}
	})
}

func TestErrorBodiesAndTextsAreBounded(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		long := strings.Repeat("long words\n", 1<<20/11)
		for _, body := range []string{long, v.failure(long), `{"id":` + long} {
			for _, status := range []int{200, 404} {
				if status == 200 && body == v.failure(long) {
					continue // it is JSON
				}
				c, _ := start(t, v, options{}, always(status, body, v.requestID, long[:5000]))
				err := op.do(t.Context(), c, call{})
				f := viewed(t, v, err)
				assert.Len(t, f.Body, 64<<10)
				assert.Less(t, len(err.Error()), 4<<10)
				assert.NotContains(t, err.Error(), "\n")
			}
		}
	})
}

func TestMetaIsFilledWhereTheCallFails(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		if op.name == "list" {
			return // other tests check the metadata of a list
		}
		for name, answer := range map[string]func(int, request) (*http.Response, error){
			"status":       always(404, "", v.requestID, "req-7"),
			"bad response": always(200, "<html>", v.requestID, "req-7"),
			"broken off": func(int, request) (*http.Response, error) {
				return brokenOff(200, v.object("x"), v.requestID, "req-7"), nil
			},
		} {
			meta := core.Meta{StatusCode: 1, Attempts: 9}
			c, _ := start(t, v, options{retry: noRetries()}, answer)
			f := viewed(t, v, op.do(t.Context(), c, call{meta: &meta}))
			assert.Equal(t, f.StatusCode, meta.StatusCode, name)
			assert.Equal(t, "req-7", meta.RequestID, name)
			assert.Equal(t, 1, meta.Attempts, name)
		}
		meta := core.Meta{StatusCode: 1, Attempts: 9}
		c, _ := start(t, v, options{retry: noRetries()}, func(int, request) (*http.Response, error) {
			return nil, errors.New("cut")
		})
		require.Error(t, op.do(t.Context(), c, call{meta: &meta}))
		assert.Equal(t, core.Meta{Attempts: 1}, meta)
	})
}

// brokenOff returns a response whose body ends too early.
func brokenOff(status int, body string, header ...string) *http.Response {
	resp := respond(status, body, header...)
	resp.Body = &cutBody{rest: body[:len(body)/2]}
	return resp
}

type cutBody struct{ rest string }

var errCut = errors.New("connection reset by peer")

func (b *cutBody) Read(p []byte) (int, error) {
	if b.rest == "" {
		return 0, errCut
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (*cutBody) Close() error { return nil }

func TestBrokenOffResponseKeepsItsStatus(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		c, s := start(t, v, options{}, func(int, request) (*http.Response, error) {
			return brokenOff(409, v.failure("taken"), v.requestID, "req-7"), nil
		})
		err := op.do(t.Context(), c, call{})
		f := viewed(t, v, err)
		assert.Equal(t, 409, f.StatusCode)
		assert.Equal(t, "req-7", f.RequestID)
		assert.Equal(t, []string{"ErrConflict"}, conditions(v, err))
		assert.Equal(t, 1, s.count())

		c, s = start(t, v, options{}, func(int, request) (*http.Response, error) {
			return brokenOff(200, v.object("x"), v.requestID, "req-7"), nil
		})
		err = op.do(t.Context(), c, call{})
		f = viewed(t, v, err)
		assert.Equal(t, 200, f.StatusCode)
		assert.Equal(t, "req-7", f.RequestID)
		require.ErrorIs(t, err, errCut)
		if repeatable(f.Method) {
			assert.Equal(t, []string{"ErrUnavailable"}, conditions(v, err))
			assert.Equal(t, 5, s.count())
		} else {
			assert.ElementsMatch(t, []string{"ErrUnavailable", "ErrOutcomeUnknown"}, conditions(v, err))
			assert.Equal(t, 1, s.count())
		}
		synctest.Wait()
	})
}

func TestPageForABrowserIsUnavailable(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for _, body := range []string{"<html><b>log in</b></html>", "\n <!DOCTYPE html><p>maintenance",
			`<?xml version="1.0"?><error/>`} {
			c, s := start(t, v, options{}, always(200, body, "Content-Type", "text/html"))
			err := op.do(t.Context(), c, call{})
			want := []string{"ErrUnavailable"}
			if !repeatable(s.requests()[0].Method) {
				want = append(want, "ErrOutcomeUnknown")
			}
			assert.ElementsMatch(t, want, conditions(v, err), body)
			assert.ErrorContains(t, err, "HTML or XML, not JSON")
			assert.Equal(t, 1, s.count())
		}
	})
}

func TestAttemptTimeoutIsATimeoutAsNetHTTPHasIt(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		hanging := func(ctx context.Context) (string, time.Time, error) {
			<-ctx.Done()
			return "", time.Time{}, ctx.Err()
		}
		for name, o := range map[string]options{
			"the server": {}, "the token source": {token: hanging}, "after a redirect": {client: &http.Client{}},
		} {
			o.attemptTimeout, o.retry = time.Second, noRetries()
			c, _ := start(t, v, o, func(n int, r request) (*http.Response, error) {
				if n == 1 && o.client != nil {
					return respond(307, "", "Location", "/elsewhere"), nil
				}
				return hang(r)
			})
			err := op.do(t.Context(), c, call{})
			timeout, ok := errors.AsType[net.Error](err)
			require.True(t, ok, name)
			assert.True(t, timeout.Timeout(), name)
			assert.ErrorIs(t, err, os.ErrDeadlineExceeded, name)
			assert.NotErrorIs(t, err, context.DeadlineExceeded, name)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c, _ := start(t, v, options{}, func(_ int, r request) (*http.Response, error) { return hang(r) })
		timeout, ok := errors.AsType[net.Error](op.do(ctx, c, call{}))
		require.True(t, ok)
		assert.True(t, timeout.Timeout())
	})
}

func TestTextSaysWhichWaitWasAskedForAndWhyTheCallWasNotRepeated(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		budget := quick()
		budget.Budget = 1
		for name, tt := range map[string]struct {
			policy     core.RetryPolicy
			status     int
			retryAfter string
			deadline   time.Duration
			want       []string
		}{
			"cap": {quick(), 429, "66", time.Hour, []string{"asked to wait 1m6s",
				"not repeated: the wait is longer than the 1m5s allowed"}},
			"cap, 503": {quick(), 503, "3600", time.Hour, []string{"asked to wait 1h0m0s",
				"longer than the 1m5s allowed"}},
			"deadline": {quick(), 429, "20", 10 * time.Second,
				[]string{"asked to wait 20s", "not repeated: the deadline is in 10s"}},
			"attempts": {quick(), 429, "2", time.Hour,
				[]string{"asked to wait 2s", "not repeated: no more than 5 attempts are allowed"}},
			"no retries":   {noRetries(), 502, "", time.Hour, nil},
			"budget":       {budget, 502, "", time.Hour, []string{"not repeated: the retry budget is used up"}},
			"not possible": {quick(), 404, "", time.Hour, nil},
		} {
			c, _ := start(t, v, options{retry: tt.policy}, always(tt.status, v.failure("no"), "Retry-After",
				tt.retryAfter))
			ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
			_, err := c.get(ctx, "x", call{})
			cancel()
			for _, want := range tt.want {
				assert.ErrorContains(t, err, want, name)
			}
			assert.Equal(t, tt.want == nil, common(t, err).NotRepeated == "", name)
		}
	})
}
