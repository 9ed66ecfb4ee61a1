package api

import (
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"

	"github.com/integrations-go/sdk/internal/oneof"
)

const groupClass = "IntegrationGroupConfig"

// IntegrationGroup is an entry of an integration daemon's configuration: which group to run, and where its definition is. Values may hold
// placeholders (~{name}~), which the server resolves when it starts; they are sent as they are.
type IntegrationGroup struct {
	// PlatformURL is the base URL of the platform that the metadata access server runs on. Required.
	PlatformURL string
	// ServerName is the name of the metadata access server. Required.
	ServerName string
	// QualifiedName is that of the integration group in the open metadata, which identifies the entry, for example Egeria:IntegrationGroup:Default. Required.
	QualifiedName string
	// SecretsStoreProvider is the Java class of the connector to the secrets store that the daemon takes its credentials from. Since 6.0.
	SecretsStoreProvider string
	// SecretsStoreLocation is where the secrets store is. Since 6.0.
	SecretsStoreLocation string
	// SecretsStoreCollection is the collection of secrets in the store. Since 6.0.
	SecretsStoreCollection string

	// Extra has the members that this release does not know, or whose value is no text or an empty one, as the JSON they came in. They are sent again. A field that is not empty prevails.
	Extra Object
}

// fields are the members and where their values are.
func (g *IntegrationGroup) fields() map[string]*string {
	return map[string]*string{
		"omagserverPlatformRootURL":     &g.PlatformURL,
		"omagserverName":                &g.ServerName,
		"integrationGroupQualifiedName": &g.QualifiedName,
		"secretsStoreProvider":          &g.SecretsStoreProvider,
		"secretsStoreLocation":          &g.SecretsStoreLocation,
		"secretsStoreCollection":        &g.SecretsStoreCollection,
	}
}

// Clone is a copy that shares nothing with g.
func (g IntegrationGroup) Clone() IntegrationGroup {
	g.Extra = maps.Clone(g.Extra)
	for name, raw := range g.Extra {
		g.Extra[name] = slices.Clone(raw)
	}
	return g
}

// LogValue is the qualified name, and where the definition is. What else there is may be what no log should hold.
func (g IntegrationGroup) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", g.QualifiedName), slog.String("server", g.ServerName), slog.String("platform", g.PlatformURL))
}

// UnmarshalJSON implements [json.Unmarshaler]. Null is the zero value. What is no object otherwise is an error: a list of groups that lacked it could not be written again without losing it.
func (g *IntegrationGroup) UnmarshalJSON(b []byte) error {
	*g = IntegrationGroup{}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return errors.New("an integration group is no JSON object")
	}
	fields := g.fields()
	for name, raw := range members {
		var text *string
		if field := fields[name]; json.Unmarshal(raw, &text) == nil && (field != nil && text != nil && *text != "" || name == "class" && (text == nil || *text == groupClass)) {
			if field != nil {
				*field = *text
			}
			continue
		}
		if g.Extra == nil {
			g.Extra = Object{}
		}
		g.Extra[name] = slices.Clone(raw)
	}
	return nil
}

// MarshalJSON implements [json.Marshaler]. The class is always there; an empty field is left out.
func (g IntegrationGroup) MarshalJSON() ([]byte, error) {
	out := maps.Clone(map[string]json.RawMessage(g.Extra))
	if out == nil {
		out = map[string]json.RawMessage{}
	}
	if out["class"] == nil {
		out["class"] = json.RawMessage(`"` + groupClass + `"`)
	}
	for name, value := range g.fields() {
		if *value == "" {
			continue
		}
		raw, err := oneof.Encode(*value)
		if err != nil {
			return nil, err
		}
		out[name] = raw
	}
	return oneof.Encode(out)
}
