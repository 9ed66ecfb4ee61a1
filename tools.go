//go:build generate

// Code generation starts here. go generate sets the build tag. Builds don't, so they never see this
// file.
//
// go generate ./... runs the lines below in the root of the repository. Each runs a program of the
// module internal/tools (-C), whose go.mod pins the version of the generator. Paths are relative to
// internal/tools. The generator writes zz_generated.raw, and docs converts it to zz_generated.go.
// If one of them fails, zz_generated.go stays unchanged.

package sdk

//go:generate go -C internal/tools tool oapi-codegen -config ../../specs/apono.codegen.yaml ../../specs/apono.yaml
//go:generate go -C internal/tools run ./docs ../../specs/apono.yaml ../../apono/zz_generated.raw ../../apono/zz_generated.go
//go:generate go -C internal/tools tool oapi-codegen -config ../../specs/confluent.codegen.yaml ../../specs/confluent.yaml
//go:generate go -C internal/tools run ./docs ../../specs/confluent.yaml ../../confluent/zz_generated.raw ../../confluent/zz_generated.go
//go:generate go -C internal/tools tool oapi-codegen -config ../../specs/egeria.codegen.yaml ../../specs/egeria.yaml
//go:generate go -C internal/tools run ./docs ../../specs/egeria.yaml ../../egeria/zz_generated.raw ../../egeria/zz_generated.go
//go:generate go -C internal/tools run ./operations ../../specs ../contract/specified/zz_generated.go
