package api

import "encoding/json"

// ServerStatusReply tells when a server has run.
type ServerStatusReply struct {
	// Envelope is part of each reply.
	Envelope

	// Status tells when the server has run. It is nil in a failure.
	Status *ServerStatus `json:"serverStatus,omitempty"`
}

// UnmarshalJSON implements [json.Unmarshaler]. It reads both forms of the reply: 4.x writes the members of the status beside those of the envelope.
func (r *ServerStatusReply) UnmarshalJSON(b []byte) error {
	type plain ServerStatusReply
	*r = ServerStatusReply{}
	if err := json.Unmarshal(b, (*plain)(r)); err != nil {
		return err
	}
	if r.ExceptionClassName != "" || r.RelatedHTTPCode != 200 {
		r.Status = nil // 4.x says "active" of servers that never ran
		return nil
	}
	if r.Status != nil {
		return nil
	}
	var flat ServerStatus
	if err := json.Unmarshal(b, &flat); err != nil {
		return err
	}
	if flat.ServerName != "" {
		r.Status = &flat
	}
	return nil
}

// UnmarshalJSON implements [json.Unmarshaler]. It reads the active of 4.x as isActive.
func (s *ServerStatus) UnmarshalJSON(b []byte) error {
	type plain ServerStatus
	var both struct {
		plain
		Active bool `json:"active"`
	}
	if err := json.Unmarshal(b, &both); err != nil {
		return err
	}
	*s = ServerStatus(both.plain)
	s.Active = s.Active || both.Active
	return nil
}
