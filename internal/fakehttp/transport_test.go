package fakehttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestMemoryTransport(t *testing.T) {
	c := startCounter(t, Config{Listen: Memory})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	body := &closer{Reader: strings.NewReader("x")}
	req, _ := http.NewRequestWithContext(ctx, "POST", c.URL+"/n", body)
	if _, err := c.Transport().RoundTrip(req); !errors.Is(err, context.Canceled) || !body.closed ||
		c.CountCalls("") != 0 {
		t.Errorf("err %v, closed %v, %d calls", err, body.closed, c.CountCalls(""))
	}
	body = &closer{Reader: strings.NewReader("x")}
	req, _ = http.NewRequest("POST", "http://elsewhere.test/n", body)
	resp, err := c.Transport().RoundTrip(req)
	if err != nil || !body.closed || resp.StatusCode != 200 || resp.ContentLength != 7 || resp.Status != "200 OK" ||
		resp.Request != req {
		t.Errorf("%+v, %v", resp, err)
	}
	body = &closer{Reader: brokenReader{}}
	req, _ = http.NewRequest("POST", c.URL+"/n", body)
	if _, err := c.Transport().RoundTrip(req); err == nil || !body.closed {
		t.Errorf("err %v, closed %v", err, body.closed)
	}
	if c.n.Load() != 1 {
		t.Errorf("%d adds took effect", c.n.Load())
	}
}

func TestBodiesInMemoryAreThoseOfASocket(t *testing.T) {
	for _, fault := range []Fault{
		{Status: 204, Body: "x"}, {Status: 304, Body: "x"}, {Status: 404, Body: "x"}, {Status: 205, Body: "x"},
		{Header: http.Header{"Content-Type": nil}}, {Status: 500, Body: "x", Header: http.Header{"X-None": {}}},
	} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			var got []string
			for _, listen := range []Listen{HTTP2, Memory} {
				c := startCounter(t, Config{Listen: listen})
				c.Inject(fault)
				resp := c.do(t, method, "/n", "")
				delete(resp.header, "Date")
				got = append(got, fmt.Sprint(resp))
			}
			if got[0] != got[1] {
				t.Errorf("%s, %v: socket %s, memory %s", method, fault, got[0], got[1])
			}
		}
	}
}

type closer struct {
	io.Reader
	closed bool
}

func (c *closer) Close() error { c.closed = true; return nil }

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestCloseStopsAServerWithoutSocket(t *testing.T) {
	c := startCounter(t, Config{Listen: Memory})
	if got := c.do(t, "POST", "/n", ""); got.status != 200 {
		t.Fatalf("%+v", got)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if got := c.do(t, "POST", "/n", ""); !errors.Is(got.err, errClosed) || c.n.Load() != 1 || c.CountCalls("") != 1 {
		t.Errorf("%+v, %d adds, %v", got, c.n.Load(), c.Calls())
	}
	elsewhere := httptest.NewServer(c.Handler())
	defer elsewhere.Close()
	resp, err := http.Post(elsewhere.URL+"/n", "", nil)
	if err == nil {
		resp.Body.Close()
		t.Errorf("the handler answers %d", resp.StatusCode)
	}
	if n := c.n.Load(); n != 1 {
		t.Errorf("%d adds", n)
	}
}

// One server can serve clients in the bubbles of many tests.
func TestServerFromOutsideTheBubble(t *testing.T) {
	c := startCounter(t, Config{Listen: Memory, Latency: time.Minute, MaxInFlight: 1, Limit: 100, Window: time.Hour})
	inside := func(name string, test func(t *testing.T)) {
		t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
	}
	took := func(t *testing.T, want time.Duration, call func()) {
		t.Helper()
		start := time.Now()
		call()
		if got := time.Since(start); got != want {
			t.Errorf("took %v, not %v", got, want)
		}
	}
	for range 2 { // two bubbles, whose clocks begin at the same time
		inside("latency", func(t *testing.T) {
			took(t, time.Minute, func() {
				if r := c.do(t, "GET", "/n", ""); r.status != 200 {
					t.Errorf("%+v", r)
				}
			})
		})
	}
	c.Inject(Fault{Delay: 24 * time.Hour, Lost: true})
	inside("delay", func(t *testing.T) {
		took(t, 24*time.Hour+time.Minute, func() {
			if r := c.do(t, "GET", "/n", ""); !errors.Is(r.err, io.ErrUnexpectedEOF) {
				t.Errorf("%+v", r)
			}
		})
	})
	inside("deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 31*time.Second)
		defer cancel()
		took(t, 31*time.Second, func() {
			if r := c.doContext(ctx, "GET", "/n", ""); !errors.Is(r.err, context.DeadlineExceeded) {
				t.Errorf("%+v", r)
			}
		})
	})
	inside("close", func(t *testing.T) {
		failed := make(chan error)
		go func() { failed <- c.do(t, "GET", "/n", "").err }()
		time.Sleep(30 * time.Second)
		start := time.Now()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := <-failed; err == nil {
			t.Error("the delayed call was answered")
		}
		if d := time.Since(start); d > time.Minute/looks {
			t.Errorf("the call ended %v later", d)
		}
	})
}

// A server that was created in a bubble can be queried outside of it, for example in a cleanup.
func TestServerFromABubble(t *testing.T) {
	var c *counter
	synctest.Test(t, func(*testing.T) {
		c = &counter{Server: Start(Config{Listen: Memory, Latency: time.Millisecond})}
	})
	if r := c.do(t, "GET", "/n", ""); r.status != 404 {
		t.Errorf("%+v", r)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
