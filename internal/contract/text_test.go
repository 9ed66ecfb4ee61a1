package contract_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/egeria"
)

// notUTF8 are texts that encoding/json would change: another encoding, a cut character, and a
// surrogate.
var notUTF8 = []string{"Caf\xe9", "cut \xe2\x82", "\xed\xa0\x80"}

// refusesText checks that a call with a text that is not UTF-8 sends nothing and names the
// argument.
func refusesText(t *testing.T, v vendor, s *server, argument string, err error) {
	t.Helper()
	f := viewed(t, v, err)
	assert.Equal(t, []string{"ErrInvalid"}, conditions(v, err), argument)
	assert.Equal(t, argument, f.Argument)
	require.ErrorContains(t, err, "UTF-8")
	require.Zero(t, s.count(), argument)
}

func last[T any](seq func(func(T, error) bool)) (err error) {
	seq(func(_ T, e error) bool { err = e; return true })
	return err
}

func TestTextThatIsNotUTF8IsRefusedByConfluent(t *testing.T) {
	t.Parallel()
	s := &server{answer: always(500, "")}
	c, err := confluent.New(confluent.WithAPIKey("key", canary), confluent.WithHTTPClient(&http.Client{Transport: s}))
	require.NoError(t, err)
	ctx, env := t.Context(), confluent.Reference{ID: "env-1"}
	for _, bad := range notUTF8 {
		gcp := confluent.Config{Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: bad}}
		create := confluent.IntegrationCreate{DisplayName: bad, Environment: env, Provider: "gcp"}
		check := func(argument string, err error) { t.Helper(); refusesText(t, confluentVendor, s, argument, err) }
		_, err := c.Integrations.Create(ctx, create)
		check("DisplayName", err)
		_, err = c.Integrations.Ensure(ctx, create)
		check("DisplayName", err)
		_, err = c.Integrations.Provision(ctx, create)
		check("DisplayName", err)
		create.DisplayName, create.Config = "good", gcp
		_, err = c.Integrations.Ensure(ctx, create)
		check("Config.Value.CustomerGoogleServiceAccount", err)
		_, err = c.Integrations.Update(ctx, "id", confluent.IntegrationUpdate{Environment: env,
			Config: confluent.Config{
				Value: &confluent.UnknownConfig{Raw: json.RawMessage(`{"kind":"New","name":"` + bad + `"}`)},
			}})
		check("Config.Value.Raw", err)
		_, err = c.IntegrationsV1.Create(ctx, confluent.IntegrationCreateV1{DisplayName: "n",
			Environment: confluent.Reference{ID: bad}, Provider: "AWS",
			Config: confluent.Config{
				Value: &confluent.AWSConfig{CustomerIAMRoleARN: "arn:aws:iam::123456789012:role/r"}}})
		check("Environment.ID", err)
		_, err = c.Integrations.Get(ctx, bad, "id")
		check("Environment", err)
		_, err = c.Integrations.Get(ctx, "env-1", bad)
		check("id", err)
		check("DisplayName", last(c.Integrations.List(ctx, "env-1", &confluent.ListOptions{DisplayName: bad})))
		check("PageToken", last(c.Integrations.List(ctx, "env-1", &confluent.ListOptions{PageToken: bad})))
		_, err = c.Integrations.FindByDisplayName(ctx, "env-1", bad)
		check("DisplayName", err)
		_, err = c.ExchangeToken(ctx, confluent.STSConfig{IdentityPoolID: bad,
			SubjectToken: func(context.Context) (string, error) { return "token", nil }})
		check("IdentityPoolID", err)
	}
}

func TestTextThatIsNotUTF8IsRefusedByApono(t *testing.T) {
	t.Parallel()
	s := &server{answer: always(500, "")}
	c, err := apono.New(apono.WithToken(canary), apono.WithHTTPClient(&http.Client{Transport: s}))
	require.NoError(t, err)
	ctx := t.Context()
	for _, bad := range notUTF8 {
		check := func(argument string, err error) { t.Helper(); refusesText(t, aponoVendor, s, argument, err) }
		_, err := c.Integrations.Create(ctx, apono.IntegrationCreate{Name: bad, Type: "t"})
		check("Name", err)
		secret := apono.SecretStore{Value: &apono.AponoSecret{Parameters: map[string]string{"password": bad}}}
		create := apono.IntegrationCreate{Name: "n", Type: "t", SecretStoreConfig: apono.Set(secret)}
		_, err = c.Integrations.Create(ctx, create)
		check(`SecretStoreConfig.Value.Parameters["password"]`, err)
		_, err = c.Integrations.Ensure(ctx, create)
		check(`SecretStoreConfig.Value.Parameters["password"]`, err)
		_, err = c.IntegrationsV2.Update(ctx, "id", apono.IntegrationUpdateV2{Name: "n", Metadata: apono.Config{},
			SecretConfig: apono.Set(secret.Flat())})
		check(`SecretConfig.Value.Parameters["password"]`, err)
		_, err = c.Integrations.Create(ctx, apono.IntegrationCreate{Name: "n", Type: "t",
			IntegrationConfig: apono.ConfigOf(map[string]string{"host": bad})})
		check(`IntegrationConfig["host"]`, err)
		_, err = c.Integrations.Create(ctx, apono.IntegrationCreate{Name: "n", Type: "t",
			IntegrationConfig: apono.Config{bad: json.RawMessage("1")}})
		check("IntegrationConfig", err)
		require.Error(t, new(apono.Config).SetJSONText("k", []string{bad}))
		_, err = c.Integrations.Update(ctx, "id", apono.IntegrationUpdate{Name: "n", IntegrationConfig: apono.Config{},
			CustomAccessDetails: apono.Set(bad)})
		check("CustomAccessDetails", err)
		check("Name", last(c.Integrations.List(ctx, &apono.ListOptions{Name: bad})))
		check("Type[1]", last(c.Integrations.List(ctx, &apono.ListOptions{Type: []string{"t", bad}})))
		_, err = c.Integrations.FindByName(ctx, bad)
		check("Name", err)
		check("id", c.Integrations.Delete(ctx, bad))
	}
}

func TestTextThatIsNotUTF8IsRefusedByEgeria(t *testing.T) {
	t.Parallel()
	s := &server{answer: always(500, "")}
	c, err := egeria.New("https://"+host, egeria.WithToken(canary), egeria.WithHTTPClient(&http.Client{Transport: s}))
	require.NoError(t, err)
	ctx, config := t.Context(), c.Server("s").Config
	for _, bad := range notUTF8 {
		check := func(argument string, err error) { t.Helper(); refusesText(t, egeriaVendor, s, argument, err) }
		group := sampleGroup
		group.SecretsStoreLocation = bad
		check("group.SecretsStoreLocation", c.Server("s").IntegrationGroups.Put(ctx, group))
		check("groups[0].SecretsStoreLocation", c.Server("s").IntegrationGroups.ReplaceAll(ctx,
			[]egeria.IntegrationGroup{group}))
		check("Password", config.SetProperties(ctx, egeria.ServerProperties{Password: bad}))
		check("target.PlatformURL", config.Deploy(ctx, egeria.DeployTarget{PlatformURL: "https://" + bad}))
		check("typeName", config.SetServerType(ctx, bad))
		check("connector", c.Server("s").Daemon.Refresh(ctx, bad))
		document, err := egeria.NewDocument([]byte(`{"versionId":"V6.0","localServerPassword":"` + bad + `"}`))
		require.NoError(t, err)
		check("document", config.Set(ctx, document))
		require.Error(t, document.SetMember("a", map[string]any{"b": bad}))
		_, err = c.Platform.Known(ctx, bad)
		check("server", err)
	}
	for _, option := range []egeria.Option{egeria.WithUser("Caf\xe9"), egeria.WithCredentials("user", "Caf\xe9"),
		egeria.WithCredentials("Caf\xe9", "password")} {
		_, err := egeria.New("https://"+host, option)
		require.ErrorIs(t, err, egeria.ErrInvalid)
	}
}

func TestHeaderThatIsNotUTF8IsRefused(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{}, always(500, ""))
		for _, bad := range notUTF8 {
			_, err := c.get(t.Context(), "x", call{shared: []sdk.CallOption{sdk.WithHeader("X-Note", bad)}})
			assert.Equal(t, []string{"ErrInvalid"}, conditions(v, err))
			assert.Equal(t, "header X-Note", viewed(t, v, err).Argument)
		}
		assert.Zero(t, s.count())
	})
}

func TestNameWithOuterSpacesIsRefusedByEnsure(t *testing.T) {
	t.Parallel()
	s := &server{answer: always(500, "")}
	a, err := apono.New(apono.WithToken(canary), apono.WithHTTPClient(&http.Client{Transport: s}))
	require.NoError(t, err)
	c, err := confluent.New(confluent.WithAPIKey("key", canary), confluent.WithHTTPClient(&http.Client{Transport: s}))
	require.NoError(t, err)
	for _, name := range []string{" a", "a\t", "\u00a0a"} {
		_, err := a.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: name, Type: "t"})
		require.ErrorIs(t, err, apono.ErrInvalid)
		assert.Equal(t, "Name", viewed(t, aponoVendor, err).Argument)
		aws := confluent.Config{Value: &confluent.AWSConfig{CustomerIAMRoleARN: "arn:aws:iam::123456789012:role/r"}}
		_, err = c.Integrations.Ensure(t.Context(), confluent.IntegrationCreate{DisplayName: name,
			Environment: confluent.Reference{ID: "e"}, Config: aws})
		assert.Equal(t, "DisplayName", viewed(t, confluentVendor, err).Argument)
		_, err = c.IntegrationsV1.Ensure(t.Context(), confluent.IntegrationCreateV1{DisplayName: name,
			Environment: confluent.Reference{ID: "e"}, Config: aws})
		assert.Equal(t, "DisplayName", viewed(t, confluentVendor, err).Argument)
	}
	assert.Zero(t, s.count())
}
