package api

// Envelope is what every JSON reply carries: how it went, and why not. A reply with HTTP status 200 may tell of a failure. Replies embed it, so it has no methods that package json
// or package fmt calls: they would take the place of those of the reply.
type Envelope struct {
	// Class is the type of the reply, for example VoidResponse.
	Class string `json:"class,omitempty"`
	// RequestID is the id that the server has given to the request. Only later releases of 6.x have it.
	RequestID string `json:"requestId,omitempty"`
	// RelatedHTTPCode is the status that says how it went. 200 is a success.
	RelatedHTTPCode int `json:"relatedHTTPCode,omitempty"`
	// ExceptionClassName is the Java class of the failure. Its package differs between releases; the simple name does not.
	ExceptionClassName string `json:"exceptionClassName,omitempty"`
	// ExceptionSubclassName is the Java class of a special kind of failure. Only 6.x has it.
	ExceptionSubclassName string `json:"exceptionSubclassName,omitempty"`
	// ExceptionCausedBy is the Java class of what caused the failure.
	ExceptionCausedBy string `json:"exceptionCausedBy,omitempty"`
	// ActionDescription is what the server was doing.
	ActionDescription string `json:"actionDescription,omitempty"`
	// ExceptionErrorMessage is what went wrong: the id of the message, a blank, and the text.
	ExceptionErrorMessage string `json:"exceptionErrorMessage,omitempty"`
	// ExceptionErrorMessageID is the id of the message. Some releases leave it out.
	ExceptionErrorMessageID string `json:"exceptionErrorMessageId,omitempty"`
	// ExceptionErrorMessageParameters are the values in the message; one that is null is "".
	ExceptionErrorMessageParameters []string `json:"exceptionErrorMessageParameters,omitempty"`
	// ExceptionSystemAction is what the server has done about it.
	ExceptionSystemAction string `json:"exceptionSystemAction,omitempty"`
	// ExceptionUserAction is what the caller can do about it.
	ExceptionUserAction string `json:"exceptionUserAction,omitempty"`
	// ExceptionProperties is more about the failure.
	ExceptionProperties Object `json:"exceptionProperties,omitempty"`
}

// OK reports whether the reply tells of a success: the code 200, and no exception.
func (e Envelope) OK() bool { return e.RelatedHTTPCode == 200 && e.ExceptionClassName == "" }
