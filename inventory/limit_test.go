//go:build !race

package inventory_test

// With the race detector, 100,000 integrations take minutes. Other tests cover concurrent scopes.

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/inventory"
)

// limited serves each environment from the pages of a list. v1 has one page more. It allows a
// number of requests per window of one second, which begins with the first request.
type limited struct {
	*stored
	perSecond int

	mu              sync.Mutex
	window          time.Time
	used            int
	served, refused int // refused requests after the first window
	start           time.Time
}

func (l *limited) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(20 * time.Millisecond) // by the clock of the bubble
	l.mu.Lock()
	now := time.Now()
	if now.Sub(l.window) >= time.Second {
		l.window, l.used = now, 0
	}
	l.used++
	wait := strconv.Itoa(int((l.window.Add(time.Second).Sub(now) + time.Second - 1) / time.Second))
	remaining, allowed := max(0, l.perSecond-l.used), l.used <= l.perSecond
	if allowed {
		l.served++
	} else if now.Sub(l.start) > time.Second {
		l.refused++
	}
	l.mu.Unlock()
	resp := &http.Response{
		StatusCode: http.StatusTooManyRequests, ProtoMajor: 1, ProtoMinor: 1, Request: r, Body: http.NoBody,
		Header: http.Header{"X-Ratelimit-Limit": {strconv.Itoa(l.perSecond)},
			"X-Ratelimit-Remaining": {strconv.Itoa(remaining)}, "X-Ratelimit-Reset": {wait}},
	}
	if !allowed {
		resp.Header.Set("Retry-After", wait)
		return resp, nil
	}
	var body []byte
	switch {
	case strings.Contains(r.URL.RawQuery, "page_token=last"):
		body = []byte(`{"api_version":"pim/v1","kind":"IntegrationList","metadata":{},"data":[]}`)
	case strings.Contains(r.URL.Path, "/pim/v1/"):
		body = bytes.Replace(l.page(r.URL.RawQuery), []byte(`"metadata":{"total_size"`),
			[]byte(`"metadata":{"next":"https://x/?page_token=last","total_size"`), 1)
	default:
		body = l.page(r.URL.RawQuery)
	}
	resp.StatusCode, resp.Body = http.StatusOK, io.NopCloser(bytes.NewReader(body))
	resp.Header.Set("Content-Type", "application/json")
	return resp, nil
}

// 200 environments of 500 integrations are 2,200 requests. With 100 requests per second, the time
// is that of the limit.
func TestManyEnvironmentsUnderARateLimit(t *testing.T) {
	names := environments(200)
	pages := newStored(5)
	synctest.Test(t, func(t *testing.T) {
		srv := &limited{stored: pages, perSecond: 100, start: time.Now()}
		client, err := confluent.New(confluent.WithAPIKey("key", "secret"),
			confluent.WithHTTPClient(&http.Client{Transport: srv}))
		require.NoError(t, err)
		db := open(t, inventory.Confluent("prod", client, inventory.Environments(names...)),
			inventory.WithConcurrency(16))
		defer db.Close()
		assert.Equal(t, []string{"100000|200"},
			ask(t, db, "SELECT count(*), count(DISTINCT environment) FROM confluent.integrations"))
		took, theory := time.Since(srv.start), 22*time.Second
		assert.Equal(t, 2200, srv.served)
		assert.Zero(t, srv.refused, "after the first window")
		assert.LessOrEqual(t, took, theory*11/10)
		t.Logf("%v: %.3f of what the limit allows", took, took.Seconds()/theory.Seconds())
	})
}
