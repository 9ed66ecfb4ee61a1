package egeria_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

func TestLostResponsesOfWrites(t *testing.T) {
	t.Parallel()
	type service = *egeria.IntegrationGroupsService
	ctx := t.Context()
	for name, tt := range map[string]struct {
		do        func(service) error
		operation string
		want      []string
	}{
		"Put": {func(s service) error { return s.Put(ctx, group("c")) }, "replaceIntegrationGroups",
			[]string{"a", "b/b", "c"}},
		"ReplaceAll": {func(s service) error { return s.ReplaceAll(ctx, []egeria.IntegrationGroup{group("c")}) },
			"replaceIntegrationGroups", []string{"c"}},
		"Delete": {func(s service) error { return s.Delete(ctx, "a") }, "deleteIntegrationGroup",
			[]string{"b/b"}},
		"Delete by list": {func(s service) error { return s.Delete(ctx, "b/b") }, "replaceIntegrationGroups",
			[]string{"a"}},
		"Clear": {func(s service) error { return s.Clear(ctx) }, "clearIntegrationGroups", []string{}},
	} {
		for what, fault := range map[string]egeriatest.Fault{
			"lost, done": {Lost: true, Apply: true}, "lost, not done": {Lost: true}, "broken off": {Truncate: true},
			"503": {Status: 503}, "500, done": {Status: 500, Apply: true}, "429": {Status: 429},
		} {
			for _, opts := range [][]egeriatest.Option{nil, {egeriatest.WithHTTP2()}} {
				srv, d := daemonAt(t, "5.0", opts...)
				require.NoError(t, d.IntegrationGroups.ReplaceAll(ctx, []egeria.IntegrationGroup{group("a"),
					group("b/b")}))
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

func TestLostResponseOfPutRawIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, fault := range []egeriatest.Fault{{Lost: true, Apply: true}, {Lost: true}, {Truncate: true}, {Status: 500},
		{Status: 503}, {Body: `{"class":"VoidResponse"}`}} {
		for _, opts := range [][]egeriatest.Option{nil, {egeriatest.WithHTTP2()}} {
			srv, d := daemonAt(t, "6.1", opts...)
			_, err := d.IntegrationGroups.List(t.Context()) // opens a connection
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
				require.Error(t, err, "a response that is none came, and is not asked for again")
				require.ErrorIs(t, err, egeria.ErrOutcomeUnknown)
			}
		}
	}
	srv, d := daemonAt(t, "6.1")
	srv.Inject(egeriatest.Fault{Operation: "putIntegrationGroup", Status: 429,
		Header: http.Header{"Retry-After": {"0"}}})
	require.NoError(t, d.IntegrationGroups.PutRaw(t.Context(), group("a")), "surely not done")
	assert.Equal(t, 2, srv.CountCalls("putIntegrationGroup"))
}

// With a nameless group, the platform's own operation fails with a NullPointerException.
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
		refusedAs(t, d.Config.SetDaemonServices(t.Context(),
			egeria.DaemonServices{IntegrationGroups: []egeria.IntegrationGroup{group("a"), g}}),
			"services.IntegrationGroups[1].QualifiedName", "SetDaemonServices")
	}
	refusedAs(t, d.Config.SetDaemonServices(t.Context(),
		egeria.DaemonServices{IntegrationGroups: []egeria.IntegrationGroup{group("a"), group("a")}}),
		"services.IntegrationGroups[1].QualifiedName", "twice")
	assert.Empty(t, srv.Calls())
}

// Another response must not be read as an empty list, which would then be written.
func TestAnotherResponseIsNoListOfGroups(t *testing.T) {
	t.Parallel()
	srv, d := daemonAt(t, "6.1")
	srv.Inject(egeriatest.Fault{Operation: "getIntegrationGroups",
		Body: `{"class":"VoidResponse","relatedHTTPCode":200}`, Times: 2})
	_, err := d.IntegrationGroups.List(t.Context())
	require.ErrorContains(t, err, "VoidResponse")
	require.ErrorContains(t, d.IntegrationGroups.Put(t.Context(), group("a")), "VoidResponse")
	assert.Zero(t, srv.CountCalls("replaceIntegrationGroups"))
}

// Do also sends the action once, although it is a GET.
func TestRawRefreshConfigIsSentOnce(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"4.3", "6.1"} {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		c := clientAt(t, srv)
		srv.Inject(egeriatest.Fault{Operation: "refreshGroupConfig", Status: http.StatusBadGateway})
		resp, err := c.Do(getRequest(t,
			"/servers/d/open-metadata/integration-daemon/integration-groups/g/refresh-config"))
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, http.StatusBadGateway, resp.StatusCode)
		assert.Equal(t, 1, srv.CountCalls("refreshGroupConfig"))
		srv.Inject(egeriatest.Fault{Operation: "getDaemonStatus", Status: http.StatusBadGateway})
		resp, err = c.Do(getRequest(t, "/servers/d/open-metadata/integration-daemon/status"))
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, 2, srv.CountCalls("getDaemonStatus"), "a GET like any other")
	}
}
