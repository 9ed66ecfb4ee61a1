package readme_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

func Example_authentication() {
	key, secret, token, user, password := "key", "secret", "token", "garygeeke", "password"

	//doc:begin authentication
	c, err := confluent.New(confluent.WithAPIKey(key, secret))
	if err != nil {
		log.Fatal(err)
	}
	a, err := apono.New(apono.WithToken(token))
	if err != nil {
		log.Fatal(err)
	}
	e, err := egeria.New("https://localhost:9443", egeria.WithCredentials(user, password))
	if err != nil {
		log.Fatal(err)
	}
	//doc:end

	fmt.Println(c != nil, a != nil, e != nil)
	// Output:
	// true true true
}

func Example_listing() {
	c, srv := startConfluent()
	defer srv.Close()
	a, aponoServer, _ := startApono()
	defer aponoServer.Close()

	//doc:begin listing
	all, err := sdk.Collect(c.AllIntegrations(ctx, "env-abc123", nil)) // AWS, Azure and Google Cloud
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(all), "integrations of Confluent Cloud")

	active := &apono.ListOptions{Status: []apono.Status{apono.StatusActive}}
	for page, err := range a.Integrations.Pages(ctx, active) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(page.Items), "integrations of Apono; the next page is", page.NextToken)
	}
	//doc:end

	// Output:
	// 1 integrations of Confluent Cloud
	// 1 integrations of Apono; the next page is
}

func Example_creating() {
	a, srv, _ := startApono()
	defer srv.Close()

	//doc:begin creating
	got, err := a.Integrations.Ensure(ctx, apono.IntegrationCreate{
		Name: "Warehouse", Type: "postgresql", ConnectorID: apono.Set("my-connector"),
		IntegrationConfig: apono.ConfigOf(map[string]string{
			"hostname": "db.example.com", "port": "5432", "dbname": "postgres",
		}),
		SecretStoreConfig: apono.Set(apono.SecretStore{
			Value: &apono.AWSSecret{Region: "eu-central-1", SecretID: "warehouse"},
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.Action, got.Differences) // created, updated or unchanged
	//doc:end

	// Output:
	// updated [secret_store_config]
}

func Example_updating() {
	a, srv, id := startApono()
	defer srv.Close()

	//doc:begin updating
	integration, err := a.Integrations.Get(ctx, id)
	if err != nil {
		log.Fatal(err)
	}
	update := apono.UpdateFrom(integration)                         // keeps what you don't change
	update.CustomAccessDetails = apono.Set("Ask the data team.")    // a value
	update.Owner = apono.Null[apono.OwnerReference]()               // null
	update.IntegrationConfig.SetText("hostname", "db2.example.com") // one member of the configuration
	integration, err = a.Integrations.Update(ctx, id, update)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(integration.IntegrationConfig.Text("hostname"), integration.IntegrationConfig.Text("port"))
	//doc:end

	// Output:
	// db2.example.com 5432
}

func Example_waiting() {
	a, srv, id := startApono()
	defer srv.Close()

	//doc:begin waiting
	wait := apono.WaitOptions{WaitOptions: sdk.WaitOptions{
		Timeout:  5 * time.Minute,
		Progress: func(attempt int, err error) { log.Print("attempt ", attempt, ": ", err) },
	}}
	integration, err := a.Integrations.WaitSynced(ctx, id, wait)
	if failed, ok := errors.AsType[*apono.SyncError](err); ok {
		log.Fatal("Apono cannot reach the database: ", failed)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(integration.Status)
	//doc:end

	// Output:
	// ACTIVE
}

func Example_errors() {
	c, srv := startConfluent()
	defer srv.Close()

	//doc:begin errors
	_, err := c.Integrations.Get(ctx, "env-abc123", "cspi-gone")
	switch {
	case errors.Is(err, sdk.ErrNotFound):
		fmt.Println("there is none")
	case errors.Is(err, sdk.ErrUnauthorized): // before ErrForbidden: the 403 for a deleted key is both
		fmt.Println("the credential is not valid")
	case errors.Is(err, sdk.ErrForbidden): // Confluent Cloud also sends 403 for what does not exist
		fmt.Println("not allowed, or there is no such environment")
	case errors.Is(err, sdk.ErrOutcomeUnknown):
		fmt.Println("it may have been changed: look before you try again")
	}
	if e, ok := errors.AsType[*sdk.Error](err); ok { // of any vendor
		fmt.Println(e.Vendor, e.Operation, e.StatusCode, "after", e.Attempts, "attempt")
	}
	//doc:end

	// Output:
	// there is none
	// confluent Integrations.Get 404 after 1 attempt
}

func Example_retries() {
	_, srv := startConfluent()
	defer srv.Close()
	credentials := sdk.Options(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))
	id := srv.Integrations("env-abc123")[0].ID
	srv.Inject(confluenttest.Fault{Operation: "getPimV2Integration", Status: http.StatusServiceUnavailable})

	//doc:begin retries
	c, err := confluent.New(credentials,
		confluent.WithRetry(sdk.RetryPolicy{MaxAttempts: 3}), // other fields keep their defaults
		confluent.WithAttemptTimeout(20*time.Second),
	)
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute) // bounds attempts and waits together
	defer cancel()
	var meta sdk.Meta
	_, err = c.Integrations.Get(ctx, "env-abc123", id, confluent.WithMeta(&meta))
	fmt.Println(err, meta.Attempts)
	//doc:end

	// Output:
	// <nil> 2
}

func Example_tls() {
	platform := "https://egeria.example.com:9443"
	user, password := "garygeeke", "password"
	file := certificateFile()
	defer os.Remove(file)

	//doc:begin tls
	pem, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(pem) {
		log.Fatal("no certificate in ", file)
	}
	c, err := egeria.New(platform,
		egeria.WithCredentials(user, password),
		egeria.WithTLSConfig(&tls.Config{RootCAs: authorities}),
	)
	//doc:end

	fmt.Println(c != nil, err)
	// Output:
	// true <nil>
}

func Example_logging() {
	//doc:begin logging
	shared := sdk.Options( // for clients of any vendor
		sdk.WithUserAgent("inventory/1.2"),
		sdk.WithLogger(slog.Default()), // calls, retries and failures; no bodies, no credentials
		sdk.WithDebug(os.Stderr),       // requests and responses, to find a fault; treat it as confidential
	)
	c, err := confluent.FromEnv(shared)
	if err != nil {
		log.Fatal(err)
	}
	a, err := apono.FromEnv(shared)
	//doc:end

	fmt.Println(c, a, err)
}

// certificateFile writes the certificate of a fake to a file.
func certificateFile() string {
	srv := egeriatest.Start(egeriatest.WithHTTP2())
	defer srv.Close()
	file, err := os.CreateTemp("", "*.pem")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(srv.CertificatePEM()); err != nil {
		log.Fatal(err)
	}
	return file.Name()
}

//doc:begin testing

func TestExportOfABusyServer(t *testing.T) {
	srv := confluenttest.NewServer(t, confluenttest.WithEnvironments("env-abc123"))
	srv.Add("env-abc123", confluent.Integration{DisplayName: "warehouse", Provider: confluent.ProviderGCP})
	srv.Inject(confluenttest.Fault{Operation: "listPimV2Integrations", Status: http.StatusServiceUnavailable})

	c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))
	if err != nil {
		t.Fatal(err)
	}
	integrations, err := sdk.Collect(c.Integrations.List(t.Context(), "env-abc123", nil))
	if err != nil || len(integrations) != 1 {
		t.Fatal(len(integrations), err)
	}
}

//doc:end
