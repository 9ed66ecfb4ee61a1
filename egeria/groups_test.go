package egeria_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
	"github.com/integrations-go/sdk/internal/diff"
)

// eras are releases that differ for this package: in start and stop, the inverted filter, and the
// user in the path.
var eras = []string{"4.0", "4.3", "5.3", "6.0", "6.1"}

// clientAt returns a client of a fake with short waits between attempts.
func clientAt(t *testing.T, srv *egeriatest.Server, opts ...egeria.Option) *egeria.Client {
	t.Helper()
	policy := sdk.DefaultRetryPolicy()
	policy.MinDelay, policy.MaxDelay = time.Millisecond, time.Millisecond
	c, err := egeria.New(srv.URL, append([]egeria.Option{
		egeria.WithCredentials(srv.User, srv.Password), egeria.WithHTTPClient(srv.HTTPClient()),
		egeria.WithRetry(policy), egeria.WithClearTextStore(),
	}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// daemonAt returns a fake, and its server d through a client.
func daemonAt(t *testing.T, release string, opts ...egeriatest.Option) (*egeriatest.Server, *egeria.Server) {
	t.Helper()
	srv := egeriatest.NewServer(t, append([]egeriatest.Option{egeriatest.WithRelease(release)}, opts...)...)
	return srv, clientAt(t, srv).Server("d")
}

// seed sets the groups of server d, with any JSON.
func seed(srv *egeriatest.Server, release, groups string) {
	version := "V2.0"
	if release >= "6" {
		version = "V6.0"
	}
	srv.SetDocument("d", []byte(`{"class":"OMAGServerConfig","versionId":"`+version+
		`","localServerName":"d","dynamicIntegrationGroupsConfig":`+groups+`}`))
}

// groupsAt returns the groups of server d on the fake.
func groupsAt(t *testing.T, srv *egeriatest.Server) string {
	t.Helper()
	b, err := json.Marshal(srv.Groups("d"))
	require.NoError(t, err)
	return canonical(t, string(b))
}

func canonical(t *testing.T, document string) string {
	t.Helper()
	s, err := diff.Canonical([]byte(document))
	require.NoError(t, err)
	return s
}

func group(name string) egeria.IntegrationGroup {
	return egeria.IntegrationGroup{PlatformURL: "https://h:9443", ServerName: "mds", QualifiedName: name}
}

func namesOf(groups []egeria.IntegrationGroup) []string {
	names := []string{}
	for _, g := range groups {
		names = append(names, g.QualifiedName)
	}
	return names
}

// refusedAs checks that err refuses an argument before anything was sent.
func refusedAs(t *testing.T, err error, argument, about string) {
	t.Helper()
	e, ok := errors.AsType[*egeria.Error](err)
	if assert.True(t, ok, "%s: %v", about, err) {
		assert.Equal(t, argument, e.Argument, about)
		assert.ErrorIs(t, err, egeria.ErrInvalid, about)
		assert.Zero(t, e.Attempts, about)
		assert.NotEmpty(t, e.Operation, about)
	}
}

// operations returns the operations that the fake received, without logins and requests for the
// origin.
func operations(srv *egeriatest.Server) (names []string) {
	for _, c := range srv.Calls() {
		if c.Operation != "createToken" && !strings.HasSuffix(c.Path, "/origin") {
			names = append(names, c.Operation)
		}
	}
	return names
}

func TestListIsNeverNil(t *testing.T) {
	t.Parallel()
	for _, release := range eras {
		srv, d := daemonAt(t, release)
		groups, err := d.IntegrationGroups.List(t.Context())
		require.NoError(t, err, "a server that nobody has heard of")
		assert.Equal(t, []egeria.IntegrationGroup{}, groups)
		for body, want := range map[string][]string{
			`{"class":"IntegrationGroupsResponse",` +
				`"relatedHTTPCode":200}`: {},
			`{"class":"IntegrationGroupsResponse","relatedHTTPCode":200,` +
				`"groups":null}`: {},
			`{"class":"IntegrationGroupsResponse","relatedHTTPCode":200,` +
				`"groups":[]}`: {},
			`{"relatedHTTPCode":200,` +
				`"groups":[null]}`: {},
			`{"relatedHTTPCode":200,"groups":[null,{"integrationGroupQualifiedName":"b"},null,` +
				`{"integrationGroupQualifiedName":"a"}]}`: {"b", "a"},
		} {
			srv.Inject(egeriatest.Fault{Operation: "getIntegrationGroups", Body: body})
			groups, err := d.IntegrationGroups.List(t.Context())
			require.NoError(t, err, body)
			assert.NotNil(t, groups, body)
			assert.Equal(t, want, namesOf(groups), body)
		}
	}
}

// A list that was read and could not be written unchanged must not be written.
func TestListThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	srv, d := daemonAt(t, "6.1")
	seed(srv, "6.1", `[{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"kept"}]`)
	before := groupsAt(t, srv)
	for _, groups := range []string{`"odd"`, `{}`, `7`, `true`, `["odd"]`,
		`[{"integrationGroupQualifiedName":"a"},[]]`} {
		for name, do := range map[string]func() error{
			"List":   func() error { _, err := d.IntegrationGroups.List(t.Context()); return err },
			"Get":    func() error { _, err := d.IntegrationGroups.Get(t.Context(), "a"); return err },
			"Put":    func() error { return d.IntegrationGroups.Put(t.Context(), group("a")) },
			"Delete": func() error { return d.IntegrationGroups.Delete(t.Context(), "a/b") },
		} {
			srv.Inject(egeriatest.Fault{Operation: "getIntegrationGroups", Body: `{"relatedHTTPCode":200,"groups":` +
				groups + `}`})
			err := do()
			require.Error(t, err, "%s %s", name, groups)
			e, ok := errors.AsType[*egeria.Error](err)
			require.True(t, ok)
			assert.Equal(t, "IntegrationGroups."+name, e.Operation)
			assert.Equal(t, 200, e.StatusCode)
			assert.NotErrorIs(t, err, egeria.ErrNotFound)
		}
	}
	assert.Zero(t, srv.CountCalls("replaceIntegrationGroups"))
	assert.Equal(t, before, groupsAt(t, srv))
}

func TestGetFindsByName(t *testing.T) {
	t.Parallel()
	for _, release := range eras {
		srv, d := daemonAt(t, release)
		seed(srv, release, `[{"integrationGroupQualifiedName":"b","omagserverName":"1"},
			{"integrationGroupQualifiedName":"a/;%","omagserverName":"2"},{"integrationGroupQualifiedName":"b",`+
			`"omagserverName":"3"},{}]`)
		g, err := d.IntegrationGroups.Get(t.Context(), "b")
		require.NoError(t, err)
		assert.Equal(t, "1", g.ServerName, "the first")
		g, err = d.IntegrationGroups.Get(t.Context(), "a/;%")
		require.NoError(t, err)
		assert.Equal(t, "2", g.ServerName)

		g, err = d.IntegrationGroups.Get(t.Context(), "B")
		require.ErrorIs(t, err, egeria.ErrNotFound)
		assert.EqualError(t, err, `egeria: IntegrationGroups.Get: server d has no integration group "B": not found`)
		assert.Nil(t, g)
		_, ok := errors.AsType[*egeria.Error](err)
		assert.True(t, ok)
	}
}

// filters are both behaviors of the platform's own operation to add a group.
func filters() map[string]egeriatest.Option {
	return map[string]egeriatest.Option{"inverted": egeriatest.WithInvertedFilter(),
		"mended": egeriatest.WithoutInvertedFilter()}
}

func TestPutWorksOnEveryPlatform(t *testing.T) {
	t.Parallel()
	const (
		a = `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"a","omagserverName":"mds",` +
			`"omagserverPlatformRootURL":"old",
			"newer":{"n":12345678901234567890,"p":1.10},"html":"<&>"}`
		b = `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"b","omagserverName":"mds",` +
			`"omagserverPlatformRootURL":"u",
			"secretsStoreLocation":"l","newer":[null]}`
		a2 = `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"a","omagserverName":"double"}`
		c  = `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"c","omagserverName":"mds",` +
			`"omagserverPlatformRootURL":"https://h:9443"}`
	)
	for _, release := range eras {
		for filter, option := range filters() {
			t.Run(release+" "+filter, func(t *testing.T) {
				t.Parallel()
				srv, d := daemonAt(t, release, option, egeriatest.WithUnknownMembers())
				require.NoError(t, d.IntegrationGroups.Put(t.Context(), group("c")), "there is no list")
				assert.Equal(t, canonical(t, `[`+c+`]`), groupsAt(t, srv))

				seed(srv, release, `[`+a+`,`+b+`,`+a2+`]`)
				require.NoError(t, d.IntegrationGroups.Put(t.Context(), group("c")))
				assert.Equal(t, canonical(t, `[`+a+`,`+b+`,`+a2+`,`+c+`]`), groupsAt(t, srv),
					"added at the end; the others stay as they are")
				require.NoError(t, d.IntegrationGroups.Put(t.Context(), group("c")))
				assert.Equal(t, canonical(t, `[`+a+`,`+b+`,`+a2+`,`+c+`]`), groupsAt(t, srv), "the same again")

				update := group("a")
				update.PlatformURL = "~{new}~"
				update.Extra = map[string]json.RawMessage{"html": json.RawMessage(`null`)}
				require.NoError(t, d.IntegrationGroups.Put(t.Context(), update))
				// the fake drops null
				updated := strings.Replace(strings.Replace(a, "old", "~{new}~", 1), `,"html":"<&>"`, "", 1)
				assert.Equal(t, canonical(t, `[`+updated+`,`+b+`,`+c+`]`), groupsAt(t, srv),
					"in place, with its unknown members, and once")
				assert.Len(t, update.Extra, 1, "the caller's own is left alone")

				require.NoError(t, d.IntegrationGroups.Put(t.Context(), group("b")))
				list, err := d.IntegrationGroups.List(t.Context())
				require.NoError(t, err)
				assert.Equal(t, []string{"a", "b", "c"}, namesOf(list))
				assert.Equal(t, "l", list[1].SecretsStoreLocation,
					"a field of the secrets store that is left empty stays")
				assert.Equal(t, `[null]`, string(list[1].Extra["newer"]))
				assert.Zero(t, srv.CountCalls("putIntegrationGroup"))
			})
		}
	}
}

// Without a change by the caller, the written JSON is equal to the JSON that was read.
func TestPutOfWhatGetGaveChangesNothing(t *testing.T) {
	t.Parallel()
	srv, d := daemonAt(t, "6.1", egeriatest.WithUnknownMembers())
	seed(srv, "6.1", `[{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"n","omagserverName":"",`+
		`"omagserverPlatformRootURL":"u",
			"secretsStoreLocation":"","x":{"y":1.0}},
		{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"a","omagserverName":"s",`+
		`"omagserverPlatformRootURL":"u","secretsStoreCollection":"","z":[1e5]}]`)
	before := groupsAt(t, srv)
	g, err := d.IntegrationGroups.Get(t.Context(), "a")
	require.NoError(t, err)
	require.NoError(t, d.IntegrationGroups.Put(t.Context(), *g))
	assert.Equal(t, before, groupsAt(t, srv))
}

func TestPutRawIsThePlatformsOwn(t *testing.T) {
	t.Parallel()
	for _, release := range eras {
		for filter, option := range filters() {
			srv, d := daemonAt(t, release, option)
			put := func(name string) []string {
				require.NoError(t, d.IntegrationGroups.PutRaw(t.Context(), group(name)))
				list, err := d.IntegrationGroups.List(t.Context())
				require.NoError(t, err)
				return namesOf(list)
			}
			assert.Equal(t, []string{"a"}, put("a"))
			last := "b"
			if filter == "inverted" {
				assert.Equal(t, []string{"b"}, put("b"), "a is lost")
				assert.Equal(t, []string{"b", "b"}, put("b"), "and b is there twice")
			} else {
				assert.Equal(t, []string{"a", "b"}, put("b"))
				assert.Equal(t, []string{"b", "a"}, put("a"), "an update goes to the end")
				last = "a"
			}
			assert.Zero(t, srv.CountCalls("replaceIntegrationGroups"))
			calls := srv.Calls()
			assert.Equal(t,
				canonical(t, `{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"https://h:9443",`+
					`"omagserverName":"mds",
				"integrationGroupQualifiedName":"`+last+`"}`),
				canonical(t, string(calls[len(calls)-2].Body)), filter)
		}
	}
}

func TestReplaceAll(t *testing.T) {
	t.Parallel()
	for _, release := range eras {
		srv, d := daemonAt(t, release)
		want := []egeria.IntegrationGroup{group("b"), group("a"), group("c d:ü/;")}
		require.NoError(t, d.IntegrationGroups.ReplaceAll(t.Context(), want))
		list, err := d.IntegrationGroups.List(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, list)
		for _, none := range [][]egeria.IntegrationGroup{nil, {}} {
			require.NoError(t, d.IntegrationGroups.ReplaceAll(t.Context(), none))
			calls := srv.Calls()
			assert.Equal(t, "replaceIntegrationGroups", calls[len(calls)-1].Operation)
			assert.Equal(t, "[]", string(calls[len(calls)-1].Body), "the platform refuses null")
			assert.Equal(t, "null", groupsAt(t, srv))
			require.NoError(t, d.IntegrationGroups.ReplaceAll(t.Context(), want))
		}
	}
}

func TestGroupsThatNoDaemonCouldUseAreRefused(t *testing.T) {
	t.Parallel()
	srv, d := daemonAt(t, "6.1")
	without := func(edit func(*egeria.IntegrationGroup)) egeria.IntegrationGroup {
		g := group("a")
		edit(&g)
		return g
	}
	for field, g := range map[string]egeria.IntegrationGroup{
		"PlatformURL":   without(func(g *egeria.IntegrationGroup) { g.PlatformURL = "" }),
		"ServerName":    without(func(g *egeria.IntegrationGroup) { g.ServerName = " " }),
		"QualifiedName": without(func(g *egeria.IntegrationGroup) { g.QualifiedName = "" }),
	} {
		refusedAs(t, d.IntegrationGroups.Put(t.Context(), g), "group."+field, "Put")
		refusedAs(t, d.IntegrationGroups.PutRaw(t.Context(), g), "group."+field, "PutRaw")
		refusedAs(t, d.IntegrationGroups.ReplaceAll(t.Context(), []egeria.IntegrationGroup{group("b"), g}),
			"groups[1]."+field, "ReplaceAll")
	}
	double := []egeria.IntegrationGroup{group("a"), group("b"), group("a")}
	refusedAs(t, d.IntegrationGroups.ReplaceAll(t.Context(), double), "groups[2].QualifiedName", "ReplaceAll")
	assert.Empty(t, srv.Calls())
}

func TestDeleteRemovesAnyName(t *testing.T) {
	t.Parallel()
	inPath := []string{
		"Egeria:IntegrationGroup:Default", "two words", "ünï–code 名前", "~{group}~", "a+b", "a?b#c", "a&b=c", `"q'`,
		"<x>", "[1]|^`", "...", ".a", "a.", "..a",
		"integration-groups", "configuration", "all", "@!$()*,",
	}
	beside := []string{"a/b", "/", "a;b", `a\b`, "100%", "%2e", "%2F", "../x", "./.."}
	for _, release := range []string{"4.0", "5.3", "6.1"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			srv, d := daemonAt(t, release)
			for _, name := range []string{"a\tb", "a\nb", "a\x7fb"} {
				refusedAs(t, d.IntegrationGroups.Delete(t.Context(), name), "name", "Delete")
			}
			var all []egeria.IntegrationGroup
			for _, name := range slices.Concat(inPath, beside) {
				all = append(all, group(name))
			}
			require.NoError(t, d.IntegrationGroups.ReplaceAll(t.Context(), all))
			for _, name := range slices.Concat(inPath, beside) {
				srv.ResetCalls()
				require.NoError(t, d.IntegrationGroups.Delete(t.Context(), name), name)
				all = slices.DeleteFunc(all, func(g egeria.IntegrationGroup) bool { return g.QualifiedName == name })
				if slices.Contains(inPath, name) {
					assert.Equal(t, []string{"deleteIntegrationGroup"}, operations(srv), name)
				} else {
					assert.Equal(t, []string{"getIntegrationGroups", "replaceIntegrationGroups"}, operations(srv), name)
				}
				list, err := d.IntegrationGroups.List(t.Context())
				require.NoError(t, err)
				require.Equal(t, namesOf(all), namesOf(list), "%q, and no other", name)

				srv.ResetCalls()
				require.NoError(t, d.IntegrationGroups.Delete(t.Context(), name), "one that is not there is a success")
				assert.NotContains(t, operations(srv), "replaceIntegrationGroups", "nothing is written in vain")
			}
		})
	}
}

func TestClear(t *testing.T) {
	t.Parallel()
	for _, release := range eras {
		srv, d := daemonAt(t, release)
		require.NoError(t, d.IntegrationGroups.Clear(t.Context()), "there are none")
		require.NoError(t, d.IntegrationGroups.ReplaceAll(t.Context(), []egeria.IntegrationGroup{group("a"),
			group("b")}))
		other := clientAt(t, srv).Server("other")
		require.NoError(t, other.IntegrationGroups.Put(t.Context(), group("a")))
		require.NoError(t, d.IntegrationGroups.Clear(t.Context()))
		assert.Equal(t, "null", groupsAt(t, srv))
		assert.Len(t, srv.Groups("other"), 1)
	}
}

func TestPlaceholdersPassUntouched(t *testing.T) {
	t.Parallel()
	for _, release := range eras {
		srv, d := daemonAt(t, release)
		g := egeria.IntegrationGroup{PlatformURL: "~{egeriaEndpoint}~", ServerName: "~{mds}~",
			QualifiedName: "~{name}~:G"}
		require.NoError(t, d.IntegrationGroups.Put(t.Context(), g))
		require.NoError(t, d.IntegrationGroups.Put(t.Context(), group("b")), "and where it is written again")
		got, err := d.IntegrationGroups.Get(t.Context(), "~{name}~:G")
		require.NoError(t, err)
		assert.Equal(t, &g, got)
		assert.Contains(t, groupsAt(t, srv), `"omagserverPlatformRootURL":"~{egeriaEndpoint}~"`)
	}
}
