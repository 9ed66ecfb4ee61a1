package ratelimit_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/integrations-go/sdk/ratelimit"
)

// A request needs a place in the limit of its user and in that of the organization. The user's
// limit comes first, because it is narrower.
func ExampleAll() {
	server := newServer()
	defer server.Close()

	user, err := ratelimit.New(ratelimit.WithMaxInFlight(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	organization, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()))
	if err != nil {
		fmt.Println(err)
		return
	}
	limiter, err := ratelimit.All(user, organization)
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
	fmt.Println(user.Snapshot().InFlight, organization.Snapshot().Remaining)
	// Output: 0 4
}

// userKey is the key of a context value that names the user.
type userKey struct{}

// Each user has a limit of its own. The limits of the 1,000 users that were active last are kept.
func ExampleNewKeyed() {
	server := newServer()
	defer server.Close()

	userOf := func(req *http.Request) string {
		user, _ := req.Context().Value(userKey{}).(string)
		return user
	}
	limiter, err := ratelimit.NewKeyed(userOf, func(string) (ratelimit.Limiter, error) {
		return ratelimit.New(ratelimit.WithRate(10, 5))
	}, 1000)
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: ratelimit.NewTransport(nil, limiter)}
	defer client.CloseIdleConnections()
	for _, user := range []string{"ann", "bob", "ann"} {
		ctx := context.WithValue(context.Background(), userKey{}, user)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		resp, err := client.Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
	}
	fmt.Println(limiter.Len(), "users")
	// Output: 2 users
}
