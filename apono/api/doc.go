// Package api holds the models of Apono's public API for integrations, admin v4 and v2, for the catalog (v2), for
// resources, permissions and user tags (v3), and for connectors (admin v3 and v2), with a plain client for all their
// operations.
//
// The package follows the vendor's specification one to one and is generated from specs/apono.yaml; only [Config],
// [SecretStore], [FlatSecretStore], [Time], [Optional], [Status] and a few methods are written by hand. What belongs to
// v2 where a newer generation exists bears the suffix V2. When the specification changes, names here may change in a minor
// release. Package apono hides such changes where it can and is what most programs should use.
//
// The Client that the method API of apono's client returns sends its requests through the same transport: they are
// authenticated, limited and retried like all others. What comes back is the bare [http.Response], whatever its status;
// the caller reads and closes its body.
//
// The plain client checks little. Path values must not be empty, "." or "..", which lead to another path.
//
// In a request a required member is always sent, and never as null: a nil [Config], map or slice is sent empty. An
// [Optional] is left out, null, or has a value. Other optional members are left out when they have their zero value.
// Optional query parameters are pointers, or slices, which are left out when they are empty and whose elements are
// repeated keys otherwise.
//
// Responses decode leniently. Null and absent are the zero value: "", a nil pointer, slice or map, a Time that IsZero.
package api
