package contract_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// always100 is the number of connections that a permanent obstacle stops.
const always100 = 100

// obstacleServer is a TLS server that the first connections do not reach.
type obstacleServer struct {
	*httptest.Server
	transport *http.Transport
	requests  atomic.Int64 // requests that the handler received
	streams   atomic.Int64 // HTTP/2 streams that an obstacle received
}

// obstacleListener passes the first connections to an obstacle.
type obstacleListener struct {
	net.Listener
	left atomic.Int64
	stop func(net.Conn)
}

func (l *obstacleListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil || l.left.Add(-1) < 0 {
			return conn, err
		}
		go func() {
			defer conn.Close()
			l.stop(conn)
		}()
	}
}

// behind starts a server. Its first connections meet the obstacle.
func behind(t *testing.T, connections int64, o obstacle, handler http.HandlerFunc) *obstacleServer {
	t.Helper()
	s := &obstacleServer{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		handler(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	l := &obstacleListener{Listener: s.Listener}
	if o.server != nil {
		l.left.Store(connections)
		l.stop = func(c net.Conn) { o.server(s, c) }
	}
	s.Listener = l
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	tr, ok := s.Client().Transport.(*http.Transport)
	require.True(t, ok)
	s.transport = tr.Clone()
	s.transport.TLSClientConfig = s.transport.TLSClientConfig.Clone()
	s.transport.DialContext = nil // set by httptest for other host names
	if o.client != nil {
		o.client(t, s, connections)
	}
	t.Cleanup(s.transport.CloseIdleConnections)
	return s
}

// obstacle prevents a request from being sent.
type obstacle struct {
	name   string
	stage  string                                             // stage in the text of the error
	server func(*obstacleServer, net.Conn)                    // handles a connection to the server
	client func(t *testing.T, s *obstacleServer, times int64) // changes the client's side
	waits  bool                                               // until the attempt times out
	h2     bool                                               // the server receives the request and refuses it
}

// obstacles are the ways in which a request is not sent.
var obstacles = []obstacle{
	{name: "dial refused", stage: "dialing", client: dialing(func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:1")
	})},
	{name: "dial hangs", stage: "dialing", waits: true, client: dialing(func(ctx context.Context) (net.Conn, error) {
		hang := func(ctx context.Context, _, _ string, _ syscall.RawConn) error {
			<-ctx.Done()
			return ctx.Err()
		}
		return (&net.Dialer{ControlContext: hang}).DialContext(ctx, "tcp", "127.0.0.1:1")
	})},
	{name: "dial of the caller hangs", stage: "waiting for a connection", waits: true,
		client: dialing(func(ctx context.Context) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})},
	{name: "name unknown", stage: "dialing", client: dialing(func(context.Context) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: host}}
	})},

	{name: "handshake stalls", stage: "TLS handshake", waits: true, server: func(_ *obstacleServer, c net.Conn) {
		_, _ = io.Copy(io.Discard, c)
	}},
	{name: "handshake cut", stage: "TLS handshake", server: func(_ *obstacleServer, c net.Conn) {
		_, _ = c.Read(make([]byte, 1<<10))
	}},
	{name: "handshake cut at once", stage: "TLS handshake", server: func(*obstacleServer, net.Conn) {}},
	{name: "handshake refused", stage: "TLS handshake", server: func(s *obstacleServer, c net.Conn) {
		config := s.TLS.Clone()
		config.MaxVersion = tls.VersionTLS12
		config.CipherSuites = []uint16{tls.TLS_RSA_WITH_RC4_128_SHA}
		_ = tls.Server(c, config).Handshake()
	}},
	{name: "certificate of the client missing", stage: "tls: certificate required", client: withoutHTTP2,
		server: func(s *obstacleServer, c net.Conn) {
			config := s.TLS.Clone()
			config.ClientAuth = tls.RequireAnyClientCert
			_ = tls.Server(c, config).Handshake()
			_, _ = io.Copy(io.Discard, c) // a reset could arrive before the alert
		}},

	{name: "proxy 403", stage: "proxy refused CONNECT: 403 Forbidden", client: proxy("403 Forbidden")},
	{name: "proxy 407", stage: "proxy refused CONNECT: 407 Proxy Authentication Required",
		client: proxy("407 Proxy Authentication Required")},
	{name: "proxy 502", stage: "proxy refused CONNECT: 502 Bad Gateway", client: proxy("502 Bad Gateway")},
	{name: "proxy 503", stage: "proxy refused CONNECT: 503 Service Unavailable",
		client: proxy("503 Service Unavailable")},
	{name: "proxy with words of its own", stage: "proxy: Not on my watch", client: proxy("403 Not on my watch")},
	{name: "proxy hangs up", stage: "proxy: ", client: proxy("")},

	{name: "stream refused", h2: true, stage: "refused", server: func(s *obstacleServer, c net.Conn) {
		s.answerStreams(c, func(h2 *h2Conn, stream uint32) bool {
			// In the other order the next attempt could still use this connection.
			return h2.write(h2GoAway, 0, 0, uint32s(stream, 0)) && h2.write(h2Reset, 0, stream,
				uint32s(h2RefusedStream))
		})
	}},
	{name: "server goes away", h2: true, stage: "refused", server: func(s *obstacleServer, c net.Conn) {
		s.answerStreams(c, func(h2 *h2Conn, stream uint32) bool {
			return h2.write(h2GoAway, 0, 0, uint32s(stream-1, 0))
		})
	}},
	{name: "server goes away with an error", h2: true, stage: "refused", server: func(s *obstacleServer, c net.Conn) {
		s.answerStreams(c, func(h2 *h2Conn, stream uint32) bool {
			return h2.write(h2GoAway, 0, 0, uint32s(stream-1, h2EnhanceYourCalm))
		})
	}},
}

// dialing replaces the function that opens a connection, for the first times.
func dialing(dial func(context.Context) (net.Conn, error)) func(*testing.T, *obstacleServer, int64) {
	return func(_ *testing.T, s *obstacleServer, times int64) {
		var n atomic.Int64
		s.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if n.Add(1) <= times {
				return dial(ctx)
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
	}
}

// withoutHTTP2 makes the client use HTTP/1.1.
func withoutHTTP2(_ *testing.T, s *obstacleServer, _ int64) {
	s.transport.Protocols = new(http.Protocols)
	s.transport.Protocols.SetHTTP1(true)
	s.transport.TLSClientConfig.NextProtos = []string{"http/1.1"}
}

// proxy adds a proxy. It responds to the first CONNECT requests with status. If status is "", it
// closes the connection.
func proxy(status string) func(*testing.T, *obstacleServer, int64) {
	return func(t *testing.T, s *obstacleServer, times int64) {
		var n atomic.Int64
		address := listen(t, func(conn net.Conn) {
			req, err := http.ReadRequest(bufio.NewReader(conn))
			switch refused := n.Add(1) <= times; {
			case err != nil || refused && status == "":
			case refused:
				_, _ = io.WriteString(conn, "HTTP/1.1 "+status+"\r\nContent-Length: 0\r\n\r\n")
			default:
				tunnel(conn, req.Host)
			}
		})
		s.transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: address})
	}
}

// listen serves connections. It closes each one when serve returns.
func listen(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// tunnel connects conn to address.
func tunnel(conn net.Conn, address string) {
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		_, _ = io.Copy(server, conn)
		server.Close()
	}()
	_, _ = io.Copy(conn, server)
}

// Types of frames and errors of RFC 9113.
const (
	h2Data, h2Headers, h2Reset, h2Settings, h2Ping, h2GoAway = 0, 1, 3, 4, 6, 7

	h2ProtocolError, h2InternalError, h2RefusedStream, h2EnhanceYourCalm = 1, 2, 7, 11

	h2EndStream, h2EndHeaders = 1, 4
)

// h2Conn is an HTTP/2 connection of a server that works with frames.
type h2Conn struct{ net.Conn }

// uint32s returns a payload of numbers.
func uint32s(numbers ...uint32) []byte {
	var b []byte
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

// write sends a frame and reports whether that succeeded.
func (c *h2Conn) write(kind, flags byte, stream uint32, payload []byte) bool {
	frame := []byte{0, 0, byte(len(payload)), kind, flags}
	frame = append(binary.BigEndian.AppendUint32(frame, stream), payload...)
	_, err := c.Write(frame)
	return err == nil
}

// read reads a frame.
func (c *h2Conn) read() (kind, flags byte, stream uint32, payload []byte, err error) {
	var head [9]byte
	if _, err = io.ReadFull(c, head[:]); err != nil {
		return
	}
	payload = make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
	_, err = io.ReadFull(c, payload)
	return head[3], head[4], binary.BigEndian.Uint32(head[5:]), payload, err
}

// answerStreams reads the requests on an HTTP/2 connection. answer writes the frames for each
// request, until it returns false. Then answerStreams reads until the client closes the connection.
func (s *obstacleServer) answerStreams(conn net.Conn, answer func(c *h2Conn, stream uint32) bool) {
	c := &h2Conn{tls.Server(conn, s.TLS)}
	preface := make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	if _, err := io.ReadFull(c, preface); err != nil || !c.write(h2Settings, 0, 0, nil) {
		return
	}
	for {
		kind, flags, stream, payload, err := c.read()
		switch {
		case err != nil:
			return
		case kind == h2Ping && flags == 0:
			c.write(h2Ping, 1, 0, payload)
		case kind == h2Headers:
			s.streams.Add(1)
		}
		if (kind == h2Headers || kind == h2Data) && flags&h2EndStream != 0 && !answer(c, stream) {
			_, _ = io.Copy(io.Discard, c)
			return
		}
	}
}

var errLost = errors.New("the response is lost")
