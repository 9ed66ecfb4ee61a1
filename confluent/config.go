package confluent

import "github.com/integrations-go/sdk/confluent/api"

// The everyday types of package [api], under the names that this package's methods use. Their fields and methods are documented there.
type (
	// Integration is a provider integration of pim/v2 (Azure, GCP).
	Integration = api.Integration
	// IntegrationV1 is a provider integration of pim/v1 (AWS).
	IntegrationV1 = api.IntegrationV1
	// IntegrationCreate is what a create of pim/v2 sends.
	IntegrationCreate = api.IntegrationCreate
	// IntegrationCreateV1 is what a create of pim/v1 sends.
	IntegrationCreateV1 = api.IntegrationCreateV1
	// IntegrationUpdate is what an update of pim/v2 sends.
	IntegrationUpdate = api.IntegrationUpdate
	// IntegrationValidate is what a validation of pim/v2 sends.
	IntegrationValidate = api.IntegrationValidate
	// Reference names the environment that an integration belongs to. Requests need its ID only.
	Reference = api.Reference

	// Config is the configuration of an integration, in both versions, read or sent.
	Config = api.Config
	// ConfigValue is one of *[AWSConfig], *[AzureConfig], *[GCPConfig] and *[UnknownConfig].
	ConfigValue = api.ConfigValue
	// AWSConfig is the configuration of an integration with AWS.
	AWSConfig = api.AWSConfig
	// AzureConfig is the configuration of an integration with Azure.
	AzureConfig = api.AzureConfig
	// GCPConfig is the configuration of an integration with Google Cloud.
	GCPConfig = api.GCPConfig
	// UnknownConfig is a configuration of a kind that this release does not know, kept byte for byte.
	UnknownConfig = api.UnknownConfig

	// Provider is a cloud provider. Compare with [api.Provider.Is]: the API answers in upper or lower case.
	Provider = api.Provider
	// Status is the state of an integration of pim/v2.
	Status = api.Status
)

// The providers.
const (
	ProviderAWS   = api.ProviderAWS
	ProviderAzure = api.ProviderAzure
	ProviderGCP   = api.ProviderGCP
)

// The states of an integration of pim/v2: DRAFT has no configuration of the customer's yet, CREATED has one, ACTIVE is in use by
// Confluent resources. The list is open.
const (
	StatusDraft   = api.StatusDraft
	StatusCreated = api.StatusCreated
	StatusActive  = api.StatusActive
)
