package redislimit_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

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

// A wrong Redis URL is an error of Open, which does not show the password.
func ExampleOpen() {
	key := redislimit.NewKey("api.confluent.cloud", "key:secret")
	_, err := redislimit.Open(context.Background(), "redis//:password@localhost", key)
	fmt.Println(err)
	// Output:
	// redislimit: the Redis URL is wrong; it is like redis://user:password@host:6379/0, special characters in user and password percent-encoded
}
