package egeriatest

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// message is the text of a failure. {0}, {1} and so on are its parameters.
type message struct {
	code         int
	id, text     string
	system, user string // actions of the server and the caller, in the words of this package
}

// kind is the kind of a failure. It determines the class of its exception.
type kind int

const (
	invalidParameter kind = iota
	propertyServer
	configurationError
	notAuthorized
)

// failure is the reason why an operation failed. The platform sends it with status 200.
type failure struct {
	message
	kind       kind
	params     []any  // strings, and nil for null
	action     string // what the server was doing, if not the operation itself
	cause      string // Java class of its cause
	properties map[string]string
	beside     fakehttp.Object // members of the response besides the failure
}

func invalid(m message, params ...any) *failure {
	return &failure{message: m, kind: invalidParameter, params: params}
}

func misconfigured(m message, params ...any) *failure {
	return &failure{message: m, kind: configurationError, params: params}
}

// during sets the action of the server at the time of the failure.
func (f *failure) during(action string) *failure {
	f.action = action
	return f
}

// exception returns the Java class that a release reports. In releases without tokens, messages of
// the administration services have other classes.
func (f *failure) exception(r release) string {
	const adminPackage = "org.odpi.openmetadata.adminservices.ffdc.exception."
	name := map[kind]string{
		invalidParameter: "InvalidParameterException", propertyServer: "PropertyServerException",
		configurationError: "ConfigurationErrorException",
		notAuthorized:      "UserNotAuthorizedException",
	}[f.kind]
	switch {
	case f.kind == configurationError, !r.bearers() && strings.HasPrefix(f.id, "OMAG-ADMIN-"):
		return adminPackage + "OMAG" + name
	case r.since("5.3"):
		return "org.odpi.openmetadata.frameworks.openmetadata.ffdc." + name
	}
	return "org.odpi.openmetadata.frameworks.connectors.ffdc." + name
}

// sentence returns the text with ID and parameters.
func (f *failure) sentence() string {
	var pairs []string
	for i, value := range f.params {
		text := "null"
		if value != nil {
			text = fmt.Sprint(value)
		}
		pairs = append(pairs, "{"+strconv.Itoa(i)+"}", text)
	}
	return f.id + " " + strings.NewReplacer(pairs...).Replace(f.text)
}

// members returns the members of a response that describe the failure.
func (f *failure) members(op operation, r release) fakehttp.Object {
	o := fakehttp.Object{}
	maps.Copy(o, f.beside)
	action := f.action
	if action == "" {
		action = op.action
	}
	for name, value := range map[string]string{
		"actionDescription": action, "exceptionClassName": f.exception(r), "exceptionCausedBy": f.cause,
		"exceptionErrorMessage": f.sentence(), "exceptionErrorMessageId": f.id,
		"exceptionSystemAction": f.system, "exceptionUserAction": f.user,
	} {
		if value != "" {
			o[name] = fakehttp.Raw(value)
		}
	}
	o["relatedHTTPCode"] = fakehttp.Raw(f.code)
	if len(f.params) > 0 {
		o["exceptionErrorMessageParameters"] = fakehttp.Raw(f.params)
	}
	properties := f.properties
	if r.bearers() {
		o["exceptionSubclassName"] = o["exceptionClassName"]
		if name := faultyParameters[f.id]; properties == nil && name != "" {
			properties = map[string]string{"parameterName": name}
		}
	}
	if properties != nil {
		o["exceptionProperties"] = fakehttp.Raw(properties)
	}
	return o
}

const (
	unchanged  = "The configuration document stays as it was."
	notStarted = "The server is not started."
	refused    = "The request fails."
	lookAround = "Look for other errors, and validate the request."
)

// faultyParameters are the names of faulty parameters by message, since 6.0.
var faultyParameters = map[string]string{
	nullName.id:             "serverName",
	wrongName.id:            "serverName",
	noRepositoryServices.id: javaProperties + documentClass,
	noDocument.id:           javaProperties + documentClass,
	noServices.id:           javaProperties + documentClass,
	badPageSize.id:          "maxPageSize",
	wrongVersion.id:         "versionId",
	noProperty.id:           "integrationGroupConfig." + groupName,
	noServerType.id:         "org.odpi.openmetadata.adminservices.configuration.registration.ServerTypeClassification",
	noRootURL.id:            "omagServerServiceRootURL",
	noSecretsStore.id:       "secrets store",
}

var (
	nullName = message{
		http.StatusBadRequest, "OMAG-ADMIN-400-001", "OMAG server has been called with a null local server name",
		refused, "Send a secrets store, or add one to the configuration document.",
	}
	wrongName = message{
		http.StatusBadRequest, "OMAG-ADMIN-400-002",
		"OMAG Server Platform was requested to start OMAG Server {0} but the configuration" +
			" document retrieved for it has the server name set to {1}",
		refused, "Send the document of the server that the path names.",
	}
	noRepositoryServices = message{
		http.StatusBadRequest, "OMAG-ADMIN-400-010",
		"The OMAG server {0} has been passed a configuration document with no open metadata repository services " +
			"configuration",
		notStarted, "Add an audit log destination to the configuration document.",
	}
	noDocument = message{
		http.StatusBadRequest, "OMAG-ADMIN-400-011", "No configuration document was found for OMAG server {0}",
		notStarted, "Build up a configuration document for the server.",
	}
	badPageSize = message{
		http.StatusBadRequest, "OMAG-ADMIN-400-014",
		"The OMAG server {0} has been passed an invalid maximum page size of {1}",
		unchanged, "Send 0, which is no limit, or a positive number.",
	}
	noServices = message{
		http.StatusBadRequest, "OMAG-ADMIN-400-019",
		"OMAG server {0} has been called with a configuration document that has no services configured",
		notStarted, "Add services, such as integration groups, to the configuration document.",
	}
	wrongVersion = message{
		http.StatusBadRequest, "OMAG-ADMIN-400-023",
		"The configuration document for OMAG server {0} is at version {1}" +
			" which is not compatible with this OMAG Server Platform which supports versions {2}",
		"The document is not used.", "Migrate the configuration document, or delete it and start over.",
	}
	noProperty = message{
		http.StatusBadRequest, "OMAG-ADMIN-400-032",
		"The supplied configuration for server {0} was not accepted because there is no value provided for property " +
			"{1}",
		unchanged, "Send a value for the property.",
	}
	noServerType = message{
		http.StatusBadRequest, "OMAG-ADMIN-400-035",
		"Unable to classify the type of server for OMAG server {0} from its configuration document",
		notStarted, "Add services or a repository to the configuration document.",
	}
	noRootURL = message{
		http.StatusBadRequest, "OMAG-ADMIN-400-039",
		"The {0} service of OMAG server {1} has been configured with a null root URL for its remote OMAG Server",
		unchanged, "Send the root URL of the platform that the metadata server runs on.",
	}
	noSecretsStore = message{
		http.StatusBadRequest, "OMAG-ADMIN-400-041",
		"The connection passed to the {0} method does not describe a valid connector.  Connection object is: {1}.  " +
			"The resulting exception" +
			" {2} had message of {3}, system action of {4} and user action of {5}",
		"The other properties are stored.", "Send all three values of the secrets store.",
	}
	unexpectedInAdmin = message{
		http.StatusInternalServerError, "OMAG-ADMIN-500-001",
		"Method {1} for OMAG server {0} returned an unexpected exception of {2} with message {3}", refused, lookAround,
	}
	unexpectedInPlatform = message{
		http.StatusInternalServerError, "OMAG-ADMIN-500-002",
		"Method {0} returned an unexpected exception of {1} with message {2}", refused, lookAround,
	}
	// The text since 5.0.
	unexpectedInPlatform5 = message{
		http.StatusInternalServerError, "OMAG-ADMIN-500-002",
		"Method {0} returned an unexpected {1} exception with message {2}", refused, lookAround,
	}
	unexpected = message{
		http.StatusBadRequest, "OMAG-COMMON-400-016",
		"An unexpected {0} exception was caught by {1}; error message was {2}", refused, lookAround,
	}
	unreachable = message{
		http.StatusServiceUnavailable, "OMAG-ADMIN-503-001",
		"A client-side exception was received from API call {0} to OMAG Server Platform at {1}.  The error message " +
			"was {2}",
		"The document is not sent.", "Check that the other platform is running, and that its URL is right.",
	}
	metadataUnreachable = message{
		http.StatusServiceUnavailable, "OMAG-COMMON-503-001",
		"A client-side exception was received from API call {0} to OMAG Server {1} at {2}.  The error message was {3}",
		refused, "Check that the metadata server is running, and that its URL is right.",
	}
	unknownUser = message{
		http.StatusForbidden, "OPEN-METADATA-SECURITY-403-017", "User {0} is not recognized",
		refused, "Send the ID of a user with an account.",
	}
	notRunning = message{
		http.StatusNotFound, "OMAG-MULTI-TENANT-404-001",
		"The OMAG Server {0} is not available to service a request from user {1}",
		refused, "Check the name of the server and the platform that it is to run on, and start it.",
	}
	noSuchService = message{
		http.StatusNotFound, "OMAG-MULTI-TENANT-404-002",
		"The {0} service is not available on OMAG Server {1} to handle a request from user {2}",
		refused, "Call a server that is configured to run the service.",
	}
	noSuchConnector = message{
		http.StatusBadRequest, "INTEGRATION-DAEMON-SERVICES-400-031",
		"Integration connector named {0} is not running in the integration daemon {1}",
		refused, "Send the name of a connector that the daemon is running.",
	}
	noDefinition = message{
		http.StatusBadRequest, "INTEGRATION-DAEMON-SERVICES-400-032",
		"Properties for integration group called {0} have not been returned by open metadata server {1} to the " +
			"integration daemon services" +
			" in server {2}",
		"The group does not run.", "Add the group to the metadata server.",
	}
	noSuchGroup = message{
		http.StatusBadRequest, "INTEGRATION-DAEMON-SERVICES-400-034",
		"Integration group named {0} is not running in the integration daemon {1}",
		refused, "Send the name of a group that the daemon is running.",
	}
)

// crash returns the failure after a null pointer in the server.
func (c *call) crash(text string) *failure {
	const nullPointer = "java.lang.NullPointerException"
	f := &failure{message: unexpected, kind: propertyServer, cause: nullPointer, params: []any{nullPointer, c.op.action,
		text}}
	if c.op.administration() && !c.release.bearers() {
		f.message, f.kind, f.params = unexpectedInAdmin, configurationError, []any{c.server, c.op.action, nullPointer,
			text}
	}
	return f
}

func (c *call) notRunning() *failure {
	f := invalid(notRunning, c.server, c.user)
	f.properties = map[string]string{"parameterName": "serverName", "serverName": c.server}
	return f
}
