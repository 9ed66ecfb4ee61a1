package confluenttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// Integration is a stored integration as a test inspects it.
type Integration struct {
	ID          string
	Environment string
	Version     string // "v1" or "v2": which API created it
	DisplayName string
	Provider    string
	Status      string // "" for v1
	Usages      []string
	JSON        json.RawMessage // the whole object, as a get of its version answers it
}

type object = map[string]json.RawMessage

// record is a stored integration. Its members stay raw, so that what this package doesn't know survives.
type record struct {
	seq     int
	id, env string
	v1      bool
	locked  bool // refuses updates although DRAFT

	members object
	name    string
	cloud   string // provider as stored
	status  string
	usages  []string
	config  object
	answers map[bool]json.RawMessage // the object on the wire; true: in v1

	failures int // validations still to refuse; below 0: all
	failure  string
}

// cloud is what differs between the three providers.
type cloud struct {
	kind     string
	customer string // the member that the customer writes
	accepts  func(value string) bool
	refusal  string
	status   int // of the refusal
	own      func(id string, n int) map[string]string
}

var (
	guid    = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	account = regexp.MustCompile(`^[^@]+@[^@]+\.iam\.gserviceaccount\.com$`)

	clouds = map[string]cloud{
		"aws": {
			kind: "AwsIntegrationConfig", customer: "customer_iam_role_arn",
			accepts: func(v string) bool { return len(v) >= 20 && len(v) <= 2048 && strings.HasPrefix(v, "arn:") },
			refusal: "invalid customer IAM role ARN", status: http.StatusUnprocessableEntity,
			own: func(id string, n int) map[string]string {
				return map[string]string{
					"iam_role_arn": "arn:aws:iam::000000000000:role/" + id,
					"external_id":  fmt.Sprintf("5d3e1a2c-0000-4000-8000-%012x", n),
				}
			},
		},
		"azure": {
			kind: "AzureIntegrationConfig", customer: "customer_azure_tenant_id",
			accepts: guid.MatchString,
			refusal: "invalid customer AZURE tenant id", status: http.StatusBadRequest,
			own: func(string, int) map[string]string {
				return map[string]string{"confluent_multi_tenant_app_id": "0a1b2c3d-0000-4000-8000-00000000c0de"}
			},
		},
		"gcp": {
			kind: "GcpIntegrationConfig", customer: "customer_google_service_account",
			accepts: account.MatchString,
			refusal: "invalid Google Service Account", status: http.StatusBadRequest,
			own: func(id string, _ int) map[string]string {
				return map[string]string{"google_service_account": id + "@cflt-cspi-1.iam.gserviceaccount.com"}
			},
		},
	}

	// readOnly are the members of a config that Confluent writes.
	readOnly = []string{"iam_role_arn", "external_id", "confluent_multi_tenant_app_id", "google_service_account"}
)

// kindOf is a config's kind without the schema prefix that some clients send.
func kindOf(config object) string {
	kind := text(config["kind"])
	return strings.TrimPrefix(strings.TrimPrefix(kind, "pim.v1."), "pim.v2.")
}

// cloudOf returns what is known about a kind of config.
func cloudOf(kind string) (cloud, bool) {
	for _, c := range clouds {
		if c.kind == kind {
			return c, true
		}
	}
	return cloud{}, false
}

// customerSide is the customer's part of a config, "" while unset.
func customerSide(config object) string {
	c, ok := cloudOf(kindOf(config))
	if !ok {
		return ""
	}
	return text(config[c.customer])
}

// checkCustomerSide refuses a config whose customer side is missing or malformed. Unknown kinds pass.
func checkCustomerSide(config object) *problem {
	kind := kindOf(config)
	if kind == "" {
		return &problem{status: http.StatusBadRequest, detail: "config.kind is required", pointer: "/config/kind"}
	}
	c, ok := cloudOf(kind)
	if ok && !c.accepts(text(config[c.customer])) {
		return &problem{status: c.status, detail: c.refusal, pointer: "/config/" + c.customer}
	}
	return nil
}

// confluentSide is a new integration's config before the customer's part.
func confluentSide(c cloud, id string, n int) object {
	config := object{"kind": raw(c.kind)}
	for name, value := range c.own(id, n) {
		config[name] = raw(value)
	}
	if c.customer != "customer_iam_role_arn" { // an ARN has a minimum length, so "" would break the schema
		config[c.customer] = raw("")
	}
	return config
}

// merge writes the customer's members over a config.
func merge(config, sent object) object {
	merged := maps.Clone(config)
	if merged == nil {
		merged = object{"kind": sent["kind"]}
	}
	for name, value := range sent {
		if name != "kind" && !slices.Contains(readOnly, name) {
			merged[name] = value
		}
	}
	return merged
}

// newRecord makes a record of members, whatever they are, and adds it. The caller holds the lock.
func (s *Server) newRecord(id, env string, v1 bool, members object) *record {
	r := &record{seq: s.created, id: id, env: env, v1: v1, members: members}
	s.settle(r)
	s.integrations = append(s.integrations, r)
	s.byID[id] = r
	return r
}

// nextID counts one more integration.
func (s *Server) nextID() (id string, n int) {
	for {
		s.created++
		id = fmt.Sprintf("cspi-%05d", s.created)
		if s.byID[id] == nil {
			return id, s.created
		}
	}
}

// set changes members of a record.
func (s *Server) set(r *record, changes map[string]any) {
	for name, value := range changes {
		r.members[name] = raw(value)
	}
	s.settle(r)
}

// settle derives everything else from a record's members.
func (s *Server) settle(r *record) {
	r.name, r.cloud, r.status = text(r.members["display_name"]), text(r.members["provider"]), text(r.members["status"])
	r.config, r.usages = nil, nil
	_ = json.Unmarshal(r.members["config"], &r.config) // seeded oddities count as absent
	_ = json.Unmarshal(r.members["usages"], &r.usages)

	native := maps.Clone(r.members)
	if r.v1 {
		r.answers = map[bool]json.RawMessage{true: raw(native)}
		return
	}
	if s.style.UpperProvider && r.cloud != "" {
		native["provider"] = raw(strings.ToUpper(r.cloud))
	}
	if c, ok := cloudOf(kindOf(r.config)); ok && s.style.OmitUnset && customerSide(r.config) == "" {
		config := maps.Clone(r.config)
		delete(config, c.customer)
		native["config"] = raw(config)
	}
	r.answers = map[bool]json.RawMessage{false: raw(native)}
	delete(native, "status")
	if _, ok := native["api_version"]; ok {
		native["api_version"] = raw("pim/v1")
	}
	r.answers[true] = raw(native)
}

// wire is the record as an API version answers it.
func (s *Server) wire(r *record, v1, inList bool) json.RawMessage {
	answer := r.answers[v1]
	if !s.style.OmitUsages || inList {
		return answer
	}
	var members object
	_ = json.Unmarshal(answer, &members)
	delete(members, "usages")
	return raw(members)
}

func (s *Server) mustFind(id string) *record {
	if r := s.byID[id]; r != nil {
		return r
	}
	panic(fmt.Sprintf("confluenttest: no integration %q", id))
}

// reference is an environment as the server answers it.
func (s *Server) reference(env string) map[string]string {
	ref := map[string]string{"id": env, "related": "", "resource_name": ""}
	if !s.style.BlankEnvironment {
		ref["related"] = s.http.URL + "/v2/environments/" + env
		ref["resource_name"] = "crn://confluent.cloud/organization=00000000-0000-4000-8000-000000000001/environment=" + env
	}
	return ref
}

// Add stores an integration in an environment and returns its id. It is anything that encodes to a JSON object, such as a
// map or an api.Integration. What it says stays, unknown members included; what is absent, null or "" is filled in:
// api_version ("pim/v2"; "pim/v1" stores it for v1), kind, id, environment, usages, and where its config's kind or its
// provider is known, provider and Confluent's side of the config. A v2 integration gets the status that config and usages
// imply. Add panics if the environment is unknown, the id is taken, or it is no JSON object.
func (s *Server) Add(environment string, integration any) string {
	members := s.decodeSeed(environment, raw(integration))
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.seedID(members)
	v1 := text(members["api_version"]) == "pim/v1"
	fill(members, object{
		"api_version": raw("pim/v2"), "kind": raw("Integration"), "id": raw(id), "usages": raw([]string{}),
		"environment": raw(object{}),
	})

	ref := object{}
	_ = json.Unmarshal(members["environment"], &ref) // an odd one is replaced
	for name, value := range s.reference(environment) {
		fill(ref, object{name: raw(value)})
	}
	members["environment"] = raw(ref)

	var config object
	_ = json.Unmarshal(members["config"], &config)
	c, provider := clouds[strings.ToLower(text(members["provider"]))], ""
	for name, known := range clouds {
		if known.kind == kindOf(config) {
			c, provider = known, name
		}
	}
	if c.kind != "" && (config == nil || provider != "") {
		if v1 {
			provider = strings.ToUpper(provider)
		}
		fill(members, object{"provider": raw(provider)})
		own := confluentSide(c, id, s.created)
		maps.Copy(own, config)
		config, members["config"] = own, raw(own)
	}

	if !v1 {
		status := "DRAFT"
		if string(members["usages"]) != "[]" {
			status = "ACTIVE"
		} else if customerSide(config) != "" {
			status = "CREATED"
		}
		fill(members, object{"status": raw(status)})
	}
	s.newRecord(id, environment, v1, members)
	return id
}

// fill sets the members that are absent, null or "".
func fill(members, defaults object) {
	for name, value := range defaults {
		if current := string(members[name]); current == "" || current == `""` || current == "null" {
			members[name] = value
		}
	}
}

// AddRaw stores a JSON object that the server answers as it is but for space between tokens, whatever is missing or unknown
// in it, until something changes it. It belongs to v1 if its api_version is "pim/v1". Requests find it by its id, or by the returned one if it has
// none. AddRaw panics as Add does.
func (s *Server) AddRaw(environment string, integration json.RawMessage) string {
	members := s.decodeSeed(environment, integration)
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.seedID(members)
	r := s.newRecord(id, environment, text(members["api_version"]) == "pim/v1", members)
	r.answers = map[bool]json.RawMessage{true: slices.Clone(integration), false: slices.Clone(integration)}
	return id
}

func (s *Server) decodeSeed(environment string, integration json.RawMessage) (members object) {
	if !s.environments[environment] {
		panic(fmt.Sprintf("confluenttest: no environment %q", environment))
	}
	if err := json.Unmarshal(integration, &members); err != nil || members == nil {
		panic("confluenttest: an integration must be a JSON object")
	}
	return members
}

func (s *Server) seedID(members object) string {
	id := text(members["id"])
	if id == "" {
		id, _ = s.nextID()
		return id
	}
	if s.byID[id] != nil {
		panic(fmt.Sprintf("confluenttest: id %q is taken", id))
	}
	s.created++
	return id
}

// Integrations returns what an environment holds, in order of creation.
func (s *Server) Integrations(environment string) []Integration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Integration
	for _, r := range s.integrations {
		if r.env != environment {
			continue
		}
		version := "v2"
		if r.v1 {
			version = "v1"
		}
		all = append(all, Integration{
			ID: r.id, Environment: r.env, Version: version, DisplayName: r.name, Provider: r.cloud, Status: r.status,
			Usages: slices.Clone(r.usages), JSON: slices.Clone(r.answers[r.v1]),
		})
	}
	return all
}

// SetUsages says which resources use an integration, by CRN. With any, a v2 integration is ACTIVE and no integration can
// be deleted; without, an ACTIVE one falls back to CREATED. SetUsages panics for an unknown id and for a DRAFT.
func (s *Server) SetUsages(id string, crns ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.mustFind(id)
	if r.status == "DRAFT" {
		panic(fmt.Sprintf("confluenttest: %q is a DRAFT, which nothing can use", id))
	}
	changes := map[string]any{"usages": append([]string{}, crns...)}
	switch {
	case r.v1:
	case len(crns) > 0:
		changes["status"] = "ACTIVE"
	case r.status == "ACTIVE":
		changes["status"] = "CREATED"
	}
	s.set(r, changes)
}

// FailValidation makes the next validations of an integration fail with 400 and detail, as while its cloud side isn't
// ready: as many as times says, or all if it is negative. An empty detail means "Cloud provider setup incomplete".
// FailValidation panics for an unknown id.
func (s *Server) FailValidation(id string, times int, detail string) {
	if detail == "" {
		detail = "Cloud provider setup incomplete"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.mustFind(id)
	r.failures, r.failure = times, detail
}

// raw encodes a value; what can't be encoded is the caller's mistake.
func raw(v any) json.RawMessage {
	return fakehttp.JSON(http.StatusOK, v).Body
}

// text is a JSON string's value, or "" for anything else.
func text(v json.RawMessage) (s string) {
	if json.Unmarshal(v, &s) != nil {
		return ""
	}
	return s
}
