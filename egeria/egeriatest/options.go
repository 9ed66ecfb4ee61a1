package egeriatest

import (
	"maps"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// Option configures a [Server].
type Option func(*Server)

// WithRelease sets the release of the platform: "4.0", "4.1", "4.2", "4.3", "5.0", "5.3", "6.0" or "6.1", the default. It
// decides which operations there are and where, who may call them, and how the platform answers. WithRelease panics for
// others.
func WithRelease(version string) Option {
	return func(s *Server) { s.release = mustRelease(version) }
}

// WithInvertedFilter gives the server a bug of 4.0 to at least 5.0: putting an integration group drops all groups with
// other names, and keeps those with the same name beside the new one. It is the default for these releases.
func WithInvertedFilter() Option {
	return func(s *Server) { s.inverted = new(true) }
}

// WithoutInvertedFilter gives the server a putIntegrationGroup that adds or replaces one group, as later releases have it.
func WithoutInvertedFilter() Option {
	return func(s *Server) { s.inverted = new(false) }
}

// WithUnknownMembers keeps members of integration groups and documents that the release doesn't know, as a later one does that knows them.
// By default they are dropped.
func WithUnknownMembers() Option {
	return func(s *Server) { s.keepUnknown = true }
}

// WithEncryptedStore keeps documents as 4.x does by default, with a bug that loses them: deleting the document of any server,
// even of one that has none, deletes the key of all. Documents that can't be read any more fail with OMAG-ADMIN-500-001;
// the next one that is stored makes a new key, which doesn't help the others. By default nothing is lost.
func WithEncryptedStore() Option {
	return func(s *Server) { s.encrypted = true }
}

// WithoutSecurity leaves out the part of the platform that refuses odd paths and bad tokens, as it was where answers of real
// platforms were recorded. Releases with tokens panic at the start.
func WithoutSecurity() Option {
	return func(s *Server) { s.insecure = true }
}

// WithPlaceholders sets the values that the platform has for placeholders: "x" is what ~{x}~ stands for where documents are
// resolved, which is in getResolvedConfiguration and where a server is started (since 5.0). By default there are none.
func WithPlaceholders(values map[string]string) Option {
	return func(s *Server) { s.placeholders = maps.Clone(values) }
}

// WithClock sets the clock for token lifetimes, times in replies and documents, rate-limit windows, Date headers and call
// times; time.Now by default. Delays always use real timers.
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

// WithRateLimit allows limit calls per user in each window, which starts with its first call; calls without a valid token
// count per source address where the release has tokens. Successes then carry X-RateLimit-Limit, -Remaining and -Reset
// (seconds to the next window, rounded up), and one call more gets 429 with these, Retry-After and no body. By default
// there is no limit, and a platform has none either: it is what a gateway before it may do.
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
