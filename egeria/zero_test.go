package egeria_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
)

// A service that does not come from a client refuses its calls.
func TestZeroServicesAreRefused(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]*egeria.Server{
		"services": {IntegrationGroups: &egeria.IntegrationGroupsService{}, Config: &egeria.ConfigService{},
			Daemon: &egeria.DaemonService{}},
		"client": new(egeria.Client).Server("s"),
	} {
		_, groupsErr := server.IntegrationGroups.List(t.Context())
		_, configErr := server.Config.Get(t.Context())
		_, statusErr := server.Daemon.Status(t.Context())
		for _, err := range []error{
			groupsErr, configErr, statusErr, server.IntegrationGroups.Clear(t.Context()),
			server.Config.SetDefaultAuditLog(t.Context()),
			server.IntegrationGroups.Put(t.Context(), egeria.IntegrationGroup{}), server.Config.Delete(t.Context()),
			server.Daemon.Refresh(t.Context(), "c"),
		} {
			require.ErrorIs(t, err, egeria.ErrInvalid, name)
			require.ErrorContains(t, err, "invalid argument client: is the zero value", name)
		}
	}
}
