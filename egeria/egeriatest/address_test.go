package egeriatest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestCertificateAsPEM(t *testing.T) {
	s := NewServer(t, WithHTTP2())
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.CertificatePEM()) {
		t.Fatalf("%s", s.CertificatePEM())
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool,
		MinVersion: tls.VersionTLS12}}}
	resp, err := client.Get(s.URL + origin)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "status", resp.StatusCode, 200)
	_ = resp.Body.Close()
	client.CloseIdleConnections()
	for name, opts := range map[string][]Option{"plain": nil, "memory": {WithoutSocket()}} {
		if got := NewServer(t, opts...).CertificatePEM(); got != nil {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestFixedAddress(t *testing.T) {
	first := Start()
	address := strings.TrimPrefix(first.URL, "http://")
	func() {
		defer func() {
			if text := fmt.Sprint(recover()); !strings.Contains(text, "address already in use") {
				t.Error(text)
			}
		}()
		Start(WithAddress(address))
	}()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	for _, opts := range [][]Option{nil, {WithHTTP2()}} {
		s := Start(append(opts, WithAddress(address))...)
		_, after, _ := strings.Cut(s.URL, "://")
		equal(t, "address", after, address)
		resp, err := s.HTTPClient().Get(s.URL + origin)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "status", resp.StatusCode, 200)
		_ = resp.Body.Close()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	host, _, _ := net.SplitHostPort(address)
	equal(t, "host", host, "127.0.0.1")
}

// The platform also recognizes itself by another address: it deploys to itself.
func TestDeployToItselfElsewhere(t *testing.T) {
	for _, version := range []string{"4.2", "5.3", "6.1"} {
		c := start(t, version)
		elsewhere := httptest.NewServer(c.Handler())
		c.client, c.URL = elsewhere.Client(), elsewhere.URL
		c.ok("POST", put1, groupJSON("a"))
		query, secrets := "", ""
		if c.release.bearers() {
			query = "?delegatingUserId=" + c.User
			secrets = `,"secretsStoreProvider":"p","secretsStoreLocation":"l","secretsStoreCollection":"c"`
		}
		deploy := func(target string) response {
			return c.ask("POST", of1+"/configuration/deploy"+query, `{"class":"URLRequestBody","urlRoot":"`+target+`"`+
				secrets+`}`)
		}
		for _, target := range []string{elsewhere.URL, elsewhere.URL + "/", strings.Replace(elsewhere.URL, "http:",
			"https:", 1)} {
			equal(t, version+" "+target, string(deploy(target).Object["relatedHTTPCode"]), "200")
		}
		for _, target := range []string{"https://other.example:9443", "localhost", "http://127.0.0.1:1"} {
			equal(t, version+" "+target, string(deploy(target).Object["relatedHTTPCode"]), "503")
		}
		elsewhere.Close()
	}
}
