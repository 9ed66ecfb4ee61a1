package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

// newServer returns a server that allows 5 requests per minute, and states so in headers.
func newServer() *httptest.Server {
	var used atomic.Int64
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		left := 5 - used.Add(1)
		w.Header().Set("X-RateLimit-Limit", "5")
		w.Header().Set("X-RateLimit-Remaining", strconv.FormatInt(max(left, 0), 10))
		w.Header().Set("X-RateLimit-Reset", "60")
		if left < 0 {
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
}

func Example() {
	server := newServer()
	defer server.Close()

	limiter, err := ratelimit.New(
		ratelimit.WithHeaders(ratelimit.Confluent()),
		ratelimit.WithMaxWait(10*time.Second),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: ratelimit.NewTransport(nil, limiter)}
	defer client.CloseIdleConnections()

	for range 6 {
		resp, err := client.Get(server.URL)
		if errors.Is(err, ratelimit.ErrWaitTooLong) {
			fmt.Println("not sent: the window ends later than in 10 s")
			return
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
		fmt.Println(resp.StatusCode, resp.Header.Get("X-RateLimit-Remaining"))
	}
	// Output:
	// 200 4
	// 200 3
	// 200 2
	// 200 1
	// 200 0
	// not sent: the window ends later than in 10 s
}

// Two clients with the same credential share one limiter, so each counts the requests of the other.
func ExampleNewTransport_shared() {
	server := newServer()
	defer server.Close()

	limiter, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()))
	if err != nil {
		fmt.Println(err)
		return
	}
	reader := &http.Client{Transport: ratelimit.NewTransport(nil, limiter)}
	writer := &http.Client{Transport: ratelimit.NewTransport(nil, limiter), Timeout: 5 * time.Second}
	defer reader.CloseIdleConnections()
	defer writer.CloseIdleConnections()

	for _, client := range []*http.Client{reader, writer, reader} {
		resp, err := client.Get(server.URL)
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
		fmt.Println(limiter.Snapshot().Remaining)
	}
	// Output:
	// 4
	// 3
	// 2
}

// Any http.Client waits for its turn.
func ExampleNewTransport() {
	server := newServer()
	defer server.Close()

	limiter, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithMaxInFlight(4))
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: ratelimit.NewTransport(nil, limiter)}
	defer client.CloseIdleConnections()
	resp, err := client.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
	s := limiter.Snapshot()
	fmt.Printf("%s, %d of %d left\n", resp.Status, s.Remaining, s.Limit)
	// Output: 200 OK, 4 of 5 left
}

// vendorConfig stands for the configuration of any SDK whose user may choose the http.Client.
type vendorConfig struct {
	BaseURL    string
	HTTPClient *http.Client
}

type vendorClient struct{ cfg vendorConfig }

func (c *vendorClient) Ping() (string, error) {
	resp, err := c.cfg.HTTPClient.Get(c.cfg.BaseURL + "/ping")
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	return resp.Status, nil
}

// Any SDK that accepts an http.Client can be limited.
func ExampleNewTransport_otherSDK() {
	server := newServer()
	defer server.Close()

	limiter, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()))
	if err != nil {
		fmt.Println(err)
		return
	}
	transport := ratelimit.NewTransport(nil, limiter)
	defer transport.CloseIdleConnections()
	client := &vendorClient{vendorConfig{BaseURL: server.URL, HTTPClient: &http.Client{Transport: transport}}}
	for range 2 {
		status, err := client.Ping()
		fmt.Println(status, err, limiter.Snapshot().Remaining)
	}
	// Output:
	// 200 OK <nil> 4
	// 200 OK <nil> 3
}

// Writes pass reads, but at most three writes pass each read.
func ExampleWithPriority() {
	ctx := ratelimit.WithPriority(context.Background(), ratelimit.Low)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://server.example/items", nil)
	fmt.Println(req.Method, err)
	// Output: GET <nil>
}
