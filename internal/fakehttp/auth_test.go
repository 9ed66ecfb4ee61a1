package fakehttp

import (
	"net/http"
	"testing"
	"time"
)

func TestBearerTokens(t *testing.T) {
	var tokens BearerTokens
	now := time.Now()
	tokens.Add("short", "ann", now.Add(time.Second))
	tokens.Add("endless", "bob", time.Time{})
	valid := func(token string, at time.Time, want string) {
		t.Helper()
		if caller, ok := tokens.Caller(token, at); caller != want || ok != (want != "") {
			t.Errorf("%s after %v: %q, %v", token, at.Sub(now), caller, ok)
		}
	}
	valid("short", now, "ann")
	valid("short", now.Add(time.Second), "") // a token is no longer valid at its expiry time
	valid("endless", now.Add(1000*time.Hour), "bob")
	valid("other", now, "")
	tokens.Revoke("short")
	tokens.Revoke("other")
	valid("short", now, "")
	valid("endless", now, "bob")
	tokens.RevokeAll()
	valid("endless", now, "")
}

func TestAuthorization(t *testing.T) {
	for _, tt := range []struct {
		header []string
		token  string // "" if there is no bearer token
	}{
		{nil, ""},
		{[]string{"Bearer x"}, "x"},
		{[]string{"bEARER x y"}, "x y"},
		{[]string{"Basic x"}, ""},
		{[]string{"Bearer x", "Bearer x"}, ""},
	} {
		value, ok := Authorization(&http.Request{Header: http.Header{"Authorization": tt.header}})
		token, bearer := Bearer(value)
		if got := ok && bearer; got != (tt.token != "") || got && token != tt.token {
			t.Errorf("%q: %q, %v", tt.header, token, got)
		}
	}
}
