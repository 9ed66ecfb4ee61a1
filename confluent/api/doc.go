// Package api holds the models of Confluent Cloud's Provider Integration Management API, versions pim/v1 and pim/v2,
// and of the token exchange of its Security Token Service, sts/v1, with a plain client for all their operations.
//
// The package follows the vendor's specification one to one and is generated from specs/confluent.yaml; only [Config]
// and a few methods are written by hand. When the specification changes, names here may change in a minor release. Package confluent
// hides such changes where it can and is what most programs should use.
//
// The Client that the method API of confluent's client returns sends its requests through the same transport: they are
// authenticated, limited and retried like all others. What comes back is the bare [http.Response], whatever its status;
// the caller reads and closes its body.
//
// The plain client checks little. Path values must not be empty, "." or "..", which lead to another path; params must
// not be nil where an operation has required query parameters.
//
// Optional members of a body are left out when they have their zero value. Required members are always sent. Members
// that only the server sets are missing from the request types. Optional query parameters are pointers.
package api
