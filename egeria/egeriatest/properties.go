package egeriatest

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// setter sets a member of a document to a value, or back to its default with "".
type setter struct {
	member, what string
	value        func(*call) string
	query        string // the parameter that the value is in, which must be there
}

func (set setter) run(c *call) (fakehttp.Object, *failure) {
	value := set.value(c)
	line := "updated configuration for " + set.what + " to " + value + "."
	if value == "" {
		line = "removed configuration for " + set.what + "."
	}
	return nil, c.change(line, func(doc fakehttp.Object) *failure {
		delete(doc, set.member)
		if value != "" {
			doc[set.member] = fakehttp.Raw(value)
		}
		return nil
	})
}

func fromQuery(name string) func(*call) string {
	return func(c *call) string { return c.request.URL.Query().Get(name) }
}

// setters are the operations that set one property, by name.
var setters = map[string]setter{
	"setOrganizationName":  {"organizationName", "local server's owning organization's name", fromQuery("name"), "name"},
	"setServerUserID":      {"localServerUserId", "local server's userId", fromQuery("id"), "id"},
	"setServerType":        {"localServerType", "local server type name", fromQuery("typeName"), "typeName"},
	"setServerDescription": {"localServerDescription", "local server's description", func(c *call) string { return string(c.request.Payload) }, ""},
	"setServerURLRoot":     {"localServerURL", "local server's URL root", func(c *call) string { return c.body.Text("urlRoot") }, ""},
}

func (c *call) setMaxPageSize() (fakehttp.Object, *failure) {
	text := c.request.URL.Query().Get("limit")
	limit, _ := strconv.Atoi(text) // checked before
	if limit < 0 {
		return nil, invalid(badPageSize, c.server, text)
	}
	return nil, c.change("updated configuration for maximum page size to "+text+".", func(doc fakehttp.Object) *failure {
		doc["maxPageSize"] = fakehttp.Raw(limit)
		return nil
	})
}

// parameters checks the query of a call, and gives the status that Spring refuses it with.
func (c *call) parameters(op operation) (status int) {
	query := c.request.URL.Query()
	if name := setters[op.name].query; name != "" && !query.Has(name) {
		return http.StatusBadRequest
	}
	if op.name == "setMaxPageSize" {
		if _, err := strconv.ParseInt(query.Get("limit"), 10, 32); err != nil {
			return http.StatusBadRequest
		}
	}
	return http.StatusOK
}

// setAuditLog makes the console the audit log of a document.
func setAuditLog(doc fakehttp.Object) {
	services := fakehttp.Object{"class": fakehttp.Raw("RepositoryServicesConfig")}
	_ = json.Unmarshal(doc["repositoryServicesConfig"], &services) // otherwise there are none
	services["auditLogConnections"] = fakehttp.Raw([]any{map[string]any{
		"class": "Connection", "headerVersion": 0, "qualifiedName": "Console- default", "displayName": "Console",
		"connectorType": map[string]any{
			"class": "ConnectorType", "headerVersion": 0,
			"connectorProviderClassName": "org.odpi.openmetadata.adapters.repositoryservices.auditlogstore.console.ConsoleAuditLogStoreProvider",
		},
	}})
	doc["repositoryServicesConfig"] = fakehttp.Raw(services)
}

func (c *call) setDefaultAuditLog() (fakehttp.Object, *failure) {
	return nil, c.change("set up default audit log destinations.", func(doc fakehttp.Object) *failure {
		setAuditLog(doc)
		return nil
	})
}

// basicProperties are the members of a document that are set together.
func (c *call) basicProperties() []string {
	names := []string{"localServerDescription", "organizationName", "localServerURL", "localServerUserId", "maxPageSize"}
	if c.release.bearers() {
		return append(names, secretsMembers...)
	}
	return append(names, "localServerPassword")
}

func (c *call) getProperties() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	properties := fakehttp.Object{}
	for _, name := range c.basicProperties() {
		if !doc.Null(name) {
			properties[name] = doc[name]
		}
	}
	return fakehttp.Object{"basicServerProperties": fakehttp.Raw(properties)}, nil
}

// setProperties sets all: what the request leaves out goes back to its default.
func (c *call) setProperties() (fakehttp.Object, *failure) {
	var size int
	if !c.body.Null("maxPageSize") {
		_ = json.Unmarshal(c.body["maxPageSize"], &size) // what is no number stays as it came
	}
	if size < 0 {
		return nil, invalid(badPageSize, c.server, strconv.Itoa(size))
	}
	return nil, c.change("updated configuration for basic server properties.", func(doc fakehttp.Object) *failure {
		sent := withoutNulls(c.body)
		for _, name := range c.basicProperties() {
			delete(doc, name)
			if value, ok := sent[name]; ok {
				doc[name] = value
			}
		}
		return nil
	})
}

func (c *call) getDaemonServices() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	if len(groupsOf(doc)) == 0 {
		return nil, nil
	}
	return fakehttp.Object{"services": fakehttp.Raw(fakehttp.Object{"class": fakehttp.Raw(daemonClass), groupList: doc[groupList]})}, nil
}

// setDaemonServices checks nothing, and the audit trail doesn't tell of it.
func (c *call) setDaemonServices() (fakehttp.Object, *failure) {
	var list []fakehttp.Object
	_ = json.Unmarshal(c.body[groupList], &list) // otherwise there is none
	return nil, c.change("", func(doc fakehttp.Object) *failure {
		delete(doc, groupList)
		if list != nil {
			setGroups(doc, c.knownGroups(list))
		}
		return nil
	})
}

func (c *call) clearDaemonServices() (fakehttp.Object, *failure) {
	return nil, c.change("", func(doc fakehttp.Object) *failure {
		delete(doc, groupList)
		return nil
	})
}
