package ratelimit_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit"
)

// phases are the limits of a server, one after the other. The last one stays.
type phases struct {
	limits  []int
	every   time.Duration
	trip    time.Duration // 2 ms if 0
	service time.Duration // 50 ms if 0
	headers []string      // Retry-After: 1 if nil
	least   float64       // the part of the places that must be used, 0.9 if 0
}

// changing is a server that serves a changing number of requests at a time, and refuses the others
// at once.
type changing struct {
	phases

	mu       sync.Mutex
	begin    time.Time
	working  int
	served   []int // while each of limits held
	refused  []int
	possible []float64
}

func (c *changing) phase(now time.Time) int {
	return min(int(now.Sub(c.begin)/c.every), len(c.limits)-1)
}

func (c *changing) RoundTrip(*http.Request) (*http.Response, error) {
	time.Sleep(c.trip/2 + rand.N(c.trip/4+1))
	c.mu.Lock()
	phase := c.phase(time.Now())
	if c.working >= c.limits[phase] {
		c.refused[phase]++
		c.mu.Unlock()
		time.Sleep(c.trip / 2)
		return respond(http.StatusTooManyRequests, c.headers...), nil
	}
	c.working++
	c.mu.Unlock()
	time.Sleep(c.service)
	c.mu.Lock()
	c.working--
	c.served[c.phase(time.Now())]++
	c.mu.Unlock()
	time.Sleep(c.trip / 2)
	return respond(http.StatusOK, c.headers...), nil
}

// offer starts workers that send all the time. A refused worker waits as long as the response asks.
func (c *changing) offer(t *testing.T, workers int, opts ...ratelimit.Option) {
	t.Helper()
	c.begin = time.Now()
	c.served, c.refused = make([]int, len(c.limits)), make([]int, len(c.limits))
	client := &http.Client{Transport: ratelimit.NewTransport(c, newLocal(t, opts...))}
	end := c.begin.Add(time.Duration(len(c.limits)) * c.every)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for time.Now().Before(end) {
				resp, err := client.Get("http://server.example/")
				if !assert.NoError(t, err) {
					return
				}
				resp.Body.Close()
				if resp.StatusCode == http.StatusTooManyRequests {
					seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
					time.Sleep(time.Duration(seconds) * time.Second)
				}
			}
		})
	}
	group.Wait()
	// A place is taken for the service and the time in which the client learns that it is free.
	for _, limit := range c.limits {
		busy := c.service + c.trip*9/8
		c.possible = append(c.possible, float64(limit)*c.every.Seconds()/busy.Seconds())
	}
	for i, limit := range c.limits {
		t.Logf("%2d at a time: %5d of %5.0f served (%.1f %%), %d refused", limit, c.served[i], c.possible[i],
			100*float64(c.served[i])/c.possible[i], c.refused[i])
	}
	t.Logf("all: %.1f %%, %.2f %% refused", 100*c.share(), 100*c.refusals())
}

func (c *changing) share() float64 { return sum(c.served) / sum(c.possible) }

func (c *changing) refusals() float64 {
	refused := sum(c.refused)
	return refused / (refused + sum(c.served))
}

func sum[T int | float64](numbers []T) (total float64) {
	for _, n := range numbers {
		total += float64(n)
	}
	return total
}

// A limit of requests in flight that is not stated is found and used, also when it changes. After
// the first refusal few requests are refused.
func TestConcurrencyThatNobodyStated(t *testing.T) {
	t.Parallel()
	const workers = 64
	windowed := []string{
		"Retry-After", "1",
		"X-RateLimit-Limit", "100000", "X-RateLimit-Remaining", "90000", "X-RateLimit-Reset", "50",
	}
	for name, server := range map[string]phases{
		"1":               {limits: []int{1}, every: 40 * time.Second},
		"4":               {limits: []int{4}, every: 40 * time.Second},
		"4, far away":     {limits: []int{4}, every: 40 * time.Second, trip: 200 * time.Millisecond},
		"4, with headers": {limits: []int{4}, every: 40 * time.Second, headers: windowed},
		"40":              {limits: []int{40}, every: 40 * time.Second},
		"4, 16, 4, 16":    {limits: []int{4, 16, 4, 16}, every: 40 * time.Second},
		"16, 4, 16":       {limits: []int{16, 4, 16}, every: 40 * time.Second},
		"16, 4, 16 soon":  {limits: []int{16, 4, 16}, every: 40 * time.Second / 3},
		"16, 4, 16 in 10 s": {
			limits: []int{16, 4, 16}, every: 10 * time.Second / 3, service: 20 * time.Millisecond, least: 0.93,
		},
		"16, 4, 16 late":         {limits: []int{16, 4, 16}, every: 4 * time.Minute},
		"16, 4, 16 far away":     {limits: []int{16, 4, 16}, every: 40 * time.Second, trip: 50 * time.Millisecond},
		"16, 4, 16 with headers": {limits: []int{16, 4, 16}, every: 40 * time.Second, headers: windowed},
	} {
		for _, start := range []int{0, 8} {
			if start == 0 && name != "4" && name != "16, 4, 16" {
				continue // Only the beginning differs.
			}
			t.Run(fmt.Sprintf("%s, from %d", name, start), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &changing{phases: server}
					s.trip = max(s.trip, 2*time.Millisecond)
					if s.service == 0 {
						s.service = 50 * time.Millisecond
					}
					if s.headers == nil {
						s.headers = []string{"Retry-After", "1"}
					}
					s.offer(t, workers,
						ratelimit.WithAdaptiveInFlight(start, 1), ratelimit.WithHeaders(ratelimit.Confluent()))
					assert.Greater(t, s.share(), max(s.least, 0.9))
					atStart := workers
					if start > 0 {
						atStart = start
					}
					most := 0.012
					if s.trip > s.service {
						most = 0.04 // What is on its way hides how many the server works on.
					}
					assert.Less(t, sum(s.refused), float64(atStart)+most*sum(s.served))
				})
			})
		}
	}
}
