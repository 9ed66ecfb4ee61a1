package egeriatest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// groupList is the member of a document that holds the integration groups.
const groupList = "dynamicIntegrationGroupsConfig"

// documentMembers are those that all releases know of a document.
var documentMembers = []string{
	"class", "versionId", "localServerId", "localServerName", "organizationName", "localServerDescription", "localServerURL",
	"localServerUserId", "maxPageSize", "serverSecurityConnection", "eventBusConfig", "accessServicesConfig", groupList,
	"viewServicesConfig", "repositoryServicesConfig", "conformanceSuiteConfig", "auditTrail",
}

// knownDocument is what the release knows of a document.
func (c *call) knownDocument(doc fakehttp.Object) fakehttp.Object {
	out := withoutNulls(doc)
	if list, ok := out[groupList]; ok {
		var all []fakehttp.Object
		if json.Unmarshal(list, &all) == nil {
			setGroups(out, c.knownGroups(all))
		}
	}
	if c.keepUnknown {
		return out
	}
	more := []string{
		"localServerType", "localServerPassword", "integrationServicesConfig", "engineHostServicesConfig", "openLineageServerConfig",
		"dataEngineProxyConfig",
	}
	if c.release.bearers() {
		more = append(slices.Clone(secretsMembers), "governanceEnginesConfig")
	}
	maps.DeleteFunc(out, func(name string, _ json.RawMessage) bool {
		return !slices.Contains(documentMembers, name) && !slices.Contains(more, name)
	})
	return out
}

// stored is the document of the call's server as it is stored, with defaults, or a default one. It may be changed: it is
// a copy.
func (c *call) stored() (fakehttp.Object, *failure) {
	doc, ok := c.documents[c.server]
	if !ok {
		return c.defaultDocument(), nil
	}
	if lost := c.lost(c.server); lost != "" {
		return nil, c.storeFailure(lost)
	}
	version := doc.Text("versionId")
	if version == "" {
		version = "V1.0"
	}
	if want := c.release.documentVersion(); version != want {
		return nil, invalid(wrongVersion, c.server, version, "["+want+"]")
	}
	return withDefaults(doc), nil
}

// withDefaults is a copy of a document with what the platform takes for granted.
func withDefaults(doc fakehttp.Object) fakehttp.Object {
	out := fakehttp.Object{
		"localServerURL": fakehttp.Raw("https://localhost:9443"), "localServerUserId": fakehttp.Raw("OMAGServer"),
		"maxPageSize": fakehttp.Raw(1000),
	}
	maps.Copy(out, doc)
	return out
}

func (c *call) defaultDocument() fakehttp.Object {
	doc := fakehttp.Object{
		"class": fakehttp.Raw(documentClass), "versionId": fakehttp.Raw(c.release.documentVersion()),
		"localServerId": fakehttp.Raw(newUUID()), "localServerName": fakehttp.Raw(c.server),
	}
	if !c.release.bearers() {
		doc["localServerType"] = fakehttp.Raw("Open Metadata and Governance Server")
	}
	return withDefaults(doc)
}

// change edits and stores the document, with a line in its audit trail.
func (c *call) change(line string, edit func(doc fakehttp.Object) *failure) *failure {
	doc, failed := c.stored()
	if failed != nil {
		return failed
	}
	if failed := edit(doc); failed != nil {
		return failed
	}
	if line != "" {
		c.audit(doc, line)
	}
	c.save(withoutNulls(doc))
	return nil
}

// save stores a document, encrypted where documents are.
func (c *call) save(doc fakehttp.Object) {
	delete(c.lockedBy, c.server)
	if c.encrypted {
		if c.key == 0 {
			c.keys++
			c.key = c.keys
		}
		c.lockedBy[c.server] = c.key
	}
	c.documents[c.server] = doc
}

// lost says why a document can't be read any more, if so.
func (s *Server) lost(server string) string {
	switch key, locked := s.lockedBy[server]; {
	case !s.encrypted || !locked || key == s.key:
		return ""
	case s.key == 0:
		return "ENCRYPTED-DOC-STORE-400-011  Unable to find any keys defined for decrypting the configuration."
	}
	return "ENCRYPTED-DOC-STORE-400-003  Unable to read encrypted configuration file; exception was java.security.GeneralSecurityException" +
		" with message decryption failed"
}

const storeException = "org.odpi.openmetadata.frameworks.connectors.ffdc.OCFRuntimeException"

func (c *call) storeFailure(text string) *failure {
	f := misconfigured(unexpectedInAdmin, c.server, c.op.action, storeException, text)
	f.cause = storeException
	return f
}

func (c *call) listFailure(text string) *failure {
	f := misconfigured(unexpectedInPlatform, c.op.action, storeException, text)
	f.cause = storeException
	return f
}

// audit adds a line to the audit trail of a document.
func (c *call) audit(doc fakehttp.Object, line string) {
	doc["auditTrail"] = fakehttp.Raw(append(auditTrail(doc), javaDate(c.config.Now())+" "+c.user+" "+line))
}

func auditTrail(doc fakehttp.Object) (lines []string) {
	_ = json.Unmarshal(doc["auditTrail"], &lines) // otherwise there is none
	return lines
}

// groupsOf lists the groups in a document. They are nil where there is no list.
func groupsOf(doc fakehttp.Object) (list []fakehttp.Object) {
	_ = json.Unmarshal(doc[groupList], &list) // otherwise there is none
	return list
}

func setGroups(doc fakehttp.Object, list []fakehttp.Object) {
	doc[groupList] = fakehttp.Raw(list)
}

func (c *call) getConfiguration() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	return fakehttp.Object{"omagserverConfig": fakehttp.Raw(doc)}, nil
}

// getResolved reads a document whose placeholders have the values of [WithPlaceholders]. Others stay.
func (c *call) getResolved() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	return fakehttp.Object{"omagserverConfig": c.resolve(doc)}, nil
}

// resolve is a document with the values of placeholders in place.
func (s *Server) resolve(doc fakehttp.Object) json.RawMessage {
	text := string(fakehttp.Raw(doc))
	for name, value := range s.placeholders {
		quoted := string(fakehttp.Raw(value))
		text = strings.ReplaceAll(text, "~{"+name+"}~", quoted[1:len(quoted)-1])
	}
	return json.RawMessage(text)
}

func (c *call) setConfiguration() (fakehttp.Object, *failure) {
	return nil, c.deploy(c.body)
}

// deploy stores a document that came as a whole.
func (c *call) deploy(doc fakehttp.Object) *failure {
	doc = c.knownDocument(doc)
	if failed := c.checkName(doc); failed != nil {
		return failed
	}
	c.audit(doc, "deployed configuration for server.")
	c.save(doc)
	return nil
}

// checkName refuses a document of another server.
func (c *call) checkName(doc fakehttp.Object) *failure {
	name := doc.Text("localServerName")
	switch {
	case doc.Null("localServerName"):
		return invalid(wrongName, c.server, nil)
	case name != c.server:
		return invalid(wrongName, c.server, name)
	}
	return nil
}

func (c *call) deleteConfiguration() (fakehttp.Object, *failure) {
	if c.encrypted && c.key == 0 {
		return nil, c.crash(`Cannot invoke "java.io.File.exists()" because "keystore" is null`)
	}
	delete(c.documents, c.server)
	delete(c.lockedBy, c.server)
	if c.encrypted {
		c.key = 0
	}
	return nil, nil
}

// deployConfiguration knows no platform but itself.
func (c *call) deployConfiguration() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	target := c.body.Text("urlRoot")
	if target == "" {
		target = "https://localhost:9443"
	}
	if target != c.URL {
		slots := strings.NewReplacer("{userId}", "{0}", "{serverName}", "{1}")
		if c.release.bearers() {
			slots = strings.NewReplacer("{serverName}", "{0}")
		}
		path := target + c.release.path(operation{path: document + "/configuration"})
		text := "CLIENT-SIDE-REST-API-CONNECTOR-503-002 A client-side exception org.springframework.web.client.ResourceAccessException was received" +
			" by method setOMAGServerConfig from API call " + slots.Replace(path) +
			" to server <*> on platform " + target + ".  The error message was I/O error on POST request for \"" +
			strings.NewReplacer("{userId}", c.user, "{serverName}", c.server).Replace(path) + "\": Connection refused"
		f := misconfigured(unreachable, "setOMAGServerConfig", target, text).during("setOMAGServerConfig")
		f.cause = "org.odpi.openmetadata.adapters.connectors.restclients.ffdc.exceptions.RESTServerException"
		return nil, f
	}
	return nil, c.deploy(doc)
}

// listConfigurations leaves out the documents of other versions.
func (c *call) listConfigurations() (fakehttp.Object, *failure) {
	if c.encrypted && c.keys == 0 {
		const text = "ENCRYPTED-DOC-STORE-400-014  Unable to retrieve the encrypted configuration files; exception was java.nio.file." +
			"NoSuchFileException with message data/servers, while attempting access file data/servers/null/config/null.config"
		return nil, c.listFailure(text)
	}
	var docs []fakehttp.Object
	for _, name := range slices.Sorted(maps.Keys(c.documents)) {
		if lost := c.lost(name); lost != "" {
			return nil, c.listFailure(lost)
		}
		if doc := c.documents[name]; doc.Text("versionId") == c.release.documentVersion() {
			docs = append(docs, withDefaults(doc))
		}
	}
	return listed("omagserverConfigs", docs), nil
}

// Document is the stored configuration document of a server, or nil.
func (s *Server) Document(server string) json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	doc, ok := s.documents[server]
	if !ok {
		return nil
	}
	return fakehttp.Raw(doc)
}

// SetDocument stores a configuration document as it is, whatever it says. SetDocument panics if it is no JSON object.
func (s *Server) SetDocument(server string, document []byte) {
	var doc fakehttp.Object
	if err := json.Unmarshal(document, &doc); err != nil || doc == nil {
		panic("egeriatest: a configuration document must be a JSON object")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.documents[server] = doc
	delete(s.lockedBy, server)
}

// Groups are the integration groups in the stored document of a server, in their order.
func (s *Server) Groups(server string) []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []json.RawMessage
	for _, g := range groupsOf(s.documents[server]) {
		out = append(out, fakehttp.Raw(g))
	}
	return out
}

// AuditTrail is the audit trail in the stored document of a server: one line for each change.
func (s *Server) AuditTrail(server string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(auditTrail(s.documents[server]))
}
