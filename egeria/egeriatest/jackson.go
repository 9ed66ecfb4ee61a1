package egeriatest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// jsonError is an error of the platform's JSON reader. 6.x sends it.
type jsonError struct{ exception, text string }

const (
	javaProperties = "org.odpi.openmetadata.adminservices.configuration.properties."

	typeIDError   = "com.fasterxml.jackson.databind.exc.InvalidTypeIdException"
	mismatchError = "com.fasterxml.jackson.databind.exc.MismatchedInputException"
	parseError    = "com.fasterxml.jackson.core.JsonParseException"
	endError      = "com.fasterxml.jackson.core.io.JsonEOFException"
)

// siblings are the sibling classes of a class in the hierarchy of the platform.
var siblings = map[string][]string{groupClass: {"EngineConfig", groupClass, "ViewServiceConfig"}}

// readError returns the error in the body of an operation, nil if the platform treats the body as
// absent.
func (op operation) readError(payload []byte) *jsonError {
	payload = bytes.TrimSpace(payload)
	object, list := bytes.HasPrefix(payload, []byte("{")), bytes.HasPrefix(payload, []byte("["))
	class := javaProperties + op.takes
	switch {
	case string(payload) == "null" || len(payload) == 0:
		return nil
	case !json.Valid(payload) && list:
		return &jsonError{endError,
			"Unexpected end-of-input: expected close marker for Array (start marker at [Source: REDACTED " +
				"(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1])"}
	case !json.Valid(payload) && op.takes != "":
		return &jsonError{parseError, "Unexpected end-of-input within/between Object entries"}
	case !json.Valid(payload):
		return &jsonError{endError, "Unexpected end-of-input within/between Object entries"}
	case op.body == jsonList && !list:
		return &jsonError{mismatchError, "Cannot deserialize value of type `java.util.ArrayList<" + class +
			">` from Object value (token `JsonToken.START_OBJECT`)"}
	case op.body == jsonObject && list:
		return &jsonError{mismatchError,
			"Unexpected token (START_OBJECT), expected VALUE_STRING: need String, Number of Boolean value that " +
				"contains type id (for subtype of " + class + ")"}
	case object:
		return op.memberError(payload)
	}
	var items []json.RawMessage
	_ = json.Unmarshal(payload, &items) // empty by default
	for _, item := range items {
		if string(item) != "null" {
			if problem := op.memberError(item); problem != nil {
				return problem
			}
		}
	}
	return op.memberError([]byte("{}"))
}

// memberError returns the error in the members of an object.
func (op operation) memberError(object []byte) *jsonError {
	var members fakehttp.Object
	_ = json.Unmarshal(object, &members) // empty by default
	class := members.Text("class")
	java := javaProperties + op.takes
	switch {
	case members.Null("class"):
		return &jsonError{typeIDError, "Could not resolve subtype of [simple type, class " + java +
			"]: missing type id property 'class'"}
	case class != op.takes && slices.Contains(siblings[op.takes], class):
		return &jsonError{typeIDError, "Could not resolve type id '" + class + "' as a subtype of `" + java +
			"`: Class `" +
			javaProperties + class + "` not subtype of `" + java + "`"}
	case class != op.takes && op.takes != "":
		known := siblings[op.takes]
		if known == nil {
			known = []string{op.takes}
		}
		return &jsonError{typeIDError, "Could not resolve type id '" + class + "' as a subtype of `" + java +
			"`: known type ids = [" +
			strings.Join(known, ", ") + "]"}
	}
	for _, name := range groupMembers {
		if bytes.HasPrefix(members[name], []byte("{")) {
			return &jsonError{mismatchError,
				"Cannot deserialize value of type `java.lang.String` from Object value (token " +
					"`JsonToken.START_OBJECT`)\"" + name + "\"])"}
		}
	}
	return nil
}

// bean returns the response to a body with this error.
func (e *jsonError) bean() fakehttp.Response {
	return fakehttp.JSON(http.StatusBadRequest, map[string]any{
		"class": "FFDCResponseBase", "relatedHTTPCode": http.StatusBadRequest, "exceptionClassName": e.exception,
		"exceptionErrorMessage": e.text, "exceptionSystemAction": refused,
		"exceptionUserAction": "Send JSON of the right type.",
	})
}

// unreadable returns the response to a call with an invalid body or invalid parameters.
func (s *Server) unreadable(r *fakehttp.Request, op operation, status int) fakehttp.Response {
	if s.release.bearers() && status == http.StatusBadRequest && op.body != noBody && op.body != anyText {
		if problem := op.readError(r.Payload); problem != nil {
			return s.uncached(problem.bean())
		}
	}
	return s.uncached(s.refusal(r.Request, status))
}
