package aponotest

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// Resource is a resource of an integration.
type Resource struct {
	ID      string // unique in the tenant
	Name    string // default: the ID
	Type    string
	Status  string            // default: "Active"
	Message string            // of the status; "" is sent as null
	Tags    map[string]string // user tags
}

type resource struct {
	Resource
	owner *record
	seq   int
}

// Permission is a permission of an integration on resources of one type.
type Permission struct {
	ID           string
	Name         string // default: the ID
	ResourceType string
}

// SeedResources adds resources to an integration, or replaces those with the same IDs. It panics
// for an unknown integration, an empty ID, and an ID of another integration's resource.
func (s *Server) SeedResources(integration string, resources ...Resource) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec := s.mustFind(integration)
	for _, seed := range resources {
		known := s.resources[seed.ID]
		if seed.ID == "" || known != nil && known.owner != rec {
			panic(s.http.Misuse("aponotest: resource id %q is empty or taken", seed.ID))
		}
		s.created++
		res := &resource{Resource: seed, owner: rec, seq: s.created}
		if known != nil {
			res.seq = known.seq
		}
		res.Name, res.Status = cmp.Or(seed.Name, seed.ID), cmp.Or(seed.Status, active)
		res.Tags = maps.Clone(seed.Tags)
		s.resources[seed.ID] = res
	}
}

// SeedPermissions adds permissions to an integration. It panics for an unknown integration.
func (s *Server) SeedPermissions(integration string, permissions ...Permission) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec := s.mustFind(integration)
	rec.permissions = append(rec.permissions, permissions...)
}

// Resources returns the resources of an integration, in the order of their addition. It panics for
// an unknown integration.
func (s *Server) Resources(integration string) []Resource {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Resource
	for _, res := range s.resourcesOf(s.mustFind(integration)) {
		seed := res.Resource
		seed.Tags = maps.Clone(seed.Tags)
		all = append(all, seed)
	}
	return all
}

func (s *Server) resourcesOf(rec *record) []*resource {
	all := slices.SortedFunc(maps.Values(s.resources), func(a, b *resource) int { return a.seq - b.seq })
	return slices.DeleteFunc(all, func(res *resource) bool { return res.owner != rec })
}

// ofType returns the items of an integration with the requested type.
func ofType[T any](
	s *Server, r *fakehttp.Request, items func(*record) []T, wire func(T) (typ string, o fakehttp.Object),
) (resp fakehttp.Response, p *problem) {
	filter, p := query(r, []string{"resource-type"}, nil)
	if p != nil {
		return resp, p
	}
	rec, p := s.target(r)
	if p != nil {
		return resp, p
	}
	var all []any
	for _, item := range items(rec) {
		typ, o := wire(item)
		if anyOf(filter, "resource-type", func(v string) bool { return v == typ }) {
			all = append(all, s.object(o))
		}
	}
	return s.wholeList(all), nil
}

func (s *Server) listResources(r *fakehttp.Request) (fakehttp.Response, *problem) {
	return ofType(s, r, s.resourcesOf, func(res *resource) (string, fakehttp.Object) {
		status := fakehttp.Object{"status": fakehttp.Raw(res.Status)}
		var message json.RawMessage
		if res.Message != "" {
			message = fakehttp.Raw(res.Message)
		}
		s.option(status, "message", message)
		return res.Type, fakehttp.Object{
			"id": fakehttp.Raw(res.ID), "name": fakehttp.Raw(res.Name), "type": fakehttp.Raw(res.Type),
			"status": fakehttp.Raw(status),
		}
	})
}

func (s *Server) listPermissions(r *fakehttp.Request) (fakehttp.Response, *problem) {
	of := func(rec *record) []Permission { return rec.permissions }
	return ofType(s, r, of, func(p Permission) (string, fakehttp.Object) {
		return p.ResourceType, fakehttp.Object{
			"id": fakehttp.Raw(p.ID), "name": fakehttp.Raw(cmp.Or(p.Name, p.ID)),
			"resource_type": fakehttp.Raw(p.ResourceType),
		}
	})
}

func (s *Server) resourceTarget(r *fakehttp.Request) (*resource, *problem) {
	res := s.resources[r.PathValue("resource_id")]
	if res == nil {
		return nil, notFound("Resource")
	}
	return res, nil
}

func (s *Server) getTags(r *fakehttp.Request) (resp fakehttp.Response, p *problem) {
	res, p := s.resourceTarget(r)
	if p != nil {
		return resp, p
	}
	tags := res.Tags
	if tags == nil {
		tags = map[string]string{}
	}
	return fakehttp.JSON(http.StatusOK, s.object(fakehttp.Object{"resource_id": fakehttp.Raw(res.ID),
		"tags": fakehttp.Raw(tags)})), nil
}

func (s *Server) putTags(r *fakehttp.Request) (resp fakehttp.Response, p *problem) {
	body, p := decode(r)
	if p != nil {
		return resp, p
	}
	res, p := s.resourceTarget(r)
	if p != nil {
		return resp, p
	}
	sent, ok := stringMap(body["tags"])
	if !ok {
		return resp, badRequest("tags must be an object of strings")
	}
	tags := map[string]string{}
	if s.style.MergeTags {
		maps.Copy(tags, res.Tags)
	}
	maps.Copy(tags, sent)
	res.Tags = tags
	return s.message("User tags updated"), nil
}
