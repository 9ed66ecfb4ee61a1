package apono_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

// answers are the methods and statuses of all calls.
func answers(srv *aponotest.Server) []string {
	var all []string
	for _, c := range srv.Calls() {
		all = append(all, fmt.Sprintf("%s %d", c.Method, c.Status))
	}
	return all
}

// wanted is what full seeds, with an owner from the integration source.
func wanted(t *testing.T, source string) apono.IntegrationCreate {
	t.Helper()
	var config apono.Config
	require.NoError(t, json.Unmarshal([]byte(oddConfig), &config))
	return apono.IntegrationCreate{
		Name: "DB Prod", Type: "postgresql", IntegrationConfig: config,
		ConnectorID: apono.Set("connector-1"), CustomAccessDetails: apono.Set("ask <ops> & wait"),
		ConnectedResourceTypes: apono.Set([]string{"postgresql-db", "postgresql-table"}),
		SecretStoreConfig:      apono.Set(apono.SecretStore{Value: &apono.AWSSecret{Region: "eu-central-1", SecretID: "db"}}),
		Owner:                  apono.Set(apono.OwnerReference{AttributeType: "user", AttributeValue: []string{"a@example.com"}, SourceIntegrationReference: source}),
		OwnersMapping:          apono.Set(apono.OwnerMappingReference{KeyName: "team", AttributeType: "group", SourceIntegrationReference: source}),
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
	assert.Equal(t, apono.EnsureCreated, got.Action)
	assert.Empty(t, got.Differences)
	assert.Equal(t, []string{"GET 200", "POST 200"}, answers(srv))
	for range 2 {
		again, err := c.Integrations.Ensure(t.Context(), want)
		require.NoError(t, err)
		assert.Equal(t, apono.EnsureUnchanged, again.Action)
		assert.Equal(t, got.Integration.ID, again.Integration.ID)
	}
	assert.Equal(t, []string{"GET 200", "POST 200", "GET 200", "GET 200"}, answers(srv))
	assert.Len(t, srv.Integrations(), 4)
}

// Each change is found, named and made, and nothing else changes. After it, more runs only read.
func TestEnsureChangesWhatDiffers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*apono.IntegrationCreate)
		diff   []string
	}{
		"nothing":              {func(*apono.IntegrationCreate) {}, nil},
		"nothing is named":     {func(in *apono.IntegrationCreate) { *in = apono.IntegrationCreate{Name: in.Name, Type: in.Type} }, nil},
		"the source by its id": {func(in *apono.IntegrationCreate) { setSource(in, "idp") }, nil},
		"no source":            {func(in *apono.IntegrationCreate) { setSource(in, "") }, nil},
		"numbers in other ways": {func(in *apono.IntegrationCreate) {
			in.IntegrationConfig["object"] = json.RawMessage(`{ "a": [true], "z": 1 }`)
		}, nil},
		"text in another way":       {func(in *apono.IntegrationCreate) { in.IntegrationConfig["uni"] = json.RawMessage(`"é"`) }, nil},
		"null for an absent member": {func(in *apono.IntegrationCreate) { in.IntegrationConfig["absent"] = json.RawMessage(`null`) }, nil},

		"connector":  {func(in *apono.IntegrationCreate) { in.ConnectorID = apono.Set("connector-2") }, []string{"connector_id"}},
		"no details": {func(in *apono.IntegrationCreate) { in.CustomAccessDetails = apono.Null[string]() }, []string{"custom_access_details"}},
		"empty text": {func(in *apono.IntegrationCreate) { in.CustomAccessDetails = apono.Set("") }, []string{"custom_access_details"}},
		"types":      {func(in *apono.IntegrationCreate) { in.ConnectedResourceTypes = apono.Set([]string{"postgresql-db"}) }, []string{"connected_resource_types"}},
		"no types":   {func(in *apono.IntegrationCreate) { in.ConnectedResourceTypes = apono.Null[[]string]() }, []string{"connected_resource_types"}},
		"another secret": {func(in *apono.IntegrationCreate) {
			in.SecretStoreConfig = apono.Set(apono.SecretStore{Value: &apono.AWSSecret{Region: "eu-central-1", SecretID: "db-2"}})
		}, []string{"secret_store_config"}},
		"another store": {func(in *apono.IntegrationCreate) {
			in.SecretStoreConfig = apono.Set(apono.SecretStore{Value: &apono.HashicorpVaultSecret{SecretEngine: "kv", Path: "db"}})
		}, []string{"secret_store_config"}},
		"the Apono store": {func(in *apono.IntegrationCreate) {
			in.SecretStoreConfig = apono.Set(apono.SecretStore{Value: &apono.AponoSecret{Parameters: map[string]string{"password": "p"}}})
		}, []string{"secret_store_config"}},
		"the type of a mapping": {func(in *apono.IntegrationCreate) {
			in.OwnersMapping = apono.Set(apono.OwnerMappingReference{KeyName: "team", AttributeType: "user", SourceIntegrationReference: "idp"})
		}, []string{"owners_mapping"}},
		"no store": {func(in *apono.IntegrationCreate) { in.SecretStoreConfig = apono.Null[apono.SecretStore]() }, []string{"secret_store_config"}},
		"no owner": {func(in *apono.IntegrationCreate) { in.Owner = apono.Null[apono.OwnerReference]() }, []string{"owner"}},
		"owners": {func(in *apono.IntegrationCreate) {
			in.Owner = apono.Set(apono.OwnerReference{AttributeType: "user", AttributeValue: []string{"b@example.com"}, SourceIntegrationReference: "idp"})
		}, []string{"owner"}},
		"other owners of the same source": {func(in *apono.IntegrationCreate) {
			in.Owner = apono.Set(apono.OwnerReference{AttributeType: "user", AttributeValue: []string{"b@example.com"}})
		}, []string{"owner"}},
		"another key of the same source": {func(in *apono.IntegrationCreate) {
			in.OwnersMapping = apono.Set(apono.OwnerMappingReference{KeyName: "squad", AttributeType: "group"})
		}, []string{"owners_mapping"}},
		"types in another order": {func(in *apono.IntegrationCreate) {
			in.ConnectedResourceTypes = apono.Set([]string{"postgresql-table", "postgresql-db", "postgresql-table"})
		}, nil},
		"the source": {func(in *apono.IntegrationCreate) { setSource(in, "idp-2") }, []string{"owner", "owners_mapping"}},
		"no mapping": {func(in *apono.IntegrationCreate) { in.OwnersMapping = apono.Null[apono.OwnerMappingReference]() }, []string{"owners_mapping"}},
		"another mapping": {func(in *apono.IntegrationCreate) {
			in.OwnersMapping = apono.Set(apono.OwnerMappingReference{KeyName: "squad", AttributeType: "team"})
		}, []string{"owners_mapping"}},
		"members": {func(in *apono.IntegrationCreate) {
			in.IntegrationConfig = apono.Config{"big": json.RawMessage("12345678901234567891"), "price": json.RawMessage("1.10"), "new": json.RawMessage(`"<x>"`)}
		}, []string{"integration_config.big", "integration_config.new"}},
		"a text for a number": {func(in *apono.IntegrationCreate) { in.IntegrationConfig.SetText("price", "1.10") }, []string{"integration_config.price"}},
		"several": {func(in *apono.IntegrationCreate) {
			in.IntegrationConfig.SetText("html", "")
			in.ConnectorID, in.CustomAccessDetails = apono.Null[string](), apono.Set("other")
		}, []string{"connector_id", "custom_access_details", "integration_config.html"}},
	} {
		t.Run(name, func(t *testing.T) {
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
				assert.Equal(t, apono.EnsureUnchanged, got.Action)
			} else {
				assert.Equal(t, apono.EnsureUpdated, got.Action)
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
				assert.Equal(t, apono.EnsureUnchanged, again.Action, again.Differences)
			}
			assert.Equal(t, append(calls, "GET 200", "GET 200"), answers(srv))
			assert.Len(t, srv.Integrations(), 3)
		})
	}
}

func setSource(in *apono.IntegrationCreate, reference string) {
	owner, _ := in.Owner.Get()
	owner.SourceIntegrationReference = reference
	mapping, _ := in.OwnersMapping.Get()
	mapping.SourceIntegrationReference = reference
	in.Owner, in.OwnersMapping = apono.Set(owner), apono.Set(mapping)
}

func TestEnsureDoesNotCompareTheAponoStore(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t)
	store := func(password string) apono.Optional[apono.SecretStore] {
		return apono.Set(apono.SecretStore{Value: &apono.AponoSecret{Parameters: map[string]string{"password": password}}})
	}
	in := apono.IntegrationCreate{Name: "db", Type: "mock-duck", SecretStoreConfig: store("first")}
	_, err := c.Integrations.Ensure(t.Context(), in)
	require.NoError(t, err)
	in.SecretStoreConfig = store("second")
	got, err := c.Integrations.Ensure(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, apono.EnsureUnchanged, got.Action)

	// Reads don't show the password: an update must bring it, or it would be lost.
	in.CustomAccessDetails = apono.Set("other")
	got, err = c.Integrations.Ensure(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, []string{"custom_access_details"}, got.Differences)
	assert.JSONEq(t, `{"apono":{"parameters":{"password":"second"}}}`, string(lastBody(t, srv)["secret_store_config"]))

	before := len(srv.Calls())
	in.SecretStoreConfig, in.CustomAccessDetails = apono.Optional[apono.SecretStore]{}, apono.Set("third")
	got, err = c.Integrations.Ensure(t.Context(), in)
	assertRefused(t, err, "SecretStoreConfig")
	assert.Equal(t, []string{"custom_access_details"}, got.Differences)
	assert.Equal(t, apono.EnsureUnchanged, got.Action)
	assert.Equal(t, []string{"GET 200", "GET 200"}, answers(srv)[before:])

	in.SecretStoreConfig = apono.Set(apono.SecretStore{Value: &apono.AWSSecret{Region: "r", SecretID: "s"}})
	got, err = c.Integrations.Ensure(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, []string{"custom_access_details", "secret_store_config"}, got.Differences)
}

func TestEnsureComparesStoresThatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t)
	srv.Add(map[string]any{"name": "n", "secret_store_config": json.RawMessage(`{"newer":{"a":1.10,"b":2}}`)})
	in := apono.IntegrationCreate{Name: "n", Type: "mock-duck"}
	in.SecretStoreConfig = apono.Set(apono.SecretStore{Value: &apono.UnknownSecret{Raw: json.RawMessage(`{ "newer": { "b": 2, "a": 1.10 } }`)}})
	same, err := c.Integrations.Ensure(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, apono.EnsureUnchanged, same.Action)
	in.SecretStoreConfig = apono.Set(apono.SecretStore{Value: &apono.UnknownSecret{Raw: json.RawMessage(`{"newer":{"a":1.11,"b":2}}`)}})
	got, err := c.Integrations.Ensure(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, []string{"secret_store_config"}, got.Differences)
}

func TestEnsureRefusesAnotherTypeAndTwoOfAName(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t)
	id := srv.Add(map[string]any{"name": "db", "type": "mysql"})
	got, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "db", Type: "postgresql", CustomAccessDetails: apono.Set("x")})
	require.ErrorIs(t, err, apono.ErrConflict)
	require.ErrorAs(t, err, new(*apono.Error))
	assert.ErrorContains(t, err, id)
	assert.ErrorContains(t, err, "mysql")
	assert.Equal(t, apono.EnsureConflicting, got.Action)
	assert.Equal(t, []string{"type"}, got.Differences)
	assert.Equal(t, id, got.Integration.ID)

	other := srv.Add(map[string]any{"name": "db", "type": "mysql"})
	got, err = c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "db", Type: "mysql"})
	require.ErrorIs(t, err, apono.ErrConflict)
	ambiguous, ok := errors.AsType[*apono.AmbiguousError](err)
	require.True(t, ok)
	assert.Equal(t, []string{id, other}, ambiguous.IDs)
	assert.Nil(t, got)
	assert.Equal(t, []string{"GET 200", "GET 200"}, answers(srv))
}

// A reply gets lost. Ensure must end with one integration, or say what it knows.
func TestEnsureLooksAgainWhereTheReplyToTheCreateIsLost(t *testing.T) {
	t.Parallel()
	const create, list, update = "createIntegrationV4", "listIntegrationsV4", "updateIntegrationV4"
	for name, tt := range map[string]struct {
		faults []aponotest.Fault
		there  bool
		calls  []string
		action apono.EnsureAction // "": no result
		is     error
	}{
		"carried out":                {[]aponotest.Fault{{Operation: create, Lost: true, Apply: true}}, false, []string{"GET 200", "POST 0", "GET 200"}, apono.EnsureCreated, nil},
		"carried out, answered 502":  {[]aponotest.Fault{{Operation: create, Status: 502, Apply: true}}, false, []string{"GET 200", "POST 502", "GET 200"}, apono.EnsureCreated, nil},
		"carried out, answered {}":   {[]aponotest.Fault{{Operation: create, Status: 200, Body: `{}`, Apply: true}}, false, []string{"GET 200", "POST 200", "GET 200"}, apono.EnsureCreated, nil},
		"not carried out":            {[]aponotest.Fault{{Operation: create, Lost: true}}, false, []string{"GET 200", "POST 0", "GET 200"}, "", apono.ErrOutcomeUnknown},
		"refused":                    {[]aponotest.Fault{{Operation: create, Status: 400}}, false, []string{"GET 200", "POST 400"}, "", apono.ErrInvalid},
		"the second look fails":      {[]aponotest.Fault{{Operation: create, Lost: true, Apply: true}, {Operation: list, Status: 403, Skip: 1}}, false, []string{"GET 200", "POST 0", "GET 403"}, "", apono.ErrOutcomeUnknown},
		"the first look fails":       {[]aponotest.Fault{{Operation: list, Status: 404}}, false, []string{"GET 404"}, "", apono.ErrNotFound},
		"the update is refused":      {[]aponotest.Fault{{Operation: update, Status: 400}}, true, []string{"GET 200", "GET 200", "PUT 400"}, apono.EnsureUnchanged, apono.ErrInvalid},
		"the update's reply is lost": {[]aponotest.Fault{{Operation: update, Lost: true, Apply: true}}, true, []string{"GET 200", "GET 200", "PUT 0"}, apono.EnsureUnchanged, apono.ErrUnavailable},
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
			in := apono.IntegrationCreate{Name: "db", Type: "mysql", IntegrationConfig: apono.ConfigOf(map[string]string{"hostname": "h"})}
			got, err := c.Integrations.Ensure(t.Context(), in)
			assert.Equal(t, tt.calls, answers(srv))
			if tt.is == nil {
				require.NoError(t, err)
				assert.Equal(t, "db", got.Integration.Name)
			} else {
				require.ErrorIs(t, err, tt.is)
			}
			if tt.action == "" {
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

// transport is a function as one.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What a list could not read must not be cleared by the update that follows.
func TestEnsureUpdatesFromWhatGetReads(t *testing.T) {
	t.Parallel()
	odd := `{"items":[{"id":"i","name":"n","type":"ssh","connector_id":12,"connected_resource_types":"tables"}],"pagination":{}}`
	whole := `{"id":"i","name":"n","type":"ssh","connector_id":"c","connected_resource_types":["tables"],"integration_config":{"a":"b"}}`
	tr, c := newWire(t, []answer{good(odd), good(whole), good(whole)})
	_, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "n", Type: "ssh", CustomAccessDetails: apono.Set("x")})
	require.NoError(t, err)
	sent := tr.sent
	require.Len(t, sent, 3)
	assert.JSONEq(t, `{"name":"n","connector_id":"c","connected_resource_types":["tables"],"integration_config":{"a":"b"},"custom_access_details":"x","owner":null,"owners_mapping":null,"secret_store_config":null}`, sent[2].body)
}

// A token that can't be read must not pass for the end of the list: Ensure would create what is on the next page.
func TestEnsureCreatesNothingBehindAnOddToken(t *testing.T) {
	t.Parallel()
	tr, c := newWire(t, []answer{good(`{"items":[{"id":"i","name":"other","type":"ssh"}],"pagination":{"next_page_token":2}}`)})
	_, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "n", Type: "ssh"})
	require.Error(t, err)
	assert.NotErrorIs(t, err, apono.ErrNotFound)
	assert.Len(t, tr.sent, 1)
}

// Whether owners come back in their order, and an empty list as one, is the server's affair: neither makes a difference that an update could mend.
func TestEnsureIsAtRestWhateverTheServerMakesOfLists(t *testing.T) {
	t.Parallel()
	item := `{"id":"i","name":"n","type":"ssh","owner":{"attribute_type":"user","attribute_value":["b","a"],"source_integration_id":"idp"},"connected_resource_types":null,"integration_config":{}}`
	want := apono.IntegrationCreate{
		Name: "n", Type: "ssh", ConnectedResourceTypes: apono.Set([]string{}),
		Owner: apono.Set(apono.OwnerReference{AttributeType: "user", AttributeValue: []string{"a", "b", "a"}}),
	}
	for _, types := range []apono.Optional[[]string]{apono.Set([]string{}), apono.Null[[]string](), {}} {
		tr, c := newWire(t, []answer{good(`{"items":[` + item + `],"pagination":null}`)})
		want.ConnectedResourceTypes = types
		got, err := c.Integrations.Ensure(t.Context(), want)
		require.NoError(t, err)
		assert.Equal(t, apono.EnsureUnchanged, got.Action, got.Differences)
		assert.Len(t, tr.sent, 1)
	}
}

// An owner keeps its source where the new one names none, but not one of another kind.
func TestEnsureKeepsTheSourceOfAnOwner(t *testing.T) {
	t.Parallel()
	item := `{"id":"i","name":"n","type":"ssh","owner":{"attribute_type":"user","attribute_value":["a"],"source_integration_id":"idp"},
		"owners_mapping":{"attribute_type":"user","key_name":"k","source_integration_name":"Workspace"},"integration_config":{}}`
	for kind, sources := range map[string][2]string{"user": {`,"source_integration_reference":"idp"`, `,"source_integration_reference":"Workspace"`}, "group": {"", ""}} {
		tr, c := newWire(t, []answer{good(`{"items":[` + item + `]}`), good(item), good(item)})
		_, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{
			Name: "n", Type: "ssh", Owner: apono.Set(apono.OwnerReference{AttributeType: kind, AttributeValue: []string{"b"}}),
			OwnersMapping: apono.Set(apono.OwnerMappingReference{AttributeType: kind, KeyName: "other"}),
		})
		require.NoError(t, err)
		require.Len(t, tr.sent, 3)
		var sent map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(tr.sent[2].body), &sent))
		assert.JSONEq(t, `{"attribute_type":"`+kind+`","attribute_value":["b"]`+sources[0]+`}`, string(sent["owner"]))
		assert.JSONEq(t, `{"attribute_type":"`+kind+`","key_name":"other"`+sources[1]+`}`, string(sent["owners_mapping"]))
	}
}

// While the reply was on its way another program may have created something of the name: it is not ours to call it so.
func TestEnsureLooksAtWhatItFindsAfterALostReply(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		there  map[string]any
		action apono.EnsureAction
		diff   []string
		calls  []string
	}{
		"ours":         {map[string]any{"name": "db", "type": "mysql", "integration_config": map[string]any{"hostname": "h"}}, apono.EnsureCreated, nil, []string{"GET 200", "POST 0", "GET 200"}},
		"another type": {map[string]any{"name": "db", "type": "postgresql"}, apono.EnsureConflicting, []string{"type"}, []string{"GET 200", "POST 0", "GET 200"}},
		"another config": {map[string]any{"name": "db", "type": "mysql"}, apono.EnsureUpdated, []string{"integration_config.hostname"},
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
			got, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "db", Type: "mysql", IntegrationConfig: apono.ConfigOf(map[string]string{"hostname": "h"})})
			assert.Equal(t, tt.action == apono.EnsureConflicting, errors.Is(err, apono.ErrConflict), "%v", err)
			assert.Equal(t, tt.action, got.Action)
			assert.Equal(t, tt.diff, got.Differences)
			assert.Equal(t, tt.calls, answers(srv))
		})
	}
}

func TestEnsureTakesNoTwoStoresForApono(t *testing.T) {
	t.Parallel()
	item := `{"id":"i","name":"n","type":"ssh","integration_config":{},"secret_store_config":{"aws":{"region":"r","secret_id":"s"},"apono":{"parameters":{"p":"x"}}}}`
	_, c := newWire(t, []answer{good(`{"items":[` + item + `]}`), good(item)})
	_, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{
		Name: "n", Type: "ssh", SecretStoreConfig: apono.Set(apono.SecretStore{Value: &apono.AponoSecret{Parameters: map[string]string{"p": "x"}}}),
	})
	assert.ErrorContains(t, err, "apono and aws")
}

// A store keeps what this release does not know of it.
func TestEnsureKeepsUnknownMembersOfAStore(t *testing.T) {
	t.Parallel()
	item := `{"id":"i","name":"n","type":"ssh","integration_config":{},"secret_store_config":{"aws":{"region":"r","secret_id":"s","version_stage":"AWSPREVIOUS"}}}`
	tr, c := newWire(t, []answer{good(`{"items":[` + item + `]}`), good(item), good(item)})
	got, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{
		Name: "n", Type: "ssh", SecretStoreConfig: apono.Set(apono.SecretStore{Value: &apono.AWSSecret{Region: "r", SecretID: "other"}}),
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"secret_store_config"}, got.Differences)
	assert.Contains(t, tr.sent[2].body, `"secret_store_config":{"aws":{"region":"r","secret_id":"other","version_stage":"AWSPREVIOUS"}}`)
}

// A server that tells the parameters could be given them back; but nobody knows whether it tells all of them.
func TestEnsureWritesNoParametersThatItRead(t *testing.T) {
	t.Parallel()
	for _, store := range []string{`{"apono":{"parameters":{"password":"sesame"}}}`, `{"apono":{"parameters":{"password":"sesame","port":5432}}}`} {
		srv, c := fakeAndClient(t, aponotest.WithStyle(aponotest.Style{RevealSecrets: true}))
		srv.Add(map[string]any{"name": "n", "secret_store_config": json.RawMessage(store)})
		got, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "n", Type: "mock-duck", CustomAccessDetails: apono.Set("x")})
		assertRefused(t, err, "SecretStoreConfig")
		assert.Equal(t, []string{"custom_access_details"}, got.Differences)
		assert.NotContains(t, fmt.Sprintf("%+v", got), "sesame")
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("ensured", "result", got, "page", &apono.Page[apono.Integration]{Items: []apono.Integration{*got.Integration}})
		assert.NotContains(t, log.String(), "sesame")
		assert.Contains(t, log.String(), `"items":1`)
		assert.Contains(t, log.String(), `"action":"unchanged"`)
	}
}

// The list may lag behind: what Get reads decides.
func TestEnsureSendsNothingWhereGetShowsNoDifference(t *testing.T) {
	t.Parallel()
	tr, c := newWire(t, []answer{
		good(`{"items":[{"id":"i","name":"n","type":"ssh","connector_id":12,"integration_config":{}}]}`), good(`{"id":"i","name":"n","type":"ssh","connector_id":"c","integration_config":{}}`),
	})
	got, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "n", Type: "ssh", ConnectorID: apono.Set("c")})
	require.NoError(t, err)
	assert.Equal(t, apono.EnsureUnchanged, got.Action)
	assert.Equal(t, "c", got.Integration.ConnectorID)
	assert.Len(t, tr.sent, 2)
}
