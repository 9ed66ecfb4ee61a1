package aponotest

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// The categories.
const (
	resourcesCategory       = "RESOURCES"
	userInformationCategory = "USER-INFORMATION"
)

const googleIDP = "google-idp"

// entry is the catalog entry of a type.
type entry struct {
	kind     string
	category string // v2 does not show it
	members  fakehttp.Object
}

// parameter describes a value of an integration_config.
type parameter struct {
	ID       string   `json:"id"`
	Label    string   `json:"label"`
	Values   []string `json:"values"` // allowed values; none: any
	Default  string   `json:"default"`
	Optional bool     `json:"optional"`
}

var anyStore = []string{"AWS", "GCP", "AZURE", "KUBERNETES", "HASHICORP_VAULT"}

// defaultCatalog returns entries in the style of the vendor's catalog. The vendor has more types,
// which may have other parameters.
func defaultCatalog() []entry {
	days := func(id, label string) parameter { return parameter{ID: id, Label: label, Optional: true} }
	rotation := days("credentials_rotation_period_in_days", "Days between rotations of credentials")
	cleanup := days("credentials_cleanup_period_in_days", "Days until unused credentials go")
	host := parameter{ID: "hostname", Label: "Host name"}
	port := func(number string) parameter { return parameter{ID: "port", Label: "Port", Default: number} }
	database := func(name string) parameter { return parameter{ID: "dbname", Label: "Database", Default: name} }

	return []entry{
		newEntry("postgresql", "PostgreSQL", "A PostgreSQL server", anyStore, host, port("5432"), database("postgres"),
			parameter{ID: "sslmode", Label: "SSL mode", Values: []string{"disable", "allow", "prefer", "require",
				"verify-ca", "verify-full"}, Default: "require", Optional: true},
			rotation, cleanup),
		newEntry("mysql", "MySQL", "A MySQL server", anyStore, host, port("3306"),
			parameter{ID: "auth_type", Label: "Authentication", Values: []string{"user-password", "iam"},
				Default: "user-password"},
			rotation, cleanup),
		newEntry("aws-account", "AWS Account", "An AWS account and its services", nil,
			parameter{ID: "region", Label: "Region", Values: []string{"us-east-1", "us-west-2", "eu-west-1",
				"eu-central-1"}, Default: "us-east-1"},
			parameter{ID: "aws_account_id", Label: "Account id", Optional: true},
			parameter{ID: "enable_ec2_ssm", Label: "Connect to EC2 through SSM", Values: []string{"true", "false"},
				Default: "false", Optional: true}),
		newEntry("gcp-organization", "GCP Organization", "A Google Cloud organization", nil,
			parameter{ID: "organization_id", Label: "Organization id"},
			parameter{ID: "custom_roles", Label: "Custom roles", Optional: true}),
		newEntry("ssh", "SSH Servers", "Servers reached by SSH", []string{"AWS", "GCP", "KUBERNETES",
			"HASHICORP_VAULT"},
			parameter{ID: "servers", Label: "Servers, a JSON array in a string"}),
		newEntry("mock-duck", "Mock Duck", "An integration for tests", nil,
			parameter{ID: "key", Label: "Any value", Optional: true}),
		newEntry(googleIDP, "Google Workspace", "Users and groups of a Google Workspace", nil,
			parameter{ID: "domain", Label: "Domain"},
			parameter{ID: "customer_id", Label: "Customer id", Optional: true}),
	}
}

func newEntry(kind, name, description string, secretTypes []string, params ...parameter) entry {
	e := entry{kind: kind, category: resourcesCategory, members: fakehttp.Object{
		"name": fakehttp.Raw(name), "type": fakehttp.Raw(kind), "description": fakehttp.Raw(description),
		"requires_secret":        fakehttp.Raw(len(secretTypes) > 0),
		"params":                 fakehttp.Raw(append([]parameter{}, params...)),
		"supported_secret_types": fakehttp.Raw(append([]string{}, secretTypes...)),
	}}
	if kind == googleIDP {
		e.category = userInformationCategory
	}
	return e
}

func (s *Server) addEntry(seed any) {
	members, ok := fakehttp.EncodeObject(seed)
	kind := members.Text("type")
	if !ok || kind == "" {
		panic(s.http.Misuse("aponotest: a catalog entry must be a JSON object with a type"))
	}
	e := newEntry(kind, cmp.Or(members.Text("name"), kind), "", nil)
	maps.Copy(e.members, members)
	if i := slices.IndexFunc(s.catalog, func(known entry) bool { return known.kind == kind }); i >= 0 {
		s.catalog[i] = e
		return
	}
	s.catalog = append(s.catalog, e)
}

func (s *Server) entry(kind string) *entry {
	for i := range s.catalog {
		if s.catalog[i].kind == kind {
			return &s.catalog[i]
		}
	}
	return nil
}

func (s *Server) showEntry(e entry) json.RawMessage {
	o := maps.Clone(e.members)
	var params []fakehttp.Object
	if json.Unmarshal(o["params"], &params) == nil && params != nil { // an unexpected value in a seed is kept
		for _, p := range params {
			if p != nil {
				s.showValues(p)
			}
		}
		o["params"] = fakehttp.Raw(params)
	}
	return fakehttp.Raw(s.object(o))
}

// showValues writes the values of a parameter that accepts any value.
func (s *Server) showValues(p fakehttp.Object) {
	none := p.Null("values") || string(p["values"]) == "[]"
	switch {
	case !none:
	case s.style.NullValues:
		p["values"] = fakehttp.Raw(nil)
	default:
		p["values"] = json.RawMessage("[]")
	}
}

func (s *Server) listCatalog(*fakehttp.Request) (fakehttp.Response, *problem) {
	var all []any
	for _, e := range s.catalog {
		all = append(all, s.showEntry(e))
	}
	return s.wholeList(all), nil
}

func (s *Server) getCatalogEntry(r *fakehttp.Request) (resp fakehttp.Response, p *problem) {
	e := s.entry(r.PathValue("type"))
	if e == nil {
		return resp, badRequest(unsupportedType)
	}
	return fakehttp.JSON(http.StatusOK, s.showEntry(*e)), nil
}

// unsupportedType is the response for a type that is not in the catalog.
const unsupportedType = "Unsupported config type"
