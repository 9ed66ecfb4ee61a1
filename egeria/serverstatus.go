package egeria

import "github.com/integrations-go/sdk/internal/core"

// serverStatusResponse has the status of a server. Its members are beside those of the envelope.
type serverStatusResponse struct {
	// Envelope is part of each response.
	Envelope

	// Status has the times at which the server started and stopped. It is nil after a failure.
	Status *ServerStatus `json:"-"`
}

// UnmarshalJSON implements [json.Unmarshaler].
func (r *serverStatusResponse) UnmarshalJSON(b []byte) error {
	*r = serverStatusResponse{}
	odd := core.UnmarshalLenient(b, &r.Envelope)
	if odd != nil && !core.OddType(odd) {
		return odd
	}
	if !r.OK() {
		return nil // a failure has "active" also for servers that never ran
	}
	var status ServerStatus
	if err := core.UnmarshalLenient(b, &status); err != nil {
		return err
	}
	if status.ServerName != "" {
		r.Status = &status
	}
	return nil
}
