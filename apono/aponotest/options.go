package aponotest

import (
	"cmp"
	"net/http"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// Option configures a [Server].
type Option func(*Server)

// WithConnectors replaces the connectors that exist, by default "connector-1" alone. Each is CONNECTED and named as its id;
// [Server.AddConnector] adds others. An id that is "" or given twice makes the start panic.
func WithConnectors(ids ...string) Option {
	return func(s *Server) { s.connectorIDs = ids }
}

// WithCatalog adds entries to the catalog of integration types, or replaces those of the same type. An entry is anything
// that encodes to a JSON object with a type, such as a map or an api.CatalogEntry; what else is absent is filled in.
// WithCatalog panics for anything else.
func WithCatalog(entries ...any) Option {
	return func(s *Server) {
		for _, e := range entries {
			s.addEntry(e)
		}
	}
}

// WithUserInformation seeds an integration as of an identity provider: type google-idp, category USER-INFORMATION, name
// "Google Workspace", ACTIVE, without connector.
func WithUserInformation() Option {
	return func(s *Server) { s.userInformation = true }
}

// WithSyncReads says how many replies show an integration as Initializing or Refreshing before its sync ends: those that
// get or list it after the create or refresh. The default is 1. Below 0 no sync ends by itself; see [Server.SetStatus].
func WithSyncReads(n int) Option {
	return func(s *Server) { s.syncReads, s.syncByClock = n, false }
}

// WithSyncTime ends each sync d after its start by the server's clock, instead of after a number of reads.
func WithSyncTime(d time.Duration) Option {
	return func(s *Server) { s.syncTime, s.syncByClock = d, true }
}

// WithUniqueNames refuses an integration whose name is another's, upper and lower case apart, with 409. By default it is
// allowed: Apono calls names unique, but doesn't publish what happens otherwise.
func WithUniqueNames() Option {
	return func(s *Server) { s.uniqueNames = true }
}

// WithClock sets the clock for syncs, rate-limit windows, Date headers and call times; time.Now by default. Delays always
// use real timers.
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

// WithRateLimit allows limit calls per token in each window, which starts with its first call; calls without a valid token
// count per source address. Successes then carry X-RateLimit-Limit, -Remaining and -Reset (seconds to the next window,
// rounded up), and one call more gets 429 with these, Retry-After and no body. By default there is no limit. Apono
// documents none of this.
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

// WithStyle changes how the server answers.
func WithStyle(style Style) Option {
	return func(s *Server) { s.style = style }
}

// Style holds ways to answer that differ from the published specification or fill its gaps, and that clients should
// survive. The zero value is the default.
type Style struct {
	V2TimeQuoted   bool // v2 writes a time as a string, "1746093600.000000005", instead of a number with nine decimals
	V2TimeUnpadded bool // v2 writes the nanoseconds behind the point as a whole number: 5 ns are .5
	V2TimeISO      bool // v2 writes a time in RFC 3339, as v4 does; goes before the other two
	V4StatusAsV2   bool // v4 writes "Active" instead of "ACTIVE"

	NullUnset         bool // optional members without a value are null instead of absent
	SecretSiblings    bool // secret_store_config always names all six stores, null but for the one in use
	EmptySecretConfig bool // v2 writes secret_config {} for none
	NullMetadata      bool // v2 writes an empty metadata as null
	NullResourceTypes bool // v2 writes connected_resource_types null for none instead of []
	NullValues        bool // a catalog parameter for any value has "values": null instead of []
	NullItems         bool // an empty list is null
	RemovedFields     bool // v4 integrations also have the members that it once had
	UnknownMembers    bool // all objects but pagination also have "x_newer": {"n": 1.10}
	RevealSecrets     bool // reads show the values of apono.parameters instead of ""

	NoPagination    bool // the last page of a v4 or connectors v3 list has no pagination, instead of a null token
	NullPagination  bool // it has "pagination": null
	EmptyPagination bool // it has "pagination": {}
	EmptyToken      bool // it has "next_page_token": ""
	TrailingPage    bool // one more page follows it, without items
	Truncate        int  // v2 and v3 lists hold at most so many items, while total counts all; 0: no limit

	PlainType     bool // JSON replies say text/plain
	NoType        bool // JSON replies have no Content-Type
	DeleteOK      bool // v4 and connectors answer a delete with 200 and {} instead of 204
	EmptyMessages bool // replies that are but a message have no body
	Success       int  // status in place of 200; 200 by default

	LaxSecretStore bool // a secret_store_config may name any number of stores instead of exactly one
	KeepMissing    bool // an update keeps what it doesn't mention instead of clearing it; null clears
	MergeTags      bool // an update of user tags adds to them instead of replacing them
}

// dress gives a success its status and type.
func (st *Style) dress(reply fakehttp.Reply) fakehttp.Reply {
	if reply.Status == http.StatusOK {
		reply.Status = cmp.Or(st.Success, http.StatusOK)
	}
	switch {
	case reply.Body == nil:
	case st.NoType:
		reply.Header = http.Header{"Content-Type": nil}
	case st.PlainType:
		reply = reply.With("Content-Type", "text/plain; charset=utf-8")
	}
	return reply
}
