package contract_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
)

// relay forwards data in both directions, until it drops everything.
type relay struct {
	net.Listener
	swallows    atomic.Int64 // it drops the data of connections up to this number
	connections atomic.Int64
}

func startRelay(t *testing.T, to string) *relay {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	r := &relay{Listener: listener}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			number := r.connections.Add(1)
			server, err := net.Dial("tcp", to)
			if err != nil {
				conn.Close()
				return
			}
			for _, way := range [][2]net.Conn{{conn, server}, {server, conn}} {
				go func() {
					defer way[0].Close()
					defer way[1].Close()
					b := make([]byte, 1<<15)
					for {
						n, err := way[0].Read(b)
						if err != nil {
							return
						}
						if number > r.swallows.Load() {
							_, _ = way[1].Write(b[:n])
						}
					}
				}()
			}
		}
	}()
	return r
}

// client returns a client whose transport trusts srv and connects through the relay.
func (r *relay) client(t *testing.T, v vendor, srv *httptest.Server, o options) *client {
	t.Helper()
	tr, ok := srv.Client().Transport.(*http.Transport)
	require.True(t, ok)
	config := &tls.Config{RootCAs: tr.TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12}
	o.baseURL = "https://" + r.Addr().String()
	o.shared = append(o.shared, sdk.WithTLSConfig(config))
	c := connect(t, v, o)
	t.Cleanup(c.closing)
	return c
}

func TestConnectionWhoseServerVanishedIsGivenUp(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		protocols(t, func(t *testing.T, serve func(http.HandlerFunc) *httptest.Server) {
			srv := serve(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, v.object("x-1")) })
			r := startRelay(t, srv.Listener.Addr().String())
			c := r.client(t, v, srv, options{attemptTimeout: 2 * time.Second})
			_, err := c.get(t.Context(), "x-1", call{})
			require.NoError(t, err)
			r.swallows.Store(r.connections.Load())
			_, err = c.get(t.Context(), "x-1", call{})
			require.NoError(t, err, "one of five attempts of 2 s")
			assert.EqualValues(t, 2, r.connections.Load())
		})
	})
}

// Over HTTP/1.1 each of the other idle connections would cost an attempt.
func TestServerThatVanishedCostsOneAttemptHoweverManyConnectionsAreIdle(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		c, r := idle(t, v)
		var meta core.Meta
		limit := sdk.WithCallAttemptTimeout(600 * time.Millisecond)
		_, err := c.get(t.Context(), "x-1", call{meta: &meta, shared: []sdk.CallOption{limit}})
		require.NoError(t, err)
		assert.Equal(t, 2, meta.Attempts)
		assert.EqualValues(t, idleConnections+1, r.connections.Load())
	})
}

// A program may give each call less time than an attempt may take.
func TestServerThatVanishedCostsThreeCallsWithShortDeadlines(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		c, r := idle(t, v)
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			_, err := c.get(ctx, "x-1", call{})
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
		}
		var meta core.Meta
		limit := sdk.WithCallAttemptTimeout(5 * time.Second)
		_, err := c.get(t.Context(), "x-1", call{meta: &meta, shared: []sdk.CallOption{limit}})
		require.NoError(t, err)
		assert.Equal(t, 1, meta.Attempts)
		assert.EqualValues(t, idleConnections+1, r.connections.Load())
	})
}

// The other calls of the client need the connections.
func TestShortDeadlineClosesNoIdleConnection(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		c, r := idle(t, v)
		r.swallows.Store(0) // It is only slow.
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			_, err := c.get(ctx, "slow", call{})
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
		}
		for range 2 {
			_, err := c.get(t.Context(), "x-1", call{})
			require.NoError(t, err)
		}
		assert.EqualValues(t, idleConnections, r.connections.Load())
	})
}

// idleConnections are more than the attempts of a call.
const idleConnections = 8

// idle returns a client with idle connections to a server that has vanished. The relay makes new
// ones that work.
func idle(t *testing.T, v vendor) (*client, *relay) {
	t.Helper()
	var arrived atomic.Int64
	all := make(chan struct{})
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "slow") {
			<-r.Context().Done()
		}
		if arrived.Add(1) == idleConnections {
			close(all)
		}
		<-all
		_, _ = io.WriteString(w, v.object("x-1"))
	}))
	t.Cleanup(srv.Close)
	r := startRelay(t, srv.Listener.Addr().String())
	c := r.client(t, v, srv, options{attemptTimeout: time.Minute})
	var wg sync.WaitGroup
	for range idleConnections {
		wg.Go(func() {
			_, err := c.get(t.Context(), "x-1", call{})
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	r.swallows.Store(r.connections.Load())
	return c, r
}

func TestSlowAnswerClosesNoConnection(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		arrived, slow := make(chan struct{}), make(chan struct{})
		var n atomic.Int64
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if n.Add(1) == 2 {
				close(arrived)
				<-slow
			}
			_, _ = io.WriteString(w, v.object("x-1"))
		}))
		srv.EnableHTTP2 = true
		srv.StartTLS()
		t.Cleanup(srv.Close)
		r := startRelay(t, srv.Listener.Addr().String())
		c := r.client(t, v, srv, options{attemptTimeout: 6 * time.Second})
		_, err := c.get(t.Context(), "x-1", call{})
		require.NoError(t, err)
		done := make(chan error, 1)
		go func() {
			_, err := c.get(t.Context(), "x-1", call{})
			done <- err
		}()
		<-arrived
		time.Sleep(2500 * time.Millisecond) // longer than the ping and its timeout
		_, err = c.get(t.Context(), "x-1", call{})
		require.NoError(t, err)
		close(slow)
		require.NoError(t, <-done)
		assert.EqualValues(t, 1, r.connections.Load())
	})
}
