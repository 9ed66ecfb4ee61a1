package egeriatest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// isoLayout is the format of times on the platform.
const isoLayout = "2006-01-02T15:04:05.000-07:00"

// springError returns the response of Spring to a request that does not reach an operation.
func (s *Server) springError(r *http.Request, status int) fakehttp.Response {
	return fakehttp.JSON(status, map[string]any{
		"timestamp": s.config.Now().UTC().Format(isoLayout), "status": status, "error": http.StatusText(status),
		"path": r.URL.EscapedPath(),
	})
}

// tomcatError returns an error response of Tomcat.
func tomcatError(status int) fakehttp.Response {
	title := fmt.Sprintf("HTTP Status %d – %s", status, http.StatusText(status))
	body := `<!doctype html><html lang="en"><head><title>` + title + `</title></head><body><h1>` + title +
		`</h1></body></html>`
	return fakehttp.Response{Status: status, Header: http.Header{"Content-Type": {"text/html;charset=utf-8"},
		"Content-Language": {"en"}}, Body: []byte(body)}
}

// bodyKind is the kind of request body of an operation.
type bodyKind int

const (
	noBody bodyKind = iota
	jsonObject
	jsonList
	jsonTexts
	anyText
	optionalObject
)

// decode reads the body of a call. It returns 200, or the status with which Spring refuses the
// call.
func (c *call) decode(op operation) (status int) {
	payload := c.request.Payload
	media := c.request.MediaType()
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
	if op.body == jsonTexts {
		if json.Unmarshal(payload, &c.texts) != nil || c.texts == nil {
			return http.StatusBadRequest
		}
		return http.StatusOK
	}
	if op.body == jsonList {
		if json.Unmarshal(payload, &c.list) != nil || c.list == nil || slices.ContainsFunc(c.list,
			func(item fakehttp.Object) bool {
				return item != nil && !op.fits(item)
			}) {
			return http.StatusBadRequest
		}
		return http.StatusOK
	}
	if json.Unmarshal(payload, &c.body) != nil || c.body == nil || !op.fits(c.body) || op.typed &&
		c.release.bearers() && c.body.Null("class") {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// fits reports whether a value has the class of the operation, and none of its texts is an object
// or an array.
func (op operation) fits(o fakehttp.Object) bool {
	if op.takes != "" && o.Text("class") != op.takes {
		return false
	}
	return op.takes != groupClass || !slices.ContainsFunc(groupMembers, func(name string) bool {
		return bytes.HasPrefix(o[name], []byte("{")) || bytes.HasPrefix(o[name], []byte("["))
	})
}

// javaDate returns a date in the format of Java's texts.
func javaDate(t time.Time) string { return t.UTC().Format("Mon Jan 02 15:04:05 MST 2006") }
