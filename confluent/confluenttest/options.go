package confluenttest

import (
	"net/http"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// Option configures a [Server].
type Option func(*Server)

// WithEnvironments replaces the environments that exist, by default "env-1" alone.
func WithEnvironments(ids ...string) Option {
	return func(s *Server) {
		clear(s.environments)
		for _, id := range ids {
			s.environments[id] = true
		}
	}
}

// WithClock sets the clock for token lifetimes, rate-limit windows, Date headers and call times; time.Now by default.
// Delays always use real timers.
func WithClock(now func() time.Time) Option {
	return func(s *Server) { s.config.Now = now }
}

// WithHTTP2 serves HTTP/2 over TLS instead of HTTP/1.1; [Server.HTTPClient] trusts its certificate.
func WithHTTP2() Option {
	return func(s *Server) { s.config.Listen = fakehttp.HTTP2 }
}

// WithoutSocket serves in memory only, through [Server.HTTPClient] and [Server.Transport]. URL is then a placeholder.
func WithoutSocket() Option {
	return func(s *Server) { s.config.Listen = fakehttp.Memory }
}

// WithRateLimit allows limit calls per credential in each window, which starts with its first call; calls without valid
// credentials count per source address. Successes then carry X-RateLimit-Limit, -Remaining and -Reset (seconds to the
// next window, rounded up), and one call more gets 429 with these, Retry-After and no body. A limit of 0 or less is none,
// the default. With a limit, the server panics at its start unless window is above 0.
func WithRateLimit(limit int, window time.Duration) Option {
	return func(s *Server) { s.config.Limit, s.config.Window = limit, window }
}

// WithMaxInFlight answers 429 with Retry-After: 1 while n calls are being served. By default there is no limit.
func WithMaxInFlight(n int) Option {
	return func(s *Server) { s.config.MaxInFlight = n }
}

// WithLatency delays each operation by d.
func WithLatency(d time.Duration) Option {
	return func(s *Server) { s.config.Latency = d }
}

// WithQuota limits the integrations of all clouds per environment and per organization; 0 is no limit, the default.
// One more is refused with 402 by v1, and with 400 by v2.
func WithQuota(perEnvironment, perOrganization int) Option {
	return func(s *Server) { s.perEnvironment, s.perOrganization = perEnvironment, perOrganization }
}

// WithUniqueNames refuses a second v2 integration of the same display_name in an environment with 409 and a Location.
// By default it is allowed.
func WithUniqueNames() Option {
	return func(s *Server) { s.uniqueNames = true }
}

// WithStyle changes how the server answers.
func WithStyle(style Style) Option {
	return func(s *Server) { s.style = style }
}

// Style holds ways to answer that differ from the published specification or fill its gaps, and that clients should
// survive. The zero value is the default.
type Style struct {
	RelativeNext     bool // metadata.next is path and query instead of an absolute URL, & written \u0026
	NullNext         bool // the last page has "next": null instead of no next
	EmptyNext        bool // the last page has "next": ""
	TrailingPage     bool // one more page follows the last, with "data": null
	BareMetadata     bool // metadata never has total_size
	BareLists        bool // a list's api_version and kind are ""
	CreateOK         bool // create answers 200 instead of 201
	DeleteOK         bool // v1 delete answers 200 and {} instead of 204
	EmptyNotFound    bool // 404 has no body, yet content type JSON
	OmitUsages       bool // usages is absent outside lists
	OmitUnset        bool // the customer's side of a draft is absent instead of ""
	BlankEnvironment bool // environment has "related": "" and "resource_name": ""
	UpperProvider    bool // v2 answers the provider in upper case
	FlatErrors       bool // errors are {"error_code", "message"} instead of {"errors": [...]}
	LockFailedDraft  bool // a draft whose update was refused for its config can't be updated any more
	AWSInV2          bool // v2 creates integrations with AWS too, instead of refusing them with 400
	ExactProvider    bool // the provider filter selects only the spelling that the server answers, instead of any case

	NotFound           int // status for an integration that isn't there; 404 by default
	UnknownEnvironment int // status for an environment that isn't there; 403 by default
	InUse              int // status for a delete while in use; 409 by default
	NotDraft           int // status for an update outside DRAFT; 409 by default
	V2Quota            int // status for a v2 create beyond the quota; 400 by default
}

func (st *Style) setDefaults() {
	for _, d := range []struct {
		status   *int
		fallback int
	}{
		{&st.NotFound, http.StatusNotFound},
		{&st.UnknownEnvironment, http.StatusForbidden},
		{&st.InUse, http.StatusConflict},
		{&st.NotDraft, http.StatusConflict},
		{&st.V2Quota, http.StatusBadRequest},
	} {
		if *d.status == 0 {
			*d.status = d.fallback
		}
	}
}
