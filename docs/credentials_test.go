package docs_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/ratelimit"
)

//doc:begin file

// tokenFile reads a token that another program writes, and reads it again every five minutes.
func tokenFile(name string) sdk.TokenSource {
	return sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) {
		text, err := os.ReadFile(name)
		if err != nil {
			return sdk.Token{}, err
		}
		return sdk.Token{Value: strings.TrimSpace(string(text)), Expiry: time.Now().Add(5 * time.Minute)}, nil
	})
}

//doc:end

func Example_tokenFile() {
	a, srv := startApono()
	defer srv.Close()
	a.CloseIdleConnections()
	folder, err := os.MkdirTemp("", "docs")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "token")
	if err := os.WriteFile(file, []byte(srv.Token+"\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	baseURL := srv.URL

	//doc:begin file-use
	c, err := apono.New(apono.WithBaseURL(baseURL), apono.WithTokenSource(tokenFile(file)))
	//doc:end
	if err != nil {
		log.Fatal(err)
	}
	if _, err = sdk.Collect(c.Integrations.List(ctx, nil)); err != nil {
		log.Fatal(err)
	}

	// The token changes before its time: the 401 makes the client read the file again.
	next := srv.AddToken()
	if err := os.WriteFile(file, []byte(next), 0o600); err != nil {
		log.Fatal(err)
	}
	srv.RevokeToken(srv.Token)
	_, err = sdk.Collect(c.Integrations.List(ctx, nil))
	fmt.Println(err)

	// Output:
	// <nil>
}

// staticSource is an oauth2.TokenSource, as that of the client credentials flow is.
type staticSource string

func (s staticSource) Token() (*oauth2.Token, error) {
	return &oauth2.Token{AccessToken: string(s), Expiry: time.Now().Add(time.Hour)}, nil
}

func Example_oauth2() {
	a, srv := startApono()
	defer srv.Close()
	a.CloseIdleConnections()
	var source oauth2.TokenSource = staticSource(srv.Token)
	baseURL := srv.URL

	//doc:begin oauth2
	tokens := sdk.AdaptTokenSource(source.Token, func(t *oauth2.Token) sdk.Token {
		return sdk.Token{Value: t.AccessToken, Expiry: t.Expiry}
	})
	c, err := apono.New(apono.WithBaseURL(baseURL), apono.WithTokenSource(tokens))
	//doc:end
	if err != nil {
		log.Fatal(err)
	}
	all, err := sdk.Collect(c.Integrations.List(ctx, nil))
	fmt.Println(len(all), err)

	// Output:
	// 0 <nil>
}

func Example_sts() {
	srv := confluenttest.Start(confluenttest.WithEnvironments("env-abc123"))
	defer srv.Close()
	baseURL := srv.URL
	readIdentity := func(context.Context) (string, error) { return "jwt-of-the-workload", nil }

	//doc:begin sts
	c, err := confluent.New(confluent.WithBaseURL(baseURL), confluent.WithSTS(confluent.STSConfig{
		IdentityPoolID: "pool_1",
		SubjectToken:   readIdentity, // the JWT of the identity provider, such as a projected token of Kubernetes
	}))
	//doc:end
	if err != nil {
		log.Fatal(err)
	}
	all, err := sdk.Collect(c.Integrations.List(ctx, "env-abc123", nil))
	fmt.Println(len(all), err)

	// Output:
	// 0 <nil>
}

//doc:begin key

// clients holds the client of the API key that is valid now.
type clients struct {
	current atomic.Pointer[confluent.Client]
	options confluent.Option // all but the key
}

// rotate replaces the key. Calls that run keep the client that they began with.
func (c *clients) rotate(key, secret string) error {
	next, err := confluent.New(c.options, confluent.WithAPIKey(key, secret))
	if err != nil {
		return err
	}
	if last := c.current.Swap(next); last != nil {
		last.CloseIdleConnections()
	}
	return nil
}

//doc:end

func Example_rotateKey() {
	srv := confluenttest.Start(confluenttest.WithEnvironments("env-abc123"))
	defer srv.Close()
	baseURL := srv.URL

	//doc:begin key-use
	limiter, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent())) // the budget is the user's
	if err != nil {
		log.Fatal(err)
	}
	c := &clients{options: sdk.Options(confluent.WithBaseURL(baseURL), confluent.WithLimiter(limiter))}
	if err := c.rotate("old-key", "old-secret"); err != nil {
		log.Fatal(err)
	}
	if err := c.rotate(srv.APIKey, srv.APISecret); err != nil {
		log.Fatal(err)
	}
	all, err := sdk.Collect(c.current.Load().Integrations.List(ctx, "env-abc123", nil))
	//doc:end
	fmt.Println(len(all), err)

	// Output:
	// 0 <nil>
}
