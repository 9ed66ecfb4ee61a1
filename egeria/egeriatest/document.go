package egeriatest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// groupList is the member of a document with the integration groups.
const groupList = "dynamicIntegrationGroupsConfig"

// documentMembers are the members of a document that all releases know.
var documentMembers = []string{
	"class", "versionId", "localServerId", "localServerName", "organizationName", "localServerDescription",
	"localServerURL",
	"localServerUserId", "maxPageSize", "serverSecurityConnection", "eventBusConfig", "accessServicesConfig", groupList,
	"viewServicesConfig", "repositoryServicesConfig", "conformanceSuiteConfig", "auditTrail",
}

// knownDocument returns the members of a document that the release knows.
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
		"localServerType", "localServerPassword", "integrationServicesConfig", "engineHostServicesConfig",
		"openLineageServerConfig",
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

// stored returns a copy of the stored document of the call's server, with defaults, or a default
// document.
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
	return c.withDefaults(doc), nil
}

// withDefaults returns a copy of a document with the defaults of the platform.
func (s *Server) withDefaults(doc fakehttp.Object) fakehttp.Object {
	out := fakehttp.Object{
		"localServerURL": fakehttp.Raw("https://localhost:9443"), "localServerUserId": fakehttp.Raw("OMAGServer"),
		"maxPageSize": fakehttp.Raw(1000),
	}
	if s.release.since("5.0") {
		out["localServerURL"] = fakehttp.Raw(s.release.placeholder("egeriaEndpoint"))
	}
	if s.release.bearers() {
		out["secretsStoreProvider"] = fakehttp.Raw(yamlStore + "Provider")
	}
	maps.Copy(out, doc)
	return out
}

func (c *call) defaultDocument() fakehttp.Object {
	doc := fakehttp.Object{
		"class": fakehttp.Raw(documentClass), "versionId": fakehttp.Raw(c.release.documentVersion()),
		"localServerName": fakehttp.Raw(c.server),
	}
	if !c.release.bearers() {
		doc["localServerId"] = fakehttp.Raw(newUUID())
	}
	if !c.release.since("5.0") {
		doc["localServerType"] = fakehttp.Raw("Open Metadata and Governance Server")
	}
	return c.withDefaults(doc)
}

// change edits and stores the document. It adds a line to its audit trail.
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

// save stores a document, encrypted if the server encrypts documents.
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
	c.saved = true
}

// lost returns the reason why a document can no longer be read, and "" if it can.
func (s *Server) lost(server string) string {
	switch key, locked := s.lockedBy[server]; {
	case !s.encrypted || !locked || key == s.key:
		return ""
	case s.key == 0:
		return "ENCRYPTED-DOC-STORE-400-011  Unable to find any keys defined for decrypting the configuration."
	}
	return "ENCRYPTED-DOC-STORE-400-003  Unable to read encrypted configuration file; exception was " +
		"java.security.GeneralSecurityException" +
		" with message decryption failed"
}

const storeException = "org.odpi.openmetadata.frameworks.connectors.ffdc.OCFRuntimeException"

func (c *call) storeFailure(text string) *failure {
	f := misconfigured(unexpectedInAdmin, c.server, c.op.action, storeException, text)
	f.cause = storeException
	return f
}

// noDirectory returns the failure to list documents on a platform that never stored one.
func (c *call) noDirectory() *failure {
	exception := "org.odpi.openmetadata.frameworks.openmetadata.ffdc.OMFRuntimeException"
	if !c.release.since("5.3") {
		exception = storeException
	}
	const text = "FILE-DOC-STORE-400-001 Unable to retrieve the configuration files; exception was " +
		"java.nio.file.NoSuchFileException with " +
		"message data/servers, while attempting access file data/servers/null/config/null.config"
	f := misconfigured(unexpectedInPlatform5, c.op.action, exception, text)
	if c.release.bearers() {
		f = &failure{message: unexpected, kind: propertyServer, params: []any{exception, c.op.action, text}}
	}
	f.cause = exception
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
	_ = json.Unmarshal(doc["auditTrail"], &lines) // empty by default
	return lines
}

// groupsOf returns the groups in a document, and nil if it has no list.
func groupsOf(doc fakehttp.Object) (list []fakehttp.Object) {
	_ = json.Unmarshal(doc[groupList], &list) // nil by default
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

// getResolved returns a document with the values of [WithPlaceholders]. Other placeholders are
// unchanged.
func (c *call) getResolved() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	return fakehttp.Object{"omagserverConfig": c.resolve(doc)}, nil
}

// resolve returns a document with the values of placeholders. egeriaEndpoint is the URL of the
// platform, unless it has another value.
func (s *Server) resolve(doc fakehttp.Object) json.RawMessage {
	text := string(fakehttp.Raw(doc))
	for name, value := range s.placeholderValues() {
		quoted := string(fakehttp.Raw(value))
		text = strings.ReplaceAll(text, s.release.placeholder(name), quoted[1:len(quoted)-1])
	}
	return json.RawMessage(text)
}

func (c *call) setConfiguration() (fakehttp.Object, *failure) {
	return nil, c.deploy(c.body)
}

// deploy stores a whole document.
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

// listConfigurations omits documents of other versions.
func (c *call) listConfigurations() (fakehttp.Object, *failure) {
	if c.encrypted && c.keys == 0 {
		const text = "ENCRYPTED-DOC-STORE-400-014  Unable to retrieve the encrypted configuration files; exception " +
			"was java.nio.file." +
			"NoSuchFileException with message data/servers, while attempting access file " +
			"data/servers/null/config/null.config"
		return nil, c.listFailure(text)
	}
	if !c.saved && c.release.since("5.0") {
		return nil, c.noDirectory()
	}
	var docs []fakehttp.Object
	for _, name := range slices.Sorted(maps.Keys(c.documents)) {
		if lost := c.lost(name); lost != "" {
			return nil, c.listFailure(lost)
		}
		if doc := c.documents[name]; doc.Text("versionId") == c.release.documentVersion() {
			docs = append(docs, c.withDefaults(doc))
		}
	}
	return listed("omagserverConfigs", docs), nil
}

// Document returns the stored configuration document of a server, or nil.
func (s *Server) Document(server string) json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	doc, ok := s.documents[server]
	if !ok {
		return nil
	}
	return fakehttp.Raw(doc)
}

// SetDocument stores a configuration document unchanged. It panics if document is not a JSON
// object.
func (s *Server) SetDocument(server string, document []byte) {
	doc, ok := fakehttp.ParseObject(document)
	if !ok {
		panic(s.http.Misuse("egeriatest: a configuration document must be a JSON object"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.documents[server] = doc
	s.saved = true
	delete(s.lockedBy, server)
}

// Groups returns the integration groups in the stored document of a server, in their order.
func (s *Server) Groups(server string) []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []json.RawMessage
	for _, g := range groupsOf(s.documents[server]) {
		out = append(out, fakehttp.Raw(g))
	}
	return out
}

// AuditTrail returns the audit trail in the stored document of a server: one line for each change.
func (s *Server) AuditTrail(server string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(auditTrail(s.documents[server]))
}
