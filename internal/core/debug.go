package core

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/integrations-go/sdk/internal/redact"
)

// maxDebugBody is the maximum size of a body that is shown, in bytes.
const maxDebugBody = 4 << 10

// DebugWriter writes the messages of clients, one at a time, and numbers their requests. Clients
// that share an option share it.
type DebugWriter struct {
	requests atomic.Int64

	mu sync.Mutex
	w  io.Writer
}

// NewDebugWriter returns a DebugWriter over w, nil if w is nil or a nil pointer.
func NewDebugWriter(w io.Writer) *DebugWriter {
	if v := reflect.ValueOf(w); w == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil
	}
	return &DebugWriter{w: w}
}

func (d *DebugWriter) write(message []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _ = d.w.Write(message)
}

// debugTransport writes requests and responses as text. It is the innermost stage: it shows what is
// sent.
type debugTransport struct {
	c    *Client
	out  *DebugWriter
	next http.RoundTripper
}

func (c *Client) withDebug(next http.RoundTripper) http.RoundTripper {
	if c.cfg.Debug == nil {
		return next
	}
	return &debugTransport{c, c.cfg.Debug, next}
}

func (d *debugTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	cs := callOf(req.Context())
	name := fmt.Sprintf("%s %d", d.c.cfg.Vendor, d.out.requests.Add(1))
	d.show(cs, ">", name+" "+req.Method+" "+safeURL(req.URL), req.Header, d.requestBody(cs, req))
	begin := time.Now()
	resp, err := d.next.RoundTrip(req)
	after := fmt.Sprintf("after %v", time.Since(begin).Round(time.Millisecond))
	if err != nil || resp == nil {
		d.show(cs, "<", fmt.Sprintf("%s no response %s: %v", name, after, err), nil, "")
		return resp, err
	}
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	title := name + " " + strings.TrimSpace(fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode))) +
		" " + after
	credential := cs.opts.noAuth && success(resp) // the response may contain a credential
	resp.Body = &debugBody{ReadCloser: resp.Body, done: func(beginning []byte, size int64, complete bool) {
		d.show(cs, "<", title, resp.Header, d.responseBody(cs, resp, beginning, size, complete, credential))
	}}
	return resp, nil
}

// requestBody returns the text for a request body. It does not read the body that is sent.
func (d *debugTransport) requestBody(cs *call, req *http.Request) string {
	switch {
	case req.Body == nil || req.Body == http.NoBody || req.ContentLength == 0:
		return ""
	case req.ContentLength < 0:
		return "(a body of unknown size)"
	}
	size := fmt.Sprintf("(%d bytes)", req.ContentLength)
	getBody := req.GetBody
	// An attempt removes GetBody from the request that it sends.
	if a, ok := req.Context().Value(attemptKey{}).(*attempt); ok && getBody == nil &&
		a.req.ContentLength == req.ContentLength {
		getBody = a.req.GetBody
	}
	if req.ContentLength > maxDebugBody || getBody == nil {
		return size
	}
	body, err := getBody()
	if err != nil {
		return size
	}
	defer body.Close()
	b, err := io.ReadAll(io.LimitReader(body, maxDebugBody))
	if err != nil {
		return size
	}
	return d.body(cs, b)
}

func (d *debugTransport) responseBody(
	cs *call, resp *http.Response, beginning []byte, size int64, complete, credential bool,
) string {
	switch {
	case !complete && resp.ContentLength > 0:
		return fmt.Sprintf("(%d of %d bytes were read)", size, resp.ContentLength)
	case !complete:
		return fmt.Sprintf("(%d bytes were read)", size)
	case credential && size > 0, size > maxDebugBody:
		return fmt.Sprintf("(%d bytes)", size)
	}
	return d.body(cs, beginning)
}

// body returns a JSON object or array without its secrets. For anything else it returns the size.
func (d *debugTransport) body(cs *call, b []byte) string {
	if len(b) == 0 {
		return ""
	}
	text, ok := redact.JSONWithout(d.c.redactor(cs), b, d.c.cfg.SecretMember)
	if !ok {
		return fmt.Sprintf("(%d bytes)", len(b))
	}
	return text
}

// show writes a message with one Write.
func (d *debugTransport) show(cs *call, mark, title string, header http.Header, body string) {
	var b bytes.Buffer
	line := func(text string) {
		b.WriteString(strings.TrimRight(mark+" "+text, " ") + "\n")
	}
	redactor := d.c.redactor(cs)
	line(oneLine(redactor.String(title), maxDebugBody))
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			line(name + ": " + safeHeader(name, redactor.String(value)))
		}
	}
	if body != "" {
		line("")
		line(body)
	}
	b.WriteString("\n")
	d.out.write(redactor.Bytes(b.Bytes()))
}

// safeHeader returns the value of a header without secrets.
func safeHeader(name, value string) string {
	switch {
	case secretHeader(name):
		return redact.Mark
	case name == "Location" || name == "Content-Location" || name == "Referer":
		u, err := url.Parse(value)
		if err != nil {
			return redact.Mark
		}
		return safeURL(u)
	}
	return redact.Text(value)
}

// secretHeader reports whether a header has the name of a credential.
func secretHeader(name string) bool {
	name = strings.ToLower(name)
	return redact.SecretName(name) || slices.ContainsFunc(
		[]string{"auth", "cookie", "token", "secret", "key", "signature", "session"},
		func(part string) bool { return strings.Contains(name, part) })
}

// safeURL returns u without a password, and without the values of query parameters that have the
// name of a secret.
func safeURL(u *url.URL) string {
	shown := *u
	if u.RawQuery != "" {
		parts := strings.Split(u.RawQuery, "&")
		for i, part := range parts {
			name, _, _ := strings.Cut(part, "=")
			plain, err := url.QueryUnescape(name)
			if err != nil || secretHeader(plain) && !redact.PageToken(plain) || strings.EqualFold(plain, "sig") {
				parts[i] = name + "=" + redact.Mark
			}
		}
		shown.RawQuery = strings.Join(parts, "&")
	}
	return shown.Redacted()
}

// debugBody is the body of a response. It is shown when it has been read to its end, or is closed.
type debugBody struct {
	io.ReadCloser
	beginning []byte
	size      int64
	done      func(beginning []byte, size int64, complete bool)
	once      sync.Once
}

func (r *debugBody) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.size += int64(n)
	r.beginning = append(r.beginning, p[:min(n, maxDebugBody-len(r.beginning))]...)
	if err != nil {
		r.finish(err == io.EOF)
	}
	return n, err
}

func (r *debugBody) Close() error {
	err := r.ReadCloser.Close()
	r.finish(r.ReadCloser == http.NoBody)
	return err
}

func (r *debugBody) finish(complete bool) {
	r.once.Do(func() { r.done(r.beginning, r.size, complete) })
}
