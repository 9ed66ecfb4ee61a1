package apono_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
)

var postgres = apono.CatalogEntry{
	Type: "postgresql", RequiresSecret: true, SupportedSecretTypes: []string{"AWS", "hashicorp_vault"},
	Params: []apono.CatalogParam{
		{ID: "hostname", Label: "Host name"},
		{ID: "port", Label: "Port", Default: "5432"},
		{ID: "sslmode", Label: "SSL mode", Values: []string{"disable", "require"}, Optional: true},
		{ID: "auth", Label: "Authentication", Values: []string{"true", "false"}},
	},
}

// problems returns the arguments of the errors in err. Each must be a separate *Error.
func problems(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	var names []string
	for _, err := range all {
		var e *apono.Error
		require.ErrorAs(t, err, &e)
		require.ErrorIs(t, err, apono.ErrInvalid)
		assert.Equal(t, "ValidateConfig", e.Operation)
		assert.Zero(t, e.Attempts)
		names = append(names, e.Argument)
	}
	return names
}

func TestValidateConfigTellsAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	vault := apono.SecretStore{Value: &apono.HashicorpVaultSecret{SecretEngine: "kv", Path: "db"}}
	free := apono.CatalogEntry{Type: "mock-duck"}
	raw := func(text string) apono.Config {
		c := apono.Config{}
		require.NoError(t, json.Unmarshal([]byte(text), &c))
		return c
	}
	for name, tt := range map[string]struct {
		entry  apono.CatalogEntry
		config apono.Config
		secret apono.SecretStore
		want   []string
	}{
		"fine": {postgres, raw(`{"hostname":"h","auth":"true"}`), vault, nil},
		"all that there is": {postgres,
			raw(`{"hostname":"h","port":"1","sslmode":"require","auth":"false","more":"x"}`), vault, nil},
		"a boolean and a number": {postgres, raw(`{"hostname":"h","port":5432,"auth":true}`), vault, nil},
		"optional, and null":     {postgres, raw(`{"hostname":"h","sslmode":null,"auth":"true"}`), vault, nil},
		"nothing":                {postgres, nil, apono.SecretStore{}, []string{"hostname", "auth", "secret"}},
		"empty and null": {postgres, raw(`{"hostname":"","auth":null}`), vault,
			[]string{"hostname", "auth"}},
		"not allowed": {postgres, raw(`{"hostname":"h","sslmode":"Require","auth":"yes"}`), vault,
			[]string{"sslmode", "auth"}},
		"one problem": {postgres, raw(`{"hostname":"h","auth":"maybe"}`), vault, []string{"auth"}},
		"bad JSON": {postgres, apono.Config{"hostname": json.RawMessage(`"h"`),
			"auth": json.RawMessage(`"true"`), "x": nil}, vault, []string{"config"}},
		"another store": {postgres, raw(`{"hostname":"h","auth":"true"}`),
			apono.SecretStore{Value: &apono.GCPSecret{Project: "p", SecretID: "s"}}, []string{"secret"}},
		"nil pointer": {postgres, raw(`{"hostname":"h","auth":"true"}`),
			apono.SecretStore{Value: (*apono.AWSSecret)(nil)}, []string{"secret"}},
		"two stores": {postgres, raw(`{"hostname":"h","auth":"true"}`),
			apono.SecretStore{Value: &apono.UnknownSecret{Raw: json.RawMessage(`{"aws":{},"gcp":{}}`)}},
			[]string{"secret"}},
		"a store newer than this release": {postgres, raw(`{"hostname":"h","auth":"true"}`),
			apono.SecretStore{Value: &apono.UnknownSecret{Raw: json.RawMessage(`{"newer":{}}`)}}, nil},
		"the Apono store": {postgres, raw(`{"hostname":"h","auth":"true"}`),
			apono.SecretStore{Value: &apono.AponoSecret{Parameters: map[string]string{"password": "p"}}}, nil},
		"everything": {postgres, apono.Config{"sslmode": json.RawMessage(`"x"`), "z": nil},
			apono.SecretStore{Value: &apono.AzureSecret{}}, []string{"config", "hostname", "sslmode", "auth", "secret",
				"secret"}},

		"a store without parameters": {postgres, raw(`{"hostname":" ","auth":"true"}`),
			apono.SecretStore{Value: &apono.AponoSecret{}}, []string{"hostname", "secret"}},

		"no secret needed":      {free, nil, apono.SecretStore{}, nil},
		"no secret supported":   {free, nil, vault, []string{"secret"}},
		"anything without list": {free, raw(`{"a":1}`), apono.SecretStore{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, problems(t, apono.ValidateConfig(&tt.entry, tt.config, tt.secret)))
		})
	}
	assert.Equal(t, []string{"entry"}, problems(t, apono.ValidateConfig(nil, nil, apono.SecretStore{})))
}

func TestValidateConfigSaysWhatIsAllowed(t *testing.T) {
	t.Parallel()
	err := apono.ValidateConfig(&postgres, apono.ConfigOf(map[string]string{"auth": "maybe"}),
		apono.SecretStore{Value: &apono.AponoSecret{Parameters: map[string]string{"k": "c4nary"}}})
	assert.ErrorContains(t, err, `hostname: is required (Host name)`)
	assert.ErrorContains(t, err, `auth: is "maybe", not one of true, false`)
	assert.NotContains(t, err.Error(), "c4nary")
	err = apono.ValidateConfig(&postgres, apono.ConfigOf(map[string]string{"hostname": "h", "auth": "true"}),
		apono.SecretStore{Value: &apono.GCPSecret{}})
	assert.ErrorContains(t, err, "secret: is in GCP; postgresql supports AWS, hashicorp_vault")
	err = apono.ValidateConfig(&apono.CatalogEntry{Type: "mock-duck"}, nil,
		apono.SecretStore{Value: &apono.GCPSecret{}})
	assert.ErrorContains(t, err, "mock-duck supports no secret store")
}

// The fake server accepts the configurations that match its catalog.
func TestValidateConfigAgainstTheCatalog(t *testing.T) {
	t.Parallel()
	_, c := fakeAndClient(t)
	entry, err := c.Catalog.Get(t.Context(), "postgresql")
	require.NoError(t, err)
	assert.Equal(t, []string{"hostname", "sslmode", "secret"},
		problems(t, apono.ValidateConfig(entry, apono.ConfigOf(map[string]string{"sslmode": "on"}),
			apono.SecretStore{})))
	assert.NoError(t, apono.ValidateConfig(entry, apono.ConfigOf(map[string]string{"hostname": "h"}),
		apono.SecretStore{Value: &apono.KubernetesSecret{Namespace: "n", Name: "s"}}))
}

// assertRefused checks that err refuses an argument before anything is sent.
func assertRefused(t *testing.T, err error, argument string) {
	t.Helper()
	e, ok := errors.AsType[*apono.Error](err)
	require.Truef(t, ok, "no *Error: %v", err)
	require.ErrorIs(t, err, apono.ErrInvalid)
	assert.Equal(t, argument, e.Argument)
	assert.Contains(t, err.Error(), argument)
	assert.Zero(t, e.StatusCode)
	assert.Zero(t, e.Attempts)
}
