package contract_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/egeria"
)

// informing are the informative members of integrations, with values of unexpected types.
var informing = map[string][]string{
	"confluent": {
		`"usages":"crn://a"`, `"usages":[1]`, `"usages":{"a":"b"}`, `"kind":7`, `"kind":{"a":1}`, `"api_version":[2]`,
		`"environment":"env-1"`, `"environment":{"id":"env-1","kind":5}`,
		`"usages":7,"kind":[],"api_version":true`,
	},
	"apono": {
		`"category":7`, `"category":{"a":1}`, `"status":5`, `"status":["ACTIVE"]`, `"type":{"name":"x"}`,
		`"last_sync_time":{"seconds":1}`, `"last_sync_time":[1]`, `"category":[],"status":{},"type":7`,
	},
	"egeria": {`"class":7`, `"requestId":{"a":1}`, `"actionDescription":[1]`, `"requestId":5,"class":[]`},
}

func TestMemberThatOnlyInformsFailsNoCall(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for _, odd := range informing[v.name] {
			good := op.good(v)
			if good.StatusCode == 204 {
				return
			}
			body := v.object("x-1")
			if op.name == "list" {
				body = v.page("", "x-1", "x-2")
			}
			if v.unpaged || op.name != "list" {
				body = strings.Replace(body, "{", "{"+odd+",", 1)
			} else {
				body = strings.ReplaceAll(body, `"id":"x-2"`, `"id":"x-2",`+odd)
			}
			for name := range strings.SplitSeq("class kind category status type", " ") {
				if strings.Contains(odd, `"`+name+`"`) {
					for _, usual := range []string{"OMAGServerConfigResponse", "IntegrationGroupsResponse",
						"Integration", "RESOURCES", "ACTIVE", "mock-duck"} {
						body = strings.Replace(body, `"`+name+`":"`+usual+`",`, "", 1)
					}
				}
			}
			c, s := start(t, v, options{}, always(200, body))
			require.NoError(t, op.do(t.Context(), c, call{}), "%s: %s", odd, body)
			assert.Equal(t, 1, s.count())
		}
	})
}

func TestOddMemberHidesNoOther(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		switch v.name {
		case "confluent":
			for _, odd := range informing[v.name] {
				item := `{"id":"x-1","display_name":"n","status":"CREATED",` + odd +
					`,"config":{"kind":"GcpIntegrationConfig","google_service_account":"g"}}`
				c, _ := start(t, v, options{}, func(_ int, r request) (*http.Response, error) {
					if strings.HasSuffix(r.URL.Path, "/integrations") {
						return respond(200, `{"data":[{"id":"x-0"},`+item+`],"metadata":{}}`), nil
					}
					return respond(200, item), nil
				})
				client := c.value.(*confluent.Client)
				one, err := client.Integrations.Get(t.Context(), "env-1", "x-1")
				require.NoError(t, err, odd)
				all, err := sdk.Collect(client.Integrations.List(t.Context(), "env-1", nil))
				require.NoError(t, err, odd)
				require.Len(t, all, 2)
				assert.Equal(t, one, all[1], odd)
				assert.Equal(t, &confluent.GCPConfig{GoogleServiceAccount: "g"}, one.Config.Value, odd)
				assert.Equal(t, [3]string{"x-1", "n", "CREATED"}, [3]string{one.ID, one.DisplayName,
					string(one.Status)}, odd)
			}
		case "apono":
			for _, odd := range informing[v.name] {
				c, _ := start(t, v, options{}, always(200, `{"id":"x-1","name":"n","connector_id":"c",`+odd+
					`,"integration_config":{"port":5}}`))
				one, err := c.value.(*apono.Client).Integrations.Get(t.Context(), "x-1")
				require.NoError(t, err, odd)
				assert.Equal(t, [4]string{"x-1", "n", "c", "5"}, [4]string{one.ID, one.Name, one.ConnectorID,
					one.IntegrationConfig.Text("port")}, odd)
			}
		case "egeria":
			for _, odd := range []string{`"lastRefreshTime":{}`, `"integrationGroupDescription":7`,
				`"integrationGroupStatus":5`, `"integrationGroupGUID":[]`} {
				c, _ := start(t, v, options{},
					always(200, `{"relatedHTTPCode":"200","integrationGroupSummary":{"integrationGroupName":"g",`+odd+
						`,"integrationConnectorReports":[{"connectorName":"c","minMinutesBetweenRefresh":"60",`+
						`"connectorStatus":{}}]}}`))
				client := c.value.(*egeriaServices).withToken
				one, err := client.Server("s").Daemon.Group(t.Context(), "g")
				require.NoError(t, err, odd)
				assert.Equal(t, "g", one.Name, odd)
				require.Len(t, one.Connectors, 1)
				assert.Equal(t, "c", one.Connectors[0].Name)
			}
		}
	})
}

func TestEssentialMemberOfAnOddTypeIsAnError(t *testing.T) {
	essential := map[string][]string{
		"confluent": {`{"id":7}`, `{"id":{"a":1},"usages":5}`, `{"usages":7}`, `{"id":"x-1","status":5,"usages":7}`,
			`{"id":"x-1","provider":[],"kind":7}`, `{"kind":7,"id":""}`},
		"apono": {
			`{"id":7}`, `{"id":["x-1"],"category":5}`, `{"category":7}`,
			`{"id":"x-1","integration_config":[],"category":7}`, `{"id":"x-1","connector_id":5}`,
			`{"id":"x-1","category":7,"custom_access_details":{}}`, `{"id":"x-1","owner":"me"}`,
			`{"id":"x-1","name":7}`,
		},
		"egeria": {
			`{"relatedHTTPCode":200,"class":7,"omagserverConfig":"x"}`,
			`{"relatedHTTPCode":200,"class":7,"omagserverConfig":[]}`, `{"relatedHTTPCode":200,"requestId":7}`,
			`{"class":7,"omagserverConfig":{}}`,
		},
	}
	each(t, func(t *testing.T, v vendor) {
		for _, body := range essential[v.name] {
			require.True(t, json.Valid([]byte(body)))
			c, _ := start(t, v, options{}, always(200, body))
			_, err := c.get(t.Context(), "x-1", call{})
			require.Error(t, err, body)
		}
		if v.name != "egeria" {
			return
		}
		for method, do := range map[string]func(*egeria.Client) error{
			`"integrationGroupSummaries":{}`: func(c *egeria.Client) error {
				_, err := c.Server("s").Daemon.Groups(t.Context())
				return err
			},
			`"integrationGroupSummaries":[5]`: func(c *egeria.Client) error {
				_, err := c.Server("s").Daemon.Groups(t.Context())
				return err
			},
			`"serverList":"s"`: func(c *egeria.Client) error {
				_, err := c.Platform.Servers(t.Context())
				return err
			},
			`"serverList":["s",5]`: func(c *egeria.Client) error {
				_, err := c.Platform.Servers(t.Context())
				return err
			},
			`"flag":"yes"`: func(c *egeria.Client) error {
				_, err := c.Platform.Known(t.Context(), "s")
				return err
			},
			`"integrationDaemonStatus":{"integrationGroupSummaries":"none"}`: func(c *egeria.Client) error {
				_, err := c.Server("s").Daemon.Status(t.Context())
				return err
			},
		} {
			c, _ := start(t, v, options{}, always(200, fmt.Sprintf(`{"relatedHTTPCode":200,%s}`, method)))
			require.Error(t, do(c.value.(*egeriaServices).withToken), method)
		}
	})
}

// Numbers and booleans are read in every usual form, also if another member has an unexpected type.
func TestNumbersAndBooleansAreReadInEveryForm(t *testing.T) {
	yes, no := []string{`true`, `"true"`, `"True"`, `" TRUE "`, `1`, `"1"`}, []string{`false`, `"false"`, `"FALSE"`,
		`0`, `"0"`}
	for _, odd := range []string{``, `"class":7,`, `"status":{},`} {
		for i, form := range append(yes, no...) {
			want := i < len(yes)
			for name, document := range map[string]string{
				"a number": `{"relatedHTTPCode":200.0,` + odd + `"serverName":"s","active":` + form + `}`,
				"a text":   `{"relatedHTTPCode":"200",` + odd + `"serverName":"s","active":` + form + `}`,
			} {
				c, _ := start(t, vendorNamed("egeria"), options{}, always(200, document))
				status, err := c.value.(*egeriaServices).withToken.Platform.Status(t.Context(), "s")
				require.NoError(t, err, document)
				assert.Equal(t, want, status.Active, "%s %s", name, document)
			}
			c, _ := start(t, vendorNamed("egeria"), options{}, always(200, `{"relatedHTTPCode":2e2,`+odd+`"flag":`+form+
				`}`))
			known, err := c.value.(*egeriaServices).withToken.Platform.Known(t.Context(), "s")
			require.NoError(t, err, form)
			assert.Equal(t, want, known, form)

			c, _ = start(t, vendorNamed("apono"), options{},
				always(200, `{"data":[{`+odd+`"type":"mysql","requires_secret":`+form+
					`,"params":[{"id":"p","optional":`+
					form+`}]}],"pagination":{}}`))
			entry := one(t, c.value.(*apono.Client).Catalog.List(t.Context()))
			assert.Equal(t, [2]bool{want, want}, [2]bool{entry.RequiresSecret, entry.Params[0].Optional}, form)
			c, _ = start(t, vendorNamed("apono"), options{},
				always(200, `{"items":[{`+odd+`"id":"c","is_latest_version":`+form+
					`,"sessions":[{"metadata":{`+odd+`"cloud_provider_metadata":{"is_azure_admin":`+form+
					`}}}]}],"pagination":{}}`))
			connector := one(t, c.value.(*apono.Client).Connectors.List(t.Context(), nil))
			assert.Equal(t, want, connector.IsLatestVersion, form)
			assert.Equal(t, &want, connector.Sessions[0].Metadata.CloudProviderMetadata.IsAzureAdmin, form)
		}
		for form, want := range map[string]int64{`5`: 5, `"5"`: 5, `5.0`: 5, `" 5 "`: 5, `5e0`: 5, `"5.9"`: 5,
			`1e40`: math.MaxInt64, `"soon"`: 0, `null`: 0} {
			c, _ := start(t, vendorNamed("egeria"), options{}, always(200, `{"relatedHTTPCode":200,`+odd+
				`"integrationGroupSummary":{"integrationGroupName":"g","integrationConnectorReports":[{`+odd+
				`"connectorName":"c","minMinutesBetweenRefresh":`+form+`}]}}`))
			group, err := c.value.(*egeriaServices).withToken.Server("s").Daemon.Group(t.Context(), "g")
			require.NoError(t, err, form)
			assert.Equal(t, want, group.Connectors[0].MinMinutesBetweenRefresh, form)
			assert.Equal(t, "c", group.Connectors[0].Name, form)
		}
	}
}

func vendorNamed(name string) vendor {
	return vendors[slices.IndexFunc(vendors, func(v vendor) bool { return v.name == name })]
}

func one[T any](t *testing.T, list iter.Seq2[*T, error]) *T {
	t.Helper()
	all, err := sdk.Collect(list)
	require.NoError(t, err)
	require.Len(t, all, 1)
	return all[0]
}
