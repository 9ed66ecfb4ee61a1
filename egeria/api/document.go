package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/integrations-go/sdk/internal/oneof"
)

// Document is the configuration document of an OMAG server. It has hundreds of members, which differ between releases, and is kept as the JSON it came in: what is not changed is sent again as it
// was, numbers with all their digits. The zero Document is {}.
//
// It may hold passwords. Packages fmt and log/slog show the name and the type of the server only; what encodes JSON writes all of it.
type Document struct{ raw json.RawMessage }

// NewDocument takes a JSON object.
func NewDocument(object []byte) (Document, error) {
	var d Document
	err := d.UnmarshalJSON(object)
	return d, err
}

func (d Document) members() map[string]json.RawMessage {
	members := map[string]json.RawMessage{}
	if len(d.raw) > 0 {
		_ = json.Unmarshal(d.raw, &members) // checked when it came in
	}
	return members
}

// Member is a member as JSON, nil where there is none.
func (d Document) Member(name string) json.RawMessage { return d.members()[name] }

// SetMember changes a member; nil removes it. A name that is not UTF-8, and a value that has no JSON, are errors.
func (d *Document) SetMember(name string, value any) error {
	if !utf8.ValidString(name) {
		return errors.New("the name of a member is not UTF-8") // encoding would make another one of it, which may be there already
	}
	members := d.members()
	if value == nil {
		delete(members, name)
	} else {
		raw, err := oneof.Encode(value)
		if err != nil {
			return err
		}
		members[name] = raw
	}
	raw, err := oneof.Encode(members)
	if err != nil {
		return err
	}
	d.raw = raw
	return nil
}

func (d Document) text(name string) string { return oneof.Discriminator(d.raw, name) }

// VersionID is the version of the document's form: V2.0 until 5.x, V6.0 from 6.0 on.
func (d Document) VersionID() string { return d.text("versionId") }

// ServerID is the unique id of the server.
func (d Document) ServerID() string { return d.text("localServerId") }

// ServerName is the name of the server.
func (d Document) ServerName() string { return d.text("localServerName") }

// ServerType is the type of the server, for people. Until 5.x.
func (d Document) ServerType() string { return d.text("localServerType") }

// Description is what the server is for.
func (d Document) Description() string { return d.text("localServerDescription") }

// OrganizationName is the organization that owns the server.
func (d Document) OrganizationName() string { return d.text("organizationName") }

// URLRoot is the base URL that callers reach the server's platform at.
func (d Document) URLRoot() string { return d.text("localServerURL") }

// UserID is the user that the server acts as.
func (d Document) UserID() string { return d.text("localServerUserId") }

// MaxPageSize is the largest number of elements that a caller may ask for at once, and whether the document tells it.
func (d Document) MaxPageSize() (size int, ok bool) {
	var number *int
	if json.Unmarshal(d.Member("maxPageSize"), &number) != nil || number == nil {
		return 0, false
	}
	return *number, true
}

const groupsMember = "dynamicIntegrationGroupsConfig"

// IntegrationGroups are the groups that the server runs as an integration daemon. Entries that are null are left out.
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

// SetIntegrationGroups replaces the groups. Nil removes the list.
func (d *Document) SetIntegrationGroups(groups []IntegrationGroup) error {
	if groups == nil {
		return d.SetMember(groupsMember, nil)
	}
	return d.SetMember(groupsMember, groups)
}

// AuditTrail tells, a line for each, what was changed, when and by whom.
func (d Document) AuditTrail() []string {
	var lines []string
	_ = json.Unmarshal(d.Member("auditTrail"), &lines)
	return lines
}

// IsZero reports whether it is the zero Document. It makes encoding/json leave the member out.
func (d Document) IsZero() bool { return len(d.raw) == 0 }

// UnmarshalJSON implements [json.Unmarshaler]. What is no object, null among it, is an error.
func (d *Document) UnmarshalJSON(b []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil || members == nil {
		return errors.New("a configuration document is no JSON object")
	}
	d.raw = slices.Clone(b)
	return nil
}

// MarshalJSON implements [json.Marshaler].
func (d Document) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte("{}"), nil
	}
	return slices.Clone(d.raw), nil
}

func (d Document) describe() string {
	return "Document{" + strings.TrimSpace(d.ServerName()+" "+d.ServerType()) + "}"
}

// Format shows the name and the type of the server only, for every verb of package fmt.
func (d Document) Format(w fmt.State, _ rune) { fmt.Fprint(w, d.describe()) }

// LogValue is the name and the type of the server.
func (d Document) LogValue() slog.Value { return slog.StringValue(d.describe()) }
