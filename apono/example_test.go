package apono_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

var ctx = context.Background()

// exampleClient returns a client of a fake server, as in the package example.
func exampleClient(opts ...apono.Option) (*apono.Client, *aponotest.Server) {
	srv := aponotest.Start()
	c, err := apono.New(append([]apono.Option{apono.WithBaseURL(srv.URL), apono.WithToken(srv.Token)}, opts...)...)
	if err != nil {
		log.Fatal(err)
	}
	return c, srv
}

// addExamples adds integrations to the server.
func addExamples(srv *aponotest.Server, names ...string) {
	for _, name := range names {
		srv.Add(map[string]any{
			"id": "id-of-" + name, "name": name, "type": "mysql", "connector_id": "connector-1",
			"integration_config": map[string]string{"hostname": name + ".example.com"},
			"secret_store_config": map[string]any{"aws": map[string]string{"region": "eu-central-1",
				"secret_id": name}},
		})
	}
}

// done ends an example that failed.
func done(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// The life cycle of a database at Apono, from the catalog to deletion.
func Example() {
	srv := aponotest.Start() // in place of Apono
	defer srv.Close()
	c, err := apono.New(apono.WithBaseURL(srv.URL), apono.WithToken(srv.Token))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	entry, err := c.Catalog.Get(ctx, "postgresql")
	if err != nil {
		log.Fatal(err)
	}
	config := apono.ConfigOf(map[string]string{"hostname": "db.example.com"})
	secret := apono.SecretStore{Value: &apono.AWSSecret{Region: "eu-central-1", SecretID: "warehouse"}}
	if err := apono.ValidateConfig(entry, config, secret); err != nil {
		log.Fatal(err)
	}
	integration, err := c.Integrations.Create(ctx, apono.IntegrationCreate{
		Name: "Warehouse", Type: entry.Type, ConnectorID: apono.Set("connector-1"),
		IntegrationConfig: config, SecretStoreConfig: apono.Set(secret),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(integration.Name, integration.Status)

	wait := apono.WaitOptions{WaitOptions: sdk.WaitOptions{Interval: 10 * time.Millisecond}}
	integration, err = c.Integrations.WaitSynced(ctx, integration.ID, wait)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(integration.Name, integration.Status)

	err = c.Integrations.Delete(ctx, integration.ID)
	fmt.Println("deleted:", err == nil)

	// Output:
	// Warehouse INITIALIZING
	// Warehouse ACTIVE
	// deleted: true
}

func ExampleNew() {
	c, err := apono.New(
		apono.WithToken("aup_token"),
		apono.WithUserAgent("my-app/1.2 (https://example.com; ops@example.com)"),
		apono.WithAttemptTimeout(20*time.Second),
	)
	done(err)
	c.CloseIdleConnections()

	_, err = apono.New()
	fmt.Println(err)
	// Output:
	// apono: New: invalid argument credentials: are missing: use WithToken or WithTokenSource
}

func ExampleFromEnv() {
	srv := aponotest.Start()
	defer srv.Close()
	os.Setenv(apono.EnvToken, srv.Token)
	os.Setenv(apono.EnvEndpoint, srv.URL+"/api") // with or without /api
	defer os.Unsetenv(apono.EnvToken)
	defer os.Unsetenv(apono.EnvEndpoint)

	c, err := apono.FromEnv()
	done(err)
	_, err = c.Integrations.Get(ctx, "gone")
	fmt.Println(errors.Is(err, apono.ErrNotFound))
	// Output:
	// true
}

func ExampleIntegrationsService_Get() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")

	integration, err := c.Integrations.Get(ctx, "id-of-orders")
	done(err)
	fmt.Println(integration.Name, integration.Type, integration.Status, integration.IntegrationConfig.Text("hostname"))
	// Output:
	// orders mysql ACTIVE orders.example.com
}

func ExampleIntegrationsService_List() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders", "orders-eu", "customers")

	filter := &apono.ListOptions{Name: apono.HasPrefix("orders"), Type: []string{"mysql", apono.Contains("sql-")}}
	for integration, err := range c.Integrations.List(ctx, filter) {
		done(err)
		fmt.Println(integration.Name)
	}
	// Output:
	// orders
	// orders-eu
}

func ExampleIntegrationsService_Pages() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "a", "b", "c")

	var token string
	for page, err := range c.Integrations.Pages(ctx, &apono.ListOptions{Limit: 2}) {
		done(err)
		fmt.Println(len(page.Items), "items")
		token = page.NextToken // store it to resume later
		break
	}
	for page, err := range c.Integrations.Pages(ctx, &apono.ListOptions{PageToken: token}) {
		done(err)
		fmt.Println(len(page.Items), "more")
	}
	// Output:
	// 2 items
	// 1 more
}

func ExampleIntegrationsService_Create() {
	c, srv := exampleClient()
	defer srv.Close()

	config := apono.ConfigOf(nil)
	done(config.SetJSONText("servers", []map[string]string{{"name": "web", "host": "10.0.0.1"}})) // JSON in a string
	integration, err := c.Integrations.Create(ctx, apono.IntegrationCreate{
		Name: "Web servers", Type: "ssh", IntegrationConfig: config, ConnectorID: apono.Set("connector-1"),
		SecretStoreConfig: apono.Set(apono.SecretStore{Value: &apono.KubernetesSecret{Namespace: "apono",
			Name: "ssh-key"}}),
	})
	done(err)
	fmt.Println(integration.Name, integration.Status, integration.IntegrationConfig.Text("servers"))
	// Output:
	// Web servers INITIALIZING [{"host":"10.0.0.1","name":"web"}]
}

// Change one field, clear another one, keep the rest.
func ExampleUpdateFrom() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")

	integration, err := c.Integrations.Get(ctx, "id-of-orders")
	done(err)
	update := apono.UpdateFrom(integration)
	update.CustomAccessDetails = apono.Set("Ask the data team.")
	update.ConnectorID = apono.Null[string]()
	integration, err = c.Integrations.Update(ctx, integration.ID, update)
	done(err)
	fmt.Printf("%q %q ", integration.CustomAccessDetails, integration.ConnectorID)
	fmt.Printf("%q %v\n", integration.IntegrationConfig.Text("hostname"), integration.SecretStoreConfig)
	// Output:
	// "Ask the data team." "" "orders.example.com" SecretStore{aws}
}

func ExampleIntegrationsService_Update() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")

	// This replaces the whole integration. Members that are left out may be cleared.
	integration, err := c.Integrations.Update(ctx, "id-of-orders", apono.IntegrationUpdate{
		Name: "Orders", IntegrationConfig: apono.ConfigOf(map[string]string{"hostname": "new.example.com"}),
	})
	done(err)
	fmt.Println(integration.Name, integration.IntegrationConfig.Text("hostname"))
	// Output:
	// Orders new.example.com
}

func ExampleIntegrationsService_Delete() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")

	done(c.Integrations.Delete(ctx, "id-of-orders"))
	err := c.Integrations.Delete(ctx, "id-of-orders")
	fmt.Println(errors.Is(err, apono.ErrNotFound))
	// Output:
	// true
}

func ExampleIntegrationsService_FindByName() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders", "orders-eu")

	integration, err := c.Integrations.FindByName(ctx, "orders")
	done(err)
	fmt.Println(integration.ID)
	_, err = c.Integrations.FindByName(ctx, "customers")
	fmt.Println(errors.Is(err, apono.ErrNotFound))
	// Output:
	// id-of-orders
	// true
}

func ExampleIntegrationsService_WaitSynced() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")
	srv.FailSync("id-of-orders", "Error")

	before, err := c.Integrations.Get(ctx, "id-of-orders")
	done(err)
	done(c.IntegrationsV2.Refresh(ctx, before.ID))
	integration, err := c.Integrations.WaitSynced(ctx, before.ID, apono.WaitOptions{
		Before:      before, // the status before the refresh does not count
		WaitOptions: sdk.WaitOptions{Interval: 10 * time.Millisecond, Timeout: time.Minute},
	})
	if failed, ok := errors.AsType[*apono.SyncError](err); ok {
		fmt.Println(integration.Name, "ended as", failed.Status)
	}
	// Output:
	// orders ended as ERROR
}

func ExampleIntegrationsService_Ensure() {
	c, srv := exampleClient()
	defer srv.Close()

	want := apono.IntegrationCreate{
		Name: "orders", Type: "mysql",
		IntegrationConfig: apono.ConfigOf(map[string]string{"hostname": "db-1.example.com"}),
	}
	for range 2 {
		got, err := c.Integrations.Ensure(ctx, want)
		done(err)
		fmt.Println(got.Action)
	}
	want.IntegrationConfig.SetText("hostname", "db-2.example.com")
	got, err := c.Integrations.Ensure(ctx, want)
	done(err)
	fmt.Println(got.Action, got.Differences)
	// Output:
	// created
	// unchanged
	// updated [integration_config.hostname]
}

func ExampleCatalogService_List() {
	c, srv := exampleClient()
	defer srv.Close()

	for entry, err := range c.Catalog.List(ctx) {
		done(err)
		if entry.RequiresSecret {
			fmt.Println(entry.Type, "needs a secret")
		}
	}
	// Output:
	// postgresql needs a secret
	// mysql needs a secret
	// ssh needs a secret
}

func ExampleCatalogService_Get() {
	c, srv := exampleClient()
	defer srv.Close()

	entry, err := c.Catalog.Get(ctx, "mysql")
	done(err)
	for _, p := range entry.Params {
		if !p.Optional {
			fmt.Printf("%s %q %v\n", p.ID, p.Default, p.Values)
		}
	}
	// Output:
	// hostname "" []
	// port "3306" []
	// auth_type "user-password" [user-password iam]
}

func ExampleValidateConfig() {
	c, srv := exampleClient()
	defer srv.Close()

	entry, err := c.Catalog.Get(ctx, "mysql")
	done(err)
	fmt.Println(apono.ValidateConfig(entry, apono.ConfigOf(map[string]string{"auth_type": "none"}),
		apono.SecretStore{}))
	// Output:
	// apono: ValidateConfig: invalid argument hostname: is required (Host name)
	// apono: ValidateConfig: invalid argument auth_type: is "none", not one of user-password, iam
	// apono: ValidateConfig: invalid argument secret: is required; mysql supports AWS, GCP, AZURE, KUBERNETES, HASHICORP_VAULT
}

func ExampleSecretStore() {
	for _, raw := range []string{
		`{"hashicorp_vault":{"secret_engine":"kv","path":"db"}}`, `{"apono":{"parameters":{"password":"hunter2"}}}`,
		`{"newer":{"id":"1"}}`, `null`,
	} {
		var store apono.SecretStore
		done(json.Unmarshal([]byte(raw), &store))
		switch s := store.Value.(type) {
		case *apono.HashicorpVaultSecret:
			fmt.Println("in Vault:", s.SecretEngine, s.Path)
		case *apono.UnknownSecret:
			fmt.Println("newer than this release:", s.Names)
		case nil:
			fmt.Println("none")
		default:
			fmt.Printf("%+v\n", store) // shows no parameter
		}
	}
	// Output:
	// in Vault: kv db
	// SecretStore{apono}
	// newer than this release: [newer]
	// none
}

// The three states of an optional member.
func ExampleOptional() {
	for _, u := range []apono.IntegrationUpdate{
		{Name: "n"}, {Name: "n", ConnectorID: apono.Null[string]()}, {Name: "n", ConnectorID: apono.Set("connector-1")},
	} {
		out, err := json.Marshal(u)
		done(err)
		fmt.Println(string(out))
	}
	// Output:
	// {"integration_config":{},"name":"n"}
	// {"connector_id":null,"integration_config":{},"name":"n"}
	// {"connector_id":"connector-1","integration_config":{},"name":"n"}
}

func ExampleError() {
	c, srv := exampleClient()
	defer srv.Close()

	_, err := c.Integrations.Get(ctx, "gone")
	e, ok := errors.AsType[*apono.Error](err)
	fmt.Println(ok, e.StatusCode, e.Detail, errors.Is(err, apono.ErrNotFound))
	// Output:
	// true 404 Integration not found true
}
