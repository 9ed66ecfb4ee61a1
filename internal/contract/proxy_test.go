package contract_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
)

// The variables that a test hands to the process that it starts.
const (
	envProxyChild = "CONTRACT_PROXY_CHILD" // a base URL
	envProxyCert  = "CONTRACT_PROXY_CERT"
)

// proxyHost is a name in the certificates of package httptest.
const proxyHost = "example.com"

// forwardProxy is a proxy that asks for the user "me" with canary as the password. It leads every
// request to one place.
type forwardProxy struct {
	t      *testing.T
	server http.Handler // answers requests of http
	tls    string       // the address that CONNECT leads to

	mu   sync.Mutex
	seen []string
}

func (p *forwardProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.seen = append(p.seen, r.Method+" "+r.Host)
	p.mu.Unlock()
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+canary))
	assert.Equal(p.t, want, r.Header.Get("Proxy-Authorization"))
	plain := r.Method != http.MethodConnect
	assert.Equal(p.t, plain, r.Header.Get("Authorization") != "", "the credentials of the client")
	if plain {
		p.server.ServeHTTP(w, r)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if !assert.NoError(p.t, err) {
		return
	}
	defer conn.Close()
	server, err := net.Dial("tcp", p.tls)
	if !assert.NoError(p.t, err) {
		return
	}
	defer server.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		defer conn.Close()
		_, _ = io.Copy(conn, server)
	}()
	_, _ = io.Copy(server, conn)
}

func (p *forwardProxy) hosts() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(p.seen)))
}

// net/http reads the variables once in a process, so that each case has a process of its own: the
// same test, with other variables.
func TestProxyOfTheEnvironmentIsUsed(t *testing.T) {
	if baseURL := os.Getenv(envProxyChild); baseURL != "" {
		for _, v := range vendors {
			c := connect(t, v, options{baseURL: baseURL, shared: childOptions(t)})
			id, err := c.get(t.Context(), "x-1", call{})
			require.NoError(t, err, v.name)
			assert.Equal(t, "x-1", id)
		}
		return
	}
	t.Parallel()
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, vendorOf(r.URL.Path).object("x-1"))
	})
	secure := httptest.NewTLSServer(answer)
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(answer)
	t.Cleanup(plain.Close)
	for name, tt := range map[string]struct {
		variables []string
		baseURL   string
		want      []string // what the proxy gets
	}{
		"http":         {[]string{"HTTP_PROXY"}, "http://" + proxyHost, []string{"GET " + proxyHost}},
		"https":        {[]string{"HTTPS_PROXY"}, "https://" + proxyHost, []string{"CONNECT " + proxyHost + ":443"}},
		"lower case":   {[]string{"https_proxy"}, "https://" + proxyHost, []string{"CONNECT " + proxyHost + ":443"}},
		"this machine": {[]string{"HTTP_PROXY", "HTTPS_PROXY"}, plain.URL, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &forwardProxy{t: t, server: answer, tls: secure.Listener.Addr().String()}
			srv := httptest.NewServer(p)
			t.Cleanup(srv.Close)
			runChild(t, tt.baseURL, secure, "http://me:"+canary+"@"+srv.Listener.Addr().String(), tt.variables...)
			assert.Equal(t, tt.want, p.hosts())
		})
	}
}

// vendorOf is the vendor whose API has the path.
func vendorOf(path string) vendor {
	switch {
	case strings.HasPrefix(path, "/pim/"):
		return confluentVendor
	case strings.HasPrefix(path, "/api/"):
		return aponoVendor
	}
	return egeriaVendor
}

// runChild runs the test that is running once more, in a process with these variables of a proxy.
func runChild(t *testing.T, baseURL string, trusted *httptest.Server, proxy string, variables ...string) {
	t.Helper()
	top, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+top+"$", "-test.count=1")
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.HasSuffix(strings.ToUpper(name), "_PROXY")
	})
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trusted.Certificate().Raw})
	cmd.Env = append(cmd.Env, envProxyChild+"="+baseURL, envProxyCert+"="+string(cert))
	for _, name := range variables {
		cmd.Env = append(cmd.Env, name+"="+proxy)
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "PASS")
}

// childOptions are those of a client in such a process.
func childOptions(t *testing.T) []sdk.Option {
	t.Helper()
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM([]byte(os.Getenv(envProxyCert))))
	return []sdk.Option{sdk.WithPlainHTTP(),
		sdk.WithTLSConfig(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})}
}

// refusals are proxies that do not do their work.
var refusals = map[string]struct {
	answer http.HandlerFunc
	proxy  string // a pattern for the address, "" for http
	want   string // in the text of the error
}{
	"refuses":                   {answer: refuseProxy, want: "407"},
	"cuts the connection":       {answer: cut, want: "EOF"},
	"is not there":              {proxy: "http://me:" + canary + "@127.0.0.1:1", want: "dialing the proxy"},
	"refuses SOCKS":             {proxy: "socks5://me:" + canary + "@" + socksAddress, want: "socks"},
	"has a port that is none":   {proxy: "http://me:" + canary + "@127.0.0.1:99999", want: "99999"},
	"has a URL that is no URL":  {proxy: "http://me:" + canary + "@proxy:port", want: "address of the proxy"},
	"has a slash in a password": {proxy: "http://me:" + canary + "/" + canary + "@proxy", want: "address of the proxy"},
	"has a slash and no host":   {proxy: "http://me:" + canary + "/x", want: "address of the proxy"},
	"has a URL with bad escape": {proxy: "http://me%zz:" + canary + "@proxy", want: "address of the proxy"},
}

func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// refuseProxy responds with 407, and repeats the credentials of the request.
func refuseProxy(w http.ResponseWriter, r *http.Request) {
	sent := r.Header.Get("Proxy-Authorization")
	_, encoded, _ := strings.Cut(sent, " ")
	w.Header().Set("X-Echo", sent)
	w.WriteHeader(http.StatusProxyAuthRequired)
	decoded, _ := base64.StdEncoding.DecodeString(encoded)
	_, _ = io.WriteString(w, "no "+sent+", which is "+string(decoded))
}

// chooser chooses such a proxy, whose server runs until the test ends.
func chooser(t *testing.T, answer http.HandlerFunc, proxy string) func(*http.Request) (*url.URL, error) {
	t.Helper()
	if proxy == "" {
		srv := httptest.NewUnstartedServer(answer)
		srv.Config.ErrorLog = log.New(io.Discard, "", 0)
		srv.Start()
		t.Cleanup(srv.Close)
		proxy = "http://me:" + canary + "@" + srv.Listener.Addr().String()
	}
	return func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }
}

// socksAddress is that of a proxy that asks for user and password, and refuses them.
var socksAddress = func() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for _, answer := range []string{"\x05\x02", "\x01\x01"} { // of RFC 1928 and RFC 1929
					_, _ = conn.Read(make([]byte, 1<<10))
					_, _ = io.WriteString(conn, answer)
				}
			}()
		}
	}()
	return l.Addr().String()
}()

// showsNoProxyUser makes a call that a proxy refuses, and looks into everything that the caller
// gets or that is written.
func showsNoProxyUser(t *testing.T, v vendor, o options, want string) {
	t.Helper()
	var out bytes.Buffer
	level := &slog.HandlerOptions{Level: slog.LevelDebug}
	o.logger = slog.New(slog.NewMultiHandler(slog.NewTextHandler(&out, level), slog.NewJSONHandler(&out, level)))
	debug := &messages{}
	o.shared = append(o.shared, sdk.WithDebug(debug))
	o.retry, o.attemptTimeout = quick(), 5*time.Second
	o.retry.MaxAttempts = 2
	c := connect(t, v, o)
	t.Cleanup(c.closing)
	var meta core.Meta
	_, err := c.get(t.Context(), "x-1", call{meta: &meta})
	f := viewed(t, v, err)
	require.ErrorContains(t, err, want)
	secrets := []string{canary, base64.StdEncoding.EncodeToString([]byte("me:" + canary))}
	all := shown(err) + out.String() + debug.text() + string(f.Body) + fmt.Sprint(f.Header, meta)
	hides(t, all, secrets, v.name+": what came of the call")
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		hides(t, inner.Error(), secrets, v.name+": the cause")
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		hides(t, u.Error(), secrets, v.name+": the URL")
	}
	b, merr := json.Marshal(err)
	require.NoError(t, merr)
	hides(t, string(b), secrets, v.name+": the JSON")
}

func TestUserOfAProxyIsNotShown(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		for name, tt := range refusals {
			for _, scheme := range []string{"http", "https"} {
				t.Run(name+" "+scheme, func(t *testing.T) {
					t.Parallel()
					o := options{baseURL: scheme + "://" + proxyHost, shared: []sdk.Option{sdk.WithPlainHTTP()}}
					o.client = &http.Client{Transport: &http.Transport{Proxy: chooser(t, tt.answer, tt.proxy)}}
					showsNoProxyUser(t, v, o, tt.want)
				})
			}
		}
	})
}

// The same with the client's own transport. It replaces http.DefaultTransport, so it does not run
// in parallel with others.
func TestUserOfAProxyOfTheDefaultTransportIsNotShown(t *testing.T) {
	original := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = original })
	for _, v := range vendors {
		for name, tt := range refusals {
			t.Run(v.name+" "+name, func(t *testing.T) {
				http.DefaultTransport = &http.Transport{Proxy: chooser(t, tt.answer, tt.proxy)}
				o := options{baseURL: "http://" + proxyHost, shared: []sdk.Option{sdk.WithPlainHTTP()}}
				showsNoProxyUser(t, v, o, tt.want)
			})
		}
	}
}
