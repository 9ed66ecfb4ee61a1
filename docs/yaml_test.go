package docs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/egeria"
)

//doc:begin document

// wanted is a document that describes an integration as it has to be.
const wanted = `
name: Warehouse
type: postgresql
connector_id: my-connector
integration_config:
  hostname: db.example.com
  port: "5432"
  dbname: postgres
secret_store_config:
  aws: {region: eu-central-1, secret_id: warehouse}
`

//doc:end

func Example_fromYAML() {
	a, srv := startApono()
	defer srv.Close()

	//doc:begin from-yaml
	var want apono.IntegrationCreate
	if err := yaml.UnmarshalStrict([]byte(wanted), &want); err != nil { // a misspelt member
		log.Fatal(err)
	}
	got, err := a.Integrations.Ensure(ctx, want)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.Integration.Name, "is", got.Action)
	//doc:end

	// Output:
	// Warehouse is created
}

func TestMisspeltMembersAreErrors(t *testing.T) {
	var want apono.IntegrationCreate
	require.NoError(t, yaml.UnmarshalStrict([]byte(wanted), &want))
	misspelt := strings.Replace(wanted, "connector_id", "conector_id", 1)
	require.ErrorContains(t, yaml.UnmarshalStrict([]byte(misspelt), &want), "conector_id")
}

// A strict decoder does not look into members that decode themselves.
func TestWhereStrictDecodingFindsMisspeltMembers(t *testing.T) {
	for document, tt := range map[string]struct {
		into  any
		found bool
	}{
		"nam: x":                             {&apono.IntegrationCreate{}, true},
		"integration_config: {host_name: x}": {&apono.IntegrationCreate{}, false},
		"secret_store_config: {aws: {secretid: x}}":            {&apono.IntegrationCreate{}, false},
		"owner: {atrib_type: user}":                            {&apono.IntegrationCreate{}, false},
		"owners_mapping: {key_nam: owner}":                     {&apono.IntegrationCreate{}, false},
		"displayname: x":                                       {&confluent.IntegrationCreate{}, true},
		"environment: {ident: x}":                              {&confluent.IntegrationCreate{}, true},
		"environment: {idd: x}":                                {&confluent.IntegrationCreateV1{}, true},
		"config: {kind: AwsIntegrationConfig, role_arn: x}":    {&confluent.IntegrationCreateV1{}, false},
		"config: {kind: AzureIntegrationConfig, tenant_id: x}": {&confluent.IntegrationCreate{}, false},
		"qualifiedname: x":                                     {&egeria.IntegrationGroup{}, false},
	} {
		err := yaml.UnmarshalStrict([]byte(document), tt.into)
		assert.Equal(t, tt.found, err != nil, "%s: %v", document, err)
	}
}

// A member of an owner that is not known is dropped: it is not found and not sent.
func TestUnknownMemberOfAnOwnerIsDropped(t *testing.T) {
	a, srv := startApono()
	defer srv.Close()
	var want apono.IntegrationCreate
	require.NoError(t, yaml.UnmarshalStrict([]byte(wanted+
		"owner: {attribute_type: user, attribute_value: [a@example.com], source_integration: okta}\n"), &want))
	_, err := a.Integrations.Ensure(t.Context(), want)
	require.NoError(t, err)
	for _, call := range srv.Calls() {
		assert.NotContains(t, string(call.Body), "okta")
	}
	require.NoError(t, yaml.UnmarshalStrict([]byte(wanted+
		"owner: {atrib_type: user, attribute_value: [a@example.com]}\n"), &want))
	_, err = a.Integrations.Ensure(t.Context(), want)
	require.ErrorIs(t, err, apono.ErrInvalid)
}

//doc:begin mistakes

// mistakes returns what is probably a mistake in a document that a person has written.
func mistakes(entry *apono.CatalogEntry, want apono.IntegrationCreate) error {
	store, _ := want.SecretStoreConfig.Get()
	problems := []error{apono.ValidateConfig(entry, want.IntegrationConfig, store)}
	for _, name := range store.UnknownMembers() {
		problems = append(problems, fmt.Errorf("secret_store_config: unknown member %s", name))
	}
	for _, name := range slices.Sorted(maps.Keys(want.IntegrationConfig)) {
		if value := want.IntegrationConfig[name]; value[0] != '"' {
			problems = append(problems, fmt.Errorf("integration_config: %s is %s, and no text", name, value))
		}
	}
	return errors.Join(problems...)
}

//doc:end

func Example_mistakes() {
	a, srv := startApono()
	defer srv.Close()
	var want apono.IntegrationCreate
	document := strings.NewReplacer("hostname", "host_name", `"5432"`, "5432", "secret_id", "secretid").Replace(wanted)
	if err := yaml.UnmarshalStrict([]byte(document), &want); err != nil {
		log.Fatal(err)
	}

	//doc:begin mistakes-use
	entry, err := a.Catalog.Get(ctx, want.Type)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(mistakes(entry, want))
	//doc:end

	// Output:
	// apono: ValidateConfig: invalid argument hostname: is required (Host name)
	// apono: ValidateConfig: invalid argument secret: has no SecretID; unknown members: secretid
	// secret_store_config: unknown member secretid
	// integration_config: port is 5432, and no text
}

// The rows of the table of the page.
func TestWhoFindsAMistake(t *testing.T) {
	const strict, ensure, validate, unknown = "UnmarshalStrict", "Ensure", "ValidateConfig", "UnknownMembers"
	for right, tt := range map[string]struct {
		wrong string
		found []string
	}{
		"connector_id":         {"conector_id", []string{strict}},
		"secret_id: warehouse": {"secretid: warehouse", []string{ensure, validate, unknown}},
		"aws: {":               {"aws: {vers: 2, ", []string{unknown}},
		"aws:":                 {"awz:", []string{unknown}},
		"hostname:":            {"host_name:", []string{validate}},
		`"5432"`:               {"5432", nil},
	} {
		a, srv := startApono()
		var want apono.IntegrationCreate
		var found []string
		if err := yaml.UnmarshalStrict([]byte(strings.Replace(wanted, right, tt.wrong, 1)), &want); err != nil {
			found = append(found, strict)
		} else {
			if _, err := a.Integrations.Ensure(t.Context(), want); err != nil {
				require.ErrorIs(t, err, apono.ErrInvalid)
				found = append(found, ensure)
			}
			store, _ := want.SecretStoreConfig.Get()
			entry, err := a.Catalog.Get(t.Context(), want.Type)
			require.NoError(t, err)
			if apono.ValidateConfig(entry, want.IntegrationConfig, store) != nil {
				found = append(found, validate)
			}
			if store.UnknownMembers() != nil {
				found = append(found, unknown)
			}
		}
		require.Equal(t, tt.found, found, tt.wrong)
		require.NoError(t, srv.Close())
	}
}

func Example_toYAML() {
	c, srv := startConfluent()
	defer srv.Close()
	id := srv.Add("env-abc123", confluent.Integration{
		DisplayName: "vault",
		Provider:    confluent.ProviderAzure,
		Status:      confluent.StatusCreated,
		Config: confluent.Config{
			Value: &confluent.AzureConfig{CustomerAzureTenantID: "6b2b9a4e-0000-4000-8000-000000000001"},
		},
	})

	//doc:begin to-yaml
	integration, err := c.Integrations.Get(ctx, "env-abc123", id)
	if err != nil {
		log.Fatal(err)
	}
	text, err := yaml.Marshal(integration.Config) // by the names of the API
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(text))
	//doc:end

	// Output:
	// confluent_multi_tenant_app_id: 0a1b2c3d-0000-4000-8000-00000000c0de
	// customer_azure_tenant_id: 6b2b9a4e-0000-4000-8000-000000000001
	// kind: AzureIntegrationConfig
}

func Example_secretsInJSON() {
	//doc:begin secrets
	store := apono.SecretStore{Value: &apono.AponoSecret{Parameters: map[string]string{"password": "hunter2"}}}
	hidden, err := json.Marshal(store)
	if err != nil {
		log.Fatal(err)
	}
	shown, err := json.Marshal(store.Reveal())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Contains(string(hidden), "hunter2"), strings.Contains(string(shown), "hunter2"))
	//doc:end

	// Output:
	// false true
}

//doc:begin new-password

// setSecret sends the secret of a document, also if nothing else has changed.
func setSecret(a *apono.Client, id string, want apono.IntegrationCreate) error {
	integration, err := a.Integrations.Get(ctx, id)
	if err != nil {
		return err
	}
	update := apono.UpdateFrom(integration) // keeps everything else
	update.SecretStoreConfig = want.SecretStoreConfig
	_, err = a.Integrations.Update(ctx, id, update)
	return err
}

//doc:end

func TestNewPasswordNeedsAnUpdate(t *testing.T) {
	a, srv := startApono()
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	withPassword := func(password string) apono.IntegrationCreate {
		return apono.IntegrationCreate{Name: "Warehouse", Type: "mock-duck",
			SecretStoreConfig: apono.Set(apono.SecretStore{Value: &apono.AponoSecret{
				Parameters: map[string]string{"password": password}}})}
	}
	got, err := a.Integrations.Ensure(t.Context(), withPassword("first"))
	require.NoError(t, err)
	again, err := a.Integrations.Ensure(t.Context(), withPassword("second"))
	require.NoError(t, err)
	assert.Equal(t, sdk.EnsureUnchanged, again.Action)
	require.NoError(t, setSecret(a, got.Integration.ID, withPassword("second")))
	calls := srv.Calls()
	assert.Contains(t, string(calls[len(calls)-1].Body), `{"apono":{"parameters":{"password":"second"}}}`)
}
