package aponotest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// Integration is a stored integration, for tests to inspect.
type Integration struct {
	ID          string
	Name        string
	Type        string
	Category    string
	ConnectorID string          // "" if there is none
	Status      string          // in the spelling of v2, such as "Active"
	JSON        json.RawMessage // the whole object, as a v4 get returns it
}

// version is a version of the API.
type version int

const (
	v2 version = 2
	v4 version = 4
)

// record is a stored integration. Members that this package does not use are raw. nil means unset.
type record struct {
	seq                      int
	id, name, kind, category string

	status  string // in the spelling of v2
	details string
	synced  time.Time // zero if never
	sync    syncState

	config    json.RawMessage
	secret    fakehttp.Object // by the v4 names of the stores; nil if there is none
	connector json.RawMessage
	types     json.RawMessage
	access    json.RawMessage
	owner     fakehttp.Object
	mapping   fakehttp.Object
	extra     fakehttp.Object // further members of a seed

	permissions  []Permission
	rawV4, rawV2 json.RawMessage // sent instead, until a member is written
}

// store describes a secret store.
type store struct {
	name     string // in v4; v2 has it in upper case
	required []string
}

var stores = []store{
	{"aws", []string{"region", "secret_id"}},
	{"gcp", []string{"project", "secret_id"}},
	{"kubernetes", []string{"namespace", "name"}},
	{"azure", []string{"vault_url", "name"}},
	{"hashicorp_vault", []string{"secret_engine", "path"}},
	{apono, nil},
}

const apono = "apono"

// v2Names are the members with another name in v2.
var v2Names = map[string]string{
	"integration_config":  "metadata",
	"connector_id":        "provisioner_id",
	"secret_store_config": "secret_config",
}

// optional is a member that may be left out or null.
type optional struct {
	name  string // in v4
	only4 bool
	// set checks a value that is not null. It returns a function that stores it, or the reason why
	// it is wrong.
	check func(value json.RawMessage) (store func(), wrong string)
	// unset clears the member.
	unset func()
}

// write checks the members of a create or update. It stores them if all are valid.
func (s *Server) write(rec *record, body fakehttp.Object, v version) *problem {
	name := body.Text("name")
	if name == "" {
		return badRequest("name is required")
	}
	if s.uniqueNames && slices.ContainsFunc(s.integrations, func(other *record) bool {
		return other != rec && strings.EqualFold(other.name, name)
	}) {
		return &problem{http.StatusConflict, "An integration with this name exists"}
	}
	called := func(member string) string {
		if v == v2 {
			return cmp.Or(v2Names[member], member)
		}
		return member
	}
	config := body[called("integration_config")]
	if _, ok := fakehttp.ParseObject(config); !ok {
		return badRequest(called("integration_config") + " must be an object")
	}

	changes := []func(){func() { rec.name, rec.config = name, config }}
	for _, member := range s.optionals(rec, v) {
		if member.only4 && v == v2 {
			continue
		}
		value, sent := body[called(member.name)]
		switch {
		case fakehttp.IsNull(value):
			if sent || !s.style.KeepMissing {
				changes = append(changes, member.unset)
			}
		default:
			change, wrong := member.check(value)
			if wrong != "" {
				return badRequest(called(member.name) + " " + wrong)
			}
			changes = append(changes, change)
		}
	}
	for _, change := range changes {
		change()
	}
	return nil
}

func (s *Server) optionals(rec *record, v version) []optional {
	return []optional{
		{
			name: "connector_id",
			check: func(value json.RawMessage) (func(), string) {
				if s.connector(fakehttp.StringValue(value)) == nil && string(value) != string(rec.connector) {
					return nil, "must be the id of a connector"
				}
				return func() { rec.connector = value }, ""
			},
			unset: func() { rec.connector = nil },
		},
		{
			name: "secret_store_config",
			check: func(value json.RawMessage) (func(), string) {
				secret, wrong := s.readSecret(value, v)
				return func() { rec.secret = secret }, wrong
			},
			unset: func() { rec.secret = nil },
		},
		{
			name: "connected_resource_types",
			check: func(value json.RawMessage) (func(), string) {
				if !isStrings(value) {
					return nil, "must be an array of strings"
				}
				return func() { rec.types = value }, ""
			},
			unset: func() { rec.types = nil },
		},
		{
			name: "custom_access_details",
			check: func(value json.RawMessage) (func(), string) {
				if value[0] != '"' || utf8.RuneCountInString(fakehttp.StringValue(value)) > 400 {
					return nil, "must be a string of at most 400 characters"
				}
				return func() { rec.access = value }, ""
			},
			unset: func() { rec.access = nil },
		},
		{
			name: "owner", only4: true,
			check: func(value json.RawMessage) (func(), string) {
				owner, wrong := s.readOwner(value, "attribute_type", "attribute_value")
				return func() { rec.owner = owner }, wrong
			},
			unset: func() { rec.owner = nil },
		},
		{
			name: "owners_mapping", only4: true,
			check: func(value json.RawMessage) (func(), string) {
				mapping, wrong := s.readOwner(value, "key_name", "attribute_type")
				return func() { rec.mapping = mapping }, wrong
			},
			unset: func() { rec.mapping = nil },
		},
	}
}

// isStrings reports whether v is an array of strings, none of them null.
func isStrings(v json.RawMessage) bool {
	var items []*string
	return json.Unmarshal(v, &items) == nil && items != nil && !slices.Contains(items, nil)
}

// readSecret returns the stores of a write, without those that are null.
func (s *Server) readSecret(value json.RawMessage, v version) (secret fakehttp.Object, wrong string) {
	sent, ok := fakehttp.ParseObject(value)
	if !ok {
		return nil, "must be an object"
	}
	if v == v2 {
		if len(sent) == 0 {
			return nil, ""
		}
		kind := sent.Text("type")
		if kind == "" {
			return nil, "must have a type"
		}
		delete(sent, "type")
		sent = fakehttp.Object{strings.ToLower(kind): fakehttp.Raw(sent)}
	}
	maps.DeleteFunc(sent, func(name string, _ json.RawMessage) bool { return sent.Null(name) })
	if len(sent) != 1 && !s.style.LaxSecretStore {
		return nil, "must name exactly one secret store"
	}
	for name, value := range sent {
		members, ok := fakehttp.ParseObject(value)
		if !ok {
			return nil, name + " must be an object"
		}
		for _, known := range stores {
			for _, member := range known.required {
				if known.name == name && isNotString(members[member]) {
					return nil, name + " must have the string " + member
				}
			}
		}
		if _, ok := stringMap(members["parameters"]); name == apono && !ok {
			return nil, name + " must have parameters that are strings"
		}
	}
	return sent, ""
}

func isNotString(v json.RawMessage) bool { return len(v) == 0 || v[0] != '"' }

// stringMap returns an object whose values are all strings.
func stringMap(v json.RawMessage) (values map[string]string, ok bool) {
	members, ok := fakehttp.ParseObject(v)
	values = map[string]string{}
	for name, value := range members {
		ok = ok && !isNotString(value)
		values[name] = fakehttp.StringValue(value)
	}
	return values, ok
}

// readOwner converts an owner or a mapping of a write to the form of reads.
func (s *Server) readOwner(value json.RawMessage, required ...string) (owner fakehttp.Object, wrong string) {
	sent, ok := fakehttp.ParseObject(value)
	if !ok {
		return nil, "must be an object"
	}
	owner = fakehttp.Object{}
	for _, name := range required {
		if name == "attribute_value" {
			ok = isStrings(sent[name])
		} else {
			ok = !isNotString(sent[name])
		}
		if !ok {
			return nil, name + " is required"
		}
		owner[name] = sent[name]
	}
	reference := sent["source_integration_reference"]
	// The vendor's Terraform provider sends "" for no source.
	if fakehttp.IsNull(reference) || string(reference) == `""` {
		return owner, ""
	}
	source := s.reference(fakehttp.StringValue(reference))
	if source == nil {
		return nil, "source_integration_reference must be the id or name of an integration"
	}
	owner["source_integration_id"], owner["source_integration_name"] = fakehttp.Raw(source.id), fakehttp.Raw(
		source.name)
	return owner, ""
}

// reference finds an integration by its ID, or else by its name.
func (s *Server) reference(idOrName string) *record {
	if rec := s.byID[idOrName]; rec != nil {
		return rec
	}
	for _, rec := range s.integrations {
		if rec.name == idOrName {
			return rec
		}
	}
	return nil
}

// add stores a record. It gets a new ID if it has none.
func (s *Server) add(rec *record) {
	for {
		s.created++
		if rec.id != "" {
			break
		}
		if id := fmt.Sprintf("c0ffee00-0000-4000-8000-%012d", s.created); s.byID[id] == nil {
			rec.id = id
		}
	}
	rec.seq = s.created
	s.integrations = append(s.integrations, rec)
	s.byID[rec.id] = rec
}

// showV4 and showV2 return a record for a read, which counts towards the end of a sync.
func (s *Server) showV4(rec *record) json.RawMessage { return s.show(rec, v4) }
func (s *Server) showV2(rec *record) json.RawMessage { return s.show(rec, v2) }

func (s *Server) show(rec *record, v version) json.RawMessage {
	defer rec.sync.shown()
	return s.wire(rec, v)
}

// wire returns the JSON of a record in a version of the API.
func (s *Server) wire(rec *record, v version) json.RawMessage {
	if v == v4 {
		return s.wireV4(rec)
	}
	return s.wireV2(rec)
}

func (s *Server) wireV4(rec *record) json.RawMessage {
	if rec.rawV4 != nil {
		return rec.rawV4
	}
	o := maps.Clone(rec.extra)
	if o == nil {
		o = fakehttp.Object{}
	}
	maps.Copy(o, fakehttp.Object{
		"id": fakehttp.Raw(rec.id), "name": fakehttp.Raw(rec.name), "type": fakehttp.Raw(rec.kind),
		"category": fakehttp.Raw(rec.category), "status": fakehttp.Raw(s.statusV4(rec.status)),
		"integration_config": rec.config,
	})
	s.option(o, "connector_id", rec.connector)
	s.option(o, "last_sync_time", timeV4(rec.synced))
	s.option(o, "connected_resource_types", rec.types)
	s.option(o, "custom_access_details", rec.access)
	s.option(o, "owner", s.answerOwner(rec.owner))
	s.option(o, "owners_mapping", s.answerOwner(rec.mapping))
	s.option(o, "secret_store_config", s.answerSecret(rec.secret))
	if s.style.RemovedFields {
		o["credentials_rotation_period_in_days"], o["user_cleanup_period_in_days"] = fakehttp.Raw(90), fakehttp.Raw(nil)
	}
	return fakehttp.Raw(s.object(o))
}

func (s *Server) wireV2(rec *record) json.RawMessage {
	if rec.rawV2 != nil {
		return rec.rawV2
	}
	o := fakehttp.Object{
		"id": fakehttp.Raw(rec.id), "name": fakehttp.Raw(rec.name), "type": fakehttp.Raw(rec.kind),
		"status": fakehttp.Raw(rec.status), "connection": fakehttp.Raw(struct{}{}),
		"metadata": rec.config, "connected_resource_types": rec.types,
	}
	if config, ok := fakehttp.ParseObject(rec.config); ok && len(config) == 0 && s.style.NullMetadata {
		o["metadata"] = fakehttp.Raw(nil)
	}
	if fakehttp.IsNull(rec.types) {
		o["connected_resource_types"] = json.RawMessage("[]")
		if s.style.NullResourceTypes {
			o["connected_resource_types"] = fakehttp.Raw(nil)
		}
	}
	var details json.RawMessage
	if rec.details != "" {
		details = fakehttp.Raw(rec.details)
	}
	s.option(o, "details", details)
	s.option(o, "provisioner_id", rec.connector)
	s.option(o, "last_sync_time", s.timeV2(rec.synced))
	s.option(o, "custom_access_details", rec.access)
	flat := flatSecret(s.redacted(rec.secret))
	if flat == nil && s.style.EmptySecretConfig {
		flat = json.RawMessage("{}")
	}
	s.option(o, "secret_config", flat)
	return fakehttp.Raw(s.object(o))
}

// option sets a member, or leaves it out or null.
func (s *Server) option(o fakehttp.Object, name string, value json.RawMessage) {
	delete(o, name)
	switch {
	case !fakehttp.IsNull(value):
		o[name] = value
	case s.style.NullUnset:
		o[name] = fakehttp.Raw(nil)
	}
}

func (s *Server) answerOwner(owner fakehttp.Object) json.RawMessage {
	if owner == nil {
		return nil
	}
	o := maps.Clone(owner)
	if source := s.byID[owner.Text("source_integration_id")]; source != nil {
		o["source_integration_name"] = fakehttp.Raw(source.name)
	}
	for _, name := range []string{"source_integration_id", "source_integration_name"} {
		s.option(o, name, o[name])
	}
	return fakehttp.Raw(o)
}

func (s *Server) answerSecret(secret fakehttp.Object) json.RawMessage {
	o := s.redacted(secret)
	if s.style.SecretSiblings {
		for _, known := range stores {
			if o[known.name] == nil {
				o[known.name] = fakehttp.Raw(nil)
			}
		}
	}
	if len(o) == 0 {
		return nil
	}
	return fakehttp.Raw(o)
}

// redacted returns a copy of secret with the values of the Apono store hidden, as in reads.
func (s *Server) redacted(secret fakehttp.Object) fakehttp.Object {
	o := maps.Clone(secret)
	if o == nil {
		o = fakehttp.Object{}
	}
	members, ok := fakehttp.ParseObject(o[apono])
	if parameters, known := fakehttp.ParseObject(members["parameters"]); ok && known && !s.style.RevealSecrets {
		for name := range parameters {
			parameters[name] = fakehttp.Raw("")
		}
		members["parameters"] = fakehttp.Raw(parameters)
		o[apono] = fakehttp.Raw(members)
	}
	return o
}

// flatSecret returns the form of v2: the members of one store, and its name as type. If there are
// several stores, it uses the first.
func flatSecret(secret fakehttp.Object) json.RawMessage {
	var names []string
	for _, known := range stores {
		names = append(names, known.name)
	}
	for _, name := range append(names, slices.Sorted(maps.Keys(secret))...) {
		if members, ok := fakehttp.ParseObject(secret[name]); ok {
			members["type"] = fakehttp.Raw(strings.ToUpper(name))
			return fakehttp.Raw(members)
		}
	}
	return nil
}

// Add stores an integration and returns its ID. The integration is anything that encodes to a JSON
// object in the form of v4, such as a map or an apono.Integration.
//
// Its members are kept with any value, including unknown members. Missing members are filled in:
// id, name (the ID), type ("mock-duck"), category (that of the type), status ("ACTIVE"),
// integration_config ({}) and last_sync_time (now; null means never). The source of an owner may
// have the form of a write or of a read.
//
// Add starts no sync. An integration that it adds as INITIALIZING keeps that status until a
// refresh or [Server.SetStatus].
//
// Add panics if the ID is taken, last_sync_time is not RFC 3339, or the integration is not a JSON
// object.
func (s *Server) Add(integration any) string {
	o, ok := fakehttp.EncodeObject(integration)
	if !ok {
		panic(s.http.Misuse("aponotest: an integration must be a JSON object"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rec := s.seed(o)
	if v, present := o["last_sync_time"]; !present {
		rec.synced = s.config.Now()
	} else if !fakehttp.IsNull(v) {
		at, err := time.Parse(time.RFC3339Nano, fakehttp.StringValue(v))
		if err != nil {
			panic(s.http.Misuse("aponotest: last_sync_time must be RFC 3339"))
		}
		rec.synced = at
	}
	rec.extra = maps.Clone(o)
	for _, name := range []string{
		"id", "name", "type", "category", "status", "last_sync_time", "integration_config", "secret_store_config",
		"connector_id", "connected_resource_types", "custom_access_details", "owner", "owners_mapping",
	} {
		delete(rec.extra, name)
	}
	return rec.id
}

// AddRaw stores an integration that v4 and v2 return unchanged, except for space between tokens,
// until a write or a sync changes it. Members may be missing or unknown. If one of the two is nil,
// it is derived from the other. Requests find the integration by its ID, or by the returned ID if
// it has none. AddRaw panics if the ID is taken, or either is not a JSON object.
func (s *Server) AddRaw(inV4, inV2 json.RawMessage) string {
	o, ok := fakehttp.ParseObject(inV4)
	flat, ok2 := fakehttp.ParseObject(inV2)
	if inV4 != nil && !ok || inV2 != nil && !ok2 || !ok && !ok2 {
		panic(s.http.Misuse("aponotest: an integration must be a JSON object"))
	}
	if !ok {
		o = fromV2(flat)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rec := s.seed(o)
	rec.rawV4, rec.rawV2 = slices.Clone(inV4), slices.Clone(inV2)
	return rec.id
}

// fromV2 converts an object of v2 to the form of v4.
func fromV2(flat fakehttp.Object) fakehttp.Object {
	o := maps.Clone(flat)
	for name4, name2 := range v2Names {
		delete(o, name2)
		if v, ok := flat[name2]; ok {
			o[name4] = v
		}
	}
	if secret, ok := fakehttp.ParseObject(o["secret_store_config"]); ok {
		kind := strings.ToLower(secret.Text("type"))
		delete(secret, "type")
		o["secret_store_config"] = fakehttp.Raw(fakehttp.Object{kind: fakehttp.Raw(secret)})
		if kind == "" {
			delete(o, "secret_store_config")
		}
	}
	return o
}

// seed adds a record with members in the form of v4. A member that this package uses counts as
// absent if it has another type. s.mu must be held.
func (s *Server) seed(o fakehttp.Object) *record {
	id := o.Text("id")
	if s.byID[id] != nil {
		panic(s.http.Misuse("aponotest: id %q is taken", id))
	}
	rec := &record{
		id: id, name: o.Text("name"), kind: cmp.Or(o.Text("type"), "mock-duck"), category: o.Text("category"),
		status: statusV2(cmp.Or(o.Text("status"), active)), config: o["integration_config"],
		connector: o["connector_id"], types: o["connected_resource_types"], access: o["custom_access_details"],
	}
	if rec.config == nil {
		rec.config = json.RawMessage("{}")
	}
	if known := s.entry(rec.kind); known != nil {
		rec.category = cmp.Or(rec.category, known.category)
	}
	rec.category = cmp.Or(rec.category, resourcesCategory)
	rec.secret, _ = fakehttp.ParseObject(o["secret_store_config"])
	rec.owner, rec.mapping = s.seedOwner(o["owner"]), s.seedOwner(o["owners_mapping"])
	s.add(rec)
	rec.name = cmp.Or(rec.name, rec.id)
	return rec
}

func (s *Server) seedOwner(v json.RawMessage) fakehttp.Object {
	o, _ := fakehttp.ParseObject(v)
	if source := s.reference(o.Text("source_integration_reference")); source != nil {
		delete(o, "source_integration_reference")
		o["source_integration_id"], o["source_integration_name"] = fakehttp.Raw(source.id), fakehttp.Raw(source.name)
	}
	return o
}

// Integrations returns all integrations in order of creation. It does not count as a read.
func (s *Server) Integrations() []Integration {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endSyncs()
	var all []Integration
	for _, rec := range s.integrations {
		all = append(all, Integration{
			ID: rec.id, Name: rec.name, Type: rec.kind, Category: rec.category,
			ConnectorID: fakehttp.StringValue(rec.connector),
			Status:      rec.status, JSON: slices.Clone(s.wireV4(rec)),
		})
	}
	return all
}

func (s *Server) mustFind(id string) *record {
	if rec := s.byID[id]; rec != nil {
		return rec
	}
	panic(s.http.Misuse("aponotest: no integration %q", id))
}
