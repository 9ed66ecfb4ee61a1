package confluent

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/oneof"
)

// Config is the configuration of an integration: one of [AWSConfig], [AzureConfig], [GCPConfig] and
// [UnknownConfig]. The same type serves reading, create, update and validate, in pim/v1 and pim/v2.
//
//	gcp := &confluent.GCPConfig{CustomerGoogleServiceAccount: "a@p.iam.gserviceaccount.com"}
//	req.Config = confluent.Config{Value: gcp}
//
//	switch cfg := integration.Config.Value.(type) {
//	case *confluent.GCPConfig:
//	case *confluent.UnknownConfig: // a kind newer than this release, unchanged
//	}
//
// The discriminator kind follows from the type of Value. Unknown members of a known kind are kept,
// and written again when the Config is encoded.
type Config struct {
	// Value is a pointer to one of the variants. It is nil if the API sent no
	// configuration, or null.
	Value ConfigValue

	raw  string // as received; the strings of a variant may be substrings of it
	read bool   // a response had it, and not a document of the caller
}

// ConfigValue is a variant of [Config]: *[AWSConfig], *[AzureConfig], *[GCPConfig] or
// *[UnknownConfig].
type ConfigValue interface {
	// kind returns the discriminator. field returns the field of a member, nil if there is none.
	// writable returns a copy without the members that only the server sets.
	kind() string
	field(name string) *string
	writable() ConfigValue
}

// UnknownConfig is a configuration of a kind that this release does not know, or a JSON value that
// is no configuration.
type UnknownConfig struct {
	// Kind is the discriminator as received, "" if there was none.
	Kind string
	// Raw is the JSON as received. To send a kind that is newer than this release, set it
	// to an object that has a kind.
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

// kind reads the discriminator from Raw, because a caller may set only Raw.
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

// serverMembers are the members that only the server sets.
var serverMembers = []string{
	"iam_role_arn", "external_id", "confluent_multi_tenant_app_id", "google_service_account",
}

// writable removes the server's members from a configuration of a known kind that could not be
// decoded.
func (u *UnknownConfig) writable() ConfigValue {
	if variant(u.kind()) == nil {
		return u
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(u.Raw, &members) != nil {
		return u
	}
	maps.DeleteFunc(members, func(name string, _ json.RawMessage) bool {
		return slices.Contains(serverMembers, strings.ToLower(name))
	})
	raw, err := oneof.Encode(members)
	if err != nil {
		return u
	}
	return &UnknownConfig{Kind: u.Kind, Raw: raw}
}

// IsZero reports whether there is no configuration. It makes encoding/json omit the member.
func (c Config) IsZero() bool { return c.Value == nil }

// Kind returns the discriminator that Value is encoded with, "" if there is none.
func (c Config) Kind() string {
	if c.isNil() {
		return ""
	}
	return c.Value.kind()
}

// Writable returns the configuration for a request: without the members that only the server sets.
// Unknown members are kept.
func (c Config) Writable() Config {
	if c.isNil() {
		return Config{}
	}
	return Config{Value: c.Value.writable(), raw: c.raw, read: c.read}
}

// Check returns an error if the configuration can't be sent:
//
//   - Value is a nil pointer.
//   - An [UnknownConfig] is not a JSON object, or has no kind.
//   - An [UnknownConfig] is an integration that could not be decoded.
//
// It returns nil if there is no configuration.
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
		return errors.New("is an integration that could not be decoded")
	}
	return nil
}

// UnknownMembers returns the sorted names of the members that this release does not know. They are
// kept and sent. In a document that a person has written, they are probably misspelt. For an
// [UnknownConfig] they are the names of all members.
func (c Config) UnknownMembers() []string {
	if c.isNil() {
		return nil
	}
	if u, ok := c.Value.(*UnknownConfig); ok {
		return oneof.Unknown(u.Raw, &struct{}{}, "")
	}
	return oneof.Unknown(c.base(), c.Value, "kind")
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

// RawJSON returns a copy of the configuration as it was received, nil if it was not received.
func (c Config) RawJSON() json.RawMessage {
	if c.raw == "" {
		return nil
	}
	return json.RawMessage(c.raw)
}

// UnmarshalJSON implements [json.Unmarshaler]. It never fails: a value that fits no variant becomes
// an [UnknownConfig].
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
		v = nil // a member is not a string
	}
	if v == nil {
		v = &UnknownConfig{Kind: kind, Raw: json.RawMessage(c.raw)}
	}
	c.Value = v
	return nil
}

// variant returns an empty variant of a kind, nil if the kind is not known. The kind may have the
// name of its schema as prefix, which the vendor's own clients accept too.
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
	return oneof.Merge(c.base(), c.Value, "kind", c.Value.kind())
}

// base returns the received JSON of Value, nil if Value is another variant now.
func (c Config) base() json.RawMessage {
	base := c.RawJSON()
	if v := variant(oneof.Discriminator(base, "kind")); v == nil || v.kind() != c.Value.kind() {
		return nil
	}
	return base
}
