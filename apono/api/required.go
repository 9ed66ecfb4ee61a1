package api

import "github.com/integrations-go/sdk/internal/oneof"

// The API wants a list or an object in required members, where a nil slice or map would be null.

// MarshalJSON implements [json.Marshaler]. A nil AttributeValue is [].
func (o OwnerReference) MarshalJSON() ([]byte, error) {
	type plain OwnerReference
	if o.AttributeValue == nil {
		o.AttributeValue = []string{}
	}
	return oneof.Encode(plain(o))
}

// MarshalJSON implements [json.Marshaler]. A nil Tags is {}.
func (u UserTagsUpdate) MarshalJSON() ([]byte, error) {
	type plain UserTagsUpdate
	if u.Tags == nil {
		u.Tags = map[string]string{}
	}
	return oneof.Encode(plain(u))
}

// MarshalJSON implements [json.Marshaler]. A nil Parameters is {}.
func (s AponoSecret) MarshalJSON() ([]byte, error) {
	type plain AponoSecret
	if s.Parameters == nil {
		s.Parameters = map[string]string{}
	}
	return oneof.Encode(plain(s))
}
