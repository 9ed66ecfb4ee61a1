package api

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/oneof"
)

// Config is the configuration of an integration: one of [AWSConfig], [AzureConfig], [GCPConfig], or [UnknownConfig]. The same value serves
// reading, create, update and validate, in pim/v1 and pim/v2.
//
//	switch cfg := in.Config.Value.(type) {
//	case *api.GCPConfig:
//	case *api.UnknownConfig: // a kind newer than this release, kept byte for byte
//	}
//
// The discriminator kind follows from the type of Value and can't be set wrong. Members of a known kind that this release does not know are
// kept, and written again when the Config is encoded.
type Config struct {
	// Value is a pointer to one of the variants. It is nil where the API sent no configuration, or null.
	Value ConfigValue

	raw string // as received, of which the texts of a variant are parts
}

// ConfigValue is a variant of [Config]. The variants are pointers to the types of this package.
type ConfigValue interface {
	// kind is the discriminator; field the field of a member, nil where it has none; writable a copy without the members that only the server sets.
	kind() string
	field(name string) *string
	writable() ConfigValue
}

// UnknownConfig is a configuration of a kind that this release does not know, or one that is no configuration at all.
type UnknownConfig struct {
	// Kind is the discriminator as received, "" where there is none.
	Kind string
	// Raw is the JSON as received. To send a kind that is newer than this release, fill it with an object that has a kind.
	Raw json.RawMessage
}

// The discriminators of the variants.
const (
	kindAWS   = "AwsIntegrationConfig"
	kindAzure = "AzureIntegrationConfig"
	kindGCP   = "GcpIntegrationConfig"
)

func (*AWSConfig) kind() string   { return kindAWS }
func (*AzureConfig) kind() string { return kindAzure }
func (*GCPConfig) kind() string   { return kindGCP }

// The discriminator of an unknown kind is in its bytes, where a caller has built it.
func (u *UnknownConfig) kind() string { return oneof.Discriminator(u.Raw, "kind") }

func (c *AWSConfig) field(name string) *string {
	switch name {
	case "customer_iam_role_arn":
		return &c.CustomerIAMRoleARN
	case "external_id":
		return &c.ExternalID
	case "iam_role_arn":
		return &c.IAMRoleARN
	}
	return nil
}

func (c *AzureConfig) field(name string) *string {
	switch name {
	case "confluent_multi_tenant_app_id":
		return &c.ConfluentMultiTenantAppID
	case "customer_azure_tenant_id":
		return &c.CustomerAzureTenantID
	}
	return nil
}

func (c *GCPConfig) field(name string) *string {
	switch name {
	case "customer_google_service_account":
		return &c.CustomerGoogleServiceAccount
	case "google_service_account":
		return &c.GoogleServiceAccount
	}
	return nil
}

func (*UnknownConfig) field(string) *string { return nil }

func (c *AWSConfig) writable() ConfigValue {
	return &AWSConfig{CustomerIAMRoleARN: c.CustomerIAMRoleARN}
}

func (c *AzureConfig) writable() ConfigValue {
	return &AzureConfig{CustomerAzureTenantID: c.CustomerAzureTenantID}
}

func (c *GCPConfig) writable() ConfigValue {
	return &GCPConfig{CustomerGoogleServiceAccount: c.CustomerGoogleServiceAccount}
}

// One of a known kind that did not fit it still has the members that only the server sets.
func (u *UnknownConfig) writable() ConfigValue {
	if variant(u.kind()) == nil {
		return u
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(u.Raw, &members) != nil {
		return u
	}
	maps.DeleteFunc(members, func(name string, _ json.RawMessage) bool {
		return slices.Contains([]string{"iam_role_arn", "external_id", "confluent_multi_tenant_app_id", "google_service_account"}, strings.ToLower(name))
	})
	raw, err := oneof.Encode(members)
	if err != nil {
		return u
	}
	return &UnknownConfig{Kind: u.Kind, Raw: raw}
}

// IsZero reports whether there is no configuration. It makes encoding/json leave the member out.
func (c Config) IsZero() bool { return c.Value == nil }

// Kind is the discriminator that Value is encoded with, "" where there is none.
func (c Config) Kind() string {
	if c.isNil() {
		return ""
	}
	return c.Value.kind()
}

// Writable is the configuration as a request carries it: without the members that only the server sets. Unknown members stay.
func (c Config) Writable() Config {
	if c.isNil() {
		return Config{}
	}
	return Config{Value: c.Value.writable(), raw: c.raw}
}

// Check reports why the configuration can't be sent: a nil pointer in Value, an unknown one that is no JSON object, has no
// kind, or is a whole integration that could not be read. No configuration at all passes.
func (c Config) Check() error {
	if c.Value == nil {
		return nil
	}
	if c.isNil() {
		return errors.New("is a nil pointer")
	}
	if u, ok := c.Value.(*UnknownConfig); ok && !json.Valid(u.Raw) {
		return errors.New("is not JSON")
	}
	switch c.Kind() {
	case "":
		return errors.New("has no kind")
	case "Integration":
		return errors.New("is a whole integration")
	}
	return nil
}

func (c Config) isNil() bool {
	switch v := c.Value.(type) {
	case *AWSConfig:
		return v == nil
	case *AzureConfig:
		return v == nil
	case *GCPConfig:
		return v == nil
	case *UnknownConfig:
		return v == nil
	}
	return c.Value == nil
}

// RawJSON is a copy of the configuration as it was received, nil where it was not.
func (c Config) RawJSON() json.RawMessage {
	if c.raw == "" {
		return nil
	}
	return json.RawMessage(c.raw)
}

// UnmarshalJSON implements [json.Unmarshaler]. It never fails: what fits no variant becomes an [UnknownConfig].
func (c *Config) UnmarshalJSON(b []byte) error {
	*c = Config{}
	if string(b) == "null" {
		return nil
	}
	c.raw = string(b)
	var room [8]oneof.Member
	members, kind, plain := oneof.Members(c.raw, "kind", room[:0])
	v := variant(kind)
	if v != nil && !(plain && oneof.Texts(members, v.field)) && json.Unmarshal(b, v) != nil {
		v = nil // a member is no string
	}
	if v == nil {
		v = &UnknownConfig{Kind: kind, Raw: json.RawMessage(c.raw)}
	}
	c.Value = v
	return nil
}

// variant is an empty variant of this kind, nil where it is none. The name of the kind's schema may stand in front, which the vendor's own clients
// accept too.
func variant(kind string) ConfigValue {
	switch strings.TrimPrefix(strings.TrimPrefix(kind, "pim.v1."), "pim.v2.") {
	case kindAWS:
		return &AWSConfig{}
	case kindAzure:
		return &AzureConfig{}
	case kindGCP:
		return &GCPConfig{}
	}
	return nil
}

// MarshalJSON implements [json.Marshaler].
func (c Config) MarshalJSON() ([]byte, error) {
	if c.isNil() {
		return []byte("null"), nil
	}
	if u, ok := c.Value.(*UnknownConfig); ok {
		return u.Raw, nil
	}
	base := c.RawJSON()
	if v := variant(oneof.Discriminator(base, "kind")); v == nil || v.kind() != c.Value.kind() {
		base = nil // another variant took its place
	}
	return oneof.Merge(base, c.Value, "kind", c.Value.kind())
}
