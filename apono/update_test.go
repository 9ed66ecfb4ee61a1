package apono_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

// fakeAndClient returns a fake server and a client.
func fakeAndClient(t *testing.T, opts ...aponotest.Option) (*aponotest.Server, *apono.Client) {
	t.Helper()
	srv := aponotest.NewServer(t, opts...)
	return srv, clientOf(t, srv)
}

// clientOf returns a client of a fake server without retries.
func clientOf(t *testing.T, srv *aponotest.Server, opts ...apono.Option) *apono.Client {
	t.Helper()
	c, err := apono.New(append([]apono.Option{
		apono.WithBaseURL(srv.URL), apono.WithToken(srv.Token), apono.WithHTTPClient(srv.HTTPClient()),
		apono.WithRetry(sdk.RetryPolicy{MaxAttempts: 1}),
	}, opts...)...)
	require.NoError(t, err)
	return c
}

// lastBody returns the members of the last request body.
func lastBody(t *testing.T, srv *aponotest.Server) map[string]json.RawMessage {
	t.Helper()
	calls := srv.Calls()
	require.NotEmpty(t, calls)
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(calls[len(calls)-1].Body, &members))
	return members
}

// stored returns the server's copy of an integration, in the form of v4.
func stored(t *testing.T, srv *aponotest.Server, id string) map[string]json.RawMessage {
	t.Helper()
	for _, in := range srv.Integrations() {
		if in.ID == id {
			var members map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(in.JSON, &members))
			return members
		}
	}
	require.Fail(t, "it is not there", id)
	return nil
}

const oddConfig = `{"big":12345678901234567890,"html":"<&>","list":"[{\"name\":\"a \\\"b\\\"\",` +
	`\"path\":\"C:\\\\x\\n\"}]","null":null,"object":{"z":1,"a":[true]},"price":1.10,"uni":"\u00e9"}`

// full returns an integration with all members.
func full(source string) json.RawMessage {
	return json.RawMessage(`{"name":"DB Prod","type":"postgresql","connector_id":"connector-1",` +
		`"custom_access_details":"ask <ops> & wait",
		"connected_resource_types":["postgresql-db","postgresql-table"],"integration_config":` + oddConfig + `,
		"secret_store_config":{"aws":{"region":"eu-central-1","secret_id":"db","x_newer":{"n":1.10}}},
		"owner":{"attribute_type":"user","attribute_value":["a@example.com"],"source_integration_reference":"` +
		source + `"},
		"owners_mapping":{"key_name":"team","attribute_type":"group","source_integration_reference":"` + source + `"}}`)
}

func TestUpdateFromChangesNothing(t *testing.T) {
	t.Parallel()
	for name, style := range map[string]aponotest.Style{
		"the server clears what is left out": {}, "it keeps what is left out": {KeepMissing: true},
		"nulls for none": {NullUnset: true, SecretSiblings: true}, "more members than known": {UnknownMembers: true,
			RemovedFields: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := fakeAndClient(t, aponotest.WithUserInformation(), aponotest.WithStyle(style))
			ids := []string{
				srv.Add(full("Google Workspace")),
				srv.Add(map[string]any{"name": "bare", "type": "mock-duck"}),
				srv.Add(map[string]any{"name": "newer store",
					"secret_store_config": json.RawMessage(`{"vault9000":{"n":1.10,"t":"<&>"}}`)}),
				srv.Add(map[string]any{"name": "no types", "connected_resource_types": []string{}}),
			}
			for _, id := range ids {
				before := stored(t, srv, id)
				in, err := c.Integrations.Get(t.Context(), id)
				require.NoError(t, err)
				_, err = c.Integrations.Update(t.Context(), id, apono.UpdateFrom(in))
				require.NoError(t, err)
				after := stored(t, srv, id)
				require.Len(t, after, len(before))
				for member := range before {
					assert.JSONEq(t, string(before[member]), string(after[member]), member)
				}
				for member, value := range members(t, before["integration_config"]) {
					assert.Equal(t, string(value), string(members(t, after["integration_config"])[member]), member)
				}

				u, err := c.IntegrationsV2.Get(t.Context(), id)
				require.NoError(t, err)
				_, err = c.IntegrationsV2.Update(t.Context(), id, apono.UpdateFromV2(u))
				require.NoError(t, err)
				after = stored(t, srv, id)
				if before["connected_resource_types"] == nil || string(before["connected_resource_types"]) == "null" {
					assert.JSONEq(t, "[]", string(after["connected_resource_types"]), "v2 reads none as []")
					delete(after, "connected_resource_types")
					delete(before, "connected_resource_types")
				}
				require.Len(t, after, len(before))
				for member := range before {
					assert.JSONEq(t, string(before[member]), string(after[member]), member)
				}
			}
		})
	}
}

func members(t *testing.T, raw json.RawMessage) (m map[string]json.RawMessage) {
	t.Helper()
	require.NoError(t, json.Unmarshal(raw, &m))
	return m
}

func TestUpdateFromSendsEveryValueAsItCame(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t, aponotest.WithUserInformation())
	source := srv.Integrations()[0].ID
	id := srv.Add(full(source))
	in, err := c.Integrations.Get(t.Context(), id)
	require.NoError(t, err)
	_, err = c.Integrations.Update(t.Context(), id, apono.UpdateFrom(in))
	require.NoError(t, err)
	sent := lastBody(t, srv)
	assert.Len(t, sent, 8)
	assert.Equal(t, `"ask <ops> & wait"`, string(sent["custom_access_details"]))
	assert.Equal(t, `{"aws":{"region":"eu-central-1","secret_id":"db","x_newer":{"n":1.10}}}`,
		string(sent["secret_store_config"]))
	assert.JSONEq(t, `{"attribute_type":"user","attribute_value":["a@example.com"],"source_integration_reference":"`+
		source+`"}`, string(sent["owner"]))
	assert.JSONEq(t, `{"attribute_type":"group","key_name":"team","source_integration_reference":"`+source+`"}`,
		string(sent["owners_mapping"]))
	config := members(t, sent["integration_config"])
	want := members(t, json.RawMessage(oddConfig))
	require.Len(t, config, len(want))
	for key, value := range want {
		assert.Equal(t, string(value), string(config[key]), key)
	}

	v2, err := c.IntegrationsV2.Get(t.Context(), id)
	require.NoError(t, err)
	_, err = c.IntegrationsV2.Update(t.Context(), id, apono.UpdateFromV2(v2))
	require.NoError(t, err)
	sent = lastBody(t, srv)
	assert.Len(t, sent, 6)
	assert.JSONEq(t, `{"type":"AWS","region":"eu-central-1","secret_id":"db","x_newer":{"n":1.10}}`,
		string(sent["secret_config"]))
	assert.Contains(t, string(sent["secret_config"]), "1.10")
	assert.Equal(t, `"connector-1"`, string(sent["provisioner_id"]))
	for key, value := range members(t, sent["metadata"]) {
		assert.Equal(t, string(want[key]), string(value), key)
	}
}

func TestUpdateFromSendsNullForWhatIsNotThere(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t)
	id := srv.Add(map[string]any{"name": "bare"})
	in, err := c.Integrations.Get(t.Context(), id)
	require.NoError(t, err)
	_, err = c.Integrations.Update(t.Context(), id, apono.UpdateFrom(in))
	require.NoError(t, err)
	calls := srv.Calls()
	assert.JSONEq(t, `{"name":"bare","integration_config":{},"connector_id":null,"custom_access_details":null,`+
		`"connected_resource_types":null,
		"secret_store_config":null,"owner":null,"owners_mapping":null}`, string(calls[len(calls)-1].Body))

	_, err = c.IntegrationsV2.Update(t.Context(), id,
		apono.UpdateFromV2(&apono.IntegrationV2{Name: "bare", Metadata: apono.Config{}}))
	require.NoError(t, err)
	calls = srv.Calls()
	assert.JSONEq(t, `{"name":"bare","metadata":{},"provisioner_id":null,"custom_access_details":null,`+
		`"connected_resource_types":null,"secret_config":null}`,
		string(calls[len(calls)-1].Body))
}

func TestUpdateFromTakesTheIDOfASourceOrElseItsName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ id, name, want string }{{"i", "n", "i"}, {"i", "", "i"}, {"", "n", "n"},
		{"", "", ""}} {
		u := apono.UpdateFrom(&apono.Integration{
			Owner: &apono.Owner{AttributeType: "user", SourceIntegrationID: tt.id,
				SourceIntegrationName: tt.name},
			OwnersMapping: &apono.OwnerMapping{KeyName: "k", SourceIntegrationID: tt.id,
				SourceIntegrationName: tt.name},
		})
		owner, ok := u.Owner.Get()
		require.True(t, ok)
		assert.Equal(t, apono.OwnerReference{AttributeType: "user", AttributeValue: []string{},
			SourceIntegrationReference: tt.want}, owner)
		mapping, ok := u.OwnersMapping.Get()
		require.True(t, ok)
		assert.Equal(t, apono.OwnerMappingReference{KeyName: "k", SourceIntegrationReference: tt.want}, mapping)
		out, err := json.Marshal(u)
		require.NoError(t, err)
		assert.Equal(t, tt.want != "", strings.Contains(string(out), "source_integration_reference"))
	}
}

func TestUpdateFromSharesNothing(t *testing.T) {
	t.Parallel()
	in := &apono.Integration{
		IntegrationConfig: apono.ConfigOf(map[string]string{"a": "1"}), ConnectedResourceTypes: []string{"x"},
		SecretStoreConfig: apono.SecretStore{Value: &apono.AponoSecret{Parameters: map[string]string{"k": "v"}}},
		Owner:             &apono.Owner{AttributeValue: []string{"o"}},
	}
	u := apono.UpdateFrom(in)
	u.IntegrationConfig["a"][1] = '2'
	u.IntegrationConfig.SetText("b", "3")
	types, _ := u.ConnectedResourceTypes.Get()
	types[0] = "y"
	store, _ := u.SecretStoreConfig.Get()
	store.Value.(*apono.AponoSecret).Parameters["k"] = "w"
	owner, _ := u.Owner.Get()
	owner.AttributeValue[0] = "p"
	assert.Equal(t, apono.ConfigOf(map[string]string{"a": "1"}), in.IntegrationConfig)
	assert.Equal(t, []string{"x"}, in.ConnectedResourceTypes)
	assert.Equal(t, map[string]string{"k": "v"}, in.SecretStoreConfig.Value.(*apono.AponoSecret).Parameters)
	assert.Equal(t, []string{"o"}, in.Owner.AttributeValue)

	v2 := &apono.IntegrationV2{
		Metadata: apono.ConfigOf(map[string]string{"a": "1"}), ConnectedResourceTypes: []string{"x"},
		SecretConfig: apono.FlatSecretStore{Value: &apono.AWSSecret{Region: "r"}},
	}
	u2 := apono.UpdateFromV2(v2)
	u2.Metadata["a"][1] = '2'
	types, _ = u2.ConnectedResourceTypes.Get()
	types[0] = "y"
	flat, _ := u2.SecretConfig.Get()
	flat.Value.(*apono.AWSSecret).Region = "s"
	assert.Equal(t, apono.ConfigOf(map[string]string{"a": "1"}), v2.Metadata)
	assert.Equal(t, []string{"x"}, v2.ConnectedResourceTypes)
	assert.Equal(t, "r", v2.SecretConfig.Value.(*apono.AWSSecret).Region)
}

// A change of one field keeps the others, whether or not the server clears missing members.
func TestOneChangeLosesNothing(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t, aponotest.WithUserInformation())
	id := srv.Add(full("Google Workspace"))
	for member, change := range map[string]func(*apono.IntegrationUpdate){
		"name":                  func(u *apono.IntegrationUpdate) { u.Name = "other" },
		"connector_id":          func(u *apono.IntegrationUpdate) { u.ConnectorID = apono.Null[string]() },
		"custom_access_details": func(u *apono.IntegrationUpdate) { u.CustomAccessDetails = apono.Set("other") },
		"connected_resource_types": func(u *apono.IntegrationUpdate) {
			u.ConnectedResourceTypes = apono.Set([]string{})
		},
		"secret_store_config": func(u *apono.IntegrationUpdate) {
			u.SecretStoreConfig = apono.Set(apono.SecretStore{Value: &apono.HashicorpVaultSecret{SecretEngine: "kv",
				Path: "db"}})
		},
		"owner": func(u *apono.IntegrationUpdate) { u.Owner = apono.Null[apono.OwnerReference]() },
		"owners_mapping": func(u *apono.IntegrationUpdate) {
			u.OwnersMapping = apono.Null[apono.OwnerMappingReference]()
		},
		"integration_config": func(u *apono.IntegrationUpdate) { u.IntegrationConfig.SetText("html", "other") },
	} {
		before := stored(t, srv, id)
		in, err := c.Integrations.Get(t.Context(), id)
		require.NoError(t, err)
		u := apono.UpdateFrom(in)
		change(&u)
		_, err = c.Integrations.Update(t.Context(), id, u)
		require.NoError(t, err, member)
		after := stored(t, srv, id)
		assert.NotEqual(t, string(before[member]), string(after[member]), member)
		for other := range before {
			if other != member {
				assert.JSONEq(t, string(before[other]), string(after[other]), "%s after a change of %s", other, member)
			}
		}
	}
}

func TestUpdateSendsThreeStates(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t)
	id := srv.Add(map[string]any{"name": "n"})
	for want, u := range map[string]apono.IntegrationUpdate{
		`{"integration_config":{},"name":"n"}`: {
			IntegrationConfig: apono.Config{}, Name: "n"},
		`{"connector_id":null,"integration_config":{},"name":"n"}`: {
			IntegrationConfig: apono.Config{}, Name: "n", ConnectorID: apono.Null[string]()},
		`{"connector_id":"connector-1","integration_config":{},"name":"n"}`: {
			IntegrationConfig: apono.Config{}, Name: "n", ConnectorID: apono.Set("connector-1")},
		`{"integration_config":{},"name":"n","owner":null,"secret_store_config":null}`: {
			IntegrationConfig: apono.Config{}, Name: "n", Owner: apono.Null[apono.OwnerReference](),
			SecretStoreConfig: apono.Null[apono.SecretStore]()},
		`{"connected_resource_types":[],"custom_access_details":"","integration_config":{},"name":"n"}`: {
			IntegrationConfig: apono.Config{}, Name: "n", CustomAccessDetails: apono.Set(""),
			ConnectedResourceTypes: apono.Set([]string{})},
	} {
		_, err := c.Integrations.Update(t.Context(), id, u)
		require.NoError(t, err)
		calls := srv.Calls()
		assert.Equal(t, want, strings.TrimSpace(string(calls[len(calls)-1].Body)))
		assert.Equal(t, http.MethodPut, calls[len(calls)-1].Method)
	}
}

// A configuration that was left out by mistake must not clear the existing one.
func TestUpdateRefusesAForgottenConfig(t *testing.T) {
	t.Parallel()
	w, c := newWire(t, nil)
	_, err := c.Integrations.Update(t.Context(), "i", apono.IntegrationUpdate{Name: "n"})
	assertRefused(t, err, "IntegrationConfig")
	_, err = c.IntegrationsV2.Update(t.Context(), "i", apono.IntegrationUpdateV2{Name: "n"})
	assertRefused(t, err, "Metadata")
	empty := apono.Set(apono.SecretStore{Value: &apono.AponoSecret{}})
	_, err = c.Integrations.Update(t.Context(), "i", apono.IntegrationUpdate{Name: "n",
		IntegrationConfig: apono.Config{}, SecretStoreConfig: empty})
	assertRefused(t, err, "SecretStoreConfig")
	assert.Empty(t, w.sent)

	// The same for a configuration that a list could not decode.
	assertRefused(t, failing(c.Integrations.Update(t.Context(), "i", apono.UpdateFrom(&apono.Integration{Name: "n"}))),
		"IntegrationConfig")
	assertRefused(t,
		failing(c.IntegrationsV2.Update(t.Context(), "i", apono.UpdateFromV2(&apono.IntegrationV2{Name: "n"}))),
		"Metadata")
	assert.Empty(t, w.sent)
}

// A null or missing configuration can be changed like an empty one.
func TestUpdateOfAnIntegrationWithoutConfig(t *testing.T) {
	t.Parallel()
	for _, member := range []string{`,"integration_config":null,"metadata":null`, ``} {
		w, c := newWire(t, []answer{good(`{"id":"i","name":"n","type":"ssh"` + member + `}`)})
		in, err := c.Integrations.Get(t.Context(), "i")
		require.NoError(t, err)
		u := apono.UpdateFrom(in)
		u.IntegrationConfig.SetText("a", "b")
		require.NoError(t, failing(c.Integrations.Update(t.Context(), "i", u)))
		v2, err := c.IntegrationsV2.Get(t.Context(), "i")
		require.NoError(t, err)
		u2 := apono.UpdateFromV2(v2)
		u2.Metadata.SetText("a", "b")
		require.NoError(t, failing(c.IntegrationsV2.Update(t.Context(), "i", u2)))
		assert.Contains(t, w.sent[1].body, `"integration_config":{"a":"b"}`)
		assert.Contains(t, w.sent[3].body, `"metadata":{"a":"b"}`)
	}
	in := `{"id":"i","name":"n","type":"ssh","integration_config":null}`
	w, c := newWire(t, []answer{good(`{"items":[` + in + `]}`), good(in), good(in)})
	got, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "n", Type: "ssh",
		IntegrationConfig: apono.ConfigOf(map[string]string{"a": "b"})})
	require.NoError(t, err)
	assert.Equal(t, []string{"integration_config.a"}, got.Differences)
	assert.Contains(t, w.sent[2].body, `"integration_config":{"a":"b"}`)
}

// An owner or mapping without members counts as none. The server would refuse it.
func TestUpdateFromTakesAnEmptyOwnerForNone(t *testing.T) {
	t.Parallel()
	w, c := newWire(t,
		[]answer{good(`{"id":"i","name":"n","owner":{},"owners_mapping":{"key_name":"","attribute_type":null}}`)})
	in, err := c.Integrations.Get(t.Context(), "i")
	require.NoError(t, err)
	require.NoError(t, failing(c.Integrations.Update(t.Context(), "i", apono.UpdateFrom(in))))
	assert.Contains(t, w.sent[1].body, `"owner":null,"owners_mapping":null`)
}

// If a server repeats the request, its parameters must not appear in an error.
func TestParametersStayOutOfErrors(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{`hun"ter2<hunter2`, "-----BEGIN KEY-----\nhunter2\t/+=\n-----END KEY-----\n",
		"pähunter2\u2028"} {
		known := apono.SecretStore{Value: &apono.AponoSecret{Parameters: map[string]string{"password": secret}}}
		encoded, err := json.Marshal(secret)
		require.NoError(t, err)
		unknown := apono.SecretStore{Value: &apono.UnknownSecret{Raw: json.RawMessage(`{"newer":{"keys":[` +
			string(encoded) + `]}}`)}}
		unknownV2 := apono.FlatSecretStore{Value: &apono.UnknownSecret{Raw: json.RawMessage(`{"type":"NEWER","key":` +
			string(encoded) + `}`)}}
		for _, store := range []apono.SecretStore{known, unknown} {
			flat := store.Flat()
			if store == unknown {
				flat = unknownV2
			}
			for _, echo := range []func(request string) string{
				func(string) string { return "cannot use " + secret },
				func(request string) string { return request },
				func(request string) string {
					b, _ := json.Marshal(map[string]string{"message": "bad request: " + request})
					return string(b)
				},
				func(string) string {
					return `{"message":"bad value ` + strings.ReplaceAll(strings.Trim(string(encoded), `"`), "ä",
						`\u00e4`) + `"}`
				},
			} {
				w, c := newWire(t, nil)
				w.echo = echo
				_, create := c.Integrations.Create(t.Context(), apono.IntegrationCreate{Name: "n", Type: "t",
					SecretStoreConfig: apono.Set(store)})
				_, update := c.Integrations.Update(t.Context(), "i", apono.IntegrationUpdate{Name: "n",
					IntegrationConfig: apono.Config{}, SecretStoreConfig: apono.Set(store)})
				_, createV2 := c.IntegrationsV2.Create(t.Context(), apono.IntegrationCreateV2{Name: "n", Type: "t",
					SecretConfig: apono.Set(flat)})
				_, updateV2 := c.IntegrationsV2.Update(t.Context(), "i", apono.IntegrationUpdateV2{Name: "n",
					Metadata: apono.Config{}, SecretConfig: apono.Set(flat)})
				for i, err := range []error{create, update, createV2, updateV2} {
					e := errorOf(t, err)
					require.Equal(t, http.StatusBadRequest, e.StatusCode, i)
					for _, shown := range []string{err.Error(), e.Detail, string(e.Body)} {
						assert.NotContains(t, shown, "hunter2")
					}
				}
			}
		}
	}
}
