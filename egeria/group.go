package egeria

import (
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"

	"github.com/integrations-go/sdk/internal/oneof"
)

const groupClass = "IntegrationGroupConfig"

// IntegrationGroup is an entry of an integration daemon's configuration: the group to run, and the
// place of its definition. Values may have placeholders, which the server resolves when it starts:
// ~{name}~ since 5.2 at the latest, and {{name}} in 5.0. They are sent unchanged.
type IntegrationGroup struct {
	// PlatformURL is the base URL of the platform that the metadata access server runs
	// on. Required.
	PlatformURL string
	// ServerName is the name of the metadata access server. Required.
	ServerName string
	// QualifiedName is the qualified name of the integration group in the open metadata,
	// for example Egeria:IntegrationGroup:Default. It identifies the entry. Required.
	QualifiedName string
	// SecretsStoreProvider is the Java class of the connector to the secrets store with
	// the daemon's credentials. Since 6.0.
	SecretsStoreProvider string
	// SecretsStoreLocation is the location of the secrets store. Since 6.0.
	SecretsStoreLocation string
	// SecretsStoreCollection is the collection of secrets in the store. Since 6.0.
	SecretsStoreCollection string

	// Extra has the members without a field, and those whose value is empty or not a
	// text, as JSON. They are sent again. A field that is not empty takes precedence over
	// the member in Extra.
	Extra Object
}

// groupField is a field of an [IntegrationGroup] and the name of its member.
type groupField struct {
	name  string
	value *string
}

func (g *IntegrationGroup) fields() [6]groupField {
	return [...]groupField{
		{"omagserverPlatformRootURL", &g.PlatformURL},
		{"omagserverName", &g.ServerName},
		{"integrationGroupQualifiedName", &g.QualifiedName},
		{"secretsStoreProvider", &g.SecretsStoreProvider},
		{"secretsStoreLocation", &g.SecretsStoreLocation},
		{"secretsStoreCollection", &g.SecretsStoreCollection},
	}
}

// Clone returns a copy that shares no memory with g.
func (g IntegrationGroup) Clone() IntegrationGroup {
	g.Extra = maps.Clone(g.Extra)
	for name, raw := range g.Extra {
		g.Extra[name] = slices.Clone(raw)
	}
	return g
}

// LogValue implements [slog.LogValuer]. It shows only the names and the platform, because Extra may
// contain secrets.
func (g IntegrationGroup) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("name", g.QualifiedName), slog.String("server", g.ServerName),
		slog.String("platform", g.PlatformURL),
	)
}

// UnmarshalJSON implements [json.Unmarshaler]. Null is the zero value. Any other value than an
// object is an error: it would be lost when the list of groups is written again.
func (g *IntegrationGroup) UnmarshalJSON(b []byte) error {
	*g = IntegrationGroup{}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return errors.New("an integration group is not a JSON object")
	}
	for _, f := range g.fields() {
		_ = json.Unmarshal(members[f.name], f.value) // empty if it is not a text
		if *f.value != "" {
			delete(members, f.name)
		}
	}
	if class := string(members["class"]); class == "null" || class == `"`+groupClass+`"` {
		delete(members, "class")
	}
	if len(members) > 0 {
		g.Extra = members
	}
	return nil
}

// MarshalJSON implements [json.Marshaler]. It always writes the class, and leaves out empty fields.
// It hides the secrets in Extra. The methods of this package send them.
func (g IntegrationGroup) MarshalJSON() ([]byte, error) {
	extra, err := g.Extra.MarshalJSON()
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(extra, &g.Extra); err != nil {
		return nil, err
	}
	return oneof.Encode(g.members())
}

// members returns the group with its secrets.
func (g IntegrationGroup) members() map[string]json.RawMessage {
	out := maps.Clone(map[string]json.RawMessage(g.Extra))
	if out == nil {
		out = map[string]json.RawMessage{}
	}
	if out["class"] == nil {
		out["class"] = json.RawMessage(`"` + groupClass + `"`)
	}
	for _, f := range g.fields() {
		if *f.value != "" {
			out[f.name], _ = oneof.Encode(*f.value) // a string can always be encoded
		}
	}
	return out
}
