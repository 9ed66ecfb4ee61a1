package api

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config ../../specs/apono.codegen.yaml ../../specs/apono.yaml
