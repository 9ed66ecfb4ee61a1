package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../../.."

func TestPageIsCurrent(t *testing.T) {
	want, err := index(root)
	require.NoError(t, err)
	got, err := os.ReadFile(root + "/docs/api.md")
	require.NoError(t, err)
	wanted, have := strings.Split(want, "\n"), strings.Split(strings.ReplaceAll(string(got), "\r\n", "\n"), "\n")
	for i, line := range wanted {
		if i >= len(have) || line != have[i] {
			require.Failf(t, "docs/api.md is not current", "its line %d must be %q\n"+
				"in the root, run: go -C internal/tools run ./apiindex ../.. ../../docs/api.md", i+1, line)
		}
	}
	assert.Len(t, have, len(wanted), "docs/api.md has more lines")
}

func TestMethodsHaveTheirOperationsAndExamples(t *testing.T) {
	methods, err := load(root, "confluent")
	require.NoError(t, err)
	found := map[string]method{}
	for _, m := range methods {
		found[m.receiver+"."+m.name] = m
	}
	ids := func(name string) []string {
		var ids []string
		for _, op := range found[name].operations {
			ids = append(ids, op.id)
		}
		return ids
	}
	assert.Equal(t, []string{"getPimV2Integration"}, ids("IntegrationsService.Get"))
	assert.Equal(t, "deletePimV1Integration", ids("IntegrationsV1Service.Delete")[0], "the nearest one first")
	assert.ElementsMatch(t, []string{"listPimV1Integrations", "listPimV2Integrations"}, ids("Client.AllIntegrations"))
	assert.Contains(t, found, "Client.Do")
	assert.Empty(t, ids("Client.Do"))
	assert.NotContains(t, found, "Client.CloseIdleConnections", "it sends nothing")
	assert.Equal(
		t,
		example{"confluent/example_test.go", "ExampleIntegrationsService_Get"},
		found["IntegrationsService.Get"].example,
		"its own one, not the first that calls it",
	)
}

func TestEachMethodHasAnExample(t *testing.T) {
	for _, vendor := range vendors {
		methods, err := load(root, vendor.name)
		require.NoError(t, err)
		require.NotEmpty(t, methods)
		for _, m := range methods {
			name := vendor.name + "." + m.receiver + "." + m.name
			assert.NotEmpty(t, m.example.file, "%s: add an example to the package", name)
			assert.Regexp(t, `example`, m.example.file, "an example, and not a test")
		}
	}
}

func TestAnOperationWithoutAMethodIsAnError(t *testing.T) {
	methods, err := load(root, "apono")
	require.NoError(t, err)
	specified, err := operations(root, "apono")
	require.NoError(t, err)
	require.NoError(t, complete(specified, methods))
	var without []method
	for _, m := range methods {
		if m.name != "Refresh" {
			without = append(without, m)
		}
	}
	err = complete(specified, without)
	require.ErrorIs(t, err, errIncomplete)
	require.ErrorContains(t, err, "refreshIntegrationV2")
}

func TestAMethodWithoutAnExampleIsAnError(t *testing.T) {
	with := method{receiver: "S", name: "Get", example: example{file: "apono/example_test.go", name: "ExampleS_Get"}}
	require.NoError(t, exemplified("apono", []method{with}))
	err := exemplified("apono", []method{with, {receiver: "S", name: "Do"}, {receiver: "S", name: "Put"}})
	require.ErrorIs(t, err, errNoExample)
	require.ErrorContains(t, err, "apono.S.Do, apono.S.Put")
	require.NotContains(t, err.Error(), "S.Get")
}

func TestARowNamesAllOperations(t *testing.T) {
	m := method{receiver: "S", name: "Do", example: example{file: "examples/quickstart/main.go"}}
	m.operations = []operation{{"a", "GET", "/a"}, {"b", "POST", "/b"}}
	assert.Equal(
		t,
		"| [`Do`](https://pkg.go.dev/github.com/integrations-go/sdk/apono#S.Do) | `a` GET `/a`<br>`b` POST `/b` | "+
			"[quickstart](../examples/quickstart/main.go) |\n",
		row("apono", m),
	)
	m.example = example{"apono/example_test.go", "ExampleS_Do"}
	assert.Contains(t, row("apono", m), " | [`ExampleS_Do`](../apono/example_test.go) in example_test.go |\n")
}
