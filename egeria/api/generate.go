package api

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config ../../specs/egeria.codegen.yaml ../../specs/egeria.yaml
