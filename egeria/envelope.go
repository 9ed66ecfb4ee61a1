package egeria

// Envelope has the common members of every JSON response: the outcome and, after a failure, its
// reason. A response with HTTP status 200 may report a failure.
//
// Responses embed Envelope. Therefore it has no methods that package json or fmt calls: they would
// replace the response's own methods.
type Envelope struct {
	// Class is the type of the response, for example VoidResponse.
	Class string `json:"class,omitempty"`
	// RequestID is the ID of the request on the server. Only later releases of 6.x have
	// it.
	RequestID string `json:"requestId,omitempty"`
	// RelatedHTTPCode is the HTTP status of the outcome. 200 is success.
	RelatedHTTPCode int `json:"relatedHTTPCode,omitempty"`
	// ExceptionClassName is the Java class of the failure. Its package differs between
	// releases, but its simple name is the same.
	ExceptionClassName string `json:"exceptionClassName,omitempty"`
	// ExceptionSubclassName is the Java class of a more specific failure. Only 6.x has
	// it.
	ExceptionSubclassName string `json:"exceptionSubclassName,omitempty"`
	// ExceptionCausedBy is the Java class of the cause of the failure.
	ExceptionCausedBy string `json:"exceptionCausedBy,omitempty"`
	// ActionDescription is the operation during which the failure occurred.
	ActionDescription string `json:"actionDescription,omitempty"`
	// ExceptionErrorMessage describes the failure: the ID of the message, a blank, and
	// the text.
	ExceptionErrorMessage string `json:"exceptionErrorMessage,omitempty"`
	// ExceptionErrorMessageID is the ID of the message. Some releases leave it out.
	ExceptionErrorMessageID string `json:"exceptionErrorMessageId,omitempty"`
	// ExceptionErrorMessageParameters are the values in the message. A null value becomes
	// "".
	ExceptionErrorMessageParameters []string `json:"exceptionErrorMessageParameters,omitempty"`
	// ExceptionSystemAction describes the server's reaction to the failure.
	ExceptionSystemAction string `json:"exceptionSystemAction,omitempty"`
	// ExceptionUserAction describes how the caller can solve the problem.
	ExceptionUserAction string `json:"exceptionUserAction,omitempty"`
	// ExceptionProperties are further details of the failure.
	ExceptionProperties Object `json:"exceptionProperties,omitempty"`
}

// OK reports whether the response is a success: its code is 200, and there is no exception.
func (e Envelope) OK() bool { return e.RelatedHTTPCode == 200 && e.ExceptionClassName == "" }
