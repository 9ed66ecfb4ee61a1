package egeria_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

func jsonText(text string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return strings.Trim(string(raw), `"`)
}

// Repeated puts of the same group add nothing to the audit trail.
func TestPutWritesNothingWhereNothingChanges(t *testing.T) {
	t.Parallel()
	for _, release := range seen {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release), egeriatest.WithUnknownMembers())
		groups := clientAt(t, srv).Server("s").IntegrationGroups
		stored := group("a")
		stored.SecretsStoreProvider = "p"
		stored.Extra = egeria.Object{"newer": json.RawMessage(`{"b":1,"a":[1.50]}`)}
		require.NoError(t, groups.Put(t.Context(), group("first")))
		require.NoError(t, groups.Put(t.Context(), stored))
		lines := len(srv.AuditTrail("s"))
		require.Equal(t, 2, lines)
		spelled := group("a")
		spelled.Extra = egeria.Object{"newer": json.RawMessage(`{ "a":[1.50], "b":1 }`)}
		for _, same := range []egeria.IntegrationGroup{stored, group("a"), spelled, group("first")} {
			require.NoError(t, groups.Put(t.Context(), same))
		}
		assert.Len(t, srv.AuditTrail("s"), lines, release)
		assert.Equal(t, 2, srv.CountCalls("replaceIntegrationGroups"))

		other, newer, secrets := group("a"), group("a"), group("a")
		other.ServerName = "another"
		newer.Extra = egeria.Object{"newer": json.RawMessage(`{"a":[1.5],"b":1}`)}
		secrets.SecretsStoreLocation = "l"
		for i, changed := range []egeria.IntegrationGroup{other, newer, secrets} {
			if release < "6" && i == 2 {
				continue // it does not have these members
			}
			require.NoError(t, groups.Put(t.Context(), changed))
			assert.Len(t, srv.AuditTrail("s"), lines+i+1, release)
		}
	}
}

// A group that is stored twice is written once.
func TestPutMendsWhatIsThereTwice(t *testing.T) {
	t.Parallel()
	for _, release := range seen {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		c := clientAt(t, srv)
		require.NoError(t, c.Server("s").IntegrationGroups.Put(t.Context(), group("a")))
		document, err := c.Server("s").Config.Get(t.Context())
		require.NoError(t, err)
		require.NoError(t, document.SetIntegrationGroups([]egeria.IntegrationGroup{group("a"), group("a")}))
		require.NoError(t, c.Server("s").Config.Set(t.Context(), *document))
		require.NoError(t, c.Server("s").IntegrationGroups.Put(t.Context(), group("a")))
		assert.Len(t, srv.Groups("s"), 1)
	}
}
