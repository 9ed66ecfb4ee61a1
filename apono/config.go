package apono

import "github.com/integrations-go/sdk/apono/api"

// The everyday types of package [api], under the names that this package's methods use. Their fields and methods are documented there.
type (
	// Integration is an integration of admin v4.
	Integration = api.Integration
	// IntegrationCreate is what a create of admin v4 sends.
	IntegrationCreate = api.IntegrationCreate
	// IntegrationUpdate is what an update of admin v4 sends: the whole integration, see [UpdateFrom].
	IntegrationUpdate = api.IntegrationUpdate
	// IntegrationV2 is an integration of v2.
	IntegrationV2 = api.IntegrationV2
	// IntegrationCreateV2 is what a create of v2 sends.
	IntegrationCreateV2 = api.IntegrationCreateV2
	// IntegrationUpdateV2 is what an update of v2 sends: the whole integration, see [UpdateFromV2].
	IntegrationUpdateV2 = api.IntegrationUpdateV2

	// Config is the free-form configuration of an integration.
	Config = api.Config
	// Owner says who owns an integration, as it is read.
	Owner = api.Owner
	// OwnerReference says who is to own an integration.
	OwnerReference = api.OwnerReference
	// OwnerMapping says how the owners of resources are found, as it is read.
	OwnerMapping = api.OwnerMapping
	// OwnerMappingReference says how the owners of resources are to be found.
	OwnerMappingReference = api.OwnerMappingReference

	// SecretStore says where the secret of an integration is, in v4's form.
	SecretStore = api.SecretStore
	// FlatSecretStore is a [SecretStore] in v2's form.
	FlatSecretStore = api.FlatSecretStore
	// SecretStoreValue is one of *[AWSSecret], *[GCPSecret], *[KubernetesSecret], *[AzureSecret], *[HashicorpVaultSecret], *[AponoSecret] and
	// *[UnknownSecret].
	SecretStoreValue = api.SecretStoreValue
	// AWSSecret is a secret in AWS Secrets Manager.
	AWSSecret = api.AWSSecret
	// GCPSecret is a secret in Google Cloud's Secret Manager.
	GCPSecret = api.GCPSecret
	// KubernetesSecret is a secret of Kubernetes.
	KubernetesSecret = api.KubernetesSecret
	// AzureSecret is a secret in Azure Key Vault.
	AzureSecret = api.AzureSecret
	// HashicorpVaultSecret is a secret in HashiCorp Vault.
	HashicorpVaultSecret = api.HashicorpVaultSecret
	// AponoSecret is a secret that Apono keeps itself, which the vendor advises against. Its parameters are the secret.
	AponoSecret = api.AponoSecret //nolint:revive // the store bears the vendor's name
	// UnknownSecret is a store that this release does not know, kept byte for byte.
	UnknownSecret = api.UnknownSecret

	// CatalogEntry describes a type of integration.
	CatalogEntry = api.CatalogEntry
	// CatalogParam describes a member of a type's configuration.
	CatalogParam = api.CatalogParam
	// Connector is a connector of admin v3.
	Connector = api.Connector
	// ConnectorV2 is a connector of v2.
	ConnectorV2 = api.ConnectorV2
	// Resource is a resource of an integration.
	Resource = api.Resource
	// Permission is a permission that an integration can grant.
	Permission = api.Permission
	// Status is the state of an integration of v4. Compare with [api.Status.Is].
	Status = api.Status
	// StatusV2 is the state of an integration of v2.
	StatusV2 = api.StatusV2
	// Time is a time in one of the forms that the API writes.
	Time = api.Time
)

// Optional is a member of a request that can be left out (its zero value), null ([Null]), or have a value ([Set]).
type Optional[T any] = api.Optional[T]

// Set is an [Optional] with a value.
func Set[T any](value T) Optional[T] { return api.Set(value) }

// Null is an [Optional] that is sent as null.
func Null[T any]() Optional[T] { return api.Null[T]() }

// ConfigOf is a [Config] of texts, which is what the members of nearly all types are, also numbers ("5432") and booleans ("true").
func ConfigOf(texts map[string]string) Config { return api.ConfigOf(texts) }
