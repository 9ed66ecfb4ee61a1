package egeriatest

import (
	"fmt"
	"strings"
	"testing"
)

const connectors1 = daemon1 + "/integration-connectors"

// withConnector starts a daemon that runs a connector.
func withConnector(t *testing.T, version string) *caller {
	t.Helper()
	c := start(t, version)
	c.run()
	c.AddConnector("one", "a", "Files Monitor")
	return c
}

func (c *caller) properties() string {
	return string(c.ok("GET", connectors1+"/Files%20Monitor/configuration-properties").Object["properties"])
}

// started returns a value that is different for each start of the connector.
func (c *caller) started() string { return c.instances["one"].connectors()[0].instance }

func TestConnectorProperties(t *testing.T) {
	for _, version := range []string{"5.0", "5.3", "6.0", "6.1"} {
		c := withConnector(t, version)
		equal(t, "before", c.properties(), "")
		c.SetConnectorProperties("one", "Files Monitor", map[string]any{"a": 1, "b": []string{"x"}})
		equal(t, "set", c.properties(), `{"a":1,"b":["x"]}`)
		change := func(merge bool, properties string) {
			c.ok("POST", connectors1+"/configuration-properties",
				fmt.Sprintf(`{"class":"ConnectorConfigPropertiesRequestBody",
				"connectorName":"Files Monitor","mergeUpdate":%t,"configurationProperties":%s}`, merge, properties))
		}
		change(true, `{"b":{"c":null},"d":"é"}`)
		equal(t, "merged", c.properties(), `{"a":1,"b":{"c":null},"d":"é"}`)
		change(false, `{"e":12345678901234567890}`)
		equal(t, "replaced", c.properties(), `{"e":12345678901234567890}`)
		change(false, `{}`)
		equal(t, "emptied", c.properties(), `{}`)
		c.oddly().ok("POST", connectors1+"/configuration-properties",
			`{"connectorName":"Files Monitor","configurationProperties":{"f":0}}`)
		equal(t, "without class and flag", c.properties(), `{"f":0}`)
	}
}

func TestConnectorsThatAreUnknown(t *testing.T) {
	for _, version := range []string{"5.3", "6.1"} {
		c := withConnector(t, version)
		for _, f := range []response{
			c.fails("INTEGRATION-DAEMON-SERVICES-400-031", "GET", connectors1+"/nobody/configuration-properties"),
			c.fails("INTEGRATION-DAEMON-SERVICES-400-031", "POST", connectors1+"/configuration-properties",
				`{"class":"ConnectorConfigPropertiesRequestBody","connectorName":"nobody","mergeUpdate":true,`+
					`"configurationProperties":{}}`),
			c.fails("INTEGRATION-DAEMON-SERVICES-400-031", "POST", connectors1+"/nobody/endpoint-network-address",
				`{"class":"StringRequestBody","string":"h"}`),
		} {
			equal(t, "parameters", string(f.Object["exceptionErrorMessageParameters"]), `["nobody","one"]`)
		}
		c.oddly().fails("INTEGRATION-DAEMON-SERVICES-400-031", "POST", connectors1+"/configuration-properties", `{}`)
		c.ok("DELETE", c.instance())
		c.fails("OMAG-MULTI-TENANT-404-001", "GET", connectors1+"/nobody/configuration-properties")
	}
	equal(t, "4.3", withConnector(t, "4.3").ask("GET", connectors1+"/Files%20Monitor/configuration-properties",
		"").status, 404)
}

func TestEndpointAddress(t *testing.T) {
	for _, version := range []string{"5.0", "6.1"} {
		c := withConnector(t, version)
		before := c.started()
		equal(t, "before", c.EndpointAddress("one", "Files Monitor"), "")
		c.ok("POST", connectors1+"/Files%20Monitor/endpoint-network-address",
			`{"class":"StringRequestBody","string":"file:///data"}`)
		equal(t, "address", c.EndpointAddress("one", "Files Monitor"), "file:///data")
		equal(t, "the connector is restarted", c.started() != before, true)
	}
}

func TestValidateConnector(t *testing.T) {
	c := withConnector(t, "6.1")
	for _, name := range []string{"com.example.FilesProvider",
		"org.odpi.openmetadata.adapters.connectors.x.YProvider"} {
		report := member(c.ok("GET", daemon1+"/validate-connector/"+name).Object, "connectorReport")
		equal(t, name, member(report, "connectorType").Text("connectorProviderClassName"), name)
	}
	c.fails("OMAG-COMMON-400-016", "GET", daemon1+"/validate-connector/com.example.Files")
	equal(t, "6.0", withConnector(t, "6.0").ask("GET", daemon1+"/validate-connector/com.example.FilesProvider",
		"").status, 404)
}

func TestLineageEvents(t *testing.T) {
	for _, version := range []string{"6.0", "6.1"} {
		c := withConnector(t, version)
		c.ok("POST", daemon1+"/publish-open-lineage-event", `{"eventType":"START"}`)
		equal(t, "nothing", c.oddly().ask("POST", daemon1+"/publish-open-lineage-event", "").status, 400)
	}
	c := withConnector(t, "5.3")
	equal(t, "5.3", c.ask("POST", daemon1+"/publish-open-lineage-event", `{}`).status, c.refused(404))
}

func TestMisuseOfConnectors(t *testing.T) {
	s := Start(WithoutSocket())
	for name, use := range map[string]func(){
		"properties": func() { s.SetConnectorProperties("one", "nobody", nil) },
		"address":    func() { s.EndpointAddress("two", "Files Monitor") },
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, "is running a connector") {
					t.Errorf("%s: %s", name, text)
				}
			}()
			use()
		}()
	}
}
