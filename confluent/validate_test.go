package confluent_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// A validation is a POST, but changes nothing. A create is not repeated after the same failures.
func TestValidationIsRepeatedLikeAGet(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]confluenttest.Fault{
		"502": {Status: 502}, "500": {Status: 500},
		"lost": {Lost: true}, "lost after it was carried out": {Lost: true, Apply: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := confluenttest.NewServer(t)
			id := srv.Add(env, azure("vault", tenantID))
			fault.Times = 2
			fault.Operation = opValidate
			srv.Inject(fault)
			fault.Operation, fault.Times = opCreate, 1
			srv.Inject(fault)
			c := newClient(t, srv)
			require.NoError(t, c.Integrations.Validate(t.Context(), wants(id)))
			assert.Equal(t, 3, srv.CountCalls(opValidate))
			_, err := c.Integrations.Create(t.Context(), confluent.IntegrationCreate{
				DisplayName: "new", Provider: confluent.ProviderGCP, Environment: inEnv,
			})
			require.ErrorIs(t, err, confluent.ErrOutcomeUnknown)
			assert.Equal(t, 1, srv.CountCalls(opCreate))
		})
	}
}
