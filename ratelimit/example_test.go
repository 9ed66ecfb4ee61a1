package ratelimit_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

// newServer allows 5 requests per minute and tells so.
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

// Two clients with the same credential share one limiter, so each knows what
// the other has spent.
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
