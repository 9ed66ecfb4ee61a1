package aponotest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// connector is a stored connector, in the form of v3.
type connector struct {
	seq     int
	id      string
	members fakehttp.Object
}

// AddConnector stores a connector and returns its ID. The connector is anything that encodes to a
// JSON object in the form of v3, such as a map or an apono.Connector. Its members are kept. Missing
// members are filled in: a connector on AWS, CONNECTED now, with one session, and its ID as name.
// AddConnector panics if the ID is empty or taken, or the connector is not a JSON object.
func (s *Server) AddConnector(seed any) string {
	members, ok := fakehttp.EncodeObject(seed)
	id := members.Text("id")
	if !ok || id == "" {
		panic(s.http.Misuse("aponotest: a connector must be a JSON object with an id"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.connector(id) != nil {
		panic(s.http.Misuse("aponotest: connector %q exists", id))
	}
	now := s.config.Now().UTC().Format(time.RFC3339Nano)
	all := fakehttp.Object{
		"name": fakehttp.Raw(id), "status": fakehttp.Raw("CONNECTED"), "version": fakehttp.Raw("1.7.2"),
		"is_latest_version": fakehttp.Raw(true), "cloud_provider_type": fakehttp.Raw("AWS"),
		"last_connected": fakehttp.Raw(now),
		"sessions": fakehttp.Raw([]any{map[string]any{
			"id": id + "-session-1", "last_connected_time": now,
			"metadata": map[string]any{
				"connector_version":       "1.7.2",
				"cloud_provider_metadata": map[string]any{"aws_account_id": "000000000000", "region": "us-east-1"},
			},
		}}),
	}
	maps.Copy(all, members)
	seq := 1
	if n := len(s.connectors); n > 0 {
		seq = s.connectors[n-1].seq + 1
	}
	s.connectors = append(s.connectors, &connector{seq, id, all})
	return id
}

func (s *Server) connector(id string) *connector {
	for _, c := range s.connectors {
		if c.id == id {
			return c
		}
	}
	return nil
}

func (s *Server) connectorTarget(r *fakehttp.Request) (*connector, *problem) {
	c := s.connector(r.PathValue("id"))
	if c == nil {
		return nil, notFound("Connector")
	}
	return c, nil
}

func (s *Server) showConnector(c *connector) json.RawMessage {
	members := maps.Clone(c.members)
	if s.style.VersionObjects {
		members["sessions"] = withVersionObjects(members["sessions"])
	}
	return fakehttp.Raw(s.object(members))
}

// withVersionObjects returns sessions with the versions of the connector as objects. Other values
// are unchanged.
func withVersionObjects(sessions json.RawMessage) json.RawMessage {
	var all []fakehttp.Object
	if json.Unmarshal(sessions, &all) != nil {
		return sessions
	}
	for _, session := range all {
		var metadata fakehttp.Object
		if json.Unmarshal(session["metadata"], &metadata) != nil || metadata.Text("connector_version") == "" {
			continue
		}
		metadata["connector_version"] = fakehttp.Raw(map[string]string{
			"version": metadata.Text("connector_version"), "commit": "0123abc", "build_date": "2025-04-17",
		})
		session["metadata"] = fakehttp.Raw(metadata)
	}
	return fakehttp.Raw(all)
}

func (s *Server) listConnectorsV3(r *fakehttp.Request) (fakehttp.Response, *problem) {
	return serveTokenList(s, r, tokenList[*connector]{
		multi: []string{"status"},
		items: s.connectors, sequence: func(c *connector) int { return c.seq },
		selected: func(c *connector, f url.Values) bool {
			return anyOf(f, "status", func(v string) bool { return v == c.members.Text("status") })
		},
		wire: s.showConnector,
	})
}

func (s *Server) getConnector(r *fakehttp.Request) (resp fakehttp.Response, p *problem) {
	c, p := s.connectorTarget(r)
	if p != nil {
		return resp, p
	}
	return fakehttp.JSON(http.StatusOK, s.showConnector(c)), nil
}

func (s *Server) renameConnector(r *fakehttp.Request) (resp fakehttp.Response, p *problem) {
	body, p := decode(r)
	if p != nil {
		return resp, p
	}
	c, p := s.connectorTarget(r)
	if p != nil {
		return resp, p
	}
	if body.Text("name") == "" {
		return resp, badRequest("name is required")
	}
	c.members["name"] = body["name"]
	return fakehttp.JSON(http.StatusOK, s.showConnector(c)), nil
}

func (s *Server) deleteConnector(r *fakehttp.Request) (resp fakehttp.Response, p *problem) {
	c, p := s.connectorTarget(r)
	if p != nil {
		return resp, p
	}
	s.connectors = slices.DeleteFunc(s.connectors, func(other *connector) bool { return other == c })
	return s.deleted(), nil
}

// listConnectorsV2 returns a bare array.
func (s *Server) listConnectorsV2(*fakehttp.Request) (fakehttp.Response, *problem) {
	var all []any
	for _, c := range s.connectors {
		o := fakehttp.Object{"connector_id": fakehttp.Raw(c.id), "status": c.members["status"]}
		at, _ := time.Parse(time.RFC3339Nano, c.members.Text("last_connected")) // zero if never connected
		s.option(o, "last_connected", s.timeV2(at))
		all = append(all, s.object(o))
	}
	return fakehttp.JSON(http.StatusOK, s.items(all)), nil
}
