package aponotest

import (
	"sync"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// Server is a running fake. Create it with [Start] or [NewServer]. Its methods are safe for
// concurrent use.
type Server struct {
	URL   string // base URL, without a trailing slash
	Token string // a bearer token, random for each server

	http    *fakehttp.Server
	config  fakehttp.Config
	style   Style
	pages   fakehttp.PageTokens
	bearers fakehttp.BearerTokens

	syncReads   int // number of responses that still show a sync; negative: all
	syncTime    time.Duration
	syncByClock bool
	uniqueNames bool
	catalog     []entry

	connectorIDs    []string
	userInformation bool

	mu           sync.Mutex
	integrations []*record // in order of creation
	byID         map[string]*record
	created      int               // number of integrations ever created
	outcomes     map[string]string // statuses of the next syncs, by the name of the integration
	connectors   []*connector
	resources    map[string]*resource
}

// Start starts a server that runs until Close. See [NewServer] for tests.
func Start(opts ...Option) *Server {
	s := &Server{
		byID:      map[string]*record{},
		outcomes:  map[string]string{},
		resources: map[string]*resource{},
		config:    fakehttp.Config{Now: time.Now, Strict: true},
		syncReads: 1,
		catalog:   defaultCatalog(),

		connectorIDs: []string{"connector-1"},
	}
	fakehttp.Apply(s, opts)
	s.config.Ops = s.operations()
	s.config.Auth = s.authenticate
	s.config.Unmet = s.unmet
	s.Token = s.AddToken()
	for _, id := range s.connectorIDs {
		s.AddConnector(map[string]string{"id": id})
	}
	if s.userInformation {
		s.Add(map[string]string{"type": googleIDP, "name": "Google Workspace"})
	}
	s.http = fakehttp.Start(s.config)
	s.URL = s.http.URL
	return s
}

// Paths of the collections.
const (
	v4Path         = "/api/admin/v4/integrations"
	v2Path         = "/api/v2/integrations"
	v3Path         = "/api/v3/integrations"
	catalogPath    = "/api/v2/integrations-catalog"
	connectorsPath = "/api/admin/v3/connectors"
)

// operations returns the route table.
func (s *Server) operations() []fakehttp.Op {
	return []fakehttp.Op{
		{Name: "listIntegrationsV4", Method: "GET", Path: v4Path, Handle: s.serve(s.listV4)},
		{Name: "createIntegrationV4", Method: "POST", Path: v4Path, Handle: s.serve(s.createV4)},
		{Name: "getIntegrationsByIdV4", Method: "GET", Path: v4Path + "/{id}", Handle: s.serve(s.getV4)},
		{Name: "updateIntegrationV4", Method: "PUT", Path: v4Path + "/{id}", Handle: s.serve(s.updateV4)},
		{Name: "deleteIntegrationV4", Method: "DELETE", Path: v4Path + "/{id}", Handle: s.serve(s.deleteV4)},

		{Name: "listIntegrationsV2", Method: "GET", Path: v2Path, Handle: s.serve(s.listV2)},
		{Name: "createIntegrationV2", Method: "POST", Path: v2Path, Handle: s.serve(s.createV2)},
		{Name: "getIntegrationV2", Method: "GET", Path: v2Path + "/{id}", Handle: s.serve(s.getV2)},
		{Name: "updateIntegrationV2", Method: "PUT", Path: v2Path + "/{id}", Handle: s.serve(s.updateV2)},
		{Name: "deleteIntegrationV2", Method: "DELETE", Path: v2Path + "/{id}", Handle: s.serve(s.deleteV2)},
		{Name: "refreshIntegrationV2", Method: "POST", Path: v2Path + "/{id}/refresh", Handle: s.serve(s.refresh)},

		{Name: "listIntegrationConfigs", Method: "GET", Path: catalogPath, Handle: s.serve(s.listCatalog)},
		{Name: "getIntegrationConfig", Method: "GET", Path: catalogPath + "/{type}",
			Handle: s.serve(s.getCatalogEntry)},

		{Name: "getResourceUserTags", Method: "GET", Path: v3Path + "/resources/{resource_id}/user-tags",
			Handle: s.serve(s.getTags)},
		{Name: "updateResourceUserTags", Method: "PUT", Path: v3Path + "/resources/{resource_id}/user-tags",
			Handle: s.serve(s.putTags)},
		{Name: "getIntegrationPermissions", Method: "GET", Path: v3Path + "/{id}/permissions",
			Handle: s.serve(s.listPermissions)},
		{Name: "getIntegrationResources", Method: "GET", Path: v3Path + "/{id}/resources",
			Handle: s.serve(s.listResources)},

		{Name: "listConnectorsV3", Method: "GET", Path: connectorsPath, Handle: s.serve(s.listConnectorsV3)},
		{Name: "getConnectorV3", Method: "GET", Path: connectorsPath + "/{id}", Handle: s.serve(s.getConnector)},
		{Name: "updateConnectorV3", Method: "PUT", Path: connectorsPath + "/{id}", Handle: s.serve(s.renameConnector)},
		{Name: "deleteConnectorV3", Method: "DELETE", Path: connectorsPath + "/{id}",
			Handle: s.serve(s.deleteConnector)},
		{Name: "listConnectors", Method: "GET", Path: "/api/v2/connectors", Handle: s.serve(s.listConnectorsV2)},
	}
}

// problem is the reason why an operation was refused. Apono sends it as plain text.
type problem struct {
	status int
	text   string
}

type operation func(*fakehttp.Request) (fakehttp.Response, *problem)

// serve runs an operation with s.mu held.
func (s *Server) serve(op operation) func(*fakehttp.Request) fakehttp.Response {
	return func(r *fakehttp.Request) fakehttp.Response {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.endSyncs()
		resp, p := op(r)
		if p != nil {
			return fakehttp.Text(p.status, p.text)
		}
		return s.style.dress(resp)
	}
}
