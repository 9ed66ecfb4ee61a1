package redislimit_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/integrations-go/sdk/ratelimit"
	"github.com/integrations-go/sdk/ratelimit/redislimit"
)

// All processes that do this with the same credential share one budget.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	credential := os.Getenv("CONFLUENT_CLOUD_API_KEY") + ":" + os.Getenv("CONFLUENT_CLOUD_API_SECRET")
	key := redislimit.NewKey("api.confluent.cloud", credential)
	limiter, err := redislimit.Open(ctx, os.Getenv("REDIS_URL"), key, redislimit.WithHeaders(ratelimit.Confluent()))
	if err != nil {
		fmt.Println(err) // a wrong URL or password, or nobody there
		return
	}
	defer limiter.Close()

	client := &http.Client{Transport: ratelimit.NewTransport(nil, limiter)}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.confluent.cloud/iam/v2/users", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := client.Do(req) // waits until it may be sent
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)
}

// The hooks count how long requests waited, and how often the server refused one.
func ExampleWithHooks() {
	var waited atomic.Int64 // nanoseconds
	var refusals atomic.Int64
	hooks := redislimit.WithHooks(ratelimit.Hooks{
		Wait:    func(d time.Duration) { waited.Add(int64(d)) },
		Refused: func(int, time.Duration) { refusals.Add(1) },
	})
	client := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
	defer client.Close()
	limiter, err := redislimit.New(client, redislimit.NewKey("api.example", "key:secret"), hooks)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer limiter.Close()
	fmt.Println(time.Duration(waited.Load()), refusals.Load())
	// Output:
	// 0s 0
}

// A wrong Redis URL is an error of Open, which does not show the password.
func ExampleOpen() {
	key := redislimit.NewKey("api.confluent.cloud", "key:secret")
	_, err := redislimit.Open(context.Background(), "redis//:password@localhost", key)
	fmt.Println(err)
	// Output:
	// redislimit: the Redis URL is wrong; it is like redis://user:password@host:6379/0, special characters in user and password percent-encoded
}
