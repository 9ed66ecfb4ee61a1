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

	raw json.RawMessage // as received
}

// ConfigValue is a variant of [Config]. The variants are pointers to the types of this package.
type ConfigValue interface {
	// kind is the discriminator; writable a copy without the members that only the server sets.
	kind() string
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
	switch variant(u.kind()) {
	case kindAWS, kindAzure, kindGCP:
	default:
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

// RawJSON is the configuration as it was received, nil where it was not. The bytes must not be changed.
func (c Config) RawJSON() json.RawMessage { return c.raw }

// UnmarshalJSON implements [json.Unmarshaler]. It never fails: what fits no variant becomes an [UnknownConfig].
func (c *Config) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*c = Config{}
		return nil
	}
	raw := append(json.RawMessage(nil), b...)
	kind := oneof.Discriminator(raw, "kind")
	c.raw = raw
	switch variant(kind) {
	case kindAWS:
		c.Value = decode[AWSConfig](raw)
	case kindAzure:
		c.Value = decode[AzureConfig](raw)
	case kindGCP:
		c.Value = decode[GCPConfig](raw)
	default:
		c.Value = nil
	}
	if c.isNil() {
		c.Value = &UnknownConfig{Kind: kind, Raw: raw}
	}
	return nil
}

// variant is the kind without the name of its schema in front, which the vendor's own clients accept too.
func variant(kind string) string {
	return strings.TrimPrefix(strings.TrimPrefix(kind, "pim.v1."), "pim.v2.")
}

// decode gives nil where a member has a type that T does not expect.
func decode[T any](raw []byte) *T {
	v := new(T)
	if json.Unmarshal(raw, v) != nil {
		return nil
	}
	return v
}

// MarshalJSON implements [json.Marshaler].
func (c Config) MarshalJSON() ([]byte, error) {
	if c.isNil() {
		return []byte("null"), nil
	}
	if u, ok := c.Value.(*UnknownConfig); ok {
		return u.Raw, nil
	}
	base := c.raw
	if received := oneof.Discriminator(base, "kind"); variant(received) != c.Value.kind() {
		base = nil // another variant took its place
	}
	return oneof.Merge(base, c.Value, "kind", c.Value.kind())
}
