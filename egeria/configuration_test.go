package egeria_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

func TestDocumentsComeAndGoAsTheyAre(t *testing.T) {
	t.Parallel()
	const document = `{"n":12345678901234567890, "versionId":"V2.0","x":{"b":1,"a":[1.10,null]},` +
		`"localServerName":"cocoMDS1","s":"<&>"}`
	p := newPlatform(egeria.Dialect4, ok(`{"relatedHTTPCode":200,"omagserverConfig":`+document+`}`))
	config := p.client(t).Server("cocoMDS1").Config
	for name, do := range map[string]func() (*egeria.Document, error){
		"Get": func() (*egeria.Document, error) {
			return config.Get(t.Context())
		}, "Resolved": func() (*egeria.Document, error) { return config.Resolved(t.Context()) },
		"Running": func() (*egeria.Document, error) { return config.Running(t.Context()) },
	} {
		got, err := do()
		require.NoError(t, err, name)
		raw, err := got.MarshalJSON()
		require.NoError(t, err)
		assert.Equal(t, document, string(raw))
		require.NoError(t, config.Set(t.Context(), *got))
		sent := p.calls()
		assert.Equal(t, compact(t, document), compact(t, sent[len(sent)-1].body))
		assert.Contains(t, sent[len(sent)-1].body, "1.10", "the digits of a number stay")
	}
	for _, body := range []string{`{"relatedHTTPCode":200,"omagserverConfig":[]}`,
		`{"relatedHTTPCode":200,"omagserverConfig":null}`} {
		_, err := newPlatform(egeria.Dialect4, ok(body)).client(t).Server("s").Config.Get(t.Context())
		assert.Empty(t, conditions(err))
		assert.ErrorContains(t, err, "Config.Get")
	}
}

func TestBadConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	x := t.Context()
	p := newPlatform(egeria.Dialect6)
	config := p.client(t).Server("s").Config
	assertRefused(t, config.Set(x, egeria.Document{}), "document")
	for _, blank := range []string{"", " "} {
		assertRefused(t, config.Deploy(x, egeria.DeployTarget{PlatformURL: blank}), "target.PlatformURL")
		assertRefused(t, config.SetServerType(x, blank), "typeName")
	}
	assert.Empty(t, p.sent)
}

func TestWhatReplacesAllIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := t.Context()
		for name, tt := range map[string]struct {
			do    func(*egeria.ConfigService) error
			tries int
		}{
			"Set": {func(s *egeria.ConfigService) error { return s.Set(x, someDocument()) }, 2},
			"SetProperties": {func(s *egeria.ConfigService) error {
				return s.SetProperties(x, withStore(egeria.ServerProperties{UserID: "u"}))
			}, 2},
			"SetDaemonServices": {func(s *egeria.ConfigService) error {
				return s.SetDaemonServices(x, egeria.DaemonServices{})
			}, 2},
			"Delete":              {func(s *egeria.ConfigService) error { return s.Delete(x) }, 2},
			"ClearDaemonServices": {func(s *egeria.ConfigService) error { return s.ClearDaemonServices(x) }, 2},
			"Get":                 {func(s *egeria.ConfigService) error { return failing(s.Get(x)) }, 2},
			"Deploy": {func(s *egeria.ConfigService) error {
				return s.Deploy(x, egeria.DeployTarget{PlatformURL: "https://h"})
			}, 1},
			"Deploy, idempotent": {func(s *egeria.ConfigService) error {
				return s.Deploy(x, egeria.DeployTarget{PlatformURL: "https://h"}, egeria.WithIdempotent())
			}, 2},
			"SetServerType":      {func(s *egeria.ConfigService) error { return s.SetServerType(x, "t") }, 1},
			"SetDefaultAuditLog": {func(s *egeria.ConfigService) error { return s.SetDefaultAuditLog(x) }, 1},
		} {
			p := newPlatform(egeria.Dialect6, spring(500), ok(fitting))
			err := tt.do(p.client(t, retries()).Server("s").Config)
			if tt.tries == 1 {
				assert.Equal(t, []string{"OutcomeUnknown", "Unavailable"}, conditions(err), name)
			} else {
				require.NoError(t, err, name)
				assert.Equal(t, p.calls()[0].body, p.calls()[1].body)
			}
			assert.Len(t, p.calls(), tt.tries, name)
		}
	})
}

// withStore adds the secrets store that 6.x requires.
func withStore(p egeria.ServerProperties) egeria.ServerProperties {
	p.SecretsStoreProvider, p.SecretsStoreLocation, p.SecretsStoreCollection = "p.Provider", "l", "c"
	return p
}

// Platforms read the whole document, change it and write it. Of two concurrent changes one would be
// lost.
func TestChangesOfOneServerWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		running, most := map[string]int{}, map[string]int{}
		p := newPlatform(egeria.Dialect6)
		p.serve = func(_ int, r request) response {
			server := strings.Split(r.URL.Path, "/")[4]
			mu.Lock()
			running[server]++
			most[server] = max(most[server], running[server])
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			running[server]--
			mu.Unlock()
			return ok(fitting)
		}
		c := p.client(t)
		begin := time.Now()
		var wg sync.WaitGroup
		for i := range 2 {
			s := c.Server(fmt.Sprint("s", i))
			for _, change := range []func() error{
				func() error {
					return s.Config.Set(t.Context(), someDocument())
				}, func() error { return s.Config.Delete(t.Context()) },
				func() error { return s.Config.SetProperties(t.Context(), withStore(egeria.ServerProperties{})) },
				func() error { return s.Config.SetServerType(t.Context(), "t") },
				func() error {
					return s.Config.SetDefaultAuditLog(t.Context())
				}, func() error { return s.Config.SetDaemonServices(t.Context(), egeria.DaemonServices{}) },
				func() error {
					return s.Config.ClearDaemonServices(t.Context())
				}, func() error { return s.IntegrationGroups.Clear(t.Context()) },
				func() error { return s.IntegrationGroups.PutRaw(t.Context(), someGroup()) },
			} {
				wg.Go(func() { assert.NoError(t, change()) })
			}
		}
		wg.Wait()
		assert.Equal(t, map[string]int{"s0": 1, "s1": 1}, most)
		assert.Equal(t, 9*time.Second, time.Since(begin), "two servers at once")
	})
}

func TestPropertiesComeFromTheDocumentBefore5(t *testing.T) {
	t.Parallel()
	five := 5
	want := &egeria.ServerProperties{Description: "d", OrganizationName: "o", URLRoot: "u", UserID: "i", Password: "p",
		MaxPageSize: &five}
	const members = `"localServerDescription":"d","organizationName":"o","localServerURL":"u",` +
		`"localServerUserId":"i","localServerPassword":"p","maxPageSize":5`
	document := ok(`{"relatedHTTPCode":200,"omagserverConfig":{"class":"OMAGServerConfig",` + members +
		`,"eventBusConfig":{}}}`)
	for name, tt := range map[string]struct {
		first, document response
		sent            int
		is              []string
	}{
		"5.0 and later": {ok(`{"relatedHTTPCode":200,"basicServerProperties":{` + members + `}}`),
			notRunning(), 1, nil},
		"4.x: no such path": {spring(404), document, 2, nil},
		"405":               {spring(405), document, 2, nil},
		"404 in a bean":     {notRunning(), document, 1, []string{"NotFound"}},
		"403 in a bean": {bean(403, "UserNotAuthorizedException", "no"), document, 1,
			[]string{"Forbidden"}},
		"500": {spring(500), document, 1, []string{"Unavailable"}},
		"no path, and no document": {spring(404), bean(403, "UserNotAuthorizedException", "no"), 2,
			[]string{"Forbidden"}},
		"neither path": {spring(404), spring(404), 2, []string{"NotFound"}},
		"a document with odd members": {spring(404),
			ok(`{"relatedHTTPCode":200,"omagserverConfig":{"maxPageSize":"many"}}`), 2, []string{}},
		"a response without the document": {spring(404), ok(`{"relatedHTTPCode":200}`), 2, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(egeria.Dialect4)
			p.serve = on(map[string]response{"GET /server-properties": tt.first, "GET /configuration": tt.document})
			got, err := p.client(t).Server("s").Config.Properties(t.Context())
			assert.Len(t, p.calls(), tt.sent)
			if tt.is != nil {
				assert.Equal(t, tt.is, conditions(err))
				assert.Equal(t, "Config.Properties", errorOf(t, err).Operation)
				assert.Nil(t, got)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

func TestPropertiesAreSetOneByOneBefore5(t *testing.T) {
	t.Parallel()
	x := t.Context()
	missing := map[string]response{"POST /server-properties": spring(404)}
	t.Run("those that are set", func(t *testing.T) {
		t.Parallel()
		for end, properties := range map[string]egeria.ServerProperties{
			"/server-description": {Description: "d"}, "/organization-name?name=a+%26+b": {OrganizationName: "a & b"},
			"/server-url-root-for-caller": {URLRoot: "https://h"},
			"/server-user-id?id=u":        {UserID: "u"}, "/server-type?typeName=t": {ServerType: "t"},
			"/max-page-size?limit=7": {MaxPageSize: new(7)}, "": {},
		} {
			p := newPlatform(egeria.Dialect4)
			p.serve = on(missing)
			err := p.client(t).Server("s").Config.SetProperties(x, properties)
			calls := p.calls()
			if end == "" {
				require.ErrorIs(t, err, egeria.ErrNotFound, "an older platform can't be distinguished from a wrong URL")
				assert.Len(t, calls, 1, "nothing is set, and nothing changed")
				continue
			}
			require.NoError(t, err)
			require.Len(t, calls, 2)
			assert.Equal(t, "/open-metadata/admin-services/users/garygeeke/servers/s"+end, calls[1].URL.RequestURI())
		}
	})
	t.Run("secrets are refused", func(t *testing.T) {
		t.Parallel()
		for sent, properties := range []egeria.ServerProperties{withStore(egeria.ServerProperties{UserID: "u"}),
			{UserID: "u", Password: passwordCanary}} {
			p := newPlatform(egeria.Dialect4)
			p.serve = on(missing)
			err := p.client(t).Server("s").Config.SetProperties(x, properties)
			assertRefused(t, err, "properties")
			assertHidden(t, shown(err), passwordCanary)
			assert.Len(t, p.calls(), sent, "nothing is changed")
			for _, r := range p.calls() {
				assert.Empty(t, r.URL.RawQuery)
			}
		}
	})
	t.Run("but not where the platform takes them", func(t *testing.T) {
		t.Parallel()
		p := newPlatform(egeria.Dialect4)
		require.NoError(t, p.client(t).Server("s").Config.SetProperties(x,
			egeria.ServerProperties{Password: passwordCanary}))
		require.Len(t, p.calls(), 1)
		assert.JSONEq(t, `{"class":"BasicServerProperties","localServerPassword":"`+passwordCanary+`"}`,
			p.calls()[0].body)
	})
	t.Run("the first failure ends it", func(t *testing.T) {
		t.Parallel()
		p := newPlatform(egeria.Dialect4)
		p.serve = on(map[string]response{"POST /server-properties": spring(404), "POST /organization-name": bean(403,
			"UserNotAuthorizedException", "no")})
		err := p.client(t).Server("s").Config.SetProperties(x, egeria.ServerProperties{Description: "d",
			OrganizationName: "o", UserID: "u"})
		assert.Equal(t, []string{"Forbidden"}, conditions(err))
		assert.Equal(t, "Config.SetProperties", errorOf(t, err).Operation)
		assert.Len(t, p.calls(), 3)
	})
	for name, failure := range map[string]response{"404 in a bean": notRunning(),
		"400 in a bean": bean(400, invalidParameter, "m"), "500": spring(500), "403": spring(403)} {
		t.Run(name+" is the answer", func(t *testing.T) {
			t.Parallel()
			p := newPlatform(egeria.Dialect4, failure)
			require.Error(t, p.client(t).Server("s").Config.SetProperties(x, egeria.ServerProperties{UserID: "u"}))
			assert.Len(t, p.calls(), 1)
		})
	}
}

// Documents and properties may contain passwords.
func TestWhatIsConfiguredDoesNotShowItsPasswords(t *testing.T) {
	t.Parallel()
	document, err := egeria.NewDocument([]byte(`{"localServerName":"s","localServerPassword":"` + passwordCanary +
		`"}`))
	require.NoError(t, err)
	properties := egeria.ServerProperties{UserID: "u", Password: passwordCanary}
	for _, v := range []any{document, &document, properties, &properties} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		assertHidden(t, log.String()+fmt.Sprintf("%v %+v %#v %s %q %x", v, v, v, v, v, v), passwordCanary)
	}
}

// A platform that encrypts its documents deletes the key with any of them, and all are lost.
func TestDeleteSparesTheDocumentsOfOthers(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"4.0", "4.2", "5.0"} {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release), egeriatest.WithEncryptedStore())
		clientWith := func(opts ...egeria.Option) *egeria.Client {
			c, err := egeria.New(srv.URL, append(opts, egeria.WithCredentials(srv.User, srv.Password),
				egeria.WithHTTPClient(srv.HTTPClient()))...)
			require.NoError(t, err)
			return c
		}
		c := clientWith()
		require.NoError(t, c.Server("one").Config.SetDefaultAuditLog(t.Context()))
		err := c.Server("two").Config.Delete(t.Context())
		require.ErrorIs(t, err, egeria.ErrInvalid)
		assert.Equal(t, "WithClearTextStore", errorOf(t, err).Argument)
		assert.Zero(t, srv.CountCalls("deleteConfiguration"))
		_, err = c.Server("one").Config.Get(t.Context())
		require.NoError(t, err)

		require.NoError(t, clientWith(egeria.WithClearTextStore()).Server("two").Config.Delete(t.Context()))
		_, err = c.Server("one").Config.Get(t.Context())
		require.Error(t, err, "which was not true of this platform")
	}
}

// Platforms store such a document, and then refuse every call for the server.
func TestDocumentsThatNoPlatformReadsAreRefused(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"4.2", "6.1"} {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password),
			egeria.WithHTTPClient(srv.HTTPClient()))
		require.NoError(t, err)
		dialect, err := c.Dialect(t.Context())
		require.NoError(t, err)
		for version, fine := range map[string]bool{
			`"V2.0"`: dialect == egeria.Dialect4, `"V6.0"`: dialect == egeria.Dialect6,
			`"V6.1"`: dialect == egeria.Dialect6, `""`: false, `null`: false, `2`: false,
		} {
			srv.ResetCalls()
			document, err := egeria.NewDocument(
				[]byte(`{"class":"OMAGServerConfig","localServerName":"s","versionId":` + version + `}`))
			require.NoError(t, err)
			err = c.Server("s").Config.Set(t.Context(), document)
			_, startErr := c.Platform.StartWith(t.Context(), "s", document)
			if fine {
				require.NoError(t, err, version)
				assert.False(t, startErr != nil && errorOf(t, startErr).Argument != "", "%v", startErr)
				continue
			}
			for _, err := range []error{err, startErr} {
				require.ErrorIs(t, err, egeria.ErrInvalid, version)
				assert.Equal(t, "document", errorOf(t, err).Argument)
			}
			assert.Empty(t, srv.Calls())
		}
	}
}

// A platform may repeat a document in the text of a failure.
func TestPasswordsInDocumentsStayOutOfErrors(t *testing.T) {
	t.Parallel()
	document := documentOf(egeria.Dialect4)
	require.NoError(t, document.SetMember("localServerPassword", passwordCanary))
	require.NoError(t, document.SetMember("eventBusConfig",
		map[string]any{"list": []any{map[string]any{"clearPassword": passwordCanary + "2"}}}))
	p := newPlatform(egeria.Dialect4)
	p.serve = func(_ int, r request) response { return response{status: 400, body: r.body} }
	c := p.clientAt(t, platformURL, egeria.WithUser(user), egeria.WithDialect(egeria.Dialect4))
	_, startErr := c.Platform.StartWith(t.Context(), "s", document)
	propertiesErr := c.Server("s").Config.SetProperties(t.Context(), egeria.ServerProperties{Password: passwordCanary})
	for _, err := range []error{c.Server("s").Config.Set(t.Context(), document), startErr, propertiesErr} {
		e := errorOf(t, err)
		assert.Equal(t, 400, e.StatusCode)
		assert.NotEmpty(t, e.Body)
		assertHidden(t, err.Error()+e.Detail+string(e.Body), passwordCanary)
	}
}
