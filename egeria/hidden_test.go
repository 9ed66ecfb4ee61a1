package egeria_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
)

const hiddenDocument = `{"class":"OMAGServerConfig","versionId":"V6.0","localServerName":"s","localServerPassword":"` +
	passwordCanary +
	`","l":[{"connection":{"securedProperties":{"any":"` + passwordCanary + `"},"clearPassword":"` + passwordCanary +
	`"}}]}`

func TestContainersOfASecretDoNotShowIt(t *testing.T) {
	t.Parallel()
	document, err := egeria.NewDocument([]byte(hiddenDocument))
	require.NoError(t, err)
	properties := egeria.ServerProperties{UserID: "u", Password: passwordCanary}
	connection := egeria.Object{"securedProperties": json.RawMessage(`{"any":"` + passwordCanary + `"}`)}
	group := egeria.IntegrationGroup{QualifiedName: "n",
		Extra: egeria.Object{"clientSecret": json.RawMessage(`"` + passwordCanary + `"`)}}
	report := egeria.ConnectorReport{Name: "n", Connection: connection}
	type own struct {
		P *egeria.ServerProperties
		D egeria.Document
		o egeria.Object
	}
	pointer := &properties
	for _, v := range []any{
		[]egeria.Document{document}, map[string]*egeria.Document{"k": &document}, own{pointer, document, connection},
		&own{pointer, document, connection},
		[]egeria.ServerProperties{properties}, map[string]egeria.ServerProperties{"k": properties}, &pointer,
		[]any{properties, &document},
		[]egeria.ConnectorReport{report}, egeria.DaemonStatus{Connectors: []egeria.ConnectorReport{report},
			Services: []egeria.Object{connection}},
		[]egeria.IntegrationGroup{group}, map[string]*egeria.IntegrationGroup{"k": &group},
		egeria.DaemonServices{IntegrationGroups: []egeria.IntegrationGroup{group}},
		[]egeria.DaemonServices{{IntegrationServices: []egeria.Object{connection}}},
		[]egeria.Envelope{{ExceptionProperties: connection}},
	} {
		var log bytes.Buffer
		slog.New(slog.NewMultiHandler(slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil))).Info("m", "v", v)
		assertHidden(t, log.String(), passwordCanary)
	}
}

func TestHiddenSecretsAreSent(t *testing.T) {
	t.Parallel()
	document, err := egeria.NewDocument([]byte(hiddenDocument))
	require.NoError(t, err)
	p := newPlatform(egeria.Dialect6, ok(`{"relatedHTTPCode":200}`))
	c := p.client(t)
	require.NoError(t, c.Server("s").Config.Set(t.Context(), document))
	require.NoError(t, c.Server("s").Config.SetDaemonServices(t.Context(), egeria.DaemonServices{
		IntegrationServices: []egeria.Object{{"securedProperties": json.RawMessage(`{"any":"` + passwordCanary +
			`"}`)}},
	}))
	bodies := p.calls()
	require.Len(t, bodies, 2)
	assert.Contains(t, bodies[0].body, `"localServerPassword":"`+passwordCanary+`"`)
	assert.Contains(t, bodies[0].body, `"clearPassword":"`+passwordCanary+`"`)
	assert.Equal(t,
		`{"class":"IntegrationDaemonServicesConfig","integrationServicesConfig":[{"securedProperties":{"any":"`+
			passwordCanary+`"}}]}`, bodies[1].body)
	assert.JSONEq(t, hiddenDocument, written(t, document.Reveal()))

	p = newPlatform(egeria.Dialect6, ok(`{"relatedHTTPCode":200}`))
	s := p.client(t).Server("s")
	secret := group("g")
	secret.Extra = egeria.Object{"clientSecret": json.RawMessage(`"` + passwordCanary + `"`)}
	require.NoError(t, s.IntegrationGroups.PutRaw(t.Context(), secret))
	require.NoError(t, s.IntegrationGroups.Put(t.Context(), secret))
	require.NoError(t, s.IntegrationGroups.ReplaceAll(t.Context(), []egeria.IntegrationGroup{secret}))
	require.NoError(t, s.Config.SetDaemonServices(t.Context(),
		egeria.DaemonServices{IntegrationGroups: []egeria.IntegrationGroup{secret}}))
	withGroup := document
	require.NoError(t, withGroup.SetIntegrationGroups([]egeria.IntegrationGroup{secret}))
	require.NoError(t, s.Config.Set(t.Context(), withGroup))
	posts := p.only(func(r request) bool { return r.Method == http.MethodPost && !r.isLogin() })
	require.Len(t, posts, 5)
	for _, r := range posts {
		assert.Contains(t, r.body, `"clientSecret":"`+passwordCanary+`"`, r.URL.Path)
	}

	p = newPlatform(egeria.Dialect4, ok(`{"relatedHTTPCode":200}`)) // 6.x does not accept a password
	require.NoError(t, p.client(t).Server("s").Config.SetProperties(t.Context(),
		egeria.ServerProperties{Password: passwordCanary}))
	assert.Equal(t, `{"class":"BasicServerProperties","localServerPassword":"`+passwordCanary+`"}`, p.calls()[0].body)
}

// Values read from JSON without secrets must not replace the secrets on the platform.
func TestHiddenSecretsAreNotSentBack(t *testing.T) {
	t.Parallel()
	document, err := egeria.NewDocument([]byte(hiddenDocument))
	require.NoError(t, err)
	var back egeria.Document
	require.NoError(t, json.Unmarshal([]byte(written(t, document)), &back))
	inText, err := egeria.NewDocument([]byte(`{"versionId":"V6.0","url":"jdbc:x?password=[redacted]"}`))
	require.NoError(t, err)
	var properties egeria.ServerProperties
	require.NoError(t, json.Unmarshal([]byte(written(t, egeria.ServerProperties{Password: passwordCanary})),
		&properties))

	hiddenObject := egeria.Object{"token": json.RawMessage(`"[redacted]"`)}
	hiddenGroup := group("g")
	hiddenGroup.Extra = hiddenObject

	p := newPlatform(egeria.Dialect6, response{status: http.StatusOK})
	c := p.client(t)
	for name, err := range map[string]error{
		"document":   c.Server("s").Config.Set(t.Context(), back),
		"a text":     c.Server("s").Config.Set(t.Context(), inText),
		"properties": c.Server("s").Config.SetProperties(t.Context(), properties),
		"group":      c.Server("s").IntegrationGroups.Put(t.Context(), hiddenGroup),
		"services": c.Server("s").Config.SetDaemonServices(t.Context(), egeria.DaemonServices{
			IntegrationServices: []egeria.Object{{}, hiddenObject},
		}),
	} {
		require.ErrorIs(t, err, egeria.ErrInvalid, name)
		assert.Contains(t, err.Error(), "[redacted]", name)
	}
	assert.Empty(t, p.calls())
}

// A value that the caller creates is sent with its secrets, although the JSON of an Object hides
// them.
func TestSecretsOfObjectsAreSent(t *testing.T) {
	t.Parallel()
	secret := egeria.Object{"clearPassword": json.RawMessage(`"` + passwordCanary + `"`)}
	for name, send := range map[string]func(*egeria.Server) error{
		"connector": func(s *egeria.Server) error { return s.Daemon.SetConnectorProperties(t.Context(), "c", secret) },
		"merged": func(s *egeria.Server) error {
			return s.Daemon.MergeConnectorProperties(t.Context(), "c", secret)
		},
		"event bus": func(s *egeria.Server) error {
			return s.MetadataStore.SetEventBus(t.Context(), egeria.EventBus{Properties: secret})
		},
		"access service": func(s *egeria.Server) error {
			return s.MetadataStore.EnableAccessService(t.Context(), "asset-manager", secret)
		},
		"event": func(s *egeria.Server) error { return s.Daemon.PublishLineageEvent(t.Context(), secret) },
	} {
		p := newPlatform(egeria.Dialect6, ok(`{"relatedHTTPCode":200}`))
		require.NoError(t, send(p.client(t).Server("s")), name)
		assert.Contains(t, p.calls()[0].body, `"clearPassword":"`+passwordCanary+`"`, name)
	}
	var back egeria.Object
	require.NoError(t, json.Unmarshal([]byte(written(t, secret)), &back))
	p := newPlatform(egeria.Dialect6, ok(`{"relatedHTTPCode":200}`))
	err := p.client(t).Server("s").Daemon.SetConnectorProperties(t.Context(), "c", back)
	require.ErrorIs(t, err, egeria.ErrInvalid)
	assert.Empty(t, p.calls())
}

// If a platform repeats the request, its secrets do not appear in an error.
func TestSecretsThatAPlatformRepeatsStayHidden(t *testing.T) {
	t.Parallel()
	for _, member := range []string{
		`"clearPassword":"` + passwordCanary + `"`, `"clientSecret":"` + passwordCanary + `"`, `"api-key":["` +
			passwordCanary + `"]`,
		`"securedProperties":{"any":"` + passwordCanary + `"}`, `"token":{"a":{"b":"` + passwordCanary + `"}}`,
	} {
		var o egeria.Object
		require.NoError(t, json.Unmarshal([]byte(`{"n":{`+member+`}}`), &o))
		document, err := egeria.NewDocument([]byte(`{"versionId":"V6.0",` + member + `}`))
		require.NoError(t, err)
		for name, send := range map[string]func(*egeria.Client, *egeria.Server) error{
			"document": func(_ *egeria.Client, s *egeria.Server) error { return s.Config.Set(t.Context(), document) },
			"start": func(c *egeria.Client, _ *egeria.Server) error {
				return failing(c.Platform.StartWith(t.Context(), "s", document))
			},
			"connector": func(_ *egeria.Client, s *egeria.Server) error {
				return s.Daemon.MergeConnectorProperties(t.Context(), "c", o)
			},
			"event bus": func(_ *egeria.Client, s *egeria.Server) error {
				return s.MetadataStore.SetEventBus(t.Context(), egeria.EventBus{Properties: o})
			},
			"options": func(_ *egeria.Client, s *egeria.Server) error {
				return s.MetadataStore.EnableAccessServices(t.Context(), o)
			},
			"services": func(_ *egeria.Client, s *egeria.Server) error {
				return s.Config.SetDaemonServices(t.Context(),
					egeria.DaemonServices{IntegrationServices: []egeria.Object{o}})
			},
			"placeholders": func(c *egeria.Client, _ *egeria.Server) error {
				return c.Platform.SetPlaceholders(t.Context(), map[string]string{"kafkaPassword": passwordCanary})
			},
		} {
			p := newPlatform(egeria.Dialect6, bean(400, invalidParameter, "OMAG-ADMIN-400-017 not with "+
				passwordCanary))
			c := p.clientAt(t, platformURL, egeria.WithToken("t"))
			err := send(c, c.Server("s"))
			require.ErrorContains(t, err, "OMAG-ADMIN-400-017", name)
			assertHidden(t, shown(err)+string(errorOf(t, err).Body), passwordCanary)
		}
	}
}

// The list that a group is written with has the secrets of the other groups too.
func TestSecretsOfGroupsThatAPlatformRepeatsStayHidden(t *testing.T) {
	t.Parallel()
	const ofOther = "pa55-of-the-other"
	secret := group("new")
	secret.Extra = egeria.Object{"clientSecret": json.RawMessage(`"` + passwordCanary + `"`)}
	other := `{"omagserverPlatformRootURL":"u","omagserverName":"m","integrationGroupQualifiedName":"a/b",` +
		`"clientSecret":"` + ofOther + `"}`
	for name, send := range map[string]func(s *egeria.Server) error{
		"Put":    func(s *egeria.Server) error { return s.IntegrationGroups.Put(t.Context(), secret) },
		"PutRaw": func(s *egeria.Server) error { return s.IntegrationGroups.PutRaw(t.Context(), secret) },
		"ReplaceAll": func(s *egeria.Server) error {
			return s.IntegrationGroups.ReplaceAll(t.Context(), []egeria.IntegrationGroup{group("first"), secret})
		},
		"Delete": func(s *egeria.Server) error { return s.IntegrationGroups.Delete(t.Context(), "c/d") },
		"event":  func(s *egeria.Server) error { return s.Daemon.PublishLineageEvent(t.Context(), secret.Extra) },
	} {
		p := newPlatform(egeria.Dialect6)
		p.serve = func(_ int, r request) response {
			if r.Method == http.MethodGet {
				return ok(`{"class":"IntegrationGroupsResponse","relatedHTTPCode":200,"groups":[` + other + `,` +
					strings.Replace(other, "a/b", "c/d", 1) + `]}`)
			}
			return bean(400, invalidParameter, "OMAG-ADMIN-400-017 not with "+passwordCanary+" and "+ofOther)
		}
		err := send(p.clientAt(t, platformURL, egeria.WithToken("t")).Server("s"))
		require.ErrorContains(t, err, "OMAG-ADMIN-400-017", name)
		text := shown(err) + string(errorOf(t, err).Body)
		if name != "Delete" { // which does not send it
			assertHidden(t, text, passwordCanary)
		}
		if name == "Put" || name == "Delete" {
			assertHidden(t, text, ofOther)
		}
	}
}
