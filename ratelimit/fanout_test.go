package ratelimit_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit"
)

// fanOut returns how long calls take if workers send them as fast as l admits them.
func fanOut(t *testing.T, server http.RoundTripper, l ratelimit.Limiter, calls, workers int) time.Duration {
	t.Helper()
	client := &http.Client{Transport: ratelimit.NewTransport(server, l)}
	var sent atomic.Int64
	begin := time.Now()
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for sent.Add(1) <= int64(calls) {
				resp, err := client.Get("http://server.example/")
				if assert.NoError(t, err) {
					resp.Body.Close()
				}
			}
		})
	}
	group.Wait()
	return time.Since(begin)
}

// A fan-out of 10,200 calls to a server with windows of a second ends soon after the last of its
// windows has begun, whatever the rounding.
func TestFanOutTakesLittleLongerThanItMust(t *testing.T) {
	t.Parallel()
	const calls, limit = 10_200, 100
	for _, tt := range []struct {
		trip    time.Duration
		workers int
		most    float64 // of the time that it must take
		refused int     // by each fan-out, on average
	}{
		{10 * time.Millisecond, 16, 1.04, 0},
		{10 * time.Millisecond, 64, 1.04, 0},
		{10 * time.Millisecond, 256, 1.04, 0},
		{50 * time.Millisecond, 64, 1.04, 0},
		{200 * time.Millisecond, 64, 1.17, 1}, // A window that is found a round trip late loses a fifth.
	} {
		t.Run(fmt.Sprintf("%d workers, trip %v", tt.workers, tt.trip), func(t *testing.T) {
			loads, refused := 0, 0
			for rounding, round := range roundings {
				for _, phase := range []time.Duration{0, 300 * time.Millisecond, 700 * time.Millisecond} {
					synctest.Test(t, func(t *testing.T) {
						s := newSim(limit, time.Second)
						s.start = time.Now().Add(-phase)
						s.latency = func() time.Duration { return tt.trip / 2 }
						s.header = headerOf(round)
						l := newLocal(t,
							ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithAdaptiveInFlight(8, 1))
						took := fanOut(t, s, l, calls, tt.workers)
						must := (calls/limit-1)*time.Second - phase // Then the last window begins.
						text := fmt.Sprintf("rounded %s, phase %v: %v, %+.1f %% more than %v, %d refused", rounding,
							phase, took, 100*(took.Seconds()/must.Seconds()-1), must, s.refused)
						t.Log(text)
						assert.LessOrEqual(t, took.Seconds(), tt.most*must.Seconds(), text)
						loads, refused = loads+1, refused+s.refused
					})
				}
			}
			// Refusals of a single load are a matter of chance.
			assert.LessOrEqual(t, refused, tt.refused*loads)
		})
	}
}
