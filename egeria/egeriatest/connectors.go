package egeriatest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// daemonTable returns the operations of connectors that the vendor added to running daemons.
func daemonTable() []operation {
	const of = daemon + "/integration-connectors"
	return []operation{
		{name: "getConnectorProperties", since: "5.0", method: get,
			path:  of + "/{connectorName}/configuration-properties",
			class: "PropertiesResponse", action: "getConfigurationProperties", run: (*call).getConnectorProperties},
		{name: "setConnectorProperties", since: "5.0", method: post, path: of + "/configuration-properties",
			class:  voidResponse,
			action: "updateConfigurationProperties", body: jsonObject, run: (*call).setConnectorProperties},
		{name: "setEndpointAddress", since: "5.0", method: post, path: of + "/{connectorName}/endpoint-network-address",
			class:  voidResponse,
			action: "updateEndpointNetworkAddress", body: jsonObject, run: (*call).setEndpointAddress},
		{name: "validateConnector", since: "6.1", method: get, path: daemon +
			"/validate-connector/{connectorProviderClassName}",
			class: "ConnectorReportResponse", action: "validateConnector", run: (*call).validateConnector},
		{name: "publishLineageEvent", since: "6.0", method: post, path: daemon + "/publish-open-lineage-event",
			class:  voidResponse,
			action: "publishOpenLineageEvent", body: anyText, run: (*call).publishLineageEvent},
	}
}

// named returns the connector with this name in the call's daemon.
func (c *call) named(name, action string) (*connector, *failure) {
	found, failed := c.daemon()
	if failed != nil {
		return nil, failed
	}
	all := found.connectors()
	i := slices.IndexFunc(all, func(one *connector) bool { return one.name == name })
	if i < 0 {
		f := invalid(noSuchConnector, name, c.server).during(action)
		f.properties = map[string]string{"parameterName": "connectorName"}
		return nil, f
	}
	return all[i], nil
}

func (c *call) getConnectorProperties() (fakehttp.Object, *failure) {
	one, failed := c.named(c.request.PathValue("connectorName"), "Retrieve configuration properties")
	if failed != nil || one.properties == nil {
		return nil, failed
	}
	return fakehttp.Object{"properties": fakehttp.Raw(one.properties)}, nil
}

func (c *call) setConnectorProperties() (fakehttp.Object, *failure) {
	one, failed := c.named(c.body.Text("connectorName"), "Update connector configuration properties REST API call")
	if failed != nil {
		return nil, failed
	}
	var merge bool
	_ = json.Unmarshal(c.body["mergeUpdate"], &merge) // false by default
	sent := withoutNulls(member(c.body, "configurationProperties"))
	if merge {
		all := maps.Clone(one.properties)
		if all == nil {
			all = fakehttp.Object{}
		}
		maps.Copy(all, sent)
		sent = all
	}
	one.properties = sent
	c.restarted(one)
	return nil, nil
}

func (c *call) setEndpointAddress() (fakehttp.Object, *failure) {
	one, failed := c.named(c.request.PathValue("connectorName"), "Update endpoint network address")
	if failed != nil {
		return nil, failed
	}
	one.address = c.body.Text("string")
	c.restarted(one)
	return nil, nil
}

// restarted gives a connector another instance.
func (c *call) restarted(one *connector) { one.changed, one.instance = c.config.Now(), newUUID() }

// validateConnector accepts every class whose name is that of a connector provider.
func (c *call) validateConnector() (fakehttp.Object, *failure) {
	if _, failed := c.daemon(); failed != nil {
		return nil, failed
	}
	report, failed := c.connectorType(c.request.PathValue("connectorProviderClassName"))
	if failed != nil {
		return nil, failed
	}
	return fakehttp.Object{"connectorReport": fakehttp.Raw(map[string]any{
		"connectorType": report, "refreshTimeInterval": 0, "usesBlockingCalls": false,
	})}, nil
}

// connectorType returns the type of a provider's connectors.
func (c *call) connectorType(provider string) (map[string]any, *failure) {
	if !strings.HasSuffix(provider, "Provider") {
		const notFound = "java.lang.ClassNotFoundException"
		f := &failure{message: unexpected, kind: propertyServer, cause: notFound, params: []any{notFound, c.op.action,
			provider}}
		return nil, f
	}
	return map[string]any{"class": "ConnectorType", "connectorProviderClassName": provider}, nil
}

func (c *call) publishLineageEvent() (fakehttp.Object, *failure) {
	_, failed := c.daemon()
	return nil, failed
}

// SetConnectorProperties sets the configuration properties of a connector of a running daemon,
// until the daemon starts again. It panics if the daemon is not running or does not run the
// connector, and for values that can't be encoded as JSON.
func (s *Server) SetConnectorProperties(server, connector string, properties map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.mustHave(server, connector)
	one.properties = fakehttp.Object{}
	for name, value := range properties {
		one.properties[name] = fakehttp.Raw(value)
	}
}

// EndpointAddress returns the network address that was set for a connector, or "". It panics if the
// daemon is not running or does not run the connector.
func (s *Server) EndpointAddress(server, connector string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mustHave(server, connector).address
}

// mustHave returns a connector of a running daemon. s.mu must be held.
func (s *Server) mustHave(server, name string) *connector {
	if found := s.instances[server]; found != nil && found.running {
		all := found.connectors()
		if i := slices.IndexFunc(all, func(one *connector) bool { return one.name == name }); i >= 0 {
			return all[i]
		}
	}
	panic(s.http.Misuse("egeriatest: no daemon %q is running a connector %q", server, name))
}

var noSuchIntegrationService = message{
	http.StatusBadRequest, "INTEGRATION-DAEMON-SERVICES-400-030",
	"Integration service with URL marker {0} is not registered in the integration daemon {1}",
	refused, "Send the URL marker of an integration service that the daemon is configured with.",
}
