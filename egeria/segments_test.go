package egeria_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/internal/contract/specified"
)

// groupCalls are the methods with the name of a group in the path, with the path before and after
// it.
func groupCalls() map[string]struct {
	before, after string
	do            func(ctx context.Context, c *egeria.Client, group string) error
} {
	type (
		ctx  = context.Context
		cl   = *egeria.Client
		call = struct {
			before, after string
			do            func(ctx context.Context, c *egeria.Client, group string) error
		}
	)
	const groups = "{daemon}/integration-groups/"
	return map[string]call{
		"IntegrationGroups.Delete": {adminServer + "/integration-groups/", "", func(x ctx, c cl, group string) error {
			return c.Server("cocoMDS1").IntegrationGroups.Delete(x, group)
		}},
		"Config.DeleteAuditLog": {adminServer + "/audit-log-destinations/connection/", "",
			func(x ctx, c cl, name string) error {
				return c.Server("cocoMDS1").Config.DeleteAuditLog(x, name)
			}},
		"MetadataStore.EnableAccessService": {accessServices + "/", "", func(x ctx, c cl, marker string) error {
			return c.Server("cocoMDS1").MetadataStore.EnableAccessService(x, marker, nil)
		}},
		"MetadataStore.EnableAccessServiceWithoutTopics": {accessServices + "/", "/no-topics",
			func(x ctx, c cl, marker string) error {
				return c.Server("cocoMDS1").MetadataStore.EnableAccessServiceWithoutTopics(x, marker, nil)
			}},
		"MetadataStore.DisableAccessService": {accessServices + "/", "", func(x ctx, c cl, marker string) error {
			return c.Server("cocoMDS1").MetadataStore.DisableAccessService(x, marker)
		}},
		"Daemon.ConnectorProperties": {connectors + "/", "/configuration-properties",
			func(x ctx, c cl, name string) error {
				return failing(c.Server("cocoMDS1").Daemon.ConnectorProperties(x, name))
			}},
		"Daemon.SetEndpointAddress": {connectors + "/", "/endpoint-network-address",
			func(x ctx, c cl, name string) error {
				return c.Server("cocoMDS1").Daemon.SetEndpointAddress(x, name, "h")
			}},
		"Daemon.ValidateConnector": {"{daemon}/validate-connector/", "", func(x ctx, c cl, name string) error {
			return failing(c.Server("cocoMDS1").Daemon.ValidateConnector(x, name))
		}},
		"Daemon.Group": {groups, "/summary", func(x ctx, c cl, group string) error {
			return failing(c.Server("cocoMDS1").Daemon.Group(x, group))
		}},
		"Daemon.RefreshConfig": {groups, "/refresh-config", func(x ctx, c cl, group string) error {
			return c.Server("cocoMDS1").Daemon.RefreshConfig(x, group)
		}},
	}
}

func TestEachOperationOfAGroupIsInTheTable(t *testing.T) {
	t.Parallel()
	var sent []string
	for name, tt := range groupCalls() {
		p := newPlatform(egeria.Dialect6)
		err := tt.do(t.Context(), p.client(t, egeria.WithDialect(egeria.Dialect6)), "x-1")
		assert.NoError(t, err, name) // the other rows are still checked
		sent = append(sent, lines(p.calls())...)
	}
	for _, op := range specified.Unreached("egeria", sent) {
		for _, value := range op.Variables() {
			if value != "serverName" {
				t.Errorf("no row puts %s into the path of %s: add one to groupCalls in wire_test.go", value, op)
			}
		}
	}
}

func TestGroupNamesStayOneSegment(t *testing.T) {
	t.Parallel()
	for group, escaped := range map[string]string{
		"a b": "a%20b", "a?b#c": "a%3Fb%23c", "é日😀": "%C3%A9%E6%97%A5%F0%9F%98%80", "...": "...",
		`a"<>|b`: "a%22%3C%3E%7Cb", "a@b:c": "a@b:c", "configuration": "configuration",
	} {
		for name, tt := range groupCalls() {
			for _, d := range dialects {
				p := newPlatform(d)
				require.NoError(t, tt.do(t.Context(), p.client(t, egeria.WithDialect(d)), group), "%s %s", name, group)
				require.Len(t, p.calls(), 1)
				assert.Equal(t, inDialect(tt.before, d, user, "cocoMDS1")+escaped+tt.after,
					p.calls()[0].URL.EscapedPath(), name)
				assert.Empty(t, p.calls()[0].URL.RawQuery)
			}
		}
	}
}

// The examples of the documentation, in both dialects.
func TestTheFiveRequestsOfTheDocumentation(t *testing.T) {
	t.Parallel()
	const one = `{
      "class": "IntegrationGroupConfig",
      "omagserverPlatformRootURL": "{MDServerURLRoot}",
      "omagserverName": "{MDServerName}",
      "integrationGroupQualifiedName": "{qualifiedName}"
    }`
	group := egeria.IntegrationGroup{PlatformURL: "{MDServerURLRoot}", ServerName: "{MDServerName}",
		QualifiedName: "{qualifiedName}"}
	second := group
	second.QualifiedName = "{qualifiedName2}"
	two := "[" + one + "," + strings.ReplaceAll(one, "{qualifiedName}", "{qualifiedName2}") + "]"
	for _, tt := range []struct {
		do           func(*egeria.IntegrationGroupsService) error
		method, path string
		body         string
	}{
		{func(s *egeria.IntegrationGroupsService) error { return s.PutRaw(t.Context(), group) }, "POST",
			"/configuration", one},
		{func(s *egeria.IntegrationGroupsService) error {
			return s.ReplaceAll(t.Context(), []egeria.IntegrationGroup{group, second})
		}, "POST", "/configuration/all", two},
		{func(s *egeria.IntegrationGroupsService) error { return failing(s.List(t.Context())) }, "GET",
			"/configuration", ""},
		{func(s *egeria.IntegrationGroupsService) error { return s.Clear(t.Context()) }, "DELETE", "", ""},
		{func(s *egeria.IntegrationGroupsService) error { return s.Delete(t.Context(), "qualifiedName") }, "DELETE",
			"/qualifiedName", ""},
	} {
		for d, before := range map[egeria.Dialect]string{
			egeria.Dialect4: "/open-metadata/admin-services/users/adminUserId/servers/serverName",
			egeria.Dialect6: "/open-metadata/admin-services/servers/serverName",
		} {
			p := newPlatform(d)
			c := p.clientAt(t, platformURL, egeria.WithUser("adminUserId"), egeria.WithToken("token"))
			require.NoError(t, tt.do(c.Server("serverName").IntegrationGroups))
			require.Equal(t, []string{tt.method + " " + before + "/integration-groups" + tt.path}, lines(p.calls()))
			got := p.calls()[0]
			assert.Empty(t, got.URL.RawQuery)
			assert.Equal(t, tt.body != "", got.hasBody)
			if tt.body != "" {
				assert.Equal(t, "application/json", got.Header.Get("Content-Type"))
				assert.Equal(t, compact(t, tt.body), compact(t, got.body))
			}
			want := ""
			if d == egeria.Dialect6 {
				want = "Bearer token"
			}
			assert.Equal(t, want, got.Header.Get("Authorization"))
		}
	}
}

func TestServerNamesStayOneSegment(t *testing.T) {
	t.Parallel()
	for name, escaped := range map[string]string{
		"a b": "a%20b", "a?b#c": "a%3Fb%23c", "é日😀": "%C3%A9%E6%97%A5%F0%9F%98%80", "...": "...",
		`a"<>|b`: "a%22%3C%3E%7Cb", "a@b:c": "a@b:c", "open-metadata": "open-metadata",
		"admin-services": "admin-services", "users": "users", "~{x}~": "~%7Bx%7D~",
	} {
		for _, tt := range wireCalls() {
			for _, d := range tt.dialects() {
				sent := tt.play(t, d, name, escaped)
				require.Len(t, sent, len(tt.want), "%s %v", tt.name, lines(sent))
				for i, want := range tt.want {
					require.Equal(t, inDialect(want.path, d, user, escaped), sent[i].URL.EscapedPath(), tt.name)
				}
			}
		}
	}
}

func TestServerNamesThatChangeThePathAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range wireCalls() {
		if !slices.ContainsFunc(tt.want, func(r wireRequest) bool {
			return strings.Contains(r.path, "{server}") || strings.Contains(r.path, "{daemon}")
		}) {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, d := range []egeria.Dialect{egeria.DialectAuto, egeria.Dialect4, egeria.Dialect6} {
				p := newPlatform(egeria.Dialect6)
				c := p.client(t, egeria.WithDialect(d))
				for _, name := range []string{"", " ", ".", "..", "a/b", `a\b`, "a;b", "a%b", "a%2Fb", "a\nb", "\x00",
					"a\x7f"} {
					err := tt.do(t.Context(), c, name)
					assertRefused(t, err, "server")
					operation, _, _ := strings.Cut(tt.name, " ")
					assert.Equal(t, operation, errorOf(t, err).Operation)
				}
				assert.Empty(t, p.sent, "not even a question for the origin")
			}
		})
	}
}
