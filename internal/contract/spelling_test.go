package contract_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
)

// ensureFunc calls an Ensure method for a name, and returns the action. Its client is a vendor's
// client.
type ensureFunc func(ctx context.Context, client any, name string) (sdk.EnsureAction, error)

// ensuring are the Ensure methods of each vendor.
var ensuring = map[string]map[string]ensureFunc{
	"confluent": {
		"v2": func(ctx context.Context, c any, name string) (sdk.EnsureAction, error) {
			want := confluent.IntegrationCreate{DisplayName: name, Provider: "GCP",
				Environment: confluent.Reference{ID: "env-1"}}
			got, err := c.(*confluent.Client).Integrations.Ensure(ctx, want)
			return actionOf(got, err)
		},
		"v1": func(ctx context.Context, c any, name string) (sdk.EnsureAction, error) {
			want := confluent.IntegrationCreateV1{DisplayName: name, Environment: confluent.Reference{ID: "env-1"}}
			want.Config.Value = &confluent.AWSConfig{CustomerIAMRoleARN: "arn:aws:iam::000000000000:role/x"}
			got, err := c.(*confluent.Client).IntegrationsV1.Ensure(ctx, want)
			return actionOf(got, err)
		},
	},
	"apono": {
		"v4": func(ctx context.Context, c any, name string) (sdk.EnsureAction, error) {
			got, err := c.(*apono.Client).Integrations.Ensure(ctx, apono.IntegrationCreate{Name: name, Type: "mysql"})
			return actionOf(got, err)
		},
	},
}

func actionOf[T any](got *sdk.EnsureResult[T], err error) (sdk.EnsureAction, error) {
	if got == nil {
		return "", err
	}
	return got.Action, err
}

// speller is a server of integrations that stores names in its own spelling.
type speller struct {
	v        vendor
	provider string
	spell    func(string) string
	echoes   bool // the response to a create has the name unchanged
	stuck    bool // nothing can be deleted
	names    map[string]string
	made     int
}

func (s *speller) object(id, name string) string {
	member := map[string]string{"confluent": "display_name", "apono": "name"}[s.v.name]
	return fmt.Sprintf(`{"id":%q,%q:%q,"provider":%q,"type":"mysql","status":"DRAFT"}`, id, member, name, s.provider)
}

func (s *speller) answer(_ int, r request) (*http.Response, error) {
	id := path.Base(r.URL.Path)
	switch {
	case r.Method == http.MethodPost:
		var sent struct {
			DisplayName string `json:"display_name"`
			Name        string `json:"name"`
		}
		if err := json.Unmarshal([]byte(r.body), &sent); err != nil {
			return nil, err
		}
		s.made++
		id, name := fmt.Sprintf("x-%d", s.made), sent.DisplayName+sent.Name
		s.names[id] = s.spell(name)
		if !s.echoes {
			name = s.names[id]
		}
		return respond(201, s.object(id, name)), nil
	case r.Method == http.MethodDelete && s.stuck:
		return respond(409, s.v.failure("in use")), nil
	case r.Method == http.MethodDelete:
		delete(s.names, id)
		return respond(204, ""), nil
	case strings.HasPrefix(id, "x-"):
		return respond(200, s.object(id, s.names[id])), nil
	}
	var items []string
	for _, id := range slices.Sorted(maps.Keys(s.names)) {
		items = append(items, s.object(id, s.names[id]))
	}
	list := strings.Join(items, ",")
	return respond(200, fmt.Sprintf(`{"data":[%s],"items":[%s],"metadata":{},"pagination":{}}`, list, list)), nil
}

var respellings = map[string]func(string) string{
	// NFC
	"Cafe\u0301": func(s string) string { return strings.ReplaceAll(s, "e\u0301", "\u00e9") },
	// spaces inside
	"a  b": func(s string) string { return strings.Join(strings.Fields(s), " ") },
	// NFKC
	"x\u00a0y": func(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") },
	// control characters
	"tab\tname": func(s string) string { return strings.ReplaceAll(s, "\t", "") },
	// invisible characters
	"zero\u200b": func(s string) string { return strings.TrimFunc(s, func(r rune) bool { return r == '\u200b' }) },
}

func TestEnsureCreatesNothingAgainWhereTheServerSpellsNamesAnotherWay(t *testing.T) {
	for _, v := range vendors {
		for version, ensure := range ensuring[v.name] {
			provider := map[string]string{"v1": "AWS"}[version]
			if provider == "" {
				provider = "GCP"
			}
			for name, spell := range respellings {
				for _, echoes := range []bool{true, false} {
					s := &speller{v: v, provider: provider, spell: spell, echoes: echoes, names: map[string]string{}}
					c, _ := start(t, v, options{}, s.answer)
					for n := range 3 {
						_, err := ensure(t.Context(), c.value, name)
						require.ErrorIs(t, err, v.sentinels["ErrConflict"], "%s %s %q", v.name, version, name)
						require.ErrorContains(t, err, fmt.Sprintf("x-%d", n+1))
						require.ErrorContains(t, err, "it was deleted")
						viewed(t, v, err)
						assert.Empty(t, s.names, "%s %s %q", v.name, version, name)
					}
					s.stuck = true
					_, err := ensure(t.Context(), c.value, name)
					require.ErrorContains(t, err, "integration x-4 ")
					require.ErrorContains(t, err, "it is left behind")
					require.ErrorContains(t, err, "in use")

					s = &speller{v: v, provider: provider, spell: func(s string) string { return s }, echoes: echoes,
						names: map[string]string{}}
					c, _ = start(t, v, options{}, s.answer)
					for _, want := range []sdk.EnsureAction{sdk.EnsureCreated, sdk.EnsureUnchanged,
						sdk.EnsureUnchanged} {
						got, err := ensure(t.Context(), c.value, name)
						require.NoError(t, err, "%s %s %q", v.name, version, name)
						assert.Equal(t, want, got)
					}
					assert.Len(t, s.names, 1)
				}
			}
		}
	}
}

// A server whose names are unique in another way may return an object that it already has.
func TestEnsureDeletesOnlyWhatItHasCreated(t *testing.T) {
	for _, v := range vendors {
		for version, ensure := range ensuring[v.name] {
			for _, stored := range []string{"warehouse", "Warehouse ", "Ware\u00adhouse"} {
				s := &speller{v: v, provider: "GCP", names: map[string]string{"x-1": stored}}
				c, _ := start(t, v, options{}, func(n int, r request) (*http.Response, error) {
					if r.Method == http.MethodPost {
						return respond(200, s.object("x-1", stored)), nil
					}
					return s.answer(n, r)
				})
				_, err := ensure(t.Context(), c.value, "Warehouse")
				require.ErrorIs(t, err, v.sentinels["ErrConflict"], "%s %s %q", v.name, version, stored)
				require.ErrorContains(t, err, "integration x-1 ")
				require.ErrorContains(t, err, "it existed before")
				assert.Len(t, s.names, 1, "%s %s %q", v.name, version, stored)
			}
		}
	}
}

// A lookup may list only the objects of exactly this name.
func TestEnsureDeletesNothingWhoseNameDiffersOnlyInLetterCase(t *testing.T) {
	for _, v := range vendors {
		for version, ensure := range ensuring[v.name] {
			for _, stored := range []string{"warehouse", "WAREHOUSE", "Warehouſe"} {
				s := &speller{v: v, provider: "GCP", names: map[string]string{}}
				c, _ := start(t, v, options{}, func(n int, r request) (*http.Response, error) {
					switch r.Method {
					case http.MethodPost:
						return respond(200, s.object("x-1", stored)), nil
					case http.MethodDelete:
						t.Errorf("%s %s %q: deleted", v.name, version, stored)
					}
					return s.answer(n, r)
				})
				_, err := ensure(t.Context(), c.value, "Warehouse")
				require.ErrorIs(t, err, v.sentinels["ErrConflict"])
				require.ErrorContains(t, err, "integration x-1 ")
				require.ErrorContains(t, err, "it may have existed before")
			}
		}
	}
}
