package egeria

import (
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/integrations-go/sdk/internal/oneof"
	"github.com/integrations-go/sdk/internal/redact"
	"github.com/integrations-go/sdk/internal/show"
)

// The server distinguishes request bodies by their member class. It follows from the Go type.

// MarshalJSON implements [json.Marshaler]. It adds the class.
func (s DaemonServices) MarshalJSON() ([]byte, error) {
	type plain DaemonServices
	return oneof.Encode(struct {
		Class string `json:"class"`
		plain
	}{"IntegrationDaemonServicesConfig", plain(s)})
}

// MarshalJSON implements [json.Marshaler]. It adds the class.
func (r urlRequest) MarshalJSON() ([]byte, error) {
	type plain urlRequest
	return oneof.Encode(struct {
		Class string `json:"class"`
		plain
	}{"URLRequestBody", plain(r)})
}

// MarshalJSON implements [json.Marshaler]. It adds the class.
func (r nameRequest) MarshalJSON() ([]byte, error) {
	type plain nameRequest
	return oneof.Encode(struct {
		Class string `json:"class"`
		plain
	}{"NameRequestBody", plain(r)})
}

// MarshalJSON implements [json.Marshaler]. It adds the class, and hides no secrets.
func (r propertiesRequest) MarshalJSON() ([]byte, error) {
	return oneof.Encode(struct {
		Class      string `json:"class"`
		Properties any    `json:"configurationProperties"`
		Connector  string `json:"connectorName"`
		Merge      bool   `json:"mergeUpdate"`
	}{"ConnectorConfigPropertiesRequestBody", r.Properties.sent(), r.Connector, r.Merge})
}

// MarshalJSON implements [json.Marshaler]. It adds the class.
func (r stringRequest) MarshalJSON() ([]byte, error) {
	type plain stringRequest
	return oneof.Encode(struct {
		Class string `json:"class"`
		plain
	}{"StringRequestBody", plain(r)})
}

// auditLogSeverities is the request body with the severities of an audit log destination.
type auditLogSeverities []string

// integrationGroups is the request body that replaces all groups.
type integrationGroups []IntegrationGroup

// MarshalJSON implements [json.Marshaler]. Nil is written as [], because the server refuses null.
func (g integrationGroups) MarshalJSON() ([]byte, error) { return oneof.Encode(sentGroups(g)) }

// sentGroups returns groups with their secrets.
func sentGroups(groups []IntegrationGroup) []map[string]json.RawMessage {
	list := make([]map[string]json.RawMessage, len(groups))
	for i, g := range groups {
		list[i] = g.members()
	}
	return list
}

const hidden = redact.Mark

// Format implements [fmt.Formatter]. It hides the passwords.
func (r tokenRequest) Format(w fmt.State, _ rune) {
	fmt.Fprintf(w, "tokenRequest{%s, %s}", r.UserID, hidden)
}

// LogValue implements [slog.LogValuer]. It shows only the ID of the user.
func (r tokenRequest) LogValue() slog.Value {
	return slog.GroupValue(slog.String("userId", r.UserID))
}

// Format implements [fmt.Formatter]. It shows the names and the platform, and the names of the
// members in Extra.
func (g IntegrationGroup) Format(w fmt.State, verb rune) { show.Format(w, verb, g) }

// The JSON of values with secrets has no secrets, also if a handler of package slog writes it. The
// method sent returns the JSON to send.

// serverPropertiesRequest is a ServerProperties whose JSON has the password, and the class that 6.x
// requires.
type serverPropertiesRequest struct {
	Class string `json:"class"`
	plainProperties
}

type plainProperties ServerProperties

func (p ServerProperties) sent() any {
	return serverPropertiesRequest{"BasicServerProperties", plainProperties(p)}
}

// MarshalJSON implements [json.Marshaler]. It hides the password. The methods of this package send
// it.
func (p ServerProperties) MarshalJSON() ([]byte, error) {
	if p.Password != "" {
		p.Password = hidden
	}
	return oneof.Encode(p.sent())
}

func (d Document) sent() any { return d.Reveal() }

func (o Object) sent() any { return map[string]json.RawMessage(o) }

func (g IntegrationGroup) sent() any { return g.members() }

func (s DaemonServices) sent() any {
	services := make([]map[string]json.RawMessage, len(s.IntegrationServices))
	for i, o := range s.IntegrationServices {
		services[i] = o
	}
	return struct {
		Class    string                       `json:"class"`
		Groups   []map[string]json.RawMessage `json:"dynamicIntegrationGroupsConfig,omitempty"`
		Services []map[string]json.RawMessage `json:"integrationServicesConfig,omitempty"`
	}{"IntegrationDaemonServicesConfig", sentGroups(s.IntegrationGroups), services}
}
