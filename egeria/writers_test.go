package egeria_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

// All goroutines read the list and write it. No group may be lost.
func TestManyPutsAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]egeriatest.Option{
		"4.3 HTTP/1.1": {egeriatest.WithRelease("4.3")},
		"6.1 HTTP/1.1": {egeriatest.WithRelease("6.1")},
		"6.1 HTTP/2":   {egeriatest.WithRelease("6.1"), egeriatest.WithHTTP2()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := egeriatest.NewServer(t, append(opts, egeriatest.WithLatency(time.Millisecond))...)
			c := clientAt(t, srv)
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() {
					assert.NoError(t, c.Server("d").IntegrationGroups.Put(t.Context(), group(fmt.Sprintf("G%02d", i))))
				})
			}
			all.Wait()
			list, err := c.Server("d").IntegrationGroups.List(t.Context())
			require.NoError(t, err)
			got := namesOf(list)
			slices.Sort(got)
			require.Len(t, got, 20)
			assert.Len(t, slices.Compact(got), 20)
			assert.Equal(t, !strings.HasPrefix(name, "4"), srv.Logins() == 1)
			for _, call := range srv.Calls() {
				assert.Equal(t, strings.HasSuffix(name, "/2"), call.Proto == "HTTP/2.0")
			}
		})
	}
}

func TestPutAndDeleteAtOnce(t *testing.T) {
	t.Parallel()
	for _, filter := range filters() {
		srv, d := daemonAt(t, "5.0", filter, egeriatest.WithLatency(time.Millisecond))
		var before, want []string
		var groups []egeria.IntegrationGroup
		for i := range 10 {
			name := fmt.Sprintf("old:%d", i)
			if i%2 == 0 {
				name = fmt.Sprintf("old/%d", i) // uses the list
			}
			before = append(before, name)
			groups = append(groups, group(name))
			want = append(want, fmt.Sprintf("new%d", i))
		}
		require.NoError(t, d.IntegrationGroups.ReplaceAll(t.Context(), groups))
		var both sync.WaitGroup
		both.Go(func() {
			for _, name := range before {
				assert.NoError(t, d.IntegrationGroups.Delete(t.Context(), name))
			}
		})
		both.Go(func() {
			for _, name := range want {
				assert.NoError(t, d.IntegrationGroups.Put(t.Context(), group(name)))
			}
		})
		both.Wait()
		list, err := d.IntegrationGroups.List(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, namesOf(list))
		assert.NotEmpty(t, srv.AuditTrail("d"))
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// held calls f with a client whose writes to the groups of server d wait until they are released.
func held(t *testing.T, f func(t *testing.T, srv *egeriatest.Server, c *egeria.Client, letGo func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease("6.1"), egeriatest.WithoutSocket())
		gate := make(chan struct{})
		c := clientAt(t, srv, egeria.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/servers/d/integration-groups/configuration/all") {
					<-gate
				}
				return next.RoundTrip(r)
			})
		}))
		var once sync.Once
		letGo := func() { once.Do(func() { close(gate) }) }
		defer letGo()
		f(t, srv, c, letGo)
	})
}

func TestWaitForTheOtherWriterEndsWithTheContext(t *testing.T) {
	t.Parallel()
	held(t, func(t *testing.T, srv *egeriatest.Server, c *egeria.Client, letGo func()) {
		d := c.Server("d")
		first := make(chan error, 1)
		go func() { first <- d.IntegrationGroups.Put(t.Context(), group("first")) }()
		synctest.Wait()
		before := len(srv.Calls())
		document := someDocument()
		writers := map[string]func(context.Context) error{
			"IntegrationGroups.Put": func(ctx context.Context) error {
				return d.IntegrationGroups.Put(ctx, group("second"))
			},
			"IntegrationGroups.PutRaw": func(ctx context.Context) error {
				return d.IntegrationGroups.PutRaw(ctx, group("second"))
			},
			"IntegrationGroups.ReplaceAll": func(ctx context.Context) error {
				return d.IntegrationGroups.ReplaceAll(ctx, nil)
			},
			"IntegrationGroups.Delete": func(ctx context.Context) error {
				return d.IntegrationGroups.Delete(ctx, "second")
			},
			"IntegrationGroups.Clear": func(ctx context.Context) error { return d.IntegrationGroups.Clear(ctx) },
			"Config.Set":              func(ctx context.Context) error { return d.Config.Set(ctx, document) },
			"Config.Delete":           func(ctx context.Context) error { return d.Config.Delete(ctx) },
		}
		why := errors.New("why")
		for name, write := range writers {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, why)
			begin := time.Now()
			err := write(ctx)
			cancel()
			assert.Equal(t, time.Minute, time.Since(begin), name)
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			require.ErrorIs(t, err, why, name)
			e, ok := errors.AsType[*egeria.Error](err)
			require.True(t, ok)
			assert.Equal(t, name, e.Operation)
			assert.Zero(t, e.Attempts)
			assert.NotErrorIs(t, err, egeria.ErrOutcomeUnknown)

			ctx, cancel = context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			err = write(ctx)
			require.ErrorIs(t, err, context.Canceled, name)
			assert.EqualError(t, err, "egeria: "+name+": context canceled")
		}
		assert.Len(t, srv.Calls(), before, "they have sent nothing")
		_, err := d.IntegrationGroups.List(t.Context())
		require.NoError(t, err, "who only reads does not wait")

		other := c.Server("other")
		require.NoError(t, other.IntegrationGroups.Put(t.Context(), group("theirs")),
			"another server does not wait either")
		letGo()
		require.NoError(t, <-first)
		require.NoError(t, d.IntegrationGroups.Put(t.Context(), group("second")))
		list, err := d.IntegrationGroups.List(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"first", "second"}, namesOf(list))
	})
}
