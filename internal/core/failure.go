package core

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/integrations-go/sdk/internal/redact"
	"github.com/integrations-go/sdk/ratelimit"
)

// Sizes, in bytes.
const (
	// maxErrorBody is the size of the part of a response body that an error keeps.
	maxErrorBody = 64 << 10
	// maxSecret is the size of the following part that is also searched for secrets, because the
	// kept part may end within one. If the searched part ends within one, the beginning of that
	// secret is replaced too.
	maxSecret = 4 << 10
)

// Failure is a failed call. It has the common fields of the error types of all vendors, under the
// same names. [CopyFields] copies them.
type Failure struct {
	Vendor         string
	Operation      string
	Method, Path   string
	StatusCode     int // 0 if there was no response
	Header         http.Header
	Body           []byte // at most maxErrorBody bytes
	RequestID      string
	Code, Detail   string // read from the body by describe and the vendor package
	RetryAfter     time.Duration
	Attempts       int    // 0 if nothing was sent
	NotRepeated    string // why a request that may be repeated was not repeated
	OutcomeUnknown bool
	Argument       string // the argument that is the reason, "" if there is none
	Err            error  // the cause if it is not the status: transport, decoding or context
}

// FailureOf returns the common fields of a vendor's error, which must be a pointer to a struct.
func FailureOf(vendor string, err any) *Failure {
	f := &Failure{}
	CopyFields(f, err)
	f.Vendor = vendor
	return f
}

// CopyFields copies the exported fields of the struct that from points to into the fields of the
// same name and type of the struct that to points to.
func CopyFields(to, from any) {
	t, f := reflect.ValueOf(to).Elem(), reflect.ValueOf(from).Elem()
	for field, value := range t.Fields() {
		same := f.FieldByName(field.Name)
		if field.IsExported() && same.IsValid() && same.Type() == field.Type {
			value.Set(same)
		}
	}
}

// failure collects the data of a failed call, without secrets. r may be nil.
func (c *Client) failure(cs *call, req *http.Request, r *response, err error) *Failure {
	if r != nil {
		if err == nil {
			err = cs.redirectRefused(r.resp)
		}
		if r.host != "" {
			err = &otherHostError{r.host, err}
		}
	}
	redactor := c.redactor(cs)
	f := &Failure{
		Operation:      cs.operation,
		Method:         req.Method,
		Path:           c.shownPath(req.URL),
		Attempts:       cs.attempts,
		NotRepeated:    cs.notRepeated,
		OutcomeUnknown: cs.outcomeUnknown,
		Err:            withSecretsHidden(err, redactor),
	}
	if wait, ok := errors.AsType[*ratelimit.WaitError](err); ok {
		f.RetryAfter = wait.Wait
	}
	if r != nil {
		c.addResponse(f, cs, r, redactor)
	}
	return f
}

// addResponse adds the data of r to f. It replaces the secrets in the header of r.
func (c *Client) addResponse(f *Failure, cs *call, r *response, redactor redact.Redactor) {
	f.StatusCode = r.resp.StatusCode
	hideInHeader(r.resp.Header, redactor)
	f.Header = r.resp.Header
	switch {
	case cs.opts.noAuth:
		f.Header = credentialsHidden(f.Header)
	case len(cs.opts.meta) > 0: // the metadata has the header of the response
		f.Header = f.Header.Clone()
	}
	if wait, stated := r.serverWait(c.cfg.Headers); stated {
		f.RetryAfter = max(f.RetryAfter, wait)
	}
	f.RequestID = f.Header.Get(c.cfg.RequestIDHeader)
	if cs.opts.noAuth && success(r.resp) {
		return // the response to a call without a credential may contain a credential
	}
	f.Body = slices.Clone(r.b[:min(len(r.b), maxErrorBody+maxSecret)])
	if r.cut || len(f.Body) < len(r.b) {
		f.Body = redactor.Beginning(f.Body)
	} else {
		f.Body = redactor.Bytes(f.Body)
	}
	if cs.opts.noAuth { // for any status
		f.Body = redact.Credentials(f.Body)
	}
	f.Body = f.Body[:min(len(f.Body), maxErrorBody)]
	f.describe(c.cfg.IsErrorDocument)
}

// hideInHeader replaces secrets in the values of h.
func hideInHeader(h http.Header, redactor redact.Redactor) {
	for _, values := range h {
		for i, v := range values {
			if clean := redactor.String(v); clean != v {
				values[i] = clean // only changed values are written: a transport may share the header
			}
		}
	}
}

// credentialsHidden returns a copy of h without possible credentials.
func credentialsHidden(h http.Header) http.Header {
	h = h.Clone()
	for name, values := range h {
		for i, value := range values {
			values[i] = safeHeader(name, value)
		}
	}
	return h
}

// Fail returns the vendor's error of a failure, without the client's credentials.
func (c *Client) Fail(f *Failure) error { return c.newError(f) }

// newError returns the vendor's error.
func (c *Client) newError(f *Failure) error {
	if c.cfg.Auth != nil && c.cfg.Auth.Secrets != nil {
		f.Err = withSecretsHidden(f.Err, redact.New(c.cfg.Auth.Secrets()))
	}
	return c.cfg.NewError(f)
}
