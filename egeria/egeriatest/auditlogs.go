package egeriatest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// qualifier returns the end of the name of an audit log destination.
func qualifier(severities []string) string {
	if len(severities) == 0 {
		return "- no output"
	}
	return "- [" + strings.Join(severities, ", ") + "]"
}

func consoleLog(severities []string) fakehttp.Object {
	return auditLog("Console", "console.ConsoleAuditLogStoreProvider", severities)
}

func slf4jLog(severities []string) fakehttp.Object {
	return auditLog("SLF4J", "slf4j.SLF4JAuditLogStoreProvider", severities)
}

func auditLog(name, provider string, severities []string) fakehttp.Object {
	return connection(name+qualifier(severities), name, connectors+"repositoryservices.auditlogstore."+provider, "",
		map[string]any{"supportedSeverities": severities})
}

func (c *call) listAuditLogs() (fakehttp.Object, *failure) { return c.inRepository(auditLogs) }

// addAuditLog adds a destination. The first one of a document is added to the default one.
func (c *call) addAuditLog(destination fakehttp.Object) *failure {
	doc, failed := c.stored()
	if failed != nil {
		return failed
	}
	line := "added to list of audit log destinations."
	if services := member(doc, repository); !doc.Null(repository) && services.Null(auditLogs) {
		line = "created first audit log destination."
	}
	return c.changeRepository(line, func(services fakehttp.Object) {
		services[auditLogs] = fakehttp.Raw(append(members(services, auditLogs), destination))
	})
}

// clearAuditLogs does not change a document without repository services, except its audit trail.
func (c *call) clearAuditLogs() (fakehttp.Object, *failure) {
	return nil, c.change("setting up no audit log destinations.", func(doc fakehttp.Object) *failure {
		if !doc.Null(repository) {
			services := member(doc, repository)
			delete(services, auditLogs)
			doc[repository] = fakehttp.Raw(services)
		}
		return nil
	})
}

// deleteAuditLog finds a destination by its qualified name or its display name.
func (c *call) deleteAuditLog() (fakehttp.Object, *failure) {
	name := c.request.PathValue("connectionName")
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	all := members(member(doc, repository), auditLogs)
	for _, by := range []string{"qualifiedName", "displayName"} {
		i := slices.IndexFunc(all, func(o fakehttp.Object) bool { return o.Text(by) == name })
		if i < 0 {
			continue
		}
		line := "removed " + all[i].Text("qualifiedName") + " from the list of audit log destinations."
		rest := slices.DeleteFunc(all, func(o fakehttp.Object) bool { return o.Text(by) == name })
		return nil, c.changeRepository(line, func(services fakehttp.Object) {
			services[auditLogs] = fakehttp.Raw(rest)
		})
	}
	return nil, invalid(noAuditLog, name, "delete")
}

var noAuditLog = message{
	http.StatusNotFound, "OMAG-ADMIN-404-100",
	"The {0} audit log destination connection name does not exist, so the requested {1} operation cannot proceed",
	unchanged, "Send the name of a connection to an audit log destination.",
}

// serverTypes describe the types of servers: the parent type, the description, and the end of the
// documentation's address.
var serverTypes = map[string][3]string{
	"Open Metadata and Governance (OMAG) Server": {"", "Generic name for a server that runs on the OMAG Platform",
		"omag-server"},
	"Cohort Member": {
		"Open Metadata and Governance (OMAG) Server",
		"OMAG Server that is capable of joining one or more open metadata repository cohorts", "cohort-member",
	},
	"Governance Server": {
		"Open Metadata and Governance (OMAG) Server",
		"Server that hosts integration, management or governance function", "governance-server",
	},
	daemonType: {
		"Governance Server", "Governance server that hosts connectors that are exchanging metadata with third party " +
			"technology.  These servers" +
			" typically do not have their own API which is why they are called daemons", "integration-daemon",
	},
	"Engine Host": {
		"Governance Server", "Governance server that hosts the Open Metadata Engine Services (OMES) that is " +
			"managing workloads for an aspect" +
			" of governance", "engine-host",
	},
	"Metadata Access Point": {
		"Cohort Member", "Server that provides specialist APIs for accessing and storing metadata in open metadata " +
			"repositories", "metadata-access-point",
	},
	"Metadata Access Store": {
		"Metadata Access Point", "Server that is a metadata access point with its own native open metadata repository",
		"metadata-server",
	},
	"View Server": {
		"Open Metadata and Governance (OMAG) Server",
		"A View Server is an OMAG Server that hosts the view services to support a User Interface",
		"view-server",
	},
	"Conformance Test Server": {"Cohort Member", "Server that hosts the conformance test suite",
		"conformance-test-server"},
}

// describe returns a type of servers with its parent types. Before 5.0 they have a class, which
// clients of these releases require.
func (r release) describe(name string) map[string]any {
	about := serverTypes[name]
	out := map[string]any{
		"serverTypeName": name, "serverTypeDescription": about[1] + ".",
		"serverTypeWiki": "https://egeria-project.org/concepts/" + about[2] + "/",
	}
	if !r.since("5.0") {
		out["class"] = "ServerTypeClassificationSummary"
	}
	if about[0] != "" {
		out["serverSuperType"] = r.describe(about[0])
	}
	return out
}

func (c *call) getServerType() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	name, failed := c.serverType(doc)
	if failed != nil {
		return nil, c.unclassified(failed)
	}
	return fakehttp.Object{"serverTypeClassification": fakehttp.Raw(c.release.describe(name))}, nil
}

// unclassified wraps a failure to derive the type of a server, as releases before 6.0 do.
func (c *call) unclassified(f *failure) *failure {
	if c.release.bearers() {
		return f
	}
	class := f.exception(c.release)
	wrapped := misconfigured(unexpectedInAdmin, c.server, c.op.action, class, f.sentence())
	wrapped.cause = class
	return wrapped
}
