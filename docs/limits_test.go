package docs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/ratelimit"
	"github.com/integrations-go/sdk/ratelimit/redislimit"
)

// The bubble makes the time of the windows exact, however busy the machine is.
func TestSharedLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := confluenttest.NewServer(t, confluenttest.WithoutSocket(),
			confluenttest.WithEnvironments("env-abc123"), confluenttest.WithRateLimit(20, time.Second))
		addIntegrations(srv, 1)
		credentials := sdk.Options(confluent.WithBaseURL(srv.URL), confluent.WithHTTPClient(srv.HTTPClient()),
			confluent.WithAPIKey(srv.APIKey, srv.APISecret))

		//doc:begin shared
		options := sdk.Options(credentials, confluent.WithLimiter(confluent.DefaultLimiter()))
		reader, err := confluent.New(options)
		if err != nil {
			log.Fatal(err)
		}
		writer, err := confluent.New(options, confluent.WithAttemptTimeout(5*time.Second))
		if err != nil {
			log.Fatal(err)
		}
		//doc:end

		var group sync.WaitGroup
		for _, c := range []*confluent.Client{reader, writer} {
			for range 15 {
				group.Go(func() {
					_, err := sdk.Collect(c.Integrations.List(t.Context(), "env-abc123", nil))
					assert.NoError(t, err)
				})
			}
		}
		group.Wait()
		assert.Equal(t, 30, countStatus(srv, http.StatusOK))
		assert.Zero(t, countStatus(srv, http.StatusTooManyRequests))
	})
}

// The server refuses one client. The other one waits, too.
func TestSharedLimiterOfApono(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := aponotest.NewServer(t, aponotest.WithoutSocket())
		srv.Inject(aponotest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"30"}}})
		credentials := sdk.Options(apono.WithBaseURL(srv.URL), apono.WithHTTPClient(srv.HTTPClient()),
			apono.WithToken(srv.Token))

		//doc:begin shared-apono
		options := sdk.Options(credentials, apono.WithLimiter(apono.DefaultLimiter()))
		reader, err := apono.New(options)
		if err != nil {
			log.Fatal(err)
		}
		writer, err := apono.New(options, apono.WithAttemptTimeout(5*time.Second))
		if err != nil {
			log.Fatal(err)
		}
		//doc:end

		begin := time.Now()
		var group sync.WaitGroup
		group.Go(func() {
			_, err := sdk.Collect(reader.Integrations.List(t.Context(), nil))
			assert.NoError(t, err)
		})
		synctest.Wait()
		_, err = sdk.Collect(writer.Integrations.List(t.Context(), nil))
		assert.NoError(t, err)
		assert.GreaterOrEqual(t, time.Since(begin), 30*time.Second)
		group.Wait()
		assert.Equal(t, 3, srv.CountCalls("listIntegrationsV4"), "the writer was not refused")
	})
}

//doc:begin wait-at-most

// waitAtMost is a limiter that shares the places of another, and waits for less time.
type waitAtMost struct {
	ratelimit.Limiter
	max time.Duration
}

func (w waitAtMost) Acquire(ctx context.Context, req *http.Request) (ratelimit.Permit, error) {
	ctx, cancel := context.WithTimeout(ctx, w.max)
	defer cancel()
	return w.Limiter.Acquire(ctx, req)
}

//doc:end

// The window of a minute is used up, and the second client does not wait for the next one.
func TestSharedLimiterWithAShorterWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := confluenttest.NewServer(t, confluenttest.WithoutSocket(),
			confluenttest.WithEnvironments("env-abc123"), confluenttest.WithRateLimit(1, time.Minute))
		credentials := sdk.Options(confluent.WithBaseURL(srv.URL), confluent.WithHTTPClient(srv.HTTPClient()),
			confluent.WithAPIKey(srv.APIKey, srv.APISecret))
		c, err := confluent.New(credentials)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sdk.Collect(c.Integrations.List(t.Context(), "env-abc123", nil))
		assert.NoError(t, err)

		//doc:begin impatient
		impatient, err := confluent.New(credentials,
			confluent.WithLimiter(waitAtMost{c.Limiter(), 2 * time.Second}),
			confluent.WithRetry(sdk.RetryPolicy{MaxServerWait: 2 * time.Second})) // for the retries
		if err != nil {
			log.Fatal(err)
		}
		//doc:end

		begin := time.Now()
		_, err = sdk.Collect(impatient.Integrations.List(t.Context(), "env-abc123", nil))
		assert.ErrorIs(t, err, sdk.ErrRateLimited)
		assert.Zero(t, time.Since(begin))
		_, err = sdk.Collect(c.Integrations.List(t.Context(), "env-abc123", nil))
		assert.NoError(t, err)
		assert.GreaterOrEqual(t, time.Since(begin), 59*time.Second)
		_, err = sdk.Collect(impatient.Integrations.List(t.Context(), "env-abc123", nil))
		assert.ErrorIs(t, err, sdk.ErrRateLimited)
		assert.Zero(t, countStatus(srv, http.StatusTooManyRequests))
	})
}

// countStatus counts the responses with a status.
func countStatus(srv *confluenttest.Server, status int) int {
	n := 0
	for _, call := range srv.Calls() {
		if call.Status == status {
			n++
		}
	}
	return n
}

// quiet is a logger of the Redis client that prints nothing.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

func Example_redisLimiter() {
	redis.SetLogger(quiet{})
	key, secret := "key", "secret"
	redisURL := "redis://127.0.0.1:1" // nobody listens there
	fmt.Println(withRedis(redisURL, key, secret))
	// Output:
	// Redis is not there
}

func withRedis(redisURL, key, secret string) error {
	//doc:begin redis
	budget := redislimit.NewKey("api.confluent.cloud", key+":"+secret)
	limiter, err := redislimit.Open(ctx, redisURL, budget, redislimit.WithHeaders(ratelimit.Confluent()))
	if errors.Is(err, redislimit.ErrUnavailable) {
		return errors.New("Redis is not there")
	}
	if err != nil {
		return err
	}
	defer limiter.Close()
	c, err := confluent.New(confluent.WithAPIKey(key, secret), confluent.WithLimiter(limiter))
	if err != nil {
		return err
	}
	_, err = sdk.Collect(c.AllIntegrations(ctx, "env-abc123", nil))
	//doc:end
	return err
}

func Example_whichLimiter() {
	token, platform, user, password := "token", "https://localhost:9443", "garygeeke", "password"

	//doc:begin which
	// Apono names no limit: find it out from its refusals, from 10 requests per second on.
	adaptive, err := ratelimit.New(ratelimit.WithAdaptiveRate(10, 1))
	if err != nil {
		log.Fatal(err)
	}
	a, err := apono.New(apono.WithToken(token), apono.WithLimiter(adaptive))
	if err != nil {
		log.Fatal(err)
	}
	// A platform of one's own: spare it.
	gentle, err := ratelimit.New(ratelimit.WithRate(20, 5), ratelimit.WithMaxInFlight(4))
	if err != nil {
		log.Fatal(err)
	}
	e, err := egeria.New(platform, egeria.WithCredentials(user, password), egeria.WithLimiter(gentle))
	//doc:end

	fmt.Println(a != nil, e != nil, err)
	// Output:
	// true true <nil>
}

func Example_anotherClient() {
	srv := confluenttest.Start()
	defer srv.Close()

	//doc:begin transport
	limiter, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.GitHub()))
	if err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: ratelimit.NewTransport(nil, limiter)} // for any SDK that takes one
	//doc:end

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/pim/v2/integrations", nil)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	fmt.Println(resp.StatusCode, err)
	// Output:
	// 401 <nil>
}

func Example_priority() {
	c, srv := startConfluent()
	defer srv.Close()
	addIntegrations(srv, 2)

	//doc:begin priority
	background := ratelimit.WithPriority(ctx, ratelimit.Low) // lets other requests pass
	integrations, err := sdk.Collect(c.Integrations.List(background, "env-abc123", nil))
	//doc:end

	fmt.Println(len(integrations), err)
	// Output:
	// 2 <nil>
}

func Example_deadline() {
	srv := confluenttest.Start(
		confluenttest.WithEnvironments("env-abc123"),
		confluenttest.WithRateLimit(1, time.Minute),
	)
	defer srv.Close()
	c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := sdk.Collect(c.Integrations.List(ctx, "env-abc123", nil)); err != nil {
		log.Fatal(err)
	}

	//doc:begin deadline
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // of the whole call, with all waits
	defer cancel()
	_, err = c.Integrations.Get(ctx, "env-abc123", "cspi-1")
	if wait, ok := errors.AsType[*ratelimit.WaitError](err); ok {
		fmt.Println("not sent, because the window ends in", wait.Wait.Round(time.Minute))
	}
	fmt.Println(errors.Is(err, sdk.ErrRateLimited), errors.Is(err, context.DeadlineExceeded))
	//doc:end

	// Output:
	// not sent, because the window ends in 1m0s
	// true true
}

func Example_oneCall() {
	srv := confluenttest.Start(
		confluenttest.WithEnvironments("env-abc123"),
		confluenttest.WithRateLimit(1, time.Minute),
	)
	defer srv.Close()
	credentials := sdk.Options(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))
	c, err := confluent.New(credentials)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := sdk.Collect(c.Integrations.List(ctx, "env-abc123", nil)); err != nil {
		log.Fatal(err)
	}

	//doc:begin one-call
	limited, cancel := context.WithTimeout(ctx, 2*time.Second) // of one call: its waits and its responses
	defer cancel()
	_, err = c.Integrations.Get(limited, "env-abc123", "cspi-1")
	fmt.Println("with a deadline:", errors.Is(err, sdk.ErrRateLimited))

	impatient, err := confluent.New(credentials, // for such calls only; a response may take longer
		confluent.WithRetry(sdk.RetryPolicy{MaxServerWait: 2 * time.Second}))
	if err != nil {
		log.Fatal(err)
	}
	_, err = impatient.Integrations.Get(ctx, "env-abc123", "cspi-1")
	fmt.Println("with another client:", errors.Is(err, sdk.ErrRateLimited))
	//doc:end

	// Output:
	// with a deadline: true
	// with another client: true
}

//doc:begin workers

// checkAll gets many integrations with a few workers, and ends all of them with the first failure.
func checkAll(ctx context.Context, c *confluent.Client, ids []string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan string)
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for id := range work {
				if _, err := c.Integrations.Get(ctx, "env-abc123", id); err != nil {
					cancel(err) // the first one counts
				}
			}
		})
	}
	for _, id := range ids {
		if ctx.Err() != nil {
			break
		}
		work <- id
	}
	close(work)
	workers.Wait()
	return context.Cause(ctx)
}

//doc:end

func Example_workers() {
	c, srv := startConfluent()
	defer srv.Close()
	addIntegrations(srv, 20)
	var ids []string
	for _, integration := range srv.Integrations("env-abc123") {
		ids = append(ids, integration.ID)
	}
	fmt.Println(checkAll(ctx, c, ids))
	err := checkAll(ctx, c, append(ids, "cspi-gone"))
	fmt.Println(errors.Is(err, sdk.ErrNotFound))
	// Output:
	// <nil>
	// true
}

func Example_attemptTimeout() {
	srv := confluenttest.Start(confluenttest.WithEnvironments("env-abc123"))
	defer srv.Close()
	addIntegrations(srv, 1)
	id := srv.Integrations("env-abc123")[0].ID
	srv.Inject(confluenttest.Fault{Operation: "getPimV2Integration", Delay: time.Minute}) // the first attempt hangs
	credentials := sdk.Options(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))

	//doc:begin attempt
	c, err := confluent.New(credentials,
		confluent.WithAttemptTimeout(20*time.Second), // of each attempt
		confluent.WithRetry(sdk.RetryPolicy{MaxAttempts: 3, MaxServerWait: 30 * time.Second}),
	)
	if err != nil {
		log.Fatal(err)
	}
	var meta sdk.Meta
	_, err = c.Integrations.Get(ctx, "env-abc123", id,
		confluent.WithMeta(&meta), confluent.WithCallAttemptTimeout(time.Second))
	fmt.Println(meta.Attempts, err)
	//doc:end

	// Output:
	// 2 <nil>
}
