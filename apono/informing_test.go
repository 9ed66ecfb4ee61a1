package apono_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

func TestTagThatIsNoTextHidesNoOther(t *testing.T) {
	t.Parallel()
	for tags, want := range map[string]map[string]string{
		`{"env":"prod","count":12345678901234567890,"on":true}`: {"env": "prod", "count": "12345678901234567890",
			"on": "true"},
		`{"env":"prod","list":["a",1],"o":{"k":"v"}}`: {"env": "prod", "list": `["a",1]`, "o": `{"k":"v"}`},
		`{"env":null}`: {"env": ""}, `{}`: {}, `[]`: {}, `[ ]`: {},
	} {
		_, c := newWire(t, []answer{good(`{"resource_id":7,"tags":` + tags + `}`)})
		got, err := c.Resources.UserTags(t.Context(), "r")
		require.NoError(t, err, tags)
		assert.Equal(t, want, got, tags)
	}
	for _, tags := range []string{`"env"`, `["env"]`, `[{}]`, `5`, `null`} {
		_, c := newWire(t, []answer{good(`{"resource_id":"r","tags":` + tags + `}`)})
		_, err := c.Resources.UserTags(t.Context(), "r")
		require.Error(t, err, "tags that are lost would be deleted: %s", tags)
	}
}

func TestCountersAreReadInEveryForm(t *testing.T) {
	t.Parallel()
	for total, want := range map[string]int{`"3"`: 3, `3.0`: 3, `3e0`: 3, `null`: 0, `{}`: 0, `"many"`: 0} {
		_, c := newWire(t, []answer{good(`{"data":[{"id":"a"},{"id":"b"},{"id":"c"}],"pagination":{"total":` + total +
			`,"limit":"100","offset":[]}}`)})
		n := 0
		for page, err := range c.Resources.Pages(t.Context(), "i", "") {
			require.NoError(t, err, total)
			n += len(page.Items)
			assert.Equal(t, [3]int{want, 100, 0}, [3]int{page.Total, page.Limit, page.Offset}, total)
		}
		assert.Equal(t, 3, n)
	}
	_, c := newWire(t, []answer{good(`{"data":[{"id":"a"}],"pagination":{"total":"2","limit":1,"offset":0}}`)})
	_, err := drain(c.Resources.List(t.Context(), "i", ""))
	truncated, ok := errors.AsType[*apono.TruncatedError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, &apono.TruncatedError{Items: 1, Total: 2, Limit: 1}, truncated)
}

func TestStrictRefusesMembersOfOddTypes(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"id":"i","category":7}`, `{"id":"i","status":{}}`, `{"id":"i","type":[]}`} {
		_, c := newWire(t, []answer{good(body)}, apono.WithStrict())
		require.ErrorContains(t, failing(c.Integrations.Get(t.Context(), "i")), "cannot unmarshal", body)
	}
}

func TestMetadataOfSessionsIsReadInBothForms(t *testing.T) {
	t.Parallel()
	for _, style := range []aponotest.Style{{}, {VersionObjects: true}, {VersionObjects: true, UnknownMembers: true}} {
		srv, c := styled(t, style)
		srv.AddConnector(map[string]any{"id": "c1"})
		srv.AddConnector(map[string]any{"id": "c2", "sessions": []any{
			map[string]any{"id": "s", "metadata": map[string]any{"connector_version": "2.0"}},
			map[string]any{"id": "none", "metadata": map[string]any{}},
		}})
		srv.AddConnector(map[string]any{"id": "c3", "sessions": "odd"})
		all, err := sdk.Collect(c.Connectors.List(t.Context(), nil))
		require.NoError(t, err)
		versions := map[string][]string{}
		for _, connector := range all {
			one, err := c.Connectors.Get(t.Context(), connector.ID)
			require.NoError(t, err)
			assert.Equal(t, one, connector)
			for _, session := range connector.Sessions {
				versions[connector.ID] = append(versions[connector.ID], session.Metadata.ConnectorVersion)
			}
		}
		assert.Equal(t, []string{"1.7.2"}, versions["c1"])
		assert.Equal(t, []string{"2.0", ""}, versions["c2"])
		assert.Empty(t, versions["c3"])
		assert.Equal(t, "us-east-1", connectorOf(all, "c1").Sessions[0].Metadata.CloudProviderMetadata.Region)
	}
	encoded, err := json.Marshal(apono.ConnectorSessionMetadata{ConnectorVersion: "1.2"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"connector_version":"1.2"}`, string(encoded))
}

func connectorOf(all []*apono.Connector, id string) *apono.Connector {
	for _, c := range all {
		if c.ID == id {
			return c
		}
	}
	return nil
}
