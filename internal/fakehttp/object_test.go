package fakehttp

import (
	"encoding/json"
	"net/http"
	"testing"
)

func TestObject(t *testing.T) {
	var o Object
	if err := json.Unmarshal([]byte(`{"s":"<&>","n":1.10,"z":null,"e":""}`), &o); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		text string
		null bool
	}{"s": {"<&>", false}, "n": {"", false}, "z": {"", true}, "e": {"", false}, "absent": {"", true}} {
		if got, null := o.Text(name), o.Null(name); got != want.text || null != want.null {
			t.Errorf("%s: %q, null %t", name, got, null)
		}
	}
	if got := string(Raw(o)); got != `{"e":"","n":1.10,"s":"<&>","z":null}` {
		t.Error(got)
	}
	if got := (Object)(nil).Text("x"); got != "" {
		t.Error(got)
	}
}

func TestStrictRoutes(t *testing.T) {
	var ops []Op
	for _, path := range []string{
		"/i/{id}/permissions", "/i/resources/{id}/tags", "/i/{id}", "/j/{b}/{c}", "/j/{a}/x", "/j", "/{any}/x/y/z",
		"/k/{id}/x", "/{any}/fixed",
	} {
		ops = append(ops, Op{Name: path, Method: "GET", Path: path, Handle: func(*Request) Response {
			return Text(200, path)
		}})
	}
	for _, tt := range []struct{ path, strict, lenient string }{
		{"/i/1/permissions", "/i/{id}/permissions", ""},
		{"/i/resources/permissions", "", "/i/{id}/permissions"},
		{"/i/resources", "", "/i/{id}"},
		{"/i/resources/1/tags", "/i/resources/{id}/tags", ""},
		{"/i/1", "/i/{id}", ""},
		{"/i/permissions", "/i/{id}", ""},
		{"/j/1/x", "/j/{a}/x", "/j/{b}/{c}"},
		{"/j/1/y", "/j/{b}/{c}", ""},
		{"/j/fixed", "", "/{any}/fixed"},
		{"/h/fixed", "/{any}/fixed", ""},
		{"/h/x/y/z", "/{any}/x/y/z", ""},
		{"/i/x/y/z", "", "/{any}/x/y/z"},
	} {
		for _, strict := range []bool{false, true} {
			want := tt.strict
			if !strict && tt.lenient != "" {
				want = tt.lenient
			}
			s := Start(Config{Ops: ops, Listen: Memory, Strict: strict})
			resp, err := s.HTTPClient().Get(s.URL + tt.path)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got := s.Calls()[0].Operation; got != want || (resp.StatusCode == 200) != (want != "") {
				t.Errorf("%s, strict %t: %d by %q, want %q", tt.path, strict, resp.StatusCode, got, want)
			}
		}
	}
}

func TestHeadersWithoutValuesAreRemoved(t *testing.T) {
	everyway(t, func(t *testing.T, listen Listen) {
		c := startCounter(t, Config{Listen: listen})
		c.Inject(Fault{Header: http.Header{"content-type": nil, "Date": nil}})
		c.Inject(Fault{Status: 500, Body: "<p>", Header: http.Header{"Content-Type": {}}})
		for _, body := range []string{`{"n":0}`, "<p>"} {
			got := c.do(t, "GET", "/n", "")
			if got.body != body || len(got.header.Values("Content-Type")) > 0 || body != "<p>" &&
				got.header.Get("Date") != "" {
				t.Errorf("%+v", got)
			}
			if got.header.Get(RequestIDHeader) == "" {
				t.Errorf("other headers went, too: %v", got.header)
			}
		}
	})
}
