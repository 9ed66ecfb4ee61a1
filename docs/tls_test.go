package docs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

func Example_customAuthority() {
	srv := egeriatest.Start(egeriatest.WithHTTP2()) // with a certificate that is signed by itself
	defer srv.Close()
	pem := srv.CertificatePEM()
	credentials := egeria.WithCredentials(srv.User, srv.Password)

	//doc:begin authority
	authorities := x509.NewCertPool() // or x509.SystemCertPool, to keep those of the machine
	if !authorities.AppendCertsFromPEM(pem) {
		log.Fatal("no certificate")
	}
	c, err := egeria.New(srv.URL, credentials, egeria.WithTLSConfig(&tls.Config{RootCAs: authorities}))
	//doc:end
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Platform.Origin(ctx))

	//doc:begin untrusted
	c, err = egeria.New(srv.URL, credentials)
	if err != nil {
		log.Fatal(err)
	}
	_, err = c.Platform.Origin(ctx)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	e, _ := errors.AsType[*sdk.Error](err)
	fmt.Println(untrusted, "after", e.Attempts, "attempt")
	//doc:end

	// Output:
	// Egeria OMAG Server Platform (version 6.1) <nil>
	// true after 1 attempt
}

// certificate returns a certificate that is signed by itself.
func certificate(name string) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		log.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		log.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// startMutual returns a server that asks for a certificate of the client.
func startMutual(handler http.Handler, client *x509.Certificate) *httptest.Server {
	server := httptest.NewUnstartedServer(handler)
	clients := x509.NewCertPool()
	clients.AddCert(client)
	server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
	server.StartTLS()
	return server
}

func Example_mutualTLS() {
	srv := egeriatest.Start()
	defer srv.Close()
	clientCertificate := certificate("inventory")
	gateway := startMutual(srv.Handler(), clientCertificate.Leaf)
	defer gateway.Close()
	authorities := x509.NewCertPool()
	authorities.AddCert(gateway.Certificate())
	credentials := egeria.WithCredentials(srv.User, srv.Password)

	//doc:begin mutual
	// From files: clientCertificate, err := tls.LoadX509KeyPair("client.pem", "client-key.pem")
	c, err := egeria.New(gateway.URL, credentials, egeria.WithTLSConfig(&tls.Config{
		RootCAs:      authorities,
		Certificates: []tls.Certificate{clientCertificate},
	}))
	//doc:end
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Platform.Origin(ctx))

	// Output:
	// Egeria OMAG Server Platform (version 6.1) <nil>
}

func Example_proxy() {
	srv := confluenttest.Start(confluenttest.WithEnvironments("env-abc123"))
	defer srv.Close()
	addIntegrations(srv, 1)
	var passed atomic.Int64
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(*httputil.ProxyRequest) { passed.Add(1) }})
	defer proxy.Close()
	credentials := sdk.Options(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))

	//doc:begin proxy
	proxyURL, err := url.Parse(proxy.URL)
	if err != nil {
		log.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = http.ProxyURL(proxyURL) // http.ProxyFromEnvironment is the default
	transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second}
	c, err := confluent.New(credentials, confluent.WithHTTPClient(&http.Client{Transport: transport}))
	//doc:end
	if err != nil {
		log.Fatal(err)
	}
	all, err := sdk.Collect(c.Integrations.List(ctx, "env-abc123", nil))
	fmt.Println(len(all), err, passed.Load())

	// Output:
	// 1 <nil> 1
}
