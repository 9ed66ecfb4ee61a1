package apono_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/ratelimit"
)

var ctx = context.Background()

// exampleClient is a client of a server inside the program, as in the package example.
func exampleClient(opts ...apono.Option) (*apono.Client, *aponotest.Server) {
	srv := aponotest.Start()
	c, err := apono.New(append([]apono.Option{apono.WithBaseURL(srv.URL), apono.WithToken(srv.Token)}, opts...)...)
	if err != nil {
		log.Fatal(err)
	}
	return c, srv
}

// addExamples puts integrations on the server.
func addExamples(srv *aponotest.Server, names ...string) {
	for _, name := range names {
		srv.Add(map[string]any{
			"id": "id-of-" + name, "name": name, "type": "mysql", "connector_id": "connector-1", "integration_config": map[string]string{"hostname": name + ".example.com"},
			"secret_store_config": map[string]any{"aws": map[string]string{"region": "eu-central-1", "secret_id": name}},
		})
	}
}

// done ends an example that failed.
func done(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// The life of a database at Apono, from the catalog to the end.
func Example() {
	srv := aponotest.Start() // instead of Apono
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
	in, err := c.Integrations.Create(ctx, apono.IntegrationCreate{
		Name: "Warehouse", Type: entry.Type, ConnectorID: apono.Set("connector-1"),
		IntegrationConfig: config, SecretStoreConfig: apono.Set(secret),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(in.Name, in.Status)

	in, err = c.Integrations.WaitSynced(ctx, in.ID, apono.WaitOptions{Interval: 10 * time.Millisecond})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(in.Name, in.Status)

	err = c.Integrations.Delete(ctx, in.ID)
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

	in, err := c.Integrations.Get(ctx, "id-of-orders")
	done(err)
	fmt.Println(in.Name, in.Type, in.Status, in.IntegrationConfig.Text("hostname"))
	// Output:
	// orders mysql ACTIVE orders.example.com
}

func ExampleIntegrationsService_List() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders", "orders-eu", "customers")

	filter := &apono.ListOptions{Name: apono.HasPrefix("orders"), Type: []string{"mysql", apono.Contains("sql-")}}
	for in, err := range c.Integrations.List(ctx, filter) {
		done(err)
		fmt.Println(in.Name)
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
		token = page.NextToken // keep it to go on later
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
	done(config.SetJSONText("servers", []map[string]string{{"name": "web", "host": "10.0.0.1"}})) // JSON in a text
	in, err := c.Integrations.Create(ctx, apono.IntegrationCreate{
		Name: "Web servers", Type: "ssh", IntegrationConfig: config, ConnectorID: apono.Set("connector-1"),
		SecretStoreConfig: apono.Set(apono.SecretStore{Value: &apono.KubernetesSecret{Namespace: "apono", Name: "ssh-key"}}),
	})
	done(err)
	fmt.Println(in.Name, in.Status, in.IntegrationConfig.Text("servers"))
	// Output:
	// Web servers INITIALIZING [{"host":"10.0.0.1","name":"web"}]
}

// Change one field, clear another, keep the rest.
func ExampleUpdateFrom() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")

	in, err := c.Integrations.Get(ctx, "id-of-orders")
	done(err)
	update := apono.UpdateFrom(in)
	update.CustomAccessDetails = apono.Set("Ask the data team.")
	update.ConnectorID = apono.Null[string]()
	in, err = c.Integrations.Update(ctx, in.ID, update)
	done(err)
	fmt.Printf("%q %q %q %v\n", in.CustomAccessDetails, in.ConnectorID, in.IntegrationConfig.Text("hostname"), in.SecretStoreConfig)
	// Output:
	// "Ask the data team." "" "orders.example.com" SecretStore{aws}
}

func ExampleIntegrationsService_Update() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")

	// The whole integration: what is left out here may be cleared.
	in, err := c.Integrations.Update(ctx, "id-of-orders", apono.IntegrationUpdate{
		Name: "Orders", IntegrationConfig: apono.ConfigOf(map[string]string{"hostname": "new.example.com"}),
	})
	done(err)
	fmt.Println(in.Name, in.IntegrationConfig.Text("hostname"))
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

	in, err := c.Integrations.FindByName(ctx, "orders")
	done(err)
	fmt.Println(in.ID)
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

	done(c.IntegrationsV2.Refresh(ctx, "id-of-orders"))
	in, err := c.Integrations.WaitSynced(ctx, "id-of-orders", apono.WaitOptions{Interval: 10 * time.Millisecond, Timeout: time.Minute})
	if failed, ok := errors.AsType[*apono.SyncError](err); ok {
		fmt.Println(in.Name, "ended as", failed.Status)
	}
	// Output:
	// orders ended as ERROR
}

func ExampleIntegrationsService_Ensure() {
	c, srv := exampleClient()
	defer srv.Close()

	want := apono.IntegrationCreate{
		Name: "orders", Type: "mysql", IntegrationConfig: apono.ConfigOf(map[string]string{"hostname": "db-1.example.com"}),
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

func ExampleIntegrationsV2Service_Refresh() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")

	done(c.IntegrationsV2.Refresh(ctx, "id-of-orders"))
	in, err := c.IntegrationsV2.Get(ctx, "id-of-orders")
	done(err)
	fmt.Println(in.Status)
	// Output:
	// Refreshing
}

func ExampleIntegrationsV2Service_List() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders", "customers")

	for in, err := range c.IntegrationsV2.List(ctx) {
		if truncated, ok := errors.AsType[*apono.TruncatedError](err); ok {
			fmt.Println("there are", truncated.Info.Total)
			break
		}
		done(err)
		fmt.Println(in.Name, in.Status, in.SecretConfig.Type())
	}
	// Output:
	// orders Active AWS
	// customers Active AWS
}

func ExampleIntegrationsV2Service_Create() {
	c, srv := exampleClient()
	defer srv.Close()

	in, err := c.IntegrationsV2.Create(ctx, apono.IntegrationCreateV2{
		Name: "orders", Type: "mysql", Metadata: apono.ConfigOf(map[string]string{"hostname": "orders.example.com"}), ProvisionerID: apono.Set("connector-1"),
		SecretConfig: apono.Set(apono.SecretStore{Value: &apono.GCPSecret{Project: "my-project", SecretID: "orders"}}.Flat()),
	})
	done(err)
	fmt.Println(in.Name, in.Status, in.SecretConfig.Type())

	update := apono.UpdateFromV2(in)
	update.Name = "Orders"
	in, err = c.IntegrationsV2.Update(ctx, in.ID, update)
	done(err)
	fmt.Println(in.Name, in.SecretConfig.Type())
	done(c.IntegrationsV2.Delete(ctx, in.ID))
	// Output:
	// orders Initializing GCP
	// Orders GCP
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
	fmt.Println(apono.ValidateConfig(entry, apono.ConfigOf(map[string]string{"auth_type": "none"}), apono.SecretStore{}))
	// Output:
	// apono: ValidateConfig: invalid argument hostname: is required (Host name)
	// apono: ValidateConfig: invalid argument auth_type: is "none", not one of user-password, iam
	// apono: ValidateConfig: invalid argument secret: is required; mysql supports AWS, GCP, AZURE, KUBERNETES, HASHICORP_VAULT
}

func ExampleResourcesService_List() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")
	srv.SeedResources("id-of-orders", aponotest.Resource{ID: "items", Type: "mysql-table"}, aponotest.Resource{ID: "shop", Type: "mysql-db"})

	for r, err := range c.Resources.List(ctx, "id-of-orders", "mysql-table") {
		done(err)
		fmt.Println(r.Name, r.Type, r.Status.Status)
	}
	// Output:
	// items mysql-table Active
}

func ExampleResourcesService_Permissions() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")
	srv.SeedPermissions("id-of-orders", aponotest.Permission{ID: "read", Name: "READ_ONLY", ResourceType: "mysql-table"})

	for p, err := range c.Resources.Permissions(ctx, "id-of-orders", "") {
		done(err)
		fmt.Println(p.Name, p.ResourceType)
	}
	// Output:
	// READ_ONLY mysql-table
}

// Whether the server replaces the tags or adds to them is not documented: send all.
func ExampleResourcesService_SetUserTags() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")
	srv.SeedResources("id-of-orders", aponotest.Resource{ID: "items", Type: "mysql-table", Tags: map[string]string{"team": "shop"}})

	tags, err := c.Resources.UserTags(ctx, "items")
	done(err)
	all := maps.Clone(tags)
	all["tier"] = "1"
	done(c.Resources.SetUserTags(ctx, "items", all))
	tags, err = c.Resources.UserTags(ctx, "items")
	done(err)
	fmt.Println(tags)
	// Output:
	// map[team:shop tier:1]
}

func ExampleConnectorsService_List() {
	c, srv := exampleClient()
	defer srv.Close()

	for connector, err := range c.Connectors.List(ctx, &apono.ConnectorListOptions{Status: []string{"CONNECTED"}}) {
		done(err)
		fmt.Println(connector.ID, connector.CloudProviderType, connector.Version)
	}
	for connector, err := range c.Connectors.ListV2(ctx) {
		done(err)
		fmt.Println(connector.ConnectorID, connector.Status)
	}
	// Output:
	// connector-1 AWS 1.7.2
	// connector-1 CONNECTED
}

func ExampleConnectorsService_Rename() {
	c, srv := exampleClient()
	defer srv.Close()

	connector, err := c.Connectors.Rename(ctx, "connector-1", "Frankfurt")
	done(err)
	fmt.Println(connector.ID, connector.Name)
	connector, err = c.Connectors.Get(ctx, "connector-1")
	done(err)
	fmt.Println(connector.ID, connector.Name)
	done(c.Connectors.Delete(ctx, "connector-1"))
	// Output:
	// connector-1 Frankfurt
	// connector-1 Frankfurt
}

func ExampleSecretStore() {
	for _, raw := range []string{
		`{"hashicorp_vault":{"secret_engine":"kv","path":"db"}}`, `{"apono":{"parameters":{"password":"hunter2"}}}`, `{"newer":{"id":"1"}}`, `null`,
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

// A POST whose reply is lost is not sent again; look before you do.
func ExampleWithIdempotent() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")
	srv.Inject(aponotest.Fault{Operation: "refreshIntegrationV2", Lost: true, Times: 2})

	err := c.IntegrationsV2.Refresh(ctx, "id-of-orders")
	fmt.Println(errors.Is(err, apono.ErrOutcomeUnknown))
	err = c.IntegrationsV2.Refresh(ctx, "id-of-orders", apono.WithIdempotent()) // a second refresh does no harm
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

func ExampleWithMeta() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")

	var meta apono.Meta
	var raw []byte
	_, err := c.Integrations.Get(ctx, "id-of-orders", apono.WithMeta(&meta), apono.WithRawBody(&raw))
	done(err)
	fmt.Println(meta.StatusCode, meta.Attempts, json.Valid(raw))
	// Output:
	// 200 1 true
}

func ExampleWithPrefetch() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "a", "b", "c")

	var names []string
	for in, err := range c.Integrations.List(ctx, &apono.ListOptions{Limit: 1}, apono.WithPrefetch()) {
		done(err)
		names = append(names, in.Name)
	}
	fmt.Println(slices.Sorted(slices.Values(names)))
	// Output:
	// [a b c]
}

func ExampleWithTokenSource() {
	srv := aponotest.Start()
	defer srv.Close()
	addExamples(srv, "orders")
	c, err := apono.New(apono.WithBaseURL(srv.URL), apono.WithTokenSource(apono.TokenSourceFunc(func(context.Context) (apono.Token, error) {
		return apono.Token{Value: srv.Token, Expiry: time.Now().Add(time.Hour)}, nil // from a vault, for instance
	})))
	done(err)
	in, err := c.Integrations.Get(ctx, "id-of-orders")
	done(err)
	fmt.Println(in.Name)
	// Output:
	// orders
}

func ExampleWithStrict() {
	c, srv := exampleClient(apono.WithStrict())
	defer srv.Close()
	id := srv.AddRaw(json.RawMessage(`{"id":"1","name":"odd"}`), nil)

	_, err := c.Integrations.Get(ctx, id)
	fmt.Println(err != nil)
	// Output:
	// true
}

// Apono documents no rate limit. This one is the program's own.
func ExampleWithLimiter() {
	limiter, err := ratelimit.New(ratelimit.WithRate(100, 10), ratelimit.WithMaxInFlight(4))
	done(err)
	c, srv := exampleClient(apono.WithLimiter(limiter))
	defer srv.Close()
	addExamples(srv, "orders")

	_, err = c.Integrations.Get(ctx, "id-of-orders")
	fmt.Println(err, c.Limiter() == limiter)
	// Output:
	// <nil> true
}

func ExampleWithMiddleware() {
	c, srv := exampleClient(apono.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return transport(func(r *http.Request) (*http.Response, error) {
			fmt.Println(r.Method, r.URL.Path)
			return next.RoundTrip(r)
		})
	}))
	defer srv.Close()
	addExamples(srv, "orders")

	_, err := c.Integrations.Get(ctx, "id-of-orders")
	done(err)
	// Output:
	// GET /api/admin/v4/integrations/id-of-orders
}

// What is logged names the integration, and shows neither configuration nor secret.
func ExampleWithLogger() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if slices.Contains([]string{"time", "duration", "request_id"}, a.Key) {
			return slog.Attr{}
		}
		return a
	}, Level: slog.LevelDebug}))
	c, srv := exampleClient(apono.WithLogger(logger))
	defer srv.Close()
	addExamples(srv, "orders")

	in, err := c.Integrations.Get(ctx, "id-of-orders")
	done(err)
	logger.Info("read", "integration", in)
	// Output:
	// level=DEBUG msg=call vendor=apono operation=Integrations.Get method=GET path=/api/admin/v4/integrations/id-of-orders attempts=1 status=200
	// level=INFO msg=read integration.id=id-of-orders integration.name=orders integration.type=mysql integration.status=ACTIVE
}

func ExampleWithRetry() {
	policy := apono.DefaultRetryPolicy()
	policy.MinDelay, policy.MaxDelay = time.Millisecond, 10*time.Millisecond
	c, srv := exampleClient(apono.WithRetry(policy))
	defer srv.Close()
	addExamples(srv, "orders")
	srv.Inject(aponotest.Fault{Operation: "updateIntegrationV4", Status: http.StatusServiceUnavailable, Times: 2})

	in, err := c.Integrations.Get(ctx, "id-of-orders")
	done(err)
	var meta apono.Meta
	_, err = c.Integrations.Update(ctx, in.ID, apono.UpdateFrom(in), apono.WithMeta(&meta)) // a PUT is repeated
	fmt.Println(err, meta.Attempts)
	// Output:
	// <nil> 3
}

func ExampleClient_API() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")

	resp, err := c.API().GetIntegration(ctx, "id-of-orders")
	done(err)
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode, strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json"))
	// Output:
	// 200 true
}
