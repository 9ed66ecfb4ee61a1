package contract_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
)

// hostile are texts that would change the line of a log, or how a terminal shows it.
var hostile = []string{"x-1\nlevel=INFO msg=forged", "x-1\r\x1b[31m", "x-1\u009b31m", "x-1\u202egnp", "x-1\u2028next"}

// onOneLine checks the texts of err and of all errors in it.
func onOneLine(t *testing.T, err error, what string) {
	t.Helper()
	if err == nil {
		return
	}
	assert.NotContains(t, err.Error(), "\u2028", what)
	assert.False(t, strings.ContainsFunc(err.Error(), func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}), "%s: %T: %q", what, err, err.Error())
	onOneLine(t, errors.Unwrap(err), what)
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			onOneLine(t, err, what)
		}
	}
}

// failingOn returns calls whose errors have texts of the server, and the responses of the server.
// text is the hostile text in quotes, as in JSON.
func failingOn(v vendor, text string) map[string]severalRequests {
	wait := sdk.WaitOptions{Interval: time.Second, Timeout: 3 * time.Second}
	refused := fmt.Sprintf("409 %q", v.failure("no luck"))
	repeated := func(status int, body string) []string {
		return strings.Split(strings.Repeat(fmt.Sprintf("%d %q\n", status, body), 9), "\n")
	}
	draft := fmt.Sprintf(`{"id":%s,"display_name":"Lake","provider":"GCP","status":"DRAFT"}`, text)
	created, read := fmt.Sprintf("201 %q", draft), fmt.Sprintf("200 %q", draft)
	none := fmt.Sprintf("200 %q", v.page(""))
	other := fmt.Sprintf("200 %q", `{"id":"x-1","status":`+text+`,"display_name":"Lake"}`)
	listed := fmt.Sprintf("200 %q", `{"data":[`+draft+`]}`)
	twice := strings.Trim(strconv.Quote(strings.Replace(draft, "x-1", "y-1", 1)), `"`)
	item := fmt.Sprintf(`{"id":%s,"name":"n","type":%s,"status":"ERROR"}`, text, text)
	stores := `{"id":"x-1","secret_store_config":{"aws":{},` + text + `:{}}}`
	return map[string]map[string]severalRequests{
		"confluent": {
			"Provision, clean-up": {provision, []string{created, refused, read, refused}},
			"Provision, status":   {provision, []string{created, refused, other}},
			"Provision, read":     {provision, []string{created, refused, refused}},
			"Ensure, locked":      {ensureOrRecreate, []string{none, created, refused, read}},
			"Ensure, recreate":    {ensureOrRecreate, []string{listed, refused, read, "204 \"\"", none, refused, none}},
			"Ensure, conflict":    {ensureOrRecreate, []string{strings.Replace(listed, "GCP", "AWS", 1)}},
			"find":                {ensureOrRecreate, []string{strings.Replace(listed, "[", "["+twice+",", 1)}},
		},
		"apono": {
			"wait": {func(ctx context.Context, c any) error {
				_, err := c.(*apono.Client).Integrations.WaitSynced(ctx, "x", apono.WaitOptions{WaitOptions: wait})
				return err
			}, repeated(200, item)},
			"wait in vain": {func(ctx context.Context, c any) error {
				_, err := c.(*apono.Client).Integrations.WaitSynced(ctx, "x", apono.WaitOptions{WaitOptions: wait})
				return err
			}, repeated(200, strings.Replace(item, `"ERROR"`, text, 1))},
			"another type": {func(ctx context.Context, c any) error {
				_, err := c.(*apono.Client).Integrations.Ensure(ctx, apono.IntegrationCreate{Name: "n", Type: "t"})
				return err
			}, []string{fmt.Sprintf("200 %q", `{"items":[`+item+`],"pagination":{}}`)}},
			"find": {func(ctx context.Context, c any) error {
				_, err := c.(*apono.Client).Integrations.FindByName(ctx, "n")
				return err
			}, []string{fmt.Sprintf("200 %q", `{"items":[`+item+`,{"id":"y","name":"n"}],"pagination":{}}`)}},
			"two stores": {func(ctx context.Context, c any) error {
				_, err := c.(*apono.Client).Integrations.Get(ctx, "x")
				return err
			}, []string{fmt.Sprintf("200 %q", stores)}},
		},
		"egeria": {
			"wait in vain": {func(ctx context.Context, c any) error {
				_, err := platform(c).Server("s").Daemon.WaitGroup(ctx, "g", wait)
				return err
			}, repeated(200, `{"class":"IntegrationGroupSummaryResponse","relatedHTTPCode":200,`+
				`"integrationGroupSummary":{"integrationGroupStatus":`+text+`}}`)},
			"another class": {func(ctx context.Context, c any) error {
				_, err := platform(c).Server("s").IntegrationGroups.List(ctx)
				return err
			}, []string{fmt.Sprintf("200 %q", `{"relatedHTTPCode":200,"class":`+text[:len(text)-1]+`Response"}`)}},
		},
	}[v.name]
}

var toProvision = confluent.IntegrationCreate{DisplayName: "Lake", Environment: confluent.Reference{ID: "env-1"},
	Config: sampleConfig}

func provision(ctx context.Context, c any) error {
	_, err := c.(*confluent.Client).Integrations.Provision(ctx, toProvision)
	return err
}

func ensureOrRecreate(ctx context.Context, c any) error {
	_, err := c.(*confluent.Client).Integrations.Ensure(ctx, toProvision, confluent.WithRecreateDraft())
	return err
}

func TestTextOfAServerAddsNoLineToAnError(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for _, text := range hostile {
			quoted, err := json.Marshal(text)
			require.NoError(t, err)
			for name, tt := range failingOn(v, string(quoted)) {
				c, s := start(t, v, options{retry: noRetries()}, respondInTurn(tt.have...))
				err := tt.do(t.Context(), c.value)
				require.Error(t, err, name)
				onOneLine(t, err, name)
				if !strings.HasPrefix(name, "wait") && !strings.ContainsFunc(text, unicode.IsControl) {
					assert.Len(t, s.requests(), len(tt.have), name)
				}
			}
		}
	})
}
