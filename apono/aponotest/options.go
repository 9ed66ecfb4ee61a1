package aponotest

import (
	"cmp"
	"net/http"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// WithConnectors replaces the existing connectors. The default is "connector-1". Each one is
// CONNECTED, and its name is its ID. [Server.AddConnector] adds others. The server panics at its
// start for an empty or repeated ID.
func WithConnectors(ids ...string) Option {
	return func(s *Server) { s.connectorIDs = ids }
}

// WithCatalog adds entries to the catalog of integration types, or replaces those of the same type.
// An entry is anything that encodes to a JSON object with a type, such as a map or an
// apono.CatalogEntry. Missing members are filled in. WithCatalog panics for other values.
func WithCatalog(entries ...any) Option {
	return func(s *Server) {
		for _, e := range entries {
			s.addEntry(e)
		}
	}
}

// WithUserInformation adds an integration of an identity provider: type google-idp, category
// USER-INFORMATION, name "Google Workspace", ACTIVE, without a connector.
func WithUserInformation() Option {
	return func(s *Server) { s.userInformation = true }
}

// WithSyncReads sets the number of responses that show an integration as Initializing or Refreshing
// before its sync ends. Responses to a get or a list after the create or refresh count. The default
// is 1. With a negative number, no sync ends by itself (see [Server.SetStatus]).
func WithSyncReads(n int) Option {
	return func(s *Server) { s.syncReads, s.syncByClock = n, false }
}

// WithSyncTime makes each sync end d after its start by the server's clock, instead of after a
// number of reads.
func WithSyncTime(d time.Duration) Option {
	return func(s *Server) { s.syncTime, s.syncByClock = d, true }
}

// WithUniqueNames refuses an integration with the name of another one, in any letter case, with
// 409. By default it is allowed: Apono calls names unique, but does not document the response.
func WithUniqueNames() Option {
	return func(s *Server) { s.uniqueNames = true }
}

// WithStyle changes how the server responds.
func WithStyle(style Style) Option {
	return func(s *Server) { s.style = style }
}

// Style selects responses that differ from the published specification or fill its gaps. Clients
// should accept them. The zero value is the default.
type Style struct {
	// V2TimeQuoted makes v2 write a time as a string, "1746093600.000000005", instead of
	// a number with nine decimals.
	V2TimeQuoted bool
	// V2TimeUnpadded makes v2 write the nanoseconds after the point as a whole number: 5
	// ns are .5.
	V2TimeUnpadded bool
	// V2TimeISO makes v2 write a time in RFC 3339, as v4 does. It takes precedence over
	// the other two.
	V2TimeISO bool
	// V4StatusAsV2 makes v4 write "Active" instead of "ACTIVE".
	V4StatusAsV2 bool

	// NullUnset writes optional members without a value as null instead of leaving them
	// out.
	NullUnset bool
	// SecretSiblings writes all six stores in secret_store_config. All except the used
	// one are null.
	SecretSiblings bool
	// EmptySecretConfig makes v2 write secret_config {} if there is none.
	EmptySecretConfig bool
	// NullMetadata makes v2 write an empty metadata as null.
	NullMetadata bool
	// NullResourceTypes makes v2 write connected_resource_types as null instead of [].
	NullResourceTypes bool
	// NullValues writes "values": null instead of [] for a catalog parameter that takes
	// any value.
	NullValues bool
	// NullItems writes an empty list as null.
	NullItems bool
	// VersionObjects writes the connector_version in the metadata of a connector's
	// sessions as an object with version, commit and build_date, an earlier form of the
	// API.
	VersionObjects bool
	// RemovedFields adds the members that v4 integrations had earlier.
	RemovedFields bool
	// UnknownMembers adds "x_newer": {"n": 1.10} to all objects except pagination.
	UnknownMembers bool
	// RevealSecrets shows the values of apono.parameters in reads, instead of "".
	RevealSecrets bool

	// NoPagination leaves out the pagination of the last page of a v4 or connectors v3
	// list, instead of writing a null token.
	NoPagination bool
	// NullPagination writes "pagination": null there.
	NullPagination bool
	// EmptyPagination writes "pagination": {} there.
	EmptyPagination bool
	// EmptyToken writes "next_page_token": "" there.
	EmptyToken bool
	// TrailingPage adds one more page after the last, without items.
	TrailingPage bool
	// Truncate is the maximum number of items in lists of v2 and v3. The total counts all
	// items. 0 means no limit.
	Truncate int

	// PlainType sends JSON as text/plain.
	PlainType bool
	// NoType sends JSON without a Content-Type.
	NoType bool
	// DeleteOK makes v4 and connectors respond to a delete with 200 and {} instead of
	// 204.
	DeleteOK bool
	// EmptyMessages leaves out the body of responses that only have a message.
	EmptyMessages bool
	// Success is the status that replaces 200.
	Success int

	// LaxSecretStore accepts any number of stores in secret_store_config.
	LaxSecretStore bool
	// KeepMissing makes an update keep members that it does not have, instead of clearing
	// them. null clears a member.
	KeepMissing bool
	// MergeTags makes an update of user tags add tags, instead of replacing all.
	MergeTags bool
}

// dress sets status and Content-Type of a successful response.
func (st *Style) dress(resp fakehttp.Response) fakehttp.Response {
	if resp.Status == http.StatusOK {
		resp.Status = cmp.Or(st.Success, http.StatusOK)
	}
	switch {
	case resp.Body == nil:
	case st.NoType:
		resp.Header = http.Header{"Content-Type": nil}
	case st.PlainType:
		resp = resp.With("Content-Type", "text/plain; charset=utf-8")
	}
	return resp
}
