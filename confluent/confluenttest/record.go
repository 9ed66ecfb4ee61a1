package confluenttest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// Integration is a stored integration, for tests to inspect.
type Integration struct {
	ID          string
	Environment string
	Version     string // the API version that created it
	DisplayName string
	Provider    string
	Status      string // "" for v1
	Usages      []string
	JSON        json.RawMessage // the whole object, as its version returns it
}

// record is a stored integration. Its members stay raw, so unknown members are kept.
type record struct {
	seq     int
	id, env string
	v1      bool
	locked  bool // refuses updates although it is a DRAFT

	members fakehttp.Object
	name    string
	cloud   string // provider as stored
	status  string
	usages  []string
	config  fakehttp.Object
	answers map[bool]json.RawMessage // the JSON to send; the key is true for v1

	failures validationFailures
}

// validationFailures are the validations to refuse.
type validationFailures struct {
	left   int // number of validations; negative: all
	detail string
	met    bool
}

// take returns the refusal of a validation, nil if it succeeds. f may be nil.
func (f *validationFailures) take() *problem {
	if f == nil || f.left == 0 {
		return nil
	}
	f.met = true
	f.left-- // a negative number stays negative
	return &problem{status: http.StatusBadRequest, detail: cmp.Or(f.detail, "Cloud provider setup incomplete")}
}

// cloud has the differences between the three providers.
type cloud struct {
	kind     string
	customer string // the member that the customer sets
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

	// readOnly are the members of a config that Confluent sets.
	readOnly = []string{"iam_role_arn", "external_id", "confluent_multi_tenant_app_id", "google_service_account"}
)

// kindOf returns the kind of a config without the schema prefix that some clients send.
func kindOf(config fakehttp.Object) string {
	kind := config.Text("kind")
	return strings.TrimPrefix(strings.TrimPrefix(kind, "pim.v1."), "pim.v2.")
}

// cloudOf returns the cloud of a kind of config.
func cloudOf(kind string) (cloud, bool) {
	for _, c := range clouds {
		if c.kind == kind {
			return c, true
		}
	}
	return cloud{}, false
}

// customerSide returns the customer's identity in a config, "" if it is not set.
func customerSide(config fakehttp.Object) string {
	c, ok := cloudOf(kindOf(config))
	if !ok {
		return ""
	}
	return config.Text(c.customer)
}

// checkCustomerSide refuses a config whose customer's identity is missing or malformed. It accepts
// unknown kinds.
func checkCustomerSide(config fakehttp.Object, roleOptional bool) *problem {
	kind := kindOf(config)
	if kind == "" {
		return &problem{status: http.StatusBadRequest, detail: "config.kind is required", pointer: "/config/kind"}
	}
	c, ok := cloudOf(kind)
	value := config.Text(c.customer)
	if roleOptional && value == "" && c.customer == "customer_iam_role_arn" {
		return nil
	}
	if ok && !c.accepts(value) {
		return &problem{status: c.status, detail: c.refusal, pointer: "/config/" + c.customer}
	}
	return nil
}

// confluentSide returns the config of a new integration, before the customer sets anything.
func confluentSide(c cloud, id string, n int) fakehttp.Object {
	config := fakehttp.Object{"kind": fakehttp.Raw(c.kind)}
	for name, value := range c.own(id, n) {
		config[name] = fakehttp.Raw(value)
	}
	// An ARN has a minimum length: "" would not match the schema.
	if c.customer != "customer_iam_role_arn" {
		config[c.customer] = fakehttp.Raw("")
	}
	return config
}

// merge returns config with the members of sent.
func merge(config, sent fakehttp.Object) fakehttp.Object {
	merged := maps.Clone(config)
	if merged == nil {
		merged = fakehttp.Object{"kind": sent["kind"]}
	}
	for name, value := range sent {
		if name != "kind" && !slices.Contains(readOnly, name) {
			merged[name] = value
		}
	}
	return merged
}

// newRecord adds a record with any members. s.mu must be held.
func (s *Server) newRecord(id, env string, v1 bool, members fakehttp.Object) *record {
	r := &record{seq: s.created, id: id, env: env, v1: v1, members: members}
	s.settle(r)
	s.integrations = append(s.integrations, r)
	s.byID[id] = r
	return r
}

// nextID counts a new integration and returns its ID. s.mu must be held.
func (s *Server) nextID() (id string, n int) {
	for {
		s.created++
		id = fmt.Sprintf("cspi-%05d", s.created)
		if s.byID[id] == nil {
			return id, s.created
		}
	}
}

// setMembers changes members of a record.
func (s *Server) setMembers(r *record, changes map[string]any) {
	for name, value := range changes {
		r.members[name] = fakehttp.Raw(value)
	}
	s.settle(r)
}

// settle computes all other fields of a record from its members.
func (s *Server) settle(r *record) {
	r.name, r.cloud, r.status = r.members.Text("display_name"), r.members.Text("provider"), r.members.Text("status")
	r.config, r.usages = nil, nil
	// Seeded values of another type count as absent.
	_ = json.Unmarshal(r.members["config"], &r.config)
	_ = json.Unmarshal(r.members["usages"], &r.usages)

	native := maps.Clone(r.members)
	if r.v1 {
		r.answers = map[bool]json.RawMessage{true: fakehttp.Raw(native)}
		return
	}
	if s.style.UpperProvider && r.cloud != "" {
		native["provider"] = fakehttp.Raw(strings.ToUpper(r.cloud))
	}
	if c, ok := cloudOf(kindOf(r.config)); ok && s.style.OmitUnset && customerSide(r.config) == "" {
		config := maps.Clone(r.config)
		delete(config, c.customer)
		native["config"] = fakehttp.Raw(config)
	}
	r.answers = map[bool]json.RawMessage{false: fakehttp.Raw(native)}
	delete(native, "status")
	if _, ok := native["api_version"]; ok {
		native["api_version"] = fakehttp.Raw("pim/v1")
	}
	r.answers[true] = fakehttp.Raw(native)
}

// wire returns the JSON of a record in a version of the API.
func (s *Server) wire(r *record, v1, inList bool) json.RawMessage {
	answer := r.answers[v1]
	if !s.style.OmitUsages || inList {
		return answer
	}
	var members fakehttp.Object
	_ = json.Unmarshal(answer, &members)
	delete(members, "usages")
	return fakehttp.Raw(members)
}

func (s *Server) mustFind(id string) *record {
	if r := s.byID[id]; r != nil {
		return r
	}
	panic(s.http.Misuse("confluenttest: no integration %q", id))
}

// reference returns a reference to an environment.
func (s *Server) reference(env string) map[string]string {
	ref := map[string]string{"id": env, "related": "", "resource_name": ""}
	if !s.style.BlankEnvironment {
		ref["related"] = s.http.URL + "/v2/environments/" + env
		ref["resource_name"] = "crn://confluent.cloud/organization=00000000-0000-4000-8000-000000000001/environment=" +
			env
	}
	return ref
}

// Add stores an integration in an environment and returns its ID. The integration is anything that
// encodes to a JSON object, such as a map or a confluent.Integration.
//
// Its members are kept, including unknown ones. These are filled in if they are absent, null or "":
// api_version, kind, id, environment and usages. The api_version is "pim/v1" for a
// confluent.IntegrationV1 or IntegrationCreateV1, and "pim/v2" for anything else. A map with
// api_version "pim/v1" is stored for v1 too. If the kind of its config or its provider is known,
// provider and Confluent's identity in the config are filled in too. A v2 integration gets the
// status that follows from config and usages.
//
// Add panics if the environment is unknown, the ID is taken, or the integration is not a JSON
// object.
func (s *Server) Add(environment string, integration any) string {
	members, ok := fakehttp.EncodeObject(integration)
	s.checkSeed(environment, ok)
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.seedID(members)
	if isV1(integration) {
		fill(members, fakehttp.Object{"api_version": fakehttp.Raw("pim/v1")})
	}
	v1 := members.Text("api_version") == "pim/v1"
	fill(members, fakehttp.Object{
		"api_version": fakehttp.Raw("pim/v2"), "kind": fakehttp.Raw("Integration"), "id": fakehttp.Raw(id),
		"usages":      fakehttp.Raw([]string{}),
		"environment": fakehttp.Raw(fakehttp.Object{}),
	})

	ref := fakehttp.Object{}
	_ = json.Unmarshal(members["environment"], &ref) // a value of another type is replaced
	for name, value := range s.reference(environment) {
		fill(ref, fakehttp.Object{name: fakehttp.Raw(value)})
	}
	members["environment"] = fakehttp.Raw(ref)

	var config fakehttp.Object
	_ = json.Unmarshal(members["config"], &config)
	c, provider := clouds[strings.ToLower(members.Text("provider"))], ""
	for name, known := range clouds {
		if known.kind == kindOf(config) {
			c, provider = known, name
		}
	}
	if c.kind != "" && (config == nil || provider != "") {
		if v1 {
			provider = strings.ToUpper(provider)
		}
		fill(members, fakehttp.Object{"provider": fakehttp.Raw(provider)})
		own := confluentSide(c, id, s.created)
		maps.Copy(own, config)
		config, members["config"] = own, fakehttp.Raw(own)
	}

	if !v1 {
		status := "DRAFT"
		if string(members["usages"]) != "[]" {
			status = "ACTIVE"
		} else if customerSide(config) != "" {
			status = "CREATED"
		}
		fill(members, fakehttp.Object{"status": fakehttp.Raw(status)})
	}
	s.newRecord(id, environment, v1, members)
	return id
}

// isV1 reports whether a seed has a type of v1. The package confluent can't be imported here,
// because its tests import this one.
func isV1(seed any) bool {
	t := reflect.TypeOf(seed)
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t != nil && t.PkgPath() == "github.com/integrations-go/sdk/confluent" &&
		(t.Name() == "IntegrationV1" || t.Name() == "IntegrationCreateV1")
}

// fill sets the members that are absent, null or "".
func fill(members, defaults fakehttp.Object) {
	for name, value := range defaults {
		if current := string(members[name]); current == "" || current == `""` || current == "null" {
			members[name] = value
		}
	}
}

// AddRaw stores a JSON object. The server returns it unchanged, except for space between tokens,
// until something changes it. Members may be missing or unknown. The object belongs to v1 if its
// api_version is "pim/v1". Requests find it by its ID, or by the returned ID if it has none. AddRaw
// panics in the same cases as Add.
func (s *Server) AddRaw(environment string, integration json.RawMessage) string {
	members, ok := fakehttp.ParseObject(integration)
	s.checkSeed(environment, ok)
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.seedID(members)
	r := s.newRecord(id, environment, members.Text("api_version") == "pim/v1", members)
	r.answers = map[bool]json.RawMessage{true: slices.Clone(integration), false: slices.Clone(integration)}
	return id
}

// checkSeed refuses an integration that is not an object, or whose environment is unknown.
func (s *Server) checkSeed(environment string, object bool) {
	if !s.environments[environment] {
		panic(s.http.Misuse("confluenttest: no environment %q", environment))
	}
	if !object {
		panic(s.http.Misuse("confluenttest: an integration must be a JSON object"))
	}
}

func (s *Server) seedID(members fakehttp.Object) string {
	id := members.Text("id")
	if id == "" {
		id, _ = s.nextID()
		return id
	}
	if s.byID[id] != nil {
		panic(s.http.Misuse("confluenttest: id %q is taken", id))
	}
	s.created++
	return id
}

// Integrations returns the integrations of an environment, in order of creation.
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

// SetUsages sets the resources that use an integration, by CRN. A v2 integration in use is ACTIVE.
// Without usages it is CREATED again. An integration in use cannot be deleted. SetUsages panics for
// an unknown ID and for a DRAFT.
func (s *Server) SetUsages(id string, crns ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.mustFind(id)
	if r.status == "DRAFT" {
		panic(s.http.Misuse("confluenttest: %q is a DRAFT, which nothing can use", id))
	}
	changes := map[string]any{"usages": append([]string{}, crns...)}
	switch {
	case r.v1:
	case len(crns) > 0:
		changes["status"] = "ACTIVE"
	case r.status == "ACTIVE":
		changes["status"] = "CREATED"
	}
	s.setMembers(r, changes)
}

// FailValidation makes the next validations of an integration fail with 400 and detail, as they do
// before the grants at the cloud are effective. times is the number of validations. If it is
// negative, all fail. The default of detail is "Cloud provider setup incomplete". FailValidation
// panics for an unknown ID.
func (s *Server) FailValidation(id string, times int, detail string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustFind(id).failures = validationFailures{left: times, detail: detail}
}

// FailValidationNamed is [Server.FailValidation] for the integrations with a display name, which
// the program under test may create later. times is the number of their validations together. If
// there has been none when the server closes, [Server.Close] returns an error, and a test fails.
// FailValidationNamed panics for an empty name.
func (s *Server) FailValidationNamed(displayName string, times int, detail string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if displayName == "" {
		panic(s.http.Misuse("confluenttest: display name is empty"))
	}
	s.failures[displayName] = &validationFailures{left: times, detail: detail}
}

// unmet returns an error for each name of [Server.FailValidationNamed] that has had no effect.
func (s *Server) unmet() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(s.failures)) {
		if f := s.failures[name]; !f.met && f.left != 0 {
			errs = append(errs, fmt.Errorf("confluenttest: no integration named %q was validated, so none was refused",
				name))
		}
	}
	return errors.Join(errs...)
}
