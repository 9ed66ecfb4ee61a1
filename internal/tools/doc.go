// Package tools holds the tests that need the code generator or kin-openapi. Its module pins the
// generator and has the programs that tools.go runs. The SDK doesn't require this module, so no
// consumer has its dependencies.
//
// Run the tests with
//
//	go -C internal/tools test -count=1 ./...
//
// because the test cache doesn't notice changes outside of the module, for example in specs.
package tools
