package confluenttest

import (
	"net/http"
)

// WithEnvironments replaces the existing environments. The default is "env-1".
func WithEnvironments(ids ...string) Option {
	return func(s *Server) {
		clear(s.environments)
		for _, id := range ids {
			s.environments[id] = true
		}
	}
}

// WithQuota limits the integrations of all clouds per environment and per organization. 0 means no
// limit, the default. A create beyond the limit gets 402 from v1, and 400 from v2.
func WithQuota(perEnvironment, perOrganization int) Option {
	return func(s *Server) { s.perEnvironment, s.perOrganization = perEnvironment, perOrganization }
}

// WithUniqueNames refuses a second v2 integration with the same display_name in an environment with
// 409 and a Location. By default it is allowed.
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
	// RelativeNext writes metadata.next as path and query instead of an absolute URL, and
	// & as \u0026.
	RelativeNext     bool
	NullNext         bool // the last page has "next": null instead of no next
	EmptyNext        bool // the last page has "next": ""
	TrailingPage     bool // one more page follows the last, with "data": null
	BareMetadata     bool // metadata never has total_size
	BareLists        bool // a list's api_version and kind are ""
	CreateOK         bool // create returns 200 instead of 201
	DeleteOK         bool // v1 delete returns 200 and {} instead of 204
	EmptyNotFound    bool // 404 has no body, but content type JSON
	OmitUsages       bool // usages is absent outside lists
	OmitUnset        bool // the customer's identity of a draft is absent instead of ""
	BlankEnvironment bool // environment has "related": "" and "resource_name": ""
	UpperProvider    bool // v2 shows the provider in upper case
	FlatErrors       bool // errors are {"error_code", "message"} instead of {"errors": [...]}
	// LockFailedDraft makes a draft refuse every update after one was refused because of
	// its config.
	LockFailedDraft bool
	AWSInV2         bool // v2 also creates integrations with AWS, instead of refusing with 400
	// AllCloudsInV1 makes v1 also create integrations with Azure and Google Cloud,
	// instead of refusing them with 422, and AWS integrations without a role of the
	// customer. The vendor has announced both.
	AllCloudsInV1 bool
	// ExactProvider makes the provider filter depend on letter case. It then matches only
	// the spelling in the response.
	ExactProvider bool

	// Statuses.
	NotFound           int // for an integration that doesn't exist; default 404
	UnknownEnvironment int // for an environment that doesn't exist; default 403
	InUse              int // for a delete while in use; default 409
	NotDraft           int // for an update outside DRAFT; default 409
	V1Quota            int // for a v1 create beyond the quota; default 402
	V2Quota            int // for a v2 create beyond the quota; default 400
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
		{&st.V1Quota, http.StatusPaymentRequired},
		{&st.V2Quota, http.StatusBadRequest},
	} {
		if *d.status == 0 {
			*d.status = d.fallback
		}
	}
}
