package docs_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"

	aponosdk "github.com/apono-io/apono-sdk-go"
	ccloud "github.com/confluentinc/ccloud-sdk-go-v2/provider-integration/v2"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

func Example_ccloud() {
	srv := confluenttest.Start(confluenttest.WithEnvironments("env-abc123"))
	defer srv.Close()
	addIntegrations(srv, 150)
	key, secret := srv.APIKey, srv.APISecret
	id := srv.Integrations("env-abc123")[0].ID
	baseURL := srv.URL
	configuration := ccloud.NewConfiguration()
	configuration.Servers = ccloud.ServerConfigurations{{URL: srv.URL}}

	ccloudTwice(configuration, key, secret, id)
	c, err := confluent.New(confluent.WithBaseURL(baseURL), confluent.WithAPIKey(key, secret))
	if err != nil {
		log.Fatal(err)
	}
	//doc:begin ccloud-get-after
	integration, err := c.Integrations.Get(ctx, "env-abc123", id)
	if errors.Is(err, confluent.ErrNotFound) {
		log.Fatal("there is none")
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(integration.DisplayName, integration.Status)
	//doc:end

	//doc:begin ccloud-list-after
	count := 0
	for _, err := range c.Integrations.List(ctx, "env-abc123", nil) {
		if err != nil {
			log.Fatal(err)
		}
		count++
	}
	fmt.Println(count)
	//doc:end

	//doc:begin ccloud-create-after
	created, err := c.Integrations.Provision(ctx, confluent.IntegrationCreate{ // create and update
		DisplayName: "lake",
		Environment: confluent.Reference{ID: "env-abc123"},
		Config: confluent.Config{Value: &confluent.GCPConfig{
			CustomerGoogleServiceAccount: "reader@my-project.iam.gserviceaccount.com",
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(created.Status)
	//doc:end

	// Output:
	// warehouse-1 CREATED
	// 150
	// CREATED
	// warehouse-1 CREATED
	// 151
	// CREATED
}

// ccloudTwice does with the vendor's SDK what Example_ccloud does with this one.
func ccloudTwice(configuration *ccloud.Configuration, key, secret, id string) {
	//doc:begin ccloud-get-before
	api := ccloud.NewAPIClient(configuration).IntegrationsPimV2Api
	ctx := context.WithValue(ctx, ccloud.ContextBasicAuth, ccloud.BasicAuth{UserName: key, Password: secret})
	integration, resp, err := api.GetPimV2Integration(ctx, id).Environment("env-abc123").Execute()
	if resp != nil && resp.StatusCode == http.StatusNotFound {
		log.Fatal("there is none")
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(integration.GetDisplayName(), integration.GetStatus())
	//doc:end

	//doc:begin ccloud-list-before
	count, token := 0, ""
	for {
		request := api.ListPimV2Integrations(ctx).Environment("env-abc123").PageSize(100)
		if token != "" {
			request = request.PageToken(token)
		}
		list, _, err := request.Execute()
		if err != nil {
			log.Fatal(err)
		}
		count += len(list.Data)
		next, err := url.Parse(list.Metadata.GetNext())
		if err != nil {
			log.Fatal(err)
		}
		if token = next.Query().Get("page_token"); token == "" {
			break
		}
	}
	fmt.Println(count)
	//doc:end

	//doc:begin ccloud-create-before
	var draft ccloud.PimV2Integration
	draft.SetDisplayName("harbour")
	draft.SetProvider("gcp")
	draft.SetEnvironment(ccloud.ObjectReference{Id: "env-abc123"})
	draft, _, err = api.CreatePimV2Integration(ctx).PimV2Integration(draft).Execute()
	if err != nil {
		log.Fatal(err)
	}
	gcp := ccloud.NewPimV2GcpIntegrationConfig("GcpIntegrationConfig")
	gcp.SetCustomerGoogleServiceAccount("reader@my-project.iam.gserviceaccount.com")
	config := ccloud.PimV2GcpIntegrationConfigAsPimV2IntegrationUpdateConfigOneOf(gcp)
	created, _, err := api.UpdatePimV2Integration(ctx, draft.GetId()).
		PimV2IntegrationUpdate(ccloud.PimV2IntegrationUpdate{
			Environment: &ccloud.ObjectReference{Id: "env-abc123"}, Config: &config,
		}).
		Execute()
	if err != nil {
		log.Fatal(err) // and the draft stays
	}
	fmt.Println(created.GetStatus())
	//doc:end
}

func Example_aponoSDK() {
	srv := aponotest.Start(aponotest.WithConnectors("my-connector"))
	defer srv.Close()
	id := srv.Add(map[string]any{
		"name": "Warehouse", "type": "postgresql", "status": "ACTIVE", "connector_id": "my-connector",
		"integration_config": map[string]string{"hostname": "db.example.com", "port": "5432", "dbname": "postgres"},
	})
	token := srv.Token
	configuration := aponosdk.NewConfiguration()
	configuration.Servers = aponosdk.ServerConfigurations{{URL: srv.URL}}
	baseURL := srv.URL

	aponoTwice(configuration, token, id)

	//doc:begin apono-list-after
	c, err := apono.New(apono.WithBaseURL(baseURL), apono.WithToken(token))
	if err != nil {
		log.Fatal(err)
	}
	for integration, err := range c.Integrations.List(ctx, nil) { // c.IntegrationsV2 for the same generation
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(integration.Name, integration.ConnectorID, integration.IntegrationConfig.Text("hostname"))
	}
	//doc:end

	//doc:begin apono-update-after
	integration, err := c.Integrations.Get(ctx, id)
	if err != nil {
		log.Fatal(err)
	}
	update := apono.UpdateFrom(integration)
	update.IntegrationConfig.SetText("hostname", "db3.example.com")
	if _, err := c.Integrations.Update(ctx, id, update); err != nil {
		log.Fatal(err)
	}
	//doc:end
	fmt.Println("updated")

	// Output:
	// Warehouse my-connector db.example.com
	// updated
	// Warehouse my-connector db2.example.com
	// updated
}

// aponoTwice does with the vendor's SDK what Example_aponoSDK does with this one.
func aponoTwice(configuration *aponosdk.Configuration, token, id string) {
	//doc:begin apono-list-before
	configuration.AddDefaultHeader("Authorization", "Bearer "+token)
	api := aponosdk.NewAPIClient(configuration).IntegrationsApi
	list, _, err := api.ListIntegrationsV2(ctx).Execute() // one page
	if err != nil {
		log.Fatal(err)
	}
	for _, integration := range list.Data {
		fmt.Println(integration.Name, integration.GetProvisionerId(), integration.Metadata["hostname"])
	}
	//doc:end

	//doc:begin apono-update-before
	integration, _, err := api.GetIntegrationV2(ctx, id).Execute()
	if err != nil {
		log.Fatal(err)
	}
	update := aponosdk.NewUpdateIntegration(integration.Name, integration.Metadata)
	update.Metadata["hostname"] = "db2.example.com"
	update.SetProvisionerId(integration.GetProvisionerId()) // and each further member, or it is cleared
	if _, _, err := api.UpdateIntegrationV2(ctx, id).UpdateIntegration(*update).Execute(); err != nil {
		log.Fatal(err)
	}
	//doc:end
	fmt.Println("updated")
}
