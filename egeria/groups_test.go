package egeria_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
	"github.com/integrations-go/sdk/internal/core"
)

// eras are releases that differ in what this package has to know: start and stop, the inverted filter, the user in the path.
var eras = []string{"4.0", "4.3", "5.3", "6.0", "6.1"}

// clientAt is a client of a fake that does not wait long between attempts.
func clientAt(t *testing.T, srv *egeriatest.Server, opts ...egeria.Option) *egeria.Client {
	t.Helper()
	policy := egeria.DefaultRetryPolicy()
	policy.MinDelay, policy.MaxDelay = time.Millisecond, time.Millisecond
	c, err := egeria.New(srv.URL, append([]egeria.Option{
		egeria.WithCredentials(srv.User, srv.Password), egeria.WithHTTPClient(srv.HTTPClient()), egeria.WithRetry(policy), egeria.WithClearTextStore(),
	}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// daemonAt is a fake and its server d, as a client sees it.
func daemonAt(t *testing.T, release string, opts ...egeriatest.Option) (*egeriatest.Server, *egeria.Server) {
	t.Helper()
	srv := egeriatest.NewServer(t, append([]egeriatest.Option{egeriatest.WithRelease(release)}, opts...)...)
	return srv, clientAt(t, srv).Server("d")
}

// seed makes the groups those of server d, whatever they are.
func seed(srv *egeriatest.Server, release, groups string) {
	version := "V2.0"
	if release >= "6" {
		version = "V6.0"
	}
	srv.SetDocument("d", []byte(`{"class":"OMAGServerConfig","versionId":"`+version+`","localServerName":"d","dynamicIntegrationGroupsConfig":`+groups+`}`))
}

// groupsAt are the groups that the fake has stored for server d.
func groupsAt(t *testing.T, srv *egeriatest.Server) string {
	t.Helper()
	b, err := json.Marshal(srv.Groups("d"))
	require.NoError(t, err)
	return canonical(t, string(b))
}

func canonical(t *testing.T, document string) string {
	t.Helper()
	s, err := core.Canonical([]byte(document))
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

// refusedAs checks that an argument was refused before anything was sent.
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

// operations are what the fake was asked for, without logins and the search for the dialect.
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
			`{"class":"IntegrationGroupsResponse","relatedHTTPCode":200}`:                                                              {},
			`{"class":"IntegrationGroupsResponse","relatedHTTPCode":200,"groups":null}`:                                                {},
			`{"class":"IntegrationGroupsResponse","relatedHTTPCode":200,"groups":[]}`:                                                  {},
			`{"relatedHTTPCode":200,"groups":[null]}`:                                                                                  {},
			`{"relatedHTTPCode":200,"groups":[null,{"integrationGroupQualifiedName":"b"},null,{"integrationGroupQualifiedName":"a"}]}`: {"b", "a"},
		} {
			srv.Inject(egeriatest.Fault{Operation: "getIntegrationGroups", Body: body})
			groups, err := d.IntegrationGroups.List(t.Context())
			require.NoError(t, err, body)
			assert.NotNil(t, groups, body)
			assert.Equal(t, want, namesOf(groups), body)
		}
	}
}

// What is read and can't be written again as it was must not be written at all.
func TestListThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	srv, d := daemonAt(t, "6.1")
	seed(srv, "6.1", `[{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"kept"}]`)
	before := groupsAt(t, srv)
	for _, groups := range []string{`"odd"`, `{}`, `7`, `true`, `["odd"]`, `[{"integrationGroupQualifiedName":"a"},[]]`} {
		for name, do := range map[string]func() error{
			"List":   func() error { _, err := d.IntegrationGroups.List(t.Context()); return err },
			"Get":    func() error { _, err := d.IntegrationGroups.Get(t.Context(), "a"); return err },
			"Put":    func() error { return d.IntegrationGroups.Put(t.Context(), group("a")) },
			"Delete": func() error { return d.IntegrationGroups.Delete(t.Context(), "a/b") },
		} {
			srv.Inject(egeriatest.Fault{Operation: "getIntegrationGroups", Body: `{"relatedHTTPCode":200,"groups":` + groups + `}`})
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
			{"integrationGroupQualifiedName":"a/;%","omagserverName":"2"},{"integrationGroupQualifiedName":"b","omagserverName":"3"},{}]`)
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

// filters are both behaviours of the platform's own way to add a group.
func filters() map[string]egeriatest.Option {
	return map[string]egeriatest.Option{"inverted": egeriatest.WithInvertedFilter(), "mended": egeriatest.WithoutInvertedFilter()}
}

func TestPutWorksOnEveryPlatform(t *testing.T) {
	t.Parallel()
	const (
		a = `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"a","omagserverName":"mds","omagserverPlatformRootURL":"old",
			"newer":{"n":12345678901234567890,"p":1.10},"html":"<&>"}`
		b = `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"b","omagserverName":"mds","omagserverPlatformRootURL":"u",
			"secretsStoreLocation":"l","newer":[null]}`
		a2 = `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"a","omagserverName":"double"}`
		c  = `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"c","omagserverName":"mds","omagserverPlatformRootURL":"https://h:9443"}`
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
				assert.Equal(t, canonical(t, `[`+a+`,`+b+`,`+a2+`,`+c+`]`), groupsAt(t, srv), "added at the end; the others stay as they are")
				require.NoError(t, d.IntegrationGroups.Put(t.Context(), group("c")))
				assert.Equal(t, canonical(t, `[`+a+`,`+b+`,`+a2+`,`+c+`]`), groupsAt(t, srv), "the same again")

				update := group("a")
				update.PlatformURL = "~{new}~"
				update.Extra = map[string]json.RawMessage{"html": json.RawMessage(`null`)}
				require.NoError(t, d.IntegrationGroups.Put(t.Context(), update))
				updated := strings.Replace(strings.Replace(a, "old", "~{new}~", 1), `,"html":"<&>"`, "", 1) // the fake drops null
				assert.Equal(t, canonical(t, `[`+updated+`,`+b+`,`+c+`]`), groupsAt(t, srv), "in place, with its unknown members, and once")
				assert.Len(t, update.Extra, 1, "the caller's own is left alone")

				require.NoError(t, d.IntegrationGroups.Put(t.Context(), group("b")))
				list, err := d.IntegrationGroups.List(t.Context())
				require.NoError(t, err)
				assert.Equal(t, []string{"a", "b", "c"}, namesOf(list))
				assert.Equal(t, "l", list[1].SecretsStoreLocation, "a field of the secrets store that is left empty stays")
				assert.Equal(t, `[null]`, string(list[1].Extra["newer"]))
				assert.Zero(t, srv.CountCalls("putIntegrationGroup"))
			})
		}
	}
}

// Without a change of the caller's, what is read is what is written, byte for byte in meaning.
func TestPutOfWhatGetGaveChangesNothing(t *testing.T) {
	t.Parallel()
	srv, d := daemonAt(t, "6.1", egeriatest.WithUnknownMembers())
	seed(srv, "6.1", `[{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"n","omagserverName":"","omagserverPlatformRootURL":"u",
			"secretsStoreLocation":"","x":{"y":1.0}},
		{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"a","omagserverName":"s","omagserverPlatformRootURL":"u","secretsStoreCollection":"","z":[1e5]}]`)
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
			assert.Equal(t, canonical(t, `{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"https://h:9443","omagserverName":"mds",
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
		refusedAs(t, d.IntegrationGroups.ReplaceAll(t.Context(), []egeria.IntegrationGroup{group("b"), g}), "groups[1]."+field, "ReplaceAll")
	}
	double := []egeria.IntegrationGroup{group("a"), group("b"), group("a")}
	refusedAs(t, d.IntegrationGroups.ReplaceAll(t.Context(), double), "groups[2].QualifiedName", "ReplaceAll")
	assert.Empty(t, srv.Calls())
}

func TestDeleteRemovesAnyName(t *testing.T) {
	t.Parallel()
	inPath := []string{
		"Egeria:IntegrationGroup:Default", "two words", "ünï–code 名前", "~{group}~", "a+b", "a?b#c", "a&b=c", `"q'`, "<x>", "[1]|^`", "...", ".a", "a.", "..a",
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
		require.NoError(t, d.IntegrationGroups.ReplaceAll(t.Context(), []egeria.IntegrationGroup{group("a"), group("b")}))
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
		g := egeria.IntegrationGroup{PlatformURL: "~{egeriaEndpoint}~", ServerName: "~{mds}~", QualifiedName: "~{name}~:G"}
		require.NoError(t, d.IntegrationGroups.Put(t.Context(), g))
		require.NoError(t, d.IntegrationGroups.Put(t.Context(), group("b")), "and where it is written again")
		got, err := d.IntegrationGroups.Get(t.Context(), "~{name}~:G")
		require.NoError(t, err)
		assert.Equal(t, &g, got)
		assert.Contains(t, groupsAt(t, srv), `"omagserverPlatformRootURL":"~{egeriaEndpoint}~"`)
	}
}

// role is where a string that a method takes goes.
type role int

const (
	elsewhere role = iota // into a body, or it is compared only
	groupPath             // the name of a group into the path
	serverPath
)

// roles are the strings that the methods take. One that is missing here fails the test.
var roles = map[string][]role{
	"IntegrationGroups.Get": {elsewhere}, "IntegrationGroups.Delete": {groupPath},
	"Config.Deploy": {elsewhere}, "Config.SetServerType": {elsewhere},
	"Daemon.Group": {groupPath}, "Daemon.RefreshConfig": {groupPath}, "Daemon.WaitGroup": {groupPath}, "Daemon.Refresh": {elsewhere}, "Daemon.Restart": {elsewhere},
	"Platform.Known": {serverPath}, "Platform.Status": {serverPath}, "Platform.InstanceStatus": {serverPath}, "Platform.Start": {serverPath}, "Platform.StartWith": {serverPath},
	"Platform.Stop": {serverPath}, "Platform.Unregister": {serverPath},
}

// methods are those of the services of a client, by name, scoped to a server.
func methods(c *egeria.Client, server string) map[string]reflect.Value {
	d := c.Server(server)
	all := map[string]reflect.Value{}
	for prefix, service := range map[string]any{"IntegrationGroups": d.IntegrationGroups, "Config": d.Config, "Daemon": d.Daemon, "Platform": c.Platform} {
		v := reflect.ValueOf(service)
		for m, f := range v.Methods() {
			all[prefix+"."+m.Name] = f
		}
	}
	return all
}

// invoke calls a method with these strings, and something good for all else. It gives the error.
func invoke(ctx context.Context, method reflect.Value, texts ...string) error {
	in := []reflect.Value{}
	for t := range method.Type().Ins() {
		switch {
		case t == reflect.TypeFor[context.Context]():
			in = append(in, reflect.ValueOf(ctx))
		case t.Kind() == reflect.String:
			in, texts = append(in, reflect.ValueOf(texts[0])), texts[1:]
		case t == reflect.TypeFor[egeria.IntegrationGroup]():
			in = append(in, reflect.ValueOf(group("a")))
		case t == reflect.TypeFor[egeria.Document]():
			in = append(in, reflect.ValueOf(someDocument()))
		case t == reflect.TypeFor[egeria.ServerProperties]():
			in = append(in, reflect.ValueOf(egeria.ServerProperties{Description: "d"}))
		case t != reflect.TypeFor[[]egeria.CallOption]():
			in = append(in, reflect.Zero(t))
		}
	}
	out := method.Call(in)
	err, _ := reflect.TypeAssert[error](out[len(out)-1])
	return err
}

// An empty name is a DELETE of the collection, and .. one of what is above it.
func TestNamesNeverReachAnotherPath(t *testing.T) {
	t.Parallel()
	bad := []string{"", " ", ".", "..", "a/b", "/", `a\b`, "a;b", "a%2fb", "%", "a\x00b", "a\nb", "\x7f"}
	for _, release := range []string{"4.3", "6.1"} {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		c := clientAt(t, srv)
		for name, method := range methods(c, "d") {
			strings := 0
			for in := range method.Type().Ins() {
				if in.Kind() == reflect.String {
					strings++
				}
			}
			require.Len(t, roles[name], strings, "%s takes strings that the table does not tell of", name)
			for i, r := range roles[name] {
				if r == elsewhere {
					continue
				}
				argument := "server"
				if r == groupPath {
					argument = "name"
				}
				for _, value := range bad {
					if name == "IntegrationGroups.Delete" && value != "." && value != ".." && value != "" && value != " " {
						continue // it goes round by the list
					}
					texts := slices.Repeat([]string{"good"}, strings)
					texts[i] = value
					refusedAs(t, invoke(t.Context(), method, texts...), argument, fmt.Sprintf("%s(%q)", name, value))
				}
			}
		}
		for _, value := range bad {
			for name, method := range methods(c, value) {
				if len(roles[name]) > 0 && roles[name][0] == serverPath || name[0] == 'P' {
					continue
				}
				refusedAs(t, invoke(t.Context(), method, slices.Repeat([]string{"good"}, len(roles[name]))...), "server", fmt.Sprintf("Server(%q).%s", value, name))
			}
		}
		assert.Empty(t, srv.Calls())

		// What only goes into the list or a body must not change the path either.
		d := c.Server("d")
		refusedAs(t, d.IntegrationGroups.Put(t.Context(), group("..")), "group.QualifiedName", "Put")
		seed(srv, release, `[{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":".."}]`)
		for _, value := range []string{".", ".."} {
			_, err := d.IntegrationGroups.Get(t.Context(), value)
			assert.Equal(t, value == ".", errors.Is(err, egeria.ErrNotFound))
		}
		for _, call := range srv.Calls() {
			assert.NotEqual(t, http.MethodDelete, call.Method)
			assert.NotContains(t, call.Path, "..")
		}
		assert.Len(t, srv.Groups("d"), 1)
	}
}

// All goroutines read the list and write it. Together they must not lose anything.
func TestManyPutsAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]egeriatest.Option{
		"4.3 HTTP/1.1": {egeriatest.WithRelease("4.3")},
		"6.1 HTTP/1.1": {egeriatest.WithRelease("6.1")},
		"6.1 HTTP/2":   {egeriatest.WithRelease("6.1"), egeriatest.WithHTTP2()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := egeriatest.NewServer(t, append(opts, egeriatest.WithLatency(time.Millisecond))...)
			c := clientAt(t, srv)
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() {
					assert.NoError(t, c.Server("d").IntegrationGroups.Put(t.Context(), group(fmt.Sprintf("G%02d", i))))
				})
			}
			all.Wait()
			list, err := c.Server("d").IntegrationGroups.List(t.Context())
			require.NoError(t, err)
			got := namesOf(list)
			slices.Sort(got)
			require.Len(t, got, 20)
			assert.Len(t, slices.Compact(got), 20)
			assert.Equal(t, !strings.HasPrefix(name, "4"), srv.Logins() == 1)
			for _, call := range srv.Calls() {
				assert.Equal(t, strings.HasSuffix(name, "/2"), call.Proto == "HTTP/2.0")
			}
		})
	}
}

func TestPutAndDeleteAtOnce(t *testing.T) {
	t.Parallel()
	for _, filter := range filters() {
		srv, d := daemonAt(t, "5.0", filter, egeriatest.WithLatency(time.Millisecond))
		var old, want []string
		var groups []egeria.IntegrationGroup
		for i := range 10 {
			name := fmt.Sprintf("old:%d", i)
			if i%2 == 0 {
				name = fmt.Sprintf("old/%d", i) // by the list
			}
			old = append(old, name)
			groups = append(groups, group(name))
			want = append(want, fmt.Sprintf("new%d", i))
		}
		require.NoError(t, d.IntegrationGroups.ReplaceAll(t.Context(), groups))
		var both sync.WaitGroup
		both.Go(func() {
			for _, name := range old {
				assert.NoError(t, d.IntegrationGroups.Delete(t.Context(), name))
			}
		})
		both.Go(func() {
			for _, name := range want {
				assert.NoError(t, d.IntegrationGroups.Put(t.Context(), group(name)))
			}
		})
		both.Wait()
		list, err := d.IntegrationGroups.List(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, namesOf(list))
		assert.NotEmpty(t, srv.AuditTrail("d"))
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// held gives f a client whose writes to the groups of server d wait until they are let go.
func held(t *testing.T, f func(t *testing.T, srv *egeriatest.Server, c *egeria.Client, letGo func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease("6.1"), egeriatest.WithoutSocket())
		gate := make(chan struct{})
		c := clientAt(t, srv, egeria.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/servers/d/integration-groups/configuration/all") {
					<-gate
				}
				return next.RoundTrip(r)
			})
		}))
		var once sync.Once
		letGo := func() { once.Do(func() { close(gate) }) }
		defer letGo()
		f(t, srv, c, letGo)
	})
}

func TestWaitForTheOtherWriterEndsWithTheContext(t *testing.T) {
	t.Parallel()
	held(t, func(t *testing.T, srv *egeriatest.Server, c *egeria.Client, letGo func()) {
		d := c.Server("d")
		first := make(chan error, 1)
		go func() { first <- d.IntegrationGroups.Put(t.Context(), group("first")) }()
		synctest.Wait()
		before := len(srv.Calls())
		document := someDocument()
		writers := map[string]func(context.Context) error{
			"IntegrationGroups.Put":        func(ctx context.Context) error { return d.IntegrationGroups.Put(ctx, group("second")) },
			"IntegrationGroups.PutRaw":     func(ctx context.Context) error { return d.IntegrationGroups.PutRaw(ctx, group("second")) },
			"IntegrationGroups.ReplaceAll": func(ctx context.Context) error { return d.IntegrationGroups.ReplaceAll(ctx, nil) },
			"IntegrationGroups.Delete":     func(ctx context.Context) error { return d.IntegrationGroups.Delete(ctx, "second") },
			"IntegrationGroups.Clear":      func(ctx context.Context) error { return d.IntegrationGroups.Clear(ctx) },
			"Config.Set":                   func(ctx context.Context) error { return d.Config.Set(ctx, document) },
			"Config.Delete":                func(ctx context.Context) error { return d.Config.Delete(ctx) },
		}
		why := errors.New("why")
		for name, write := range writers {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, why)
			begin := time.Now()
			err := write(ctx)
			cancel()
			assert.Equal(t, time.Minute, time.Since(begin), name)
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			require.ErrorIs(t, err, why, name)
			e, ok := errors.AsType[*egeria.Error](err)
			require.True(t, ok)
			assert.Equal(t, name, e.Operation)
			assert.Zero(t, e.Attempts)
			assert.NotErrorIs(t, err, egeria.ErrOutcomeUnknown)

			ctx, cancel = context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			err = write(ctx)
			require.ErrorIs(t, err, context.Canceled, name)
			assert.EqualError(t, err, "egeria: "+name+": context canceled")
		}
		assert.Len(t, srv.Calls(), before, "they have sent nothing")
		_, err := d.IntegrationGroups.List(t.Context())
		require.NoError(t, err, "who only reads does not wait")

		other := c.Server("other")
		require.NoError(t, other.IntegrationGroups.Put(t.Context(), group("theirs")), "nor does another server")
		letGo()
		require.NoError(t, <-first)
		require.NoError(t, d.IntegrationGroups.Put(t.Context(), group("second")))
		list, err := d.IntegrationGroups.List(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"first", "second"}, namesOf(list))
	})
}

func TestLostRepliesOfWrites(t *testing.T) {
	t.Parallel()
	type service = *egeria.IntegrationGroupsService
	ctx := t.Context()
	for name, tt := range map[string]struct {
		do        func(service) error
		operation string
		want      []string
	}{
		"Put":            {func(s service) error { return s.Put(ctx, group("c")) }, "replaceIntegrationGroups", []string{"a", "b/b", "c"}},
		"ReplaceAll":     {func(s service) error { return s.ReplaceAll(ctx, []egeria.IntegrationGroup{group("c")}) }, "replaceIntegrationGroups", []string{"c"}},
		"Delete":         {func(s service) error { return s.Delete(ctx, "a") }, "deleteIntegrationGroup", []string{"b/b"}},
		"Delete by list": {func(s service) error { return s.Delete(ctx, "b/b") }, "replaceIntegrationGroups", []string{"a"}},
		"Clear":          {func(s service) error { return s.Clear(ctx) }, "clearIntegrationGroups", []string{}},
	} {
		for what, fault := range map[string]egeriatest.Fault{
			"lost, done": {Lost: true, Apply: true}, "lost, not done": {Lost: true}, "broken off": {Truncate: true},
			"503": {Status: 503}, "500, done": {Status: 500, Apply: true}, "429": {Status: 429},
		} {
			for _, opts := range [][]egeriatest.Option{nil, {egeriatest.WithHTTP2()}} {
				srv, d := daemonAt(t, "5.0", opts...)
				require.NoError(t, d.IntegrationGroups.ReplaceAll(ctx, []egeria.IntegrationGroup{group("a"), group("b/b")}))
				srv.ResetCalls()
				fault.Operation = tt.operation
				srv.Inject(fault)
				require.NoError(t, tt.do(d.IntegrationGroups), "%s, %s", name, what)
				assert.Equal(t, 2, srv.CountCalls(tt.operation), "%s, %s", name, what)
				list, err := d.IntegrationGroups.List(ctx)
				require.NoError(t, err)
				assert.Equal(t, tt.want, namesOf(list), "%s, %s", name, what)
			}
		}
	}
}

func TestLostReplyOfPutRawIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, fault := range []egeriatest.Fault{{Lost: true, Apply: true}, {Lost: true}, {Truncate: true}, {Status: 500}, {Status: 503}, {Body: `{"class":"VoidResponse"}`}} {
		for _, opts := range [][]egeriatest.Option{nil, {egeriatest.WithHTTP2()}} {
			srv, d := daemonAt(t, "6.1", opts...)
			_, err := d.IntegrationGroups.List(t.Context()) // so that there is a connection to lose
			require.NoError(t, err)
			fault.Operation = "putIntegrationGroup"
			srv.Inject(fault)
			err = d.IntegrationGroups.PutRaw(t.Context(), group("a"))
			require.ErrorIs(t, err, egeria.ErrOutcomeUnknown, "%+v", fault)
			assert.Equal(t, 1, srv.CountCalls("putIntegrationGroup"), "%+v", fault)

			fault.Times = 1
			srv.Inject(fault)
			srv.ResetCalls()
			err = d.IntegrationGroups.PutRaw(t.Context(), group("a"), egeria.WithIdempotent())
			if fault.Body == "" {
				require.NoError(t, err)
				assert.Equal(t, 2, srv.CountCalls("putIntegrationGroup"))
			} else {
				require.Error(t, err, "a reply that is none came, and is not asked for again")
				require.NotErrorIs(t, err, egeria.ErrOutcomeUnknown)
			}
		}
	}
	srv, d := daemonAt(t, "6.1")
	srv.Inject(egeriatest.Fault{Operation: "putIntegrationGroup", Status: 429, Header: http.Header{"Retry-After": {"0"}}})
	require.NoError(t, d.IntegrationGroups.PutRaw(t.Context(), group("a")), "surely not done")
	assert.Equal(t, 2, srv.CountCalls("putIntegrationGroup"))
}

// A group without a name makes the platform's own operation fail with a NullPointerException.
func TestGroupWithoutANameIsPutAround(t *testing.T) {
	t.Parallel()
	for _, release := range eras {
		srv, d := daemonAt(t, release)
		seed(srv, release, `[{"class":"IntegrationGroupConfig","omagserverName":"nameless"}]`)
		err := d.IntegrationGroups.PutRaw(t.Context(), group("a"))
		require.ErrorContains(t, err, "NullPointerException")
		require.NoError(t, d.IntegrationGroups.Put(t.Context(), group("a")))
		list, err := d.IntegrationGroups.List(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"", "a"}, namesOf(list))
	}
}

func TestGroupsThatCouldNotBeRemovedAreRefused(t *testing.T) {
	t.Parallel()
	srv, d := daemonAt(t, "6.1")
	for _, name := range []string{"", " ", ".", "..", "a\nb", "a\x7f", "a\xff"} {
		g := group(name)
		refusedAs(t, d.IntegrationGroups.Put(t.Context(), g), "group.QualifiedName", "Put")
		refusedAs(t, d.Config.SetDaemonServices(t.Context(), egeria.DaemonServices{IntegrationGroups: []egeria.IntegrationGroup{group("a"), g}}),
			"services.IntegrationGroups[1].QualifiedName", "SetDaemonServices")
	}
	refusedAs(t, d.Config.SetDaemonServices(t.Context(), egeria.DaemonServices{IntegrationGroups: []egeria.IntegrationGroup{group("a"), group("a")}}),
		"services.IntegrationGroups[1].QualifiedName", "twice")
	assert.Empty(t, srv.Calls())
}

// What is no list of groups must not be taken for an empty one, and written over.
func TestAnotherReplyIsNoListOfGroups(t *testing.T) {
	t.Parallel()
	srv, d := daemonAt(t, "6.1")
	srv.Inject(egeriatest.Fault{Operation: "getIntegrationGroups", Body: `{"class":"VoidResponse","relatedHTTPCode":200}`, Times: 2})
	_, err := d.IntegrationGroups.List(t.Context())
	require.ErrorContains(t, err, "VoidResponse")
	require.ErrorContains(t, d.IntegrationGroups.Put(t.Context(), group("a")), "VoidResponse")
	assert.Zero(t, srv.CountCalls("replaceIntegrationGroups"))
}

// The generated client sends the action once, too, although it is a GET.
func TestRawRefreshConfigIsSentOnce(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"4.3", "6.1"} {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		c := clientAt(t, srv)
		srv.Inject(egeriatest.Fault{Operation: "refreshGroupConfig", Status: http.StatusBadGateway})
		resp, err := c.API().RefreshGroupConfig(t.Context(), "d", "g")
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, http.StatusBadGateway, resp.StatusCode)
		assert.Equal(t, 1, srv.CountCalls("refreshGroupConfig"))
		srv.Inject(egeriatest.Fault{Operation: "getDaemonStatus", Status: http.StatusBadGateway})
		resp, err = c.API().GetDaemonStatus(t.Context(), "d")
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, 2, srv.CountCalls("getDaemonStatus"), "a GET like any other")
	}
}
