package contract_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
)

// respondInTurn responds with the given statuses and bodies, one after the other.
func respondInTurn(responses ...string) func(int, request) (*http.Response, error) {
	return func(n int, _ request) (*http.Response, error) {
		var status int
		var body string
		_, err := fmt.Sscanf(responses[n-1], "%d %q", &status, &body)
		return respond(status, body), err
	}
}

// severalRequests is a call of several requests.
type severalRequests struct {
	do   func(ctx context.Context, client any) error
	have []string // responses, for respondInTurn
}

// repeating returns calls that send secret, with the responses before the one that repeats it.
func repeating(v vendor, secret string) map[string]severalRequests {
	ensureApono := func(ctx context.Context, c any) error {
		_, err := c.(*apono.Client).Integrations.Ensure(ctx, apono.IntegrationCreate{Name: "Lake", Type: "mysql",
			CustomAccessDetails: apono.Set("ask"), SecretStoreConfig: apono.Set(apono.SecretStore{
				Value: &apono.AponoSecret{Parameters: map[string]string{"password": secret}}})})
		return err
	}
	want := confluent.IntegrationCreate{DisplayName: "Lake", Environment: confluent.Reference{ID: "env-1"},
		Config: sampleConfig}
	header := sdk.WithHeader("X-Api-Key", secret)
	ensureConfluent := func(ctx context.Context, c any) error {
		_, err := c.(*confluent.Client).Integrations.Ensure(ctx, want, header)
		return err
	}
	provision := func(ctx context.Context, c any) error {
		_, err := c.(*confluent.Client).Integrations.Provision(ctx, want, header)
		return err
	}
	none, refused := fmt.Sprintf("200 %q", v.page("")), fmt.Sprintf("409 %q", v.failure("no luck"))
	lake := `{"id":"x-1","name":"Lake","type":"mysql"}`
	draft := `{"id":"x-1","display_name":"Lake","provider":"GCP","status":"DRAFT"}`
	created, read := fmt.Sprintf("201 %q", draft), fmt.Sprintf("200 %q", draft)
	return map[string]map[string]severalRequests{
		"apono": {
			"first lookup":  {ensureApono, nil},
			"second lookup": {ensureApono, []string{none, refused}},
			"clean-up":      {ensureApono, []string{none, `201 "{\"id\":\"x-1\",\"name\":\"my lake\"}"`}},
			"read": {ensureApono, []string{
				fmt.Sprintf("200 %q", `{"items":[`+lake+`],"pagination":{}}`)}},
			"update": {ensureApono, []string{
				fmt.Sprintf("200 %q", `{"items":[`+lake+`],"pagination":{}}`), fmt.Sprintf("200 %q", lake)}},
		},
		"confluent": {
			"read of Provision":     {provision, []string{created, refused}},
			"clean-up of Provision": {provision, []string{created, refused, read}},
			"read of Ensure":        {ensureConfluent, []string{none, created, refused}},
		},
	}[v.name]
}

func TestErrorHidesTheSecretsThatEarlierRequestsOfTheCallSent(t *testing.T) {
	const secret = "pa55-of-the-call"
	each(t, func(t *testing.T, v vendor) {
		for name, tt := range repeating(v, secret) {
			c, s := start(t, v, options{retry: noRetries()},
				respondInTurn(append(tt.have, fmt.Sprintf("400 %q", v.failure("not "+secret)))...))
			err := tt.do(t.Context(), c.value)
			require.ErrorContains(t, err, "not [redacted]", name)
			hides(t, shown(err)+string(viewed(t, v, err).Body), []string{secret}, name)
			assert.Len(t, s.requests(), len(tt.have)+1, name)
		}
	})
}
