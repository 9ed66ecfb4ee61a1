// Package contract tests the common promises of all vendor packages: iterators, errors, retries,
// credentials, responses, tokens, limits and logs. Each vendor has an adapter, a value of type
// vendor, which describes its calls and responses.
package contract
