package egeriatest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// isoLayout is how the platform writes times.
const isoLayout = "2006-01-02T15:04:05.000-07:00"

// springError is how Spring answers what does not reach an operation.
func (s *Server) springError(r *http.Request, status int) fakehttp.Reply {
	return fakehttp.JSON(status, map[string]any{
		"timestamp": s.config.Now().UTC().Format(isoLayout), "status": status, "error": http.StatusText(status), "path": r.URL.EscapedPath(),
	})
}

// front refuses the paths that Tomcat and Spring's firewall refuse.
func (s *Server) front(r *http.Request) *fakehttp.Reply {
	path := strings.ToLower(r.URL.EscapedPath())
	has := func(part string) bool { return strings.Contains(path, part) }
	switch {
	case slices.ContainsFunc([]string{"%2f", "%5c", `\`}, has):
		return new(tomcatError(http.StatusBadRequest))
	case !s.insecure && (slices.ContainsFunc([]string{"%25", "%3b", ";", "//", "%2e", "/./", "/../", "%00", "%0a", "%0d", "%7f"}, has) ||
		strings.HasSuffix(path, "/.") || strings.HasSuffix(path, "/..")):
		return new(s.springError(r, http.StatusBadRequest))
	}
	if before, _, found := strings.Cut(r.URL.EscapedPath(), ";"); found && !strings.Contains(path[len(before):], "/") {
		r.URL.Path, _ = url.PathUnescape(before) // what follows is a parameter of the path
		r.URL.RawPath = before
	}
	return nil
}

// tomcatError is how Tomcat answers by itself.
func tomcatError(status int) fakehttp.Reply {
	title := fmt.Sprintf("HTTP Status %d – %s", status, http.StatusText(status))
	body := `<!doctype html><html lang="en"><head><title>` + title + `</title></head><body><h1>` + title + `</h1></body></html>`
	return fakehttp.Reply{Status: status, Header: http.Header{"Content-Type": {"text/html;charset=utf-8"}, "Content-Language": {"en"}}, Body: []byte(body)}
}

// unrouted answers where there is no operation. Whoever has no token does not learn that.
func (s *Server) unrouted(r *fakehttp.Request, allow []string) fakehttp.Reply {
	if _, refusal := s.authenticate(r); refusal != nil {
		return *refusal
	}
	if len(allow) > 0 {
		return s.springError(r.Request, http.StatusMethodNotAllowed).With("Allow", strings.Join(allow, ", "))
	}
	return s.springError(r.Request, http.StatusNotFound)
}

// bodyKind is what an operation expects in the body.
type bodyKind int

const (
	noBody bodyKind = iota
	jsonObject
	jsonList
	anyText
	optionalObject
)

// decode reads the body of a call, or gives the status that Spring refuses it with.
func (c *call) decode(op operation) (status int) {
	payload := c.request.Payload
	media, _, _ := mime.ParseMediaType(c.request.Header.Get("Content-Type"))
	switch {
	case op.body == noBody, op.body == optionalObject && len(payload) == 0:
		return http.StatusOK
	case len(payload) == 0 && media == "":
		return http.StatusBadRequest
	case op.body == anyText:
		if len(payload) == 0 {
			return http.StatusBadRequest
		}
		return http.StatusOK
	case media != "application/json" && !strings.HasSuffix(media, "+json"):
		return http.StatusUnsupportedMediaType
	}
	if op.body == jsonList {
		if json.Unmarshal(payload, &c.list) != nil || c.list == nil || slices.ContainsFunc(c.list, func(item fakehttp.Object) bool {
			return item != nil && !op.fits(item)
		}) {
			return http.StatusBadRequest
		}
		return http.StatusOK
	}
	if json.Unmarshal(payload, &c.body) != nil || c.body == nil || !op.fits(c.body) {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// fits tells whether a value is of the class that the operation takes, and its texts are no objects or arrays.
func (op operation) fits(o fakehttp.Object) bool {
	if op.takes != "" && o.Text("class") != op.takes {
		return false
	}
	return op.takes != groupClass || !slices.ContainsFunc(groupMembers, func(name string) bool {
		return bytes.HasPrefix(o[name], []byte("{")) || bytes.HasPrefix(o[name], []byte("["))
	})
}

// javaDate is how Java writes a date in texts.
func javaDate(t time.Time) string { return t.UTC().Format("Mon Jan 02 15:04:05 MST 2006") }
