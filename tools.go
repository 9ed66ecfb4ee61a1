//go:build tools

// Package sdk pins the code generator, so that go.mod holds its version and every checkout generates the same bytes.
package sdk

import _ "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"
