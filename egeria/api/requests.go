package api

import (
	"fmt"
	"log/slog"

	"github.com/integrations-go/sdk/internal/oneof"
)

// The server tells requests apart by their member class, which follows from the Go type.

// MarshalJSON implements [json.Marshaler]. It adds the class.
func (s DaemonServices) MarshalJSON() ([]byte, error) {
	type plain DaemonServices
	return oneof.Encode(struct {
		Class string `json:"class"`
		plain
	}{"IntegrationDaemonServicesConfig", plain(s)})
}

// MarshalJSON implements [json.Marshaler]. It adds the class.
func (r URLRequest) MarshalJSON() ([]byte, error) {
	type plain URLRequest
	return oneof.Encode(struct {
		Class string `json:"class"`
		plain
	}{"URLRequestBody", plain(r)})
}

// MarshalJSON implements [json.Marshaler]. It adds the class.
func (r NameRequest) MarshalJSON() ([]byte, error) {
	type plain NameRequest
	return oneof.Encode(struct {
		Class string `json:"class"`
		plain
	}{"NameRequestBody", plain(r)})
}

// IntegrationGroups is what [Client.ReplaceIntegrationGroups] sends.
type IntegrationGroups []IntegrationGroup

// MarshalJSON implements [json.Marshaler]. Nil is [], because the server refuses null.
func (g IntegrationGroups) MarshalJSON() ([]byte, error) {
	if g == nil {
		return []byte("[]"), nil
	}
	return oneof.Encode([]IntegrationGroup(g))
}

const hidden = "[redacted]"

// Format hides the passwords from every verb of package fmt.
func (r TokenRequest) Format(w fmt.State, _ rune) {
	fmt.Fprintf(w, "TokenRequest{%s, %s}", r.UserID, hidden)
}

// LogValue is the id of the user.
func (r TokenRequest) LogValue() slog.Value {
	return slog.GroupValue(slog.String("userId", r.UserID))
}

// plainProperties has the members of ServerProperties, but not its methods.
type plainProperties ServerProperties

func (p ServerProperties) shown() plainProperties {
	if p.Password != "" {
		p.Password = hidden
	}
	return plainProperties(p)
}

// Format hides the password from every verb of package fmt.
func (p ServerProperties) Format(w fmt.State, verb rune) {
	fmt.Fprintf(w, fmt.FormatString(w, verb), p.shown())
}

// LogValue is the properties without the password.
func (p ServerProperties) LogValue() slog.Value { return slog.AnyValue(p.shown()) }
