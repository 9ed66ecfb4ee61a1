package contract_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/core"
)

// each runs a test for every vendor.
func each(t *testing.T, test func(t *testing.T, v vendor)) {
	t.Helper()
	t.Parallel()
	for _, v := range vendors {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			test(t, v)
		})
	}
}

// eachInBubble runs a test for every vendor in a bubble. The clock stops while a goroutine runs,
// and a remaining goroutine fails the test.
func eachInBubble(t *testing.T, test func(t *testing.T, v vendor)) {
	t.Helper()
	each(t, func(t *testing.T, v vendor) {
		synctest.Test(t, func(t *testing.T) { test(t, v) })
	})
}

// host is the host in the base URL of a client in memory.
const host = "api.test"

// request is a request that a server received.
type request struct {
	*http.Request
	body string
	at   time.Time
}

// server responds in memory. The first request has number 1.
type server struct {
	answer func(n int, r request) (*http.Response, error)
	closed int
	unread bool // it does not read the bodies of requests, as a transport without a connection

	mu   sync.Mutex
	seen []request
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := request{Request: r, at: time.Now()}
	if r.Body != nil && !s.unread {
		b, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil {
			return nil, err
		}
		in.body = string(b)
	}
	s.mu.Lock()
	s.seen = append(s.seen, in)
	n := len(s.seen)
	s.mu.Unlock()
	return s.answer(n, in)
}

func (s *server) CloseIdleConnections() { s.closed++ }

func (s *server) requests() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.seen...)
}

func (s *server) count() int { return len(s.requests()) }

// respond returns a response with a JSON body. header has pairs of name and value.
func respond(status int, body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// always returns the same response for every request.
func always(status int, body string, header ...string) func(int, request) (*http.Response, error) {
	return func(int, request) (*http.Response, error) { return respond(status, body, header...), nil }
}

// hang waits until the context of the request ends.
func hang(r request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// quick returns a policy with very short waits.
func quick() core.RetryPolicy {
	p := core.DefaultRetryPolicy()
	p.MinDelay, p.MaxDelay = time.Millisecond, 2*time.Millisecond
	return p
}

// start returns a client of a server in memory.
func start(t *testing.T, v vendor, o options, answer func(int, request) (*http.Response, error)) (*client, *server) {
	t.Helper()
	s := &server{answer: answer}
	if o.client == nil {
		o.client = &http.Client{}
	}
	own := *o.client
	own.Transport = s
	o.client = &own
	o.baseURL = "https://" + host
	return connect(t, v, o), s
}

// connect returns a client of v, with a quick policy unless o has one.
func connect(t *testing.T, v vendor, o options) *client {
	t.Helper()
	if o.retry == (core.RetryPolicy{}) {
		o.retry = quick()
	}
	c, err := v.new(o)
	require.NoError(t, err)
	return c
}

// protocols runs a test over HTTP/1.1 and HTTP/2.
func protocols(t *testing.T, test func(t *testing.T, serve func(http.HandlerFunc) *httptest.Server)) {
	t.Helper()
	for _, two := range []bool{false, true} {
		t.Run(map[bool]string{false: "HTTP1", true: "HTTP2"}[two], func(t *testing.T) {
			t.Parallel()
			test(t, func(h http.HandlerFunc) *httptest.Server {
				srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if want := map[bool]int{false: 1, true: 2}[two]; r.ProtoMajor != want {
						t.Errorf("the server was spoken to in %s", r.Proto)
					}
					h(w, r)
				}))
				srv.Config.ErrorLog = log.New(io.Discard, "", 0) // it would log the connections that a test cuts
				srv.EnableHTTP2 = two
				srv.StartTLS()
				t.Cleanup(srv.Close)
				return srv
			})
		})
	}
}

// operation is a call that every vendor has.
type operation struct {
	name string
	do   func(ctx context.Context, c *client, o call) error
	good func(v vendor) *http.Response
}

// operations are all of these calls.
var operations = []operation{
	{"get", func(ctx context.Context, c *client, o call) error {
		_, err := c.get(ctx, "x-1", o)
		return err
	}, func(v vendor) *http.Response { return respond(200, v.object("x-1")) }},
	{"list", func(ctx context.Context, c *client, o call) error {
		seq, _ := c.list(ctx, "", o)
		_, errs := collect(seq)
		if len(errs) == 0 {
			return nil
		}
		return errs[0]
	}, func(v vendor) *http.Response { return respond(200, v.page("", "x-1")) }},
	{"create", func(ctx context.Context, c *client, o call) error {
		_, err := c.create(ctx, o)
		return err
	}, func(v vendor) *http.Response { return respond(201, v.object("x-1")) }},
	{"update", func(ctx context.Context, c *client, o call) error {
		return c.update(ctx, "x-1", o)
	}, func(v vendor) *http.Response { return respond(200, v.object("x-1")) }},
	{"delete", func(ctx context.Context, c *client, o call) error {
		return c.remove(ctx, "x-1", o)
	}, removed},
}

// removed returns the response to delete.
func removed(v vendor) *http.Response {
	if v.removed != "" {
		return respond(200, v.removed)
	}
	return respond(204, "")
}

// everyOperation runs a test for each operation, in a bubble.
func everyOperation(t *testing.T, test func(t *testing.T, v vendor, op operation)) {
	t.Helper()
	each(t, func(t *testing.T, v vendor) {
		for _, op := range operations {
			t.Run(op.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { test(t, v, op) })
			})
		}
	})
}

// repeatable reports whether the method is idempotent by RFC 9110, section 9.2.2.
func repeatable(method string) bool { return method != http.MethodPost && method != http.MethodPatch }

func collect(seq iter.Seq2[string, error]) (ids []string, errs []error) {
	for id, err := range seq {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		ids = append(ids, id)
	}
	return ids, errs
}

// viewed returns the fields of the vendor's error in err.
func viewed(t *testing.T, v vendor, err error) core.Failure {
	t.Helper()
	require.Error(t, err)
	f, ok := v.view(err)
	require.True(t, ok, "%T %v", err, err)
	return f
}

// conditions returns the names of the conditions of err.
func conditions(v vendor, err error) []string {
	var names []string
	for name, target := range v.sentinels {
		if errors.Is(err, target) {
			names = append(names, name)
		}
	}
	return names
}

// pages returns a server with a list of n pages of two items: page 2 has the token t2 and the items
// 2a and 2b.
func pages(v vendor, n int) func(int, request) (*http.Response, error) {
	return func(_ int, r request) (*http.Response, error) {
		page := 1
		if token := v.token(r.Request); token != "" {
			if _, err := fmt.Sscanf(token, "t%d", &page); err != nil {
				return respond(400, v.failure("bad token "+token)), nil //nolint:nilerr // the server tells it
			}
		}
		next := ""
		if page < n {
			next = v.link(host, fmt.Sprintf("t%d", page+1))
		}
		return respond(200, v.page(next, fmt.Sprintf("%da", page), fmt.Sprintf("%db", page))), nil
	}
}

// tokens returns the requested page tokens.
func tokens(v vendor, seen []request) []string {
	var all []string
	for _, r := range seen {
		all = append(all, v.token(r.Request))
	}
	return all
}

func readAll(r io.Reader) string {
	var b bytes.Buffer
	_, _ = b.ReadFrom(r)
	return b.String()
}
