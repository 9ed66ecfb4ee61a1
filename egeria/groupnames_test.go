package egeria_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

// role is the place where a string argument of a method is used.
type role int

const (
	elsewhere role = iota // in a body, or only in a comparison
	groupPath             // the name of a group or an audit log in the path
	serverPath
	connectorPath
	providerPath
	markerPath
)

// arguments are the names of path strings in errors.
var arguments = map[role]string{
	groupPath: "name", serverPath: "server", connectorPath: "connector", providerPath: "provider", markerPath: "marker",
}

// roles are the string arguments of the methods. A missing method fails the test.
var roles = map[string][]role{
	"IntegrationGroups.Get": {elsewhere}, "IntegrationGroups.Delete": {groupPath},
	"Config.SetServerType": {elsewhere},
	"Daemon.Group":         {groupPath}, "Daemon.RefreshConfig": {groupPath}, "Daemon.WaitGroup": {groupPath},
	"Daemon.RefreshAndWaitGroup": {groupPath}, "Daemon.Refresh": {elsewhere}, "Daemon.Restart": {elsewhere},
	"Platform.Known": {serverPath}, "Platform.Status": {serverPath}, "Platform.InstanceStatus": {serverPath},
	"Platform.Start": {serverPath}, "Platform.StartWith": {serverPath},
	"Platform.Stop": {serverPath}, "Platform.Unregister": {serverPath}, "Platform.ServerServices": {serverPath},
	"Config.DeleteAuditLog":             {groupPath},
	"Daemon.ConnectorProperties":        {connectorPath},
	"Daemon.SetConnectorProperties":     {elsewhere},
	"Daemon.MergeConnectorProperties":   {elsewhere},
	"Daemon.SetEndpointAddress":         {connectorPath, elsewhere},
	"Daemon.ValidateConnector":          {providerPath},
	"MetadataStore.EnableAccessService": {markerPath}, "MetadataStore.EnableAccessServiceWithoutTopics": {markerPath},
	"MetadataStore.DisableAccessService": {markerPath}, "MetadataStore.AddArchiveFile": {elsewhere},
}

// methods returns the methods of a client's services, by name, for a server.
func methods(c *egeria.Client, server string) map[string]reflect.Value {
	d := c.Server(server)
	all := map[string]reflect.Value{}
	for prefix, service := range map[string]any{"IntegrationGroups": d.IntegrationGroups, "Config": d.Config,
		"Daemon": d.Daemon, "MetadataStore": d.MetadataStore, "Platform": c.Platform} {
		v := reflect.ValueOf(service)
		for m, f := range v.Methods() {
			all[prefix+"."+m.Name] = f
		}
	}
	return all
}

// invoke calls a method with these strings and valid values for all other arguments. It returns the
// error.
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
		case t == reflect.TypeFor[egeria.DeployTarget]():
			in = append(in, reflect.ValueOf(egeria.DeployTarget{PlatformURL: "https://h:9443"}))
		case t == reflect.TypeFor[egeria.ServerProperties]():
			in = append(in, reflect.ValueOf(egeria.ServerProperties{Description: "d"}))
		case t == reflect.TypeFor[egeria.EventBus]():
			in = append(in, reflect.ValueOf(egeria.EventBus{TopicURLRoot: "egeria"}))
		case t == reflect.TypeFor[egeria.Object]():
			in = append(in, reflect.ValueOf(egeria.Object{"a": json.RawMessage(`"b"`)}))
		case t == reflect.TypeFor[[]string]():
			in = append(in, reflect.ValueOf([]string{"Error"}))
		case t == reflect.TypeFor[map[string]string]():
			in = append(in, reflect.ValueOf(map[string]string{"a": "b"}))
		case t != reflect.TypeFor[[]egeria.CallOption]():
			in = append(in, reflect.Zero(t))
		}
	}
	out := method.Call(in)
	err, _ := reflect.TypeAssert[error](out[len(out)-1])
	return err
}

// An empty name would delete the collection, and .. its parent.
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
				for _, value := range bad {
					if name == "IntegrationGroups.Delete" && value != "." && value != ".." && value != "" &&
						value != " " {
						continue // it uses the list instead
					}
					texts := slices.Repeat([]string{"good"}, strings)
					texts[i] = value
					refusedAs(t, invoke(t.Context(), method, texts...), arguments[r],
						fmt.Sprintf("%s(%q)", name, value))
				}
			}
		}
		for _, value := range bad {
			for name, method := range methods(c, value) {
				if len(roles[name]) > 0 && roles[name][0] == serverPath || name[0] == 'P' {
					continue
				}
				refusedAs(t, invoke(t.Context(), method, slices.Repeat([]string{"good"}, len(roles[name]))...),
					"server", fmt.Sprintf("Server(%q).%s", value, name))
			}
		}
		assert.Empty(t, srv.Calls())

		// A string for the list or a body must not change the path either.
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
