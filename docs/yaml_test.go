package docs_test

import (
	"encoding/json"
	"fmt"
	"log"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
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
	if err := yaml.UnmarshalStrict([]byte(wanted), &want); err != nil { // a member that is misspelt is an error
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
