package core

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk/internal/redact"
)

// CallOptions collects the options of one call.
type CallOptions struct {
	meta       []*Meta
	raw        []*[]byte
	idempotent bool
	likePut    bool
	isAction   bool
	noAuth     bool
	prefetch   bool
	recreate   bool
	ownHost    bool
	isGone     GoneCheck
	secrets    []string
	header     http.Header
	timeout    *attemptTimeoutError // replaces that of the client
	invalid    error                // the first option that is not valid
}

// applyCallOptions collects opts, and clears the variables that receive results: they must not keep
// the values of an earlier call. A nil option is not valid.
func applyCallOptions[O ~func(*CallOptions)](o *CallOptions, opts []O) error {
	for i, opt := range opts {
		if opt == nil {
			o.check(Arg("call option", "%d of %d is nil", i+1, len(opts)))
			continue
		}
		opt(o)
	}
	o.Deliver(Meta{}, nil)
	return o.invalid
}

// BeginCall begins a call. It clears the variables that its options store results in, and returns
// the vendor's error for the first of checks that is not nil. It is for methods that check
// arguments before [CallObject] or a similar function collects the options.
func BeginCall[O ~func(*CallOptions)](
	newError func(*Failure) error, operation string, opts []O, checks ...error,
) error {
	if len(opts) > 0 {
		_, _ = CollectCallOptions(opts) // the call itself reports an invalid option
	}
	return Refuse(newError, operation, checks...)
}

// CheckCall returns an error if a call can't be made with this context and these options. It is for
// methods that send a request, or ask the caller for a credential, before [CallObject] or a similar
// function checks both.
func CheckCall[O ~func(*CallOptions)](ctx context.Context, opts []O) error {
	_, err := CollectCallOptions(opts)
	return cmp.Or(CheckContext(ctx), err)
}

func (o *CallOptions) check(err error) {
	if o.invalid == nil {
		o.invalid = err
	}
}

// WithMeta stores the response metadata, also of error responses.
func (o *CallOptions) WithMeta(m *Meta) {
	if m == nil {
		o.check(Arg("Meta", "is nil"))
		return
	}
	o.meta = append(o.meta, m)
}

// WithRawBody stores a copy of the response body.
func (o *CallOptions) WithRawBody(b *[]byte) {
	if b == nil {
		o.check(Arg("raw body", "is nil"))
		return
	}
	o.raw = append(o.raw, b)
}

// WithoutResults undoes an earlier WithMeta and WithRawBody, for a request that only checks the
// outcome of the caller's request.
func (o *CallOptions) WithoutResults() { o.meta, o.raw = nil, nil }

// WithIdempotent allows the call to be repeated with any method. The caller accepts that the server
// may carry it out more than once. After a lost response the outcome is still unknown.
func (o *CallOptions) WithIdempotent() { o.idempotent = true }

// WithoutIdempotent undoes an earlier WithIdempotent, for methods that send several requests: the
// option can't be meant for each of them.
func (o *CallOptions) WithoutIdempotent() { o.idempotent = false }

// WithOwnHost makes a success of another host an error, for a request whose response decides about
// a change. A GET may be redirected to another host, which does not get the credential and may show
// other objects.
func (o *CallOptions) WithOwnHost() { o.ownHost = true }

// WithIdempotentOperation states that the operation is idempotent although its method is not. It is
// handled like a PUT.
func (o *CallOptions) WithIdempotentOperation() { o.likePut = true }

// WithOnce marks the call as an action, whatever its method is. It is repeated only if it surely
// was not carried out.
func (o *CallOptions) WithOnce() { o.isAction = true }

// WithAttemptTimeout sets the attempt timeout of this call.
func (o *CallOptions) WithAttemptTimeout(d time.Duration) {
	o.check(checkAttemptTimeout(d))
	o.timeout = &attemptTimeoutError{d}
}

// WithHeader adds a header to each attempt that goes to the configured origin.
func (o *CallOptions) WithHeader(name, value string) {
	o.check(checkHeader(name, value))
	if o.header == nil {
		o.header = http.Header{}
	}
	o.header.Add(name, value)
	if secretHeader(name) {
		o.WithSecrets(value)
		o.WithSecrets(secretParts(name, value)...)
	}
}

// secretParts returns the parts of a secret header that a server may repeat alone: what follows a
// scheme, as in "Bearer x", the password in it, and the values of cookies. Short parts, and what
// may be ordinary words, are not returned.
func secretParts(name, value string) (parts []string) {
	if http.CanonicalHeaderKey(name) == "Cookie" {
		for cookie := range strings.SplitSeq(value, ";") {
			name, part, _ := strings.Cut(cookie, "=")
			if part = strings.Trim(part, `" `); len(part) >= longWord || redact.SecretName(name) {
				parts = append(parts, part)
			}
		}
	} else if fields := strings.Fields(value); len(fields) == 2 && isScheme(fields[0]) {
		parts = credentialsIn(strings.Join(fields, " "))
	}
	const shortest = 6 // as in package redact, for texts that are searched for within words
	return slices.DeleteFunc(parts, func(part string) bool { return len(part) < shortest })
}

// longWord is the length of texts that are longer than most ordinary words, in bytes.
const longWord = 16

// isScheme reports whether word is a usual scheme of a credential.
func isScheme(word string) bool {
	return slices.ContainsFunc([]string{"Bearer", "Basic", "Token", "ApiKey", "Key"},
		func(scheme string) bool { return strings.EqualFold(scheme, word) })
}

// reservedHeaders belong to credentials, to the connection, or to the encoding of bodies, which the
// transport handles.
var reservedHeaders = []string{
	"Authorization", "Proxy-Authorization", "Host", "Content-Length",
	"Connection", "Proxy-Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	"Accept-Encoding", "Expect",
}

func checkHeader(name, value string) error {
	switch {
	case !validHeaderName(name):
		return Arg("header", "has the name %q", name)
	case slices.Contains(reservedHeaders, http.CanonicalHeaderKey(name)):
		return Arg("header", "%s is set by the client", http.CanonicalHeaderKey(name))
	}
	return headerText("header "+http.CanonicalHeaderKey(name), value)
}

// validHeaderName reports whether name is a token of RFC 9110, section 5.6.2.
func validHeaderName(name string) bool {
	const marks = "!#$%&'*+-.^_`|~"
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (c < '0' || c > '9') && !slices.Contains([]byte(marks), c) {
			return false
		}
	}
	return name != ""
}

// isIdempotent follows RFC 9110, section 9.2.2, unless the operation differs from its method.
func (o *CallOptions) isIdempotent(method string) bool {
	return o.likePut || !o.isAction && idempotentMethod(method)
}

// isRepeatable reports whether the call may be repeated even if the server may have carried it out.
func (o *CallOptions) isRepeatable(method string) bool { return o.idempotent || o.isIdempotent(method) }

// WithoutAuth sends no credential and does not use the rate limit, because the server counts
// requests per credential.
func (o *CallOptions) WithoutAuth() { o.noAuth = true }

// GoneCheck reports whether an object no longer exists. If it can't find out, it returns the
// reason.
type GoneCheck func() (gone bool, err error)

// WithGoneCheck sets the function that decides the outcome of a DELETE after a lost response. It is
// called if a later attempt gets 403, or a 404 from a gateway. Servers send 403 both for objects
// that may not be deleted and for objects that do not exist. Without a check the outcome is
// unknown.
func (o *CallOptions) WithGoneCheck(check GoneCheck) { o.isGone = check }

// WithSecrets adds secrets that the call sends besides the client's credentials, and that must not
// be shown.
func (o *CallOptions) WithSecrets(secrets ...string) { o.secrets = append(o.secrets, secrets...) }

// HideSecrets returns err without the secrets of the call.
func (o *CallOptions) HideSecrets(err error) error {
	return withSecretsHidden(err, redact.New(o.secrets))
}

// WithPrefetch fetches one page ahead.
func (o *CallOptions) WithPrefetch() { o.prefetch = true }

// Prefetch reports whether a page is to be fetched ahead.
func (o *CallOptions) Prefetch() bool { return o.prefetch }

// WithRecreate allows a method to delete an object that it can't change, and to create it again.
func (o *CallOptions) WithRecreate() { o.recreate = true }

// Recreate reports whether an object that can't be changed may be deleted and created again.
func (o *CallOptions) Recreate() bool { return o.recreate }

// CollectCallOptions returns the options of a list, for [CallOptions.ForPage].
func CollectCallOptions[O ~func(*CallOptions)](opts []O) (*CallOptions, error) {
	o := &CallOptions{}
	err := applyCallOptions(o, opts)
	return o, err
}

// ForPage returns the options of a call that fetches one page of a list. It stores its metadata and
// body in meta and raw. Another goroutine may fetch a page ahead. Therefore the results are
// collected here, and [CallOptions.Deliver] delivers them with the page.
func (o *CallOptions) ForPage(meta *Meta, raw *[]byte) []func(*CallOptions) {
	return []func(*CallOptions){func(page *CallOptions) {
		*page = *o
		page.meta = []*Meta{meta}
		if page.raw != nil {
			page.raw = []*[]byte{raw}
		}
	}}
}

// Deliver stores the metadata and body of a page in the caller's variables. It keeps raw. The page
// also has meta, so each gets its own header.
func (o *CallOptions) Deliver(meta Meta, raw []byte) {
	for _, m := range o.meta {
		*m = meta
		m.Header = meta.Header.Clone()
	}
	o.storeBody(raw)
}

func (o *CallOptions) storeBody(b []byte) {
	for i, raw := range o.raw {
		if i > 0 {
			b = slices.Clone(b)
		}
		*raw = b
	}
}
