package apono

import "github.com/integrations-go/sdk/internal/oneof"

// Required members must be lists or objects. A nil slice or map would be encoded as null.

// MarshalJSON implements [json.Marshaler]. A nil AttributeValue is encoded as [].
func (o OwnerReference) MarshalJSON() ([]byte, error) {
	type plain OwnerReference
	if o.AttributeValue == nil {
		o.AttributeValue = []string{}
	}
	return oneof.Encode(plain(o))
}

// MarshalJSON implements [json.Marshaler]. A nil Tags is encoded as {}.
func (u userTagsUpdate) MarshalJSON() ([]byte, error) {
	type plain userTagsUpdate
	if u.Tags == nil {
		u.Tags = map[string]string{}
	}
	return oneof.Encode(plain(u))
}

// plainAponoSecret is an AponoSecret whose JSON has the values of the parameters.
type plainAponoSecret AponoSecret

// MarshalJSON implements [json.Marshaler]. A nil Parameters is encoded as {}.
func (s plainAponoSecret) MarshalJSON() ([]byte, error) {
	type plain plainAponoSecret
	if s.Parameters == nil {
		s.Parameters = map[string]string{}
	}
	return oneof.Encode(plain(s))
}
