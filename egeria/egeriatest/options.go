package egeriatest

import (
	"maps"
)

// WithRelease sets the release of the platform: "4.0", "4.1", "4.2", "4.3", "5.0", "5.3", "6.0" or
// "6.1", the default. The release determines the operations, their paths, the required credentials
// and the responses. WithRelease panics for other releases.
func WithRelease(version string) Option {
	return func(s *Server) { s.release = mustRelease(version) }
}

// WithInvertedFilter enables a bug of 4.x: putting an integration group removes all groups with
// other names, and keeps those with the same name next to the new one. It is the default for these
// releases.
func WithInvertedFilter() Option {
	return func(s *Server) { s.inverted = new(true) }
}

// WithoutInvertedFilter makes putIntegrationGroup add or replace one group, as in later releases.
func WithoutInvertedFilter() Option {
	return func(s *Server) { s.inverted = new(false) }
}

// WithUnknownMembers keeps members of integration groups and documents that the release does not
// know, as a later release may. By default they are removed.
func WithUnknownMembers() Option {
	return func(s *Server) { s.keepUnknown = true }
}

// WithEncryptedStore encrypts documents like 4.x and 5.0 by default, with a bug that loses them:
// deleting the document of any server, even one without a document, deletes the key of all.
// Documents that can no longer be read fail with OMAG-ADMIN-500-001. The next stored document
// creates a new key, which can't decrypt the others. By default nothing is lost. The server panics
// at its start for 6.0 and later, which store only clear text.
func WithEncryptedStore() Option {
	return func(s *Server) { s.encrypted = true }
}

// WithoutSecurity removes the checks of paths and tokens, as on the platforms whose responses were
// recorded. The server panics at its start if the release has tokens.
func WithoutSecurity() Option {
	return func(s *Server) { s.insecure = true }
}

// WithPlaceholders sets the values of placeholders: the value of "x" replaces ~{x}~ (in 5.0 {{x}})
// when a document is resolved, in getResolvedConfiguration and at the start of a server (since
// 5.0). egeriaEndpoint is the URL of the server, unless values has another one.
func WithPlaceholders(values map[string]string) Option {
	return func(s *Server) { s.placeholders = maps.Clone(values) }
}
