package egeria

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/oneof"
	"github.com/integrations-go/sdk/internal/redact"
)

// Document is the configuration document of an OMAG server. It has hundreds of members, which
// differ between releases. Document keeps the JSON that it was decoded from: unchanged members are
// sent again byte for byte. The zero Document is {}.
//
// A document may contain passwords. Packages fmt and log/slog show only the name and the type of
// the server, and nothing of a document in an unexported field of a struct. Its JSON has
// "[redacted]" in place of passwords, secured properties, and other members with the names of
// secrets, also if slog's JSON handler writes a struct, map or slice that contains the document.
// The methods of this package send the secrets. For JSON with the secrets, for example to store a
// document, use [Document.Reveal].
type Document struct {
	// raw is nil in the zero Document. Package fmt may follow one pointer, even in an
	// unexported field, for which it does not call Format. It does not follow two.
	raw      **json.RawMessage
	revealed bool // the JSON has the secrets
}

// json returns the JSON of the document, nil for the zero Document.
func (d Document) json() json.RawMessage {
	if d.raw == nil {
		return nil
	}
	return **d.raw
}

func (d *Document) setJSON(raw json.RawMessage) {
	p := &raw
	d.raw = &p
}

// NewDocument returns the document in a JSON object. Any other JSON is an error.
func NewDocument(object []byte) (Document, error) {
	var d Document
	err := d.UnmarshalJSON(object)
	return d, err
}

func (d Document) members() map[string]json.RawMessage {
	members := map[string]json.RawMessage{}
	if raw := d.json(); len(raw) > 0 {
		_ = json.Unmarshal(raw, &members) // UnmarshalJSON has checked it
	}
	return members
}

// Member returns a member as JSON, nil if there is none.
func (d Document) Member(name string) json.RawMessage { return d.members()[name] }

// SetMember changes a member. A nil value removes it. It returns an error for a name that is not
// UTF-8, and for a value that can't be encoded as JSON.
func (d *Document) SetMember(name string, value any) error {
	if !utf8.ValidString(name) { // encoding would change it, possibly to another member's name
		return errors.New("the name of a member is not UTF-8")
	}
	members := d.members()
	if value == nil {
		delete(members, name)
	} else {
		raw, err := oneof.Encode(value)
		if err != nil {
			return err
		}
		if err := core.ValidText("value", value); err != nil { // encoding has changed it
			return fmt.Errorf("a text of the value %w", err)
		}
		members[name] = raw
	}
	raw, err := oneof.Encode(members)
	if err != nil {
		return err
	}
	d.setJSON(raw)
	return nil
}

func (d Document) text(name string) string { return oneof.Discriminator(d.json(), name) }

// VersionID returns the version of the document's form: V2.0 until 5.x, V6.0 since 6.0.
func (d Document) VersionID() string { return d.text("versionId") }

// ServerID returns the unique id of the server.
func (d Document) ServerID() string { return d.text("localServerId") }

// ServerName returns the name of the server.
func (d Document) ServerName() string { return d.text("localServerName") }

// ServerType returns the type of the server, which is only informative. Until 5.x.
func (d Document) ServerType() string { return d.text("localServerType") }

// Description returns the purpose of the server.
func (d Document) Description() string { return d.text("localServerDescription") }

// OrganizationName returns the name of the organization that owns the server.
func (d Document) OrganizationName() string { return d.text("organizationName") }

// URLRoot returns the base URL of the server's platform, as callers reach it.
func (d Document) URLRoot() string { return d.text("localServerURL") }

// UserID returns the user that the server acts as.
func (d Document) UserID() string { return d.text("localServerUserId") }

// MaxPageSize returns the maximum number of elements that a caller may request at once. ok is false
// if the document does not have it.
func (d Document) MaxPageSize() (size int, ok bool) {
	var number *int
	if json.Unmarshal(d.Member("maxPageSize"), &number) != nil || number == nil {
		return 0, false
	}
	return *number, true
}

const groupsMember = "dynamicIntegrationGroupsConfig"

// IntegrationGroups returns the groups that the server runs as an integration daemon, without the
// entries that are null.
func (d Document) IntegrationGroups() ([]IntegrationGroup, error) {
	var items []*IntegrationGroup
	if raw := d.Member(groupsMember); len(raw) > 0 {
		if err := json.Unmarshal(raw, &items); err != nil {
			return nil, err
		}
	}
	groups := []IntegrationGroup{}
	for _, g := range items {
		if g != nil {
			groups = append(groups, *g)
		}
	}
	return groups, nil
}

// SetIntegrationGroups replaces the groups. A nil slice removes the list.
func (d *Document) SetIntegrationGroups(groups []IntegrationGroup) error {
	if groups == nil {
		return d.SetMember(groupsMember, nil)
	}
	return d.SetMember(groupsMember, sentGroups(groups))
}

// AuditTrail returns one line for each change of the document: the change, its time and its user.
func (d Document) AuditTrail() []string {
	var lines []string
	_ = json.Unmarshal(d.Member("auditTrail"), &lines)
	return lines
}

// IsZero reports whether d is the zero Document. With omitzero, encoding/json leaves it out.
func (d Document) IsZero() bool { return len(d.json()) == 0 }

var errNoDocument = errors.New("a configuration document is not a JSON object")

// check returns an error for a list of other values. The decoder would continue after the first
// item and report an error for each.
func (*documentsResponse) check(b []byte) error {
	if !json.Valid(b) {
		return nil // the decoder reports the reason
	}
	for name, list := range core.Members(b) {
		if !strings.EqualFold(name, "omagserverConfigs") {
			continue
		}
		for item := range core.Elements(list) {
			if item = bytes.TrimSpace(item); len(item) == 0 || item[0] != '{' {
				return errNoDocument
			}
		}
	}
	return nil
}

// UnmarshalJSON implements [json.Unmarshaler]. Any value other than an object is an error,
// including null.
func (d *Document) UnmarshalJSON(b []byte) error {
	if !json.Valid(b) || bytes.TrimSpace(b)[0] != '{' {
		return errNoDocument
	}
	d.setJSON(slices.Clone(b))
	return nil
}

// Reveal returns the document with its JSON as it was read or set, including secrets.
func (d Document) Reveal() Document {
	d.revealed = true
	return d
}

// MarshalJSON implements [json.Marshaler]. It hides the secrets, see [Document.Reveal]. A document
// without secrets is written unchanged.
func (d Document) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte("{}"), nil
	}
	if d.revealed {
		return slices.Clone(d.json()), nil
	}
	return withSecretsHidden(d.json()), nil
}

// withSecretsHidden returns a copy of a JSON object without its secrets.
func withSecretsHidden(object []byte) []byte {
	text, _ := redact.JSON(object, secretMember)
	if !strings.Contains(text, redact.Mark) {
		return slices.Clone(object)
	}
	return []byte(text)
}

func (d Document) describe() string {
	return "Document{" + strings.TrimSpace(d.ServerName()+" "+d.ServerType()) + "}"
}

// Format implements [fmt.Formatter]. It shows only the name and the type of the server.
func (d Document) Format(w fmt.State, _ rune) { fmt.Fprint(w, d.describe()) }

// LogValue implements [slog.LogValuer]. It shows only the name and the type of the server.
func (d Document) LogValue() slog.Value { return slog.StringValue(d.describe()) }
