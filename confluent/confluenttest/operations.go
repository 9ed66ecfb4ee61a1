package confluenttest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// request is a call of one operation, in either version.
type request struct {
	*fakehttp.Request
	v1   bool
	base string // path of the collection
}

type operation func(request) (fakehttp.Response, *problem)

func (s *Server) serveV1(op operation) func(*fakehttp.Request) fakehttp.Response {
	return s.serve(op, true, v1Path)
}

func (s *Server) serveV2(op operation) func(*fakehttp.Request) fakehttp.Response {
	return s.serve(op, false, v2Path)
}

// serve runs an operation with s.mu held.
func (s *Server) serve(op operation, v1 bool, base string) func(*fakehttp.Request) fakehttp.Response {
	return func(r *fakehttp.Request) fakehttp.Response {
		s.mu.Lock()
		defer s.mu.Unlock()
		resp, p := op(request{r, v1, base})
		if p != nil {
			return s.problemResponse(p, r.ID)
		}
		return resp
	}
}

// body has the members of all request bodies. Read-only members are ignored.
type body struct {
	ID          string
	DisplayName string `json:"display_name"`
	Provider    string
	Environment struct{ ID string }
	Config      fakehttp.Object
}

func (s *Server) decode(r request) (b body, p *problem) {
	if r.MediaType() != "application/json" {
		return b, &problem{status: http.StatusUnsupportedMediaType, detail: "Content-Type must be application/json"}
	}
	if err := json.Unmarshal(r.Payload, &b); err != nil {
		return b, &problem{status: http.StatusBadRequest,
			detail: "The body is not a valid JSON object of this operation"}
	}
	if b.Environment.ID == "" {
		return b, &problem{status: http.StatusBadRequest, detail: "environment.id is required",
			pointer: "/environment/id"}
	}
	return b, s.checkEnvironment(b.Environment.ID)
}

func (s *Server) checkEnvironment(id string) *problem {
	if s.environments[id] {
		return nil
	}
	return &problem{status: s.style.UnknownEnvironment, detail: fmt.Sprintf("Environment %q can't be accessed", id)}
}

// addressed returns the integration in path and query.
func (s *Server) addressed(r request) (*record, *problem) {
	env, p := s.environment(r.URL.Query())
	if p != nil {
		return nil, p
	}
	return s.target(r, r.PathValue("id"), env)
}

// target returns the integration that a request acts on.
func (s *Server) target(r request, id, env string) (*record, *problem) {
	rec := s.byID[id]
	if rec == nil || rec.env != env || (rec.v1 && !r.v1) {
		return nil, &problem{status: s.style.NotFound, detail: fmt.Sprintf("Integration %q was not found", id)}
	}
	return rec, nil
}

// environment returns the query parameter that every operation without a body requires.
func (s *Server) environment(query url.Values) (string, *problem) {
	env := query.Get("environment")
	if env == "" {
		return "", badQuery("environment", "environment is required")
	}
	return env, s.checkEnvironment(env)
}

func badQuery(parameter, detail string) *problem {
	return &problem{status: http.StatusBadRequest, code: "invalid_filter", detail: detail, parameter: parameter}
}

func (s *Server) list(r request) (resp fakehttp.Response, p *problem) {
	query := r.URL.Query()
	if _, p = s.environment(query); p != nil {
		return resp, p
	}
	size := 10
	if query.Has("page_size") {
		var err error
		if size, err = strconv.Atoi(query.Get("page_size")); err != nil || size < 1 || size > 100 {
			return resp, badQuery("page_size", "page_size must be between 1 and 100")
		}
	}
	filters := map[string]string{"version": r.base}
	names := []string{"environment", "provider"}
	if !r.v1 {
		names = append(names, "status", "display_name")
	}
	for _, name := range names {
		filters[name] = query.Get(name)
	}
	walk, err := s.pages.Resume(query.Get("page_token"), fakehttp.Walk{Filters: filters, Size: size})
	if err != nil {
		return resp, badQuery("page_token", err.Error())
	}

	found := slices.DeleteFunc(slices.Clone(s.integrations), func(rec *record) bool {
		return !s.selected(rec, r.v1, walk.Filters)
	})
	page, next, more := fakehttp.Page(found, func(rec *record) int { return rec.seq }, walk)
	metadata := map[string]any{}
	var data []json.RawMessage
	if len(page) > 0 || !s.style.TrailingPage {
		data = make([]json.RawMessage, 0, len(page))
		for _, rec := range page {
			data = append(data, s.wire(rec, r.v1, true))
		}
		if !s.style.BareMetadata {
			metadata["total_size"] = len(found)
		}
		switch {
		case more || s.style.TrailingPage:
			metadata["next"] = s.next(r, s.pages.Issue(next))
		case s.style.NullNext:
			metadata["next"] = nil
		case s.style.EmptyNext:
			metadata["next"] = ""
		}
	}
	envelope := struct {
		APIVersion string            `json:"api_version"`
		Kind       string            `json:"kind"`
		Metadata   map[string]any    `json:"metadata"`
		Data       []json.RawMessage `json:"data"`
	}{apiVersion(r.v1), "IntegrationList", metadata, data}
	if s.style.BareLists {
		envelope.APIVersion, envelope.Kind = "", ""
	}
	return fakehttp.JSON(http.StatusOK, envelope), nil
}

func (s *Server) selected(rec *record, v1 bool, filters map[string]string) bool {
	provider, status := filters["provider"], filters["status"]
	return rec.env == filters["environment"] &&
		(v1 || !rec.v1) &&
		(provider == "" || s.isProvider(rec, v1, provider)) &&
		(status == "" || status == rec.status) &&
		strings.Contains(rec.name, filters["display_name"])
}

// isProvider reports whether a filter matches the provider of a record.
func (s *Server) isProvider(rec *record, v1 bool, filter string) bool {
	if !s.style.ExactProvider {
		return strings.EqualFold(filter, rec.cloud)
	}
	var answer fakehttp.Object
	_ = json.Unmarshal(s.wire(rec, v1, true), &answer)
	return filter == answer.Text("provider")
}

// next returns the link to the page with a page token.
func (s *Server) next(r request, token string) any {
	if !s.style.RelativeNext {
		return s.http.URL + r.base + "?page_token=" + token
	}
	query := r.URL.Query()
	query.Set("page_token", token)
	// json.Marshal escapes &, which the encoder of responses does not.
	link, _ := json.Marshal(r.base + "?" + query.Encode())
	return json.RawMessage(link)
}

func apiVersion(v1 bool) string {
	if v1 {
		return "pim/v1"
	}
	return "pim/v2"
}

func (s *Server) createV1(r request) (resp fakehttp.Response, p *problem) {
	b, p := s.decode(r)
	if p != nil {
		return resp, p
	}
	b.Provider = cmp.Or(b.Provider, "AWS")
	cloud := strings.ToLower(b.Provider)
	if _, known := clouds[cloud]; cloud != "aws" && !(known && s.style.AllCloudsInV1) {
		return resp, &problem{status: http.StatusUnprocessableEntity, detail: "provider must be AWS",
			pointer: "/provider"}
	}
	if b.Config == nil {
		return resp, &problem{status: http.StatusBadRequest, detail: "config is required", pointer: "/config"}
	}
	return s.create(r, b)
}

func (s *Server) createV2(r request) (resp fakehttp.Response, p *problem) {
	b, p := s.decode(r)
	if p != nil {
		return resp, p
	}
	b.Provider = strings.ToLower(cmp.Or(b.Provider, "GCP"))
	if _, ok := clouds[b.Provider]; !ok {
		return resp, &problem{
			status: http.StatusUnprocessableEntity, pointer: "/provider",
			detail: fmt.Sprintf("provider %q is not supported", b.Provider),
		}
	}
	if b.Provider == "aws" && !s.style.AWSInV2 {
		return resp, &problem{
			status: http.StatusBadRequest, pointer: "/provider",
			detail: "provider must be AZURE or GCP: pim/v2 serves Azure and Google Cloud only",
		}
	}
	return s.create(r, b)
}

func (s *Server) create(r request, b body) (resp fakehttp.Response, p *problem) {
	if utf8.RuneCountInString(b.DisplayName) > 60 {
		return resp, &problem{
			status: http.StatusUnprocessableEntity, pointer: "/display_name",
			detail: "display_name must have at most 60 characters",
		}
	}
	c := clouds[strings.ToLower(b.Provider)]
	if b.Config != nil {
		if p = s.checkConfig(r, b, c.kind); p != nil {
			return resp, p
		}
	}
	if s.uniqueNames && !r.v1 && b.DisplayName != "" {
		for _, rec := range s.integrations {
			if !rec.v1 && rec.env == b.Environment.ID && rec.name == b.DisplayName {
				return resp, s.conflict(r, rec, "/display_name")
			}
		}
	}
	if p = s.checkQuota(r, b.Environment.ID); p != nil {
		return resp, p
	}

	id, n := s.nextID()
	members := fakehttp.Object{
		"api_version": fakehttp.Raw(apiVersion(r.v1)), "kind": fakehttp.Raw("Integration"), "id": fakehttp.Raw(id),
		"provider": fakehttp.Raw(b.Provider), "environment": fakehttp.Raw(s.reference(b.Environment.ID)),
		"usages": fakehttp.Raw([]string{}),
	}
	if b.DisplayName != "" {
		members["display_name"] = fakehttp.Raw(b.DisplayName)
	}
	config, status := confluentSide(c, id, n), "DRAFT"
	if b.Config != nil {
		config, status = merge(config, b.Config), "CREATED"
	}
	members["config"] = fakehttp.Raw(config)
	if !r.v1 {
		members["status"] = fakehttp.Raw(status)
	}
	rec := s.newRecord(id, b.Environment.ID, r.v1, members)

	code := http.StatusCreated
	if s.style.CreateOK {
		code = http.StatusOK
	}
	return fakehttp.JSON(code, s.wire(rec, r.v1, false)).With("Location", s.link(r, rec)), nil
}

// checkConfig checks the config of a request. kind is "" if any kind is accepted.
func (s *Server) checkConfig(r request, b body, kind string) *problem {
	roleOptional := r.v1 && s.style.AllCloudsInV1
	if p := checkCustomerSide(b.Config, roleOptional); p != nil {
		return p
	}
	if sent := kindOf(b.Config); kind != "" && sent != kind {
		return &problem{
			status: http.StatusUnprocessableEntity, pointer: "/config/kind",
			detail: fmt.Sprintf("config.kind must be %s, not %s", kind, sent),
		}
	}
	role := b.Config.Text("customer_iam_role_arn")
	if role == "" {
		return nil
	}
	for _, rec := range s.integrations {
		if rec.env == b.Environment.ID && rec.config.Text("customer_iam_role_arn") == role {
			return s.conflict(r, rec, "/config/customer_iam_role_arn")
		}
	}
	return nil
}

func (s *Server) conflict(r request, rec *record, pointer string) *problem {
	return &problem{
		status: http.StatusConflict, pointer: pointer, location: s.link(r, rec),
		detail: fmt.Sprintf("Integration %q already has this value", rec.id),
	}
}

func (s *Server) link(r request, rec *record) string {
	return s.http.URL + r.base + "/" + url.PathEscape(rec.id)
}

func (s *Server) checkQuota(r request, env string) *problem {
	inEnvironment := 0
	for _, rec := range s.integrations {
		if rec.env == env {
			inEnvironment++
		}
	}
	status := s.style.V1Quota
	if !r.v1 {
		status = s.style.V2Quota
	}
	for _, quota := range []struct {
		what        string
		limit, used int
	}{
		{"environment", s.perEnvironment, inEnvironment},
		{"organization", s.perOrganization, len(s.integrations)},
	} {
		if quota.limit > 0 && quota.used >= quota.limit {
			return &problem{
				status: status, code: "quota_exceeded",
				detail: fmt.Sprintf("The number of provider integrations per %s is currently limited to %d", quota.what,
					quota.limit),
			}
		}
	}
	return nil
}

func (s *Server) get(r request) (resp fakehttp.Response, p *problem) {
	rec, p := s.addressed(r)
	if p != nil {
		return resp, p
	}
	return fakehttp.JSON(http.StatusOK, s.wire(rec, r.v1, false)), nil
}

func (s *Server) delete(r request) (resp fakehttp.Response, p *problem) {
	rec, p := s.addressed(r)
	if p != nil {
		return resp, p
	}
	if len(rec.usages) > 0 {
		return resp, &problem{
			status: s.style.InUse, code: "resource_in_use",
			detail: fmt.Sprintf("Integration %q is in use by %d resources", rec.id, len(rec.usages)),
		}
	}
	delete(s.byID, rec.id)
	s.integrations = slices.DeleteFunc(s.integrations, func(other *record) bool { return other == rec })
	if r.v1 && s.style.DeleteOK {
		return fakehttp.JSON(http.StatusOK, struct{}{}), nil
	}
	return fakehttp.Response{Status: http.StatusNoContent}, nil
}

func (s *Server) update(r request) (resp fakehttp.Response, p *problem) {
	b, p := s.decode(r)
	if p != nil {
		return resp, p
	}
	rec, p := s.target(r, r.PathValue("id"), b.Environment.ID)
	if p != nil {
		return resp, p
	}
	if rec.status != "DRAFT" || rec.locked {
		return resp, &problem{
			status: s.style.NotDraft, code: "invalid_state",
			detail: fmt.Sprintf("Integration %q can't be updated: only a DRAFT can", rec.id),
		}
	}
	if b.Config == nil {
		return resp, &problem{status: http.StatusBadRequest, detail: "config is required", pointer: "/config"}
	}
	if p = s.checkConfig(r, b, kindOf(rec.config)); p != nil {
		rec.locked = s.style.LockFailedDraft
		return resp, p
	}
	s.setMembers(rec, map[string]any{"config": merge(rec.config, b.Config), "status": "CREATED"})
	return fakehttp.JSON(http.StatusOK, s.wire(rec, r.v1, false)), nil
}

func (s *Server) validate(r request) (resp fakehttp.Response, p *problem) {
	b, p := s.decode(r)
	if p != nil {
		return resp, p
	}
	if b.ID == "" {
		return resp, &problem{status: http.StatusBadRequest, detail: "id is required", pointer: "/id"}
	}
	rec, p := s.target(r, b.ID, b.Environment.ID)
	if p != nil {
		return resp, p
	}
	if rec.status == "DRAFT" {
		if b.Config == nil {
			return resp, &problem{
				status: http.StatusBadRequest, detail: "config is required while the integration is a DRAFT",
				pointer: "/config",
			}
		}
		if p = s.checkConfig(r, b, kindOf(rec.config)); p != nil {
			p.status = http.StatusBadRequest // the operation has no 409 and no 422
			return resp, p
		}
	}
	if p = rec.failures.take(); p != nil {
		return resp, p
	}
	if p = s.failures[rec.name].take(); p != nil {
		return resp, p
	}
	return fakehttp.Response{Status: http.StatusNoContent}, nil
}
