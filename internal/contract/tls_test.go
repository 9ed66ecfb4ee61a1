package contract_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
)

// tracing is a typical wrapper of http.DefaultTransport. It is not comparable.
type tracing func(*http.Request) (*http.Response, error)

func (f tracing) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// This test replaces http.DefaultTransport, so it and its subtests do not run in parallel with
// others.
func TestTLSConfigWhereTheDefaultTransportIsWrapped(t *testing.T) {
	original := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = original })
	for _, v := range vendors {
		for name, shared := range map[string][]sdk.Option{
			"no client":       nil,
			"empty client":    {sdk.WithHTTPClient(&http.Client{})},
			"default client":  {sdk.WithHTTPClient(http.DefaultClient)},
			"with middleware": {sdk.WithMiddleware(func(next http.RoundTripper) http.RoundTripper { return next })},
		} {
			for _, wrapped := range []bool{false, true} {
				t.Run(v.name+" "+name, func(t *testing.T) {
					http.DefaultTransport = original
					if wrapped {
						http.DefaultTransport = tracing(original.RoundTrip)
					}
					var proto atomic.Int64
					srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						proto.Store(int64(r.ProtoMajor))
						_, _ = io.WriteString(w, v.object("x-1"))
					}))
					srv.Config.ErrorLog = log.New(io.Discard, "", 0)
					srv.EnableHTTP2 = true
					srv.StartTLS()
					t.Cleanup(srv.Close)
					pool := x509.NewCertPool()
					pool.AddCert(srv.Certificate())
					config := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
					c := connect(t, v, options{baseURL: srv.URL, shared: append(shared, sdk.WithTLSConfig(config))})
					t.Cleanup(c.closing)
					id, err := c.get(t.Context(), "x-1", call{})
					require.NoError(t, err)
					assert.Equal(t, "x-1", id)
					assert.EqualValues(t, 2, proto.Load(), "HTTP/2 as with the default transport")
				})
			}
		}
		// The transport of a caller is used.
		given := &http.Client{Transport: tracing(original.RoundTrip)}
		err := newWith(v, sdk.WithHTTPClient(given), sdk.WithTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12}))
		assert.ErrorIs(t, err, sdk.ErrInvalid)
		assert.ErrorContains(t, err, "TLS config")
	}
}
