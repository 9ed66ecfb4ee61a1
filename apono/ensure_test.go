package apono_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

// answers returns the methods and statuses of all calls.
func answers(srv *aponotest.Server) []string {
	var all []string
	for _, c := range srv.Calls() {
		all = append(all, fmt.Sprintf("%s %d", c.Method, c.Status))
	}
	return all
}

// wanted returns a create for the integration that full seeds, with an owner from the integration
// source.
func wanted(t *testing.T, source string) apono.IntegrationCreate {
	t.Helper()
	var config apono.Config
	require.NoError(t, json.Unmarshal([]byte(oddConfig), &config))
	return apono.IntegrationCreate{
		Name: "DB Prod", Type: "postgresql", IntegrationConfig: config,
		ConnectorID: apono.Set("connector-1"), CustomAccessDetails: apono.Set("ask <ops> & wait"),
		ConnectedResourceTypes: apono.Set([]string{"postgresql-db", "postgresql-table"}),
		SecretStoreConfig: apono.Set(apono.SecretStore{Value: &apono.AWSSecret{Region: "eu-central-1",
			SecretID: "db"}}),
		Owner: apono.Set(apono.OwnerReference{AttributeType: "user",
			AttributeValue: []string{"a@example.com"}, SourceIntegrationReference: source}),
		OwnersMapping: apono.Set(apono.OwnerMappingReference{KeyName: "team", AttributeType: "group",
			SourceIntegrationReference: source}),
	}
}

func TestEnsureCreatesWhatIsMissing(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t, aponotest.WithUserInformation())
	srv.Add(map[string]any{"name": "DB Prod 2"})
	srv.Add(map[string]any{"name": "db prod"})
	want := wanted(t, "Google Workspace")
	got, err := c.Integrations.Ensure(t.Context(), want)
	require.NoError(t, err)
	assert.Equal(t, sdk.EnsureCreated, got.Action)
	assert.Empty(t, got.Differences)
	assert.Equal(t, []string{"GET 200", "POST 200"}, answers(srv))
	for range 2 {
		again, err := c.Integrations.Ensure(t.Context(), want)
		require.NoError(t, err)
		assert.Equal(t, sdk.EnsureUnchanged, again.Action)
		assert.Equal(t, got.Integration.ID, again.Integration.ID)
	}
	assert.Equal(t, []string{"GET 200", "POST 200", "GET 200", "GET 200"}, answers(srv))
	assert.Len(t, srv.Integrations(), 4)
}

// changeCase is a change of the wanted integration with the fields that then differ.
type changeCase struct {
	change func(*apono.IntegrationCreate)
	diff   []string
}

func (tt changeCase) check(t *testing.T) {
	t.Helper()
	t.Parallel()
	srv, c := fakeAndClient(t, aponotest.WithConnectors("connector-1", "connector-2"))
	for _, id := range []string{"idp", "idp-2"} {
		srv.Add(map[string]any{"id": id, "type": "google-idp", "name": "Workspace of " + id})
	}
	id := srv.Add(full("idp"))
	before := stored(t, srv, id)
	in := wanted(t, "Workspace of idp")
	tt.change(&in)
	got, err := c.Integrations.Ensure(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, tt.diff, got.Differences)
	assert.Equal(t, id, got.Integration.ID)
	calls := []string{"GET 200"}
	if tt.diff == nil {
		assert.Equal(t, sdk.EnsureUnchanged, got.Action)
	} else {
		assert.Equal(t, sdk.EnsureUpdated, got.Action)
		calls = append(calls, "GET 200", "PUT 200")
	}
	assert.Equal(t, calls, answers(srv))

	after := stored(t, srv, id)
	for member, value := range before {
		switch {
		case slices.Contains(tt.diff, member):
			assert.NotEqual(t, string(value), string(after[member]), member)
		case member != "integration_config":
			assert.JSONEq(t, string(value), string(after[member]), "%s must stay", member)
		}
	}
	config, now := members(t, before["integration_config"]), members(t, after["integration_config"])
	for key, value := range config {
		if slices.Contains(tt.diff, "integration_config."+key) {
			assert.Equal(t, string(in.IntegrationConfig[key]), string(now[key]), key)
		} else {
			assert.Equal(t, string(value), string(now[key]), "%s must stay", key)
		}
	}

	for range 2 {
		again, err := c.Integrations.Ensure(t.Context(), in)
		require.NoError(t, err)
		assert.Equal(t, sdk.EnsureUnchanged, again.Action, again.Differences)
	}
	assert.Equal(t, append(calls, "GET 200", "GET 200"), answers(srv))
	assert.Len(t, srv.Integrations(), 3)
}

// Each change is found, reported and made, and nothing else changes. Later runs only read.
func TestEnsureChangesWhatDiffers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]changeCase{
		"nothing": {func(*apono.IntegrationCreate) {}, nil},
		"nothing is named": {func(integration *apono.IntegrationCreate) {
			*integration = apono.IntegrationCreate{Name: integration.Name, Type: integration.Type}
		}, nil},
		"the source by its id": {func(integration *apono.IntegrationCreate) { setSource(integration, "idp") }, nil},
		"no source":            {func(integration *apono.IntegrationCreate) { setSource(integration, "") }, nil},
		"numbers in other ways": {func(integration *apono.IntegrationCreate) {
			integration.IntegrationConfig["object"] = json.RawMessage(`{ "a": [true], "z": 1 }`)
		}, nil},
		"text in another way": {func(integration *apono.IntegrationCreate) {
			integration.IntegrationConfig["uni"] = json.RawMessage(`"é"`)
		}, nil},
		"null for an absent member": {func(integration *apono.IntegrationCreate) {
			integration.IntegrationConfig["absent"] = json.RawMessage(`null`)
		}, nil},

		"connector": {func(integration *apono.IntegrationCreate) { integration.ConnectorID = apono.Set("connector-2") },
			[]string{"connector_id"}},
		"no details": {func(integration *apono.IntegrationCreate) {
			integration.CustomAccessDetails = apono.Null[string]()
		},
			[]string{"custom_access_details"}},
		"empty text": {func(integration *apono.IntegrationCreate) { integration.CustomAccessDetails = apono.Set("") },
			[]string{"custom_access_details"}},
		"types": {func(integration *apono.IntegrationCreate) {
			integration.ConnectedResourceTypes = apono.Set([]string{"postgresql-db"})
		}, []string{"connected_resource_types"}},
		"no types": {func(integration *apono.IntegrationCreate) {
			integration.ConnectedResourceTypes = apono.Null[[]string]()
		},
			[]string{"connected_resource_types"}},
		"another secret": {func(integration *apono.IntegrationCreate) {
			integration.SecretStoreConfig = apono.Set(apono.SecretStore{Value: &apono.AWSSecret{Region: "eu-central-1",
				SecretID: "db-2"}})
		}, []string{"secret_store_config"}},
		"another store": {func(integration *apono.IntegrationCreate) {
			integration.SecretStoreConfig = apono.Set(
				apono.SecretStore{Value: &apono.HashicorpVaultSecret{SecretEngine: "kv",
					Path: "db"}})
		}, []string{"secret_store_config"}},
		"the Apono store": {func(integration *apono.IntegrationCreate) {
			integration.SecretStoreConfig = apono.Set(
				apono.SecretStore{Value: &apono.AponoSecret{Parameters: map[string]string{"password": "p"}}})
		}, []string{"secret_store_config"}},
		"the type of a mapping": {func(integration *apono.IntegrationCreate) {
			integration.OwnersMapping = apono.Set(apono.OwnerMappingReference{KeyName: "team", AttributeType: "user",
				SourceIntegrationReference: "idp"})
		}, []string{"owners_mapping"}},
		"no store": {func(integration *apono.IntegrationCreate) {
			integration.SecretStoreConfig = apono.Null[apono.SecretStore]()
		},
			[]string{"secret_store_config"}},
		"no owner": {func(integration *apono.IntegrationCreate) {
			integration.Owner = apono.Null[apono.OwnerReference]()
		},
			[]string{"owner"}},
		"owners": {func(integration *apono.IntegrationCreate) {
			integration.Owner = apono.Set(apono.OwnerReference{AttributeType: "user",
				AttributeValue:             []string{"b@example.com"},
				SourceIntegrationReference: "idp"})
		}, []string{"owner"}},
		"other owners of the same source": {func(integration *apono.IntegrationCreate) {
			integration.Owner = apono.Set(apono.OwnerReference{AttributeType: "user",
				AttributeValue: []string{"b@example.com"}})
		}, []string{"owner"}},
		"another key of the same source": {func(integration *apono.IntegrationCreate) {
			integration.OwnersMapping = apono.Set(apono.OwnerMappingReference{KeyName: "squad", AttributeType: "group"})
		}, []string{"owners_mapping"}},
		"types in another order": {func(integration *apono.IntegrationCreate) {
			integration.ConnectedResourceTypes = apono.Set([]string{"postgresql-table", "postgresql-db",
				"postgresql-table"})
		}, nil},
		"the source": {func(integration *apono.IntegrationCreate) {
			setSource(integration, "idp-2")
		}, []string{"owner", "owners_mapping"}},
		"no mapping": {func(integration *apono.IntegrationCreate) {
			integration.OwnersMapping = apono.Null[apono.OwnerMappingReference]()
		}, []string{"owners_mapping"}},
		"another mapping": {func(integration *apono.IntegrationCreate) {
			integration.OwnersMapping = apono.Set(apono.OwnerMappingReference{KeyName: "squad", AttributeType: "team"})
		}, []string{"owners_mapping"}},
		"members": {func(integration *apono.IntegrationCreate) {
			integration.IntegrationConfig = apono.Config{"big": json.RawMessage("12345678901234567891"),
				"price": json.RawMessage("1.10"), "new": json.RawMessage(`"<x>"`)}
		}, []string{"integration_config.big", "integration_config.new"}},
		"a text for a number": {func(integration *apono.IntegrationCreate) {
			integration.IntegrationConfig.SetText("price", "1.10")
		},
			[]string{"integration_config.price"}},
		"several": {func(integration *apono.IntegrationCreate) {
			integration.IntegrationConfig.SetText("html", "")
			integration.ConnectorID, integration.CustomAccessDetails = apono.Null[string](), apono.Set("other")
		}, []string{"connector_id", "custom_access_details", "integration_config.html"}},
	} {
		t.Run(name, tt.check)
	}
}

func setSource(integration *apono.IntegrationCreate, reference string) {
	owner, _ := integration.Owner.Get()
	owner.SourceIntegrationReference = reference
	mapping, _ := integration.OwnersMapping.Get()
	mapping.SourceIntegrationReference = reference
	integration.Owner, integration.OwnersMapping = apono.Set(owner), apono.Set(mapping)
}

func TestEnsureComparesStoresThatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t)
	srv.Add(map[string]any{"name": "n", "secret_store_config": json.RawMessage(`{"newer":{"a":1.10,"b":2}}`)})
	in := apono.IntegrationCreate{Name: "n", Type: "mock-duck"}
	in.SecretStoreConfig = apono.Set(
		apono.SecretStore{Value: &apono.UnknownSecret{Raw: json.RawMessage(`{ "newer": { "b": 2, "a": 1.10 } }`)}})
	same, err := c.Integrations.Ensure(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, sdk.EnsureUnchanged, same.Action)
	in.SecretStoreConfig = apono.Set(
		apono.SecretStore{Value: &apono.UnknownSecret{Raw: json.RawMessage(`{"newer":{"a":1.11,"b":2}}`)}})
	got, err := c.Integrations.Ensure(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, []string{"secret_store_config"}, got.Differences)
}

func TestEnsureRefusesAnotherTypeAndTwoOfAName(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t)
	id := srv.Add(map[string]any{"name": "db", "type": "mysql"})
	got, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "db", Type: "postgresql",
		CustomAccessDetails: apono.Set("x")})
	require.ErrorIs(t, err, apono.ErrConflict)
	require.ErrorAs(t, err, new(*apono.Error))
	assert.ErrorContains(t, err, id)
	assert.ErrorContains(t, err, "mysql")
	assert.Equal(t, sdk.EnsureConflicting, got.Action)
	assert.Equal(t, []string{"type"}, got.Differences)
	assert.Equal(t, id, got.Integration.ID)

	other := srv.Add(map[string]any{"name": "db", "type": "mysql"})
	got, err = c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "db", Type: "mysql"})
	require.ErrorIs(t, err, apono.ErrConflict)
	ambiguous, ok := errors.AsType[*sdk.AmbiguousError](err)
	require.True(t, ok)
	assert.Equal(t, []string{id, other}, ambiguous.IDs)
	assert.Nil(t, got)
	assert.Equal(t, []string{"GET 200", "GET 200"}, answers(srv))
}

// If the response to the create is lost, Ensure returns one integration, or an error that states
// what is known.
func TestEnsureLooksAgainWhereTheResponseToTheCreateIsLost(t *testing.T) {
	t.Parallel()
	const create, list, update = "createIntegrationV4", "listIntegrationsV4", "updateIntegrationV4"
	for name, tt := range map[string]struct {
		faults []aponotest.Fault
		there  bool
		calls  []string
		action sdk.EnsureAction // "" if there is no result
		is     error
	}{
		"carried out": {[]aponotest.Fault{{Operation: create, Lost: true, Apply: true}}, false,
			[]string{"GET 200", "POST 0", "GET 200"}, sdk.EnsureCreated, nil},
		"carried out, answered 502": {[]aponotest.Fault{{Operation: create, Status: 502, Apply: true}}, false,
			[]string{"GET 200", "POST 502", "GET 200"}, sdk.EnsureCreated, nil},
		"carried out, answered {}": {[]aponotest.Fault{{Operation: create, Status: 200, Body: `{}`, Apply: true}},
			false, []string{"GET 200", "POST 200", "GET 200"}, sdk.EnsureCreated, nil},
		"not carried out": {[]aponotest.Fault{{Operation: create, Lost: true}}, false,
			[]string{"GET 200", "POST 0", "GET 200"}, "", apono.ErrOutcomeUnknown},
		"refused": {[]aponotest.Fault{{Operation: create, Status: 400}}, false,
			[]string{"GET 200", "POST 400"}, "", apono.ErrInvalid},
		"the second look fails": {[]aponotest.Fault{{Operation: create, Lost: true, Apply: true},
			{Operation: list, Status: 403, Skip: 1}}, false, []string{"GET 200", "POST 0", "GET 403"}, "",
			apono.ErrOutcomeUnknown},
		"the first look fails": {[]aponotest.Fault{{Operation: list, Status: 404}}, false, []string{"GET 404"},
			"", apono.ErrNotFound},
		"the update is refused": {[]aponotest.Fault{{Operation: update, Status: 400}}, true,
			[]string{"GET 200", "GET 200", "PUT 400"}, "", apono.ErrInvalid},
		"the update's response is lost": {[]aponotest.Fault{{Operation: update, Lost: true, Apply: true}}, true,
			[]string{"GET 200", "GET 200", "PUT 0"}, "", apono.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := fakeAndClient(t)
			if tt.there {
				srv.Add(map[string]any{"name": "db", "type": "mysql"})
			}
			for _, f := range tt.faults {
				srv.Inject(f)
			}
			in := apono.IntegrationCreate{Name: "db", Type: "mysql",
				IntegrationConfig: apono.ConfigOf(map[string]string{"hostname": "h"})}
			got, err := c.Integrations.Ensure(t.Context(), in)
			assert.Equal(t, tt.calls, answers(srv))
			if tt.is == nil {
				require.NoError(t, err)
				assert.Equal(t, "db", got.Integration.Name)
			} else {
				require.ErrorIs(t, err, tt.is)
			}
			if tt.action == "" && !tt.there {
				assert.Nil(t, got)
			} else if assert.NotNil(t, got) {
				assert.Equal(t, tt.action, got.Action)
				assert.NotNil(t, got.Integration)
			}
			_, err = c.Integrations.Ensure(t.Context(), in)
			require.NoError(t, err, "another run repairs it")
			assert.Len(t, srv.Integrations(), 1)
		})
	}
}

func TestEnsureRefusesBadInput(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t)
	for name, tt := range badIntegrations() {
		got, err := c.Integrations.Ensure(t.Context(), tt.in)
		assertRefused(t, err, tt.argument)
		assert.Nil(t, got, name)
	}
	_, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "a*", Type: "mysql"})
	assertRefused(t, err, "name")
	assert.Empty(t, srv.Calls())
}

func TestEnsureStopsWithItsContext(t *testing.T) {
	t.Parallel()
	srv := aponotest.NewServer(t, aponotest.WithoutSocket())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := clientOf(t, srv, apono.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return transport(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if r.Method == http.MethodPost {
				if err == nil {
					resp.Body.Close()
				}
				cancel()
				return nil, context.Canceled
			}
			return resp, err
		})
	}))
	_, err := c.Integrations.Ensure(ctx, apono.IntegrationCreate{Name: "db", Type: "mysql"})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, apono.ErrOutcomeUnknown)
	assert.Equal(t, []string{"GET 200", "POST 200"}, answers(srv))
}

// transport is a function that implements http.RoundTripper.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A token that can't be read must not count as the end of the list: Ensure would create a duplicate
// of an integration on the next page.
func TestEnsureCreatesNothingBehindAnOddToken(t *testing.T) {
	t.Parallel()
	tr, c := newWire(t,
		[]answer{good(`{"items":[{"id":"i","name":"other","type":"ssh"}],"pagination":{"next_page_token":2}}`)})
	_, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "n", Type: "ssh"})
	require.Error(t, err)
	assert.NotErrorIs(t, err, apono.ErrNotFound)
	assert.Len(t, tr.sent, 1)
}

// Another program may have created an integration with the same name while the response was lost.
// It must not be reported as created by this call.
func TestEnsureLooksAtWhatItFindsAfterALostResponse(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		there  map[string]any
		action sdk.EnsureAction
		diff   []string
		calls  []string
	}{
		"ours": {map[string]any{"name": "db", "type": "mysql",
			"integration_config": map[string]any{"hostname": "h"}}, sdk.EnsureCreated, nil,
			[]string{"GET 200", "POST 0", "GET 200"}},
		"another type": {map[string]any{"name": "db", "type": "postgresql"}, sdk.EnsureConflicting, []string{"type"},
			[]string{"GET 200", "POST 0", "GET 200"}},
		"another config": {map[string]any{"name": "db", "type": "mysql"}, sdk.EnsureUpdated,
			[]string{"integration_config.hostname"},
			[]string{"GET 200", "POST 0", "GET 200", "GET 200", "PUT 200"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := aponotest.NewServer(t, aponotest.WithoutSocket())
			c := clientOf(t, srv, apono.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
				return transport(func(r *http.Request) (*http.Response, error) {
					if r.Method == http.MethodPost {
						srv.Add(tt.there)
					}
					return next.RoundTrip(r)
				})
			}))
			srv.Inject(aponotest.Fault{Operation: "createIntegrationV4", Lost: true})
			got, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "db", Type: "mysql",
				IntegrationConfig: apono.ConfigOf(map[string]string{"hostname": "h"})})
			assert.Equal(t, tt.action == sdk.EnsureConflicting, errors.Is(err, apono.ErrConflict), "%v", err)
			assert.Equal(t, tt.action, got.Action)
			assert.Equal(t, tt.diff, got.Differences)
			assert.Equal(t, tt.calls, answers(srv))
		})
	}
}
