package tools_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// An update creates the keys that it does not find. A misspelt name would have no effect, and no
// error.
func TestOverlaysNameWhatTheSpecificationHas(t *testing.T) {
	eachVendor(t, func(t *testing.T, v string) {
		read := func(suffix string) []byte {
			b, err := os.ReadFile(spec(v, suffix))
			require.NoError(t, err)
			return b
		}
		for _, name := range unknownNames(t, read(".yaml"), read(".overlay.yaml")) {
			assert.Fail(t, "not in the specification", "%s: %s does not have %s. If it is an addition, give it a type",
				spec(v, ".overlay.yaml"), spec(v, ".yaml"), name)
		}
	})
}

func TestMisspeltNamesInOverlaysAreFound(t *testing.T) {
	const document = `
paths:
  /things: {get: {operationId: list, responses: {'200': {description: d}}}}
components:
  parameters:
    - {name: limit}
  schemas:
    Thing: {type: object, properties: {a: {type: string}, b: {type: string}}}
    Other: {type: object, properties: {a: {type: string}}}
`
	const before = "$.components.schemas"
	for name, tt := range map[string]struct{ target, update string }{
		"":                    {before, `{Thing: {x-go-name: T, properties: {a: {x-go-name: A}}}}`},
		".Thimg":              {before, `{Thimg: {x-go-name: T}}`},
		".Thing.properties.c": {before, `{Thing: {properties: {c: {x-go-name: C}}}}`},
		".Thing.properties.d": {before + ".Thing", `{properties: {d: {x-go-name: D}}}`},
		".e":                  {before + ".*.properties['a', 'e']", `{x-go-type: E}`},
		".Ather":              {before + "['Thing', 'Ather'].properties.a", `{x-go-type: E}`},
		"./thing":             {"$.paths", `{/thing: {get: {operationId: list}}}`},
		"./things.put":        {"$.paths", `{/things: {put: {operationId: put}}}`},
		".Thing.properties.f": {before + "[?@.properties['a'] == ']'].properties",
			`{a: {x-go-type: E}, f: {x-go-type: E}}`},
		"an addition":          {before, `{New: {type: string, x-go-name: N}}`},
		"an added member":      {before + ".Thing.properties", `{new: {allOf: [{$ref: x}]}}`},
		"a keyword":            {before + ".Thing", `{description: d, x-go-embed: E}`},
		"an element of a list": {"$.components.parameters[0]", `{x-go-name: l}`},
	} {
		overlay := "actions:\n  - target: " + fmt.Sprintf("%q", tt.target) + "\n    update: " + tt.update + "\n"
		found := unknownNames(t, []byte(document), []byte(overlay))
		if !strings.HasPrefix(name, ".") {
			assert.Empty(t, found, name)
			continue
		}
		require.Len(t, found, 1, name)
		assert.True(t, strings.HasSuffix(found[0], name[strings.LastIndex(name, "."):]), "%s: %s", name, found[0])
	}
}

// unknownNames returns the names of schemas, members, paths and methods in the targets and updates
// of an overlay that are not in the document. Names that an earlier action adds are known.
func unknownNames(t *testing.T, document, overlay []byte) []string {
	t.Helper()
	root := decodeYAML(t, document)
	actions, _ := decodeYAML(t, overlay).(map[string]any)["actions"].([]any)
	require.NotEmpty(t, actions)
	var unknown []string
	for _, action := range actions {
		action := action.(map[string]any)
		nodes, at := []any{root}, "$"
		for _, names := range selectors(t, action["target"].(string)) {
			if names == nil { // all children
				nodes, at = children(nodes, nil), at+".*"
				continue
			}
			for _, name := range names {
				if len(children(nodes, []string{name})) == 0 {
					unknown = append(unknown, at+"."+name)
				}
			}
			nodes, at = children(nodes, names), at+"."+strings.Join(names, "|")
		}
		if update, ok := action["update"].(map[string]any); ok {
			unknown = append(unknown, unknownKeys(nodes, at, update)...)
		}
	}
	return unknown
}

// holders are the keys whose children have names from the specification.
var holders = []string{"schemas", "properties", "parameters", "responses", "headers", "paths"}

// unknownKeys compares an update with the nodes that it changes.
func unknownKeys(nodes []any, at string, update map[string]any) []string {
	last := at[strings.LastIndex(at, ".")+1:]
	named := slices.Contains(holders, last) || strings.HasPrefix(last, "/")
	var unknown []string
	for _, key := range slices.Sorted(maps.Keys(update)) {
		value, isObject := update[key].(map[string]any)
		found := children(nodes, []string{key})
		switch {
		case len(found) > 0 && isObject:
			unknown = append(unknown, unknownKeys(found, at+"."+key, value)...)
		case len(found) > 0 || !named || strings.HasPrefix(key, "x-"):
		case isAddition(value):
			for _, node := range nodes {
				node.(map[string]any)[key] = value
			}
		default:
			unknown = append(unknown, at+"."+key)
		}
	}
	return unknown
}

// isAddition reports whether an update describes a whole schema, and not a part of one.
func isAddition(schema map[string]any) bool {
	return slices.ContainsFunc([]string{"type", "allOf", "oneOf", "anyOf", "$ref"}, func(key string) bool {
		return schema[key] != nil
	})
}

// children returns the children of nodes with these names, or all if names is nil.
func children(nodes []any, names []string) []any {
	var found []any
	for _, node := range nodes {
		switch node := node.(type) {
		case map[string]any:
			for key, child := range node {
				if names == nil || slices.Contains(names, key) {
					found = append(found, child)
				}
			}
		case []any:
			for i, child := range node {
				if names == nil || slices.Contains(names, fmt.Sprint(i)) {
					found = append(found, child)
				}
			}
		}
	}
	return found
}

var (
	dotSelector = regexp.MustCompile(`^\.([^.\[]+)`)
	quotedName  = regexp.MustCompile(`'([^']*)'`)
)

// selectors parses a JSONPath. A selector is a list of names, or nil for a wildcard. A filter
// counts as a wildcard.
func selectors(t *testing.T, path string) [][]string {
	t.Helper()
	var found [][]string
	rest, ok := strings.CutPrefix(path, "$")
	require.True(t, ok, path)
	for rest != "" {
		if m := dotSelector.FindStringSubmatch(rest); m != nil {
			rest = rest[len(m[0]):]
			if m[1] == "*" {
				found = append(found, nil)
			} else {
				found = append(found, []string{m[1]})
			}
			continue
		}
		end := closing(rest)
		require.Positive(t, end, path)
		switch inner := rest[1:end]; {
		case strings.HasPrefix(inner, "?"), inner == "*":
			found = append(found, nil)
		case strings.HasPrefix(inner, "'"):
			var names []string
			for _, m := range quotedName.FindAllStringSubmatch(inner, -1) {
				names = append(names, m[1])
			}
			found = append(found, names)
		default:
			found = append(found, []string{inner})
		}
		rest = rest[end+1:]
	}
	return found
}

// closing returns the index of the bracket that closes the first one of path.
func closing(path string) int {
	depth, quoted := 0, false
	for i, r := range path {
		switch {
		case r == '\'':
			quoted = !quoted
		case quoted:
		case r == '[':
			depth++
		case r == ']':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// decodeYAML decodes a document. Keys that are numbers, such as statuses, become strings.
func decodeYAML(t *testing.T, document []byte) any {
	t.Helper()
	var v any
	require.NoError(t, yaml.Unmarshal(document, &v))
	var texts func(any) any
	texts = func(v any) any {
		switch v := v.(type) {
		case map[any]any:
			m := map[string]any{}
			for key, child := range v {
				m[fmt.Sprint(key)] = texts(child)
			}
			return m
		case map[string]any:
			for key, child := range v {
				v[key] = texts(child)
			}
		case []any:
			for i, child := range v {
				v[i] = texts(child)
			}
		}
		return v
	}
	return texts(v)
}
