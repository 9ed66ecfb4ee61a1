package contract_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The default client finds the number of requests that a server handles at a time. It uses nearly
// all of it, and only a few requests of a burst are refused.
func TestDefaultClientFindsAConcurrencyLimit(t *testing.T) {
	const limit, service, d = 4, 50 * time.Millisecond, 40 * time.Second
	eachInBubble(t, func(t *testing.T, v vendor) {
		var mu sync.Mutex
		working, served, refused := 0, 0, 0
		c, _ := start(t, v, options{defaultLimiter: true}, func(int, request) (*http.Response, error) {
			mu.Lock()
			if working == limit {
				refused++
				mu.Unlock()
				return respond(429, "", "Retry-After", "1"), nil
			}
			working++
			served++
			mu.Unlock()
			time.Sleep(service)
			mu.Lock()
			defer mu.Unlock()
			working--
			return respond(200, v.object("x")), nil
		})
		end := time.Now().Add(d)
		var group sync.WaitGroup
		for range 64 {
			group.Go(func() {
				for time.Now().Before(end) {
					_, err := c.get(t.Context(), "x", call{})
					assert.NoError(t, err)
				}
			})
		}
		group.Wait()
		possible := float64(limit * d / service)
		t.Logf("%.1f %% served, %d refused", 100*float64(served)/possible, refused)
		assert.Greater(t, float64(served), 0.9*possible)
		assert.LessOrEqual(t, refused, 25) // 64 if all were sent at once
	})
}

// A burst to a server without limits takes only a few round trips more than one.
func TestDefaultClientRampsUpQuickly(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, _ := start(t, v, options{defaultLimiter: true}, func(int, request) (*http.Response, error) {
			time.Sleep(100 * time.Millisecond)
			return respond(200, v.object("x")), nil
		})
		begin := time.Now()
		var group sync.WaitGroup
		for range 64 {
			group.Go(func() {
				_, err := c.get(t.Context(), "x", call{})
				assert.NoError(t, err)
			})
		}
		group.Wait()
		t.Log(time.Since(begin))
		assert.Less(t, time.Since(begin), 600*time.Millisecond)
	})
}
