package egeriatest

import (
	"net/http"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

const (
	connectorsPackage = "org.odpi.openmetadata.frameworks.connectors.ffdc."
	restException     = "org.odpi.openmetadata.adapters.connectors.restclients.ffdc.exceptions.RESTServerException"
	yamlStore         = "org.odpi.openmetadata.adapters.connectors.secretsstore.yaml.YAMLSecretsStore"
)

// deployConfiguration only reaches this platform.
func (c *call) deployConfiguration() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	if c.release.bearers() && !c.hasSecretsStore(doc) {
		f := invalid(nullName, "<*>", "OCF-CONNECTOR-400-009 The "+yamlStore+
			"Connector connector cannot proceed with is processing of secrets "+
			"because the configuration property called secretsCollectionName was not supplied").
			during("RESTClient(userId and password)")
		f.cause = connectorsPackage + "ConnectorCheckedException"
		return nil, f
	}
	target := c.body.Text("urlRoot")
	if target == "" {
		target = "https://localhost:9443"
	}
	if !c.itself(target) {
		return nil, c.unreachable(target)
	}
	if c.release.bearers() && !c.request.URL.Query().Has(delegateParameter) {
		return nil, c.account("") // the platform calls its target with an empty user
	}
	return nil, c.deploy(doc)
}

// hasSecretsStore reports whether the body or the document has the three values of a secrets store.
func (c *call) hasSecretsStore(doc fakehttp.Object) bool {
	for _, name := range secretsMembers {
		if c.body.Text(name) == "" && doc.Text(name) == "" {
			return false
		}
	}
	return true
}

func (c *call) unreachable(target string) *failure {
	slots := strings.NewReplacer("{userId}", "{0}", "{serverName}", "{1}")
	if c.release.bearers() {
		slots = strings.NewReplacer("{serverName}", "{0}")
	}
	id := "CLIENT-SIDE-REST-API-CONNECTOR-503-002 "
	if c.release.since("5.0") {
		id += " "
	}
	path := target + c.release.path(operation{path: document + "/configuration"})
	text := id + "A client-side exception org.springframework.web.client.ResourceAccessException was received" +
		" by method setOMAGServerConfig from API call " + slots.Replace(path) +
		" to server <*> on platform " + target + ".  The error message was I/O error on POST request for \"" +
		strings.NewReplacer("{userId}", c.user, "{serverName}", c.server).Replace(path) + "\": Connection refused"
	f := misconfigured(unreachable, "setOMAGServerConfig", target, text).during("setOMAGServerConfig")
	f.cause = restException
	return f
}

// metadataPath is the path on which a daemon reads the definition of a group, in 6.1 and in 5.3.
const (
	metadataPath = "/open-metadata/access-services/governance-configuration-service/users/{1}" +
		"/integration-groups/by-name/{2}"
	metadataPath5 = "/open-metadata/framework-services/{1}/governance-configuration-service/users/{2}" +
		"/integration-groups/by-name/{3}"
)

// unread returns the failure of a daemon to read the definition of a group.
func (c *call) unread(g *runningGroup, user string) *failure {
	const method = "getIntegrationGroupByName"
	exception, path, reason := "java.net.ConnectException", metadataPath, "null"
	if !c.release.bearers() {
		exception, path = "org.springframework.web.client.ResourceAccessException", metadataPath5
		sent := strings.NewReplacer("{1}", "governance-server", "{2}", user, "{3}", strings.ReplaceAll(g.name, ":",
			"%3A")).Replace(path)
		host := strings.TrimPrefix(strings.TrimPrefix(g.platform, "https://"), "http://")
		host, _, _ = strings.Cut(host, ":")
		reason = `I/O error on GET request for "` + g.platform + "/servers/" + g.server + sent + `": ` + host
	}
	text := "CLIENT-SIDE-REST-API-CONNECTOR-503-002  A client-side exception " + exception +
		" was received by method " + method +
		" from API call " + g.platform + "/servers/{0}" + path + " to server " + g.server + " on platform " +
		g.platform +
		".  The error message was " + reason
	f := &failure{message: metadataUnreachable, kind: propertyServer, params: []any{method, g.server, g.platform, text}}
	f.cause = restException
	return f.during(method)
}

// absent returns the failure that a metadata server of this platform is not running. 5.3 returns it
// to the caller. Other releases report that the server can't be reached.
func (c *call) absent(g *runningGroup, user string) *failure {
	if c.release != "5.3" {
		return c.unread(g, user)
	}
	f := invalid(notRunning, g.server, user)
	f.properties = map[string]string{"parameterName": "serverName", "serverName": g.server}
	f.code = http.StatusNotFound
	return f.during("getIntegrationGroupByName")
}
