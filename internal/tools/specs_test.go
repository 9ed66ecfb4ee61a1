package tools_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/util"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// root is the module of the SDK.
const root = "../.."

// spec returns the path of a file in specs.
func spec(vendor, suffix string) string { return filepath.Join(root, "specs", vendor+suffix) }

// vendors finds the APIs by their generator configurations. A new one is therefore tested without
// changes here.
func vendors(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(spec("*", ".codegen.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for i := range files {
		files[i] = strings.TrimSuffix(filepath.Base(files[i]), ".codegen.yaml")
	}
	return files
}

func overlayOf(vendor string) string { return spec(vendor, ".overlay.yaml") }

func generated(vendor string) string { return filepath.Join(root, vendor, "zz_generated.go") }

func eachVendor(t *testing.T, check func(t *testing.T, vendor string)) {
	for _, v := range vendors(t) {
		t.Run(v, func(t *testing.T) { check(t, v) })
	}
}

func load(t *testing.T, vendor string) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(spec(vendor, ".yaml"))
	require.NoError(t, err)
	return doc
}

// loadOverlaid returns the input of the generator.
func loadOverlaid(t *testing.T, vendor string) *openapi3.T {
	t.Helper()
	doc, err := util.LoadSwaggerWithOverlay(spec(vendor, ".yaml"),
		util.LoadSwaggerWithOverlayOpts{Path: spec(vendor, ".overlay.yaml"), Strict: true})
	require.NoError(t, err)
	return doc
}

func operations(doc *openapi3.T) map[string]*openapi3.Operation {
	ops := map[string]*openapi3.Operation{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			ops[method+" "+path] = op
		}
	}
	return ops
}

// validate checks a JSON document against a schema of the API.
func validate(t *testing.T, doc *openapi3.T, schema, value string, opts ...openapi3.SchemaValidationOption) error {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(value), &v))
	s := doc.Components.Schemas[schema]
	require.NotNil(t, s, schema)
	return s.Value.VisitJSON(v, append(opts, openapi3.MultiErrors())...)
}

func TestSpecIsValid(t *testing.T) {
	eachVendor(t, func(t *testing.T, v string) {
		assert.NoError(t, load(t, v).Validate(t.Context()))
	})
}

// keys returns every key of a document with its path. References are not followed.
func keys(t *testing.T, v any) []string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	var tree any
	require.NoError(t, json.Unmarshal(b, &tree))
	var found []string
	var walk func(at string, node any)
	walk = func(at string, node any) {
		switch node := node.(type) {
		case map[string]any:
			for k, child := range node {
				found = append(found, at+" > "+k)
				walk(at+" > "+k, child)
			}
		case []any:
			for _, child := range node {
				walk(at, child)
			}
		}
	}
	walk("", tree)
	return found
}

// The generator merges compositions member by member and silently drops members that don't fit.
func TestNoCompositionInPaths(t *testing.T) {
	eachVendor(t, func(t *testing.T, v string) {
		for _, key := range keys(t, load(t, v).Paths) {
			assert.False(t, strings.HasSuffix(key, " > allOf"), key)
		}
	})
}

var (
	goExtension = regexp.MustCompile(`x-(go-|oapi-|omit|order|enum-?(var)?names)`)
	yamlAnchor  = regexp.MustCompile(`(?m)(^|[:\-\[{,]) +[&*]\w`)
)

func TestSpecKnowsNoGo(t *testing.T) {
	eachVendor(t, func(t *testing.T, v string) {
		b, err := os.ReadFile(spec(v, ".yaml"))
		require.NoError(t, err)
		assert.Empty(t, goExtension.FindString(string(b)))
		assert.Empty(t, yamlAnchor.FindString(string(b)), "an anchor or alias")
	})
}

func TestOverlayActionsSayWhy(t *testing.T) {
	action := regexp.MustCompile(`(?m)^  - target:(.*\n {6}.*)*.*\n(    description: (?:\|-\n {6})?[^\s|].{15})?`)
	eachVendor(t, func(t *testing.T, v string) {
		b, err := os.ReadFile(spec(v, ".overlay.yaml"))
		require.NoError(t, err)
		for _, m := range action.FindAllStringSubmatch(string(b), -1) {
			assert.NotEmpty(t, m[2], m[0])
		}
	})
}

// An update of a misspelt path would add an operation.
func TestOverlayKeepsTheOperations(t *testing.T) {
	eachVendor(t, func(t *testing.T, v string) {
		assert.Equal(t,
			slices.Sorted(maps.Keys(operations(load(t, v)))),
			slices.Sorted(maps.Keys(operations(loadOverlaid(t, v)))))
	})
}

// An inline schema would become a Go type without its own name.
func TestJSONBodiesAreNamedSchemas(t *testing.T) {
	eachVendor(t, func(t *testing.T, v string) {
		named := func(what string, content openapi3.Content) {
			for mediaType, m := range content {
				what := what + " " + mediaType
				schema := m.Schema
				require.NotNil(t, schema, what)
				if mediaType == "text/plain" {
					assert.True(t, schema.Value.Type.Is("string"), what)
					continue
				}
				if schema.Ref == "" && schema.Value.Type.Is("array") { // a list without an envelope
					schema = schema.Value.Items
				}
				require.True(t, strings.HasPrefix(schema.Ref, "#/components/schemas/"), what)
				assert.Empty(t, schema.Value.AllOf, what)
				for _, member := range []string{"data", "items"} {
					if list := schema.Value.Properties[member]; list != nil && list.Value.Items != nil {
						assert.NotEmpty(t, list.Value.Items.Ref, what+" "+member)
						assert.Empty(t, list.Value.Items.Value.AllOf, what+" "+member)
					}
				}
			}
		}
		bodies := 0
		for name, op := range operations(loadOverlaid(t, v)) {
			if op.RequestBody != nil {
				named(name, op.RequestBody.Value.Content)
			}
			for status, r := range op.Responses.Map() {
				named(name+" "+status, r.Value.Content)
				bodies += len(r.Value.Content)
			}
		}
		assert.NotZero(t, bodies)
	})
}

func parse(t *testing.T, vendor string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), generated(vendor), nil, parser.ParseComments)
	require.NoError(t, err)
	return f
}

func TestGeneratedNames(t *testing.T) {
	vendorish := regexp.MustCompile(`PimV\d|JSONBody|StsV\d|(?i:PublicApi)|PaginatedResponse|Upsert|V[34]`)
	eachVendor(t, func(t *testing.T, v string) {
		for n := range ast.Preorder(parse(t, v)) {
			if id, ok := n.(*ast.Ident); ok {
				assert.NotRegexp(t, vendorish, id.Name)
				assert.NotContains(t, id.Name, "ClientWithResponses")
			}
		}
	})
}

// A value that is not a pointer or slice would always be sent.
func TestOptionalQueryParametersCanBeUnset(t *testing.T) {
	eachVendor(t, func(t *testing.T, v string) {
		var want, got []string
		for _, op := range operations(load(t, v)) {
			for _, p := range op.Parameters {
				if p.Value.In == "query" && !p.Value.Required {
					want = append(want, unset(p.Value.Schema.Value.Type.Is("array"))+p.Value.Name)
				}
			}
		}
		for n := range ast.Preorder(parse(t, v)) {
			field, ok := n.(*ast.Field)
			if !ok || field.Tag == nil {
				continue
			}
			tag := reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("form")
			name, ok := strings.CutSuffix(tag, ",omitempty")
			if !ok {
				continue
			}
			list, isList := field.Type.(*ast.ArrayType)
			if isList {
				assert.Nil(t, list.Len, tag)
			} else {
				assert.IsType(t, &ast.StarExpr{}, field.Type, tag)
			}
			got = append(got, unset(isList)+name)
		}
		assert.ElementsMatch(t, want, got)
	})
}

func unset(list bool) string {
	if list {
		return "[]"
	}
	return "*"
}

// Elements joined by commas would be one element for the server.
func TestArraysInQueriesAreRepeatedKeys(t *testing.T) {
	eachVendor(t, func(t *testing.T, v string) {
		for name, op := range operations(load(t, v)) {
			for _, p := range op.Parameters {
				if p.Value.In == "query" && p.Value.Schema.Value.Type.Is("array") {
					style, err := p.Value.SerializationMethod()
					require.NoError(t, err)
					assert.Equal(t, "form", style.Style, "%s %s", name, p.Value.Name)
					assert.True(t, style.Explode, "%s %s", name, p.Value.Name)
				}
			}
		}
	})
}

func TestOperationsHaveMethods(t *testing.T) {
	eachVendor(t, func(t *testing.T, v string) {
		funcs := map[string]bool{}
		for _, decl := range parse(t, v).Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				funcs[fn.Name.Name] = true
			}
		}
		for name, op := range operations(loadOverlaid(t, v)) {
			assert.True(t, funcs[op.OperationID], "%s: no %s", name, op.OperationID)
			request := "new" + strings.ToUpper(op.OperationID[:1]) + op.OperationID[1:] + "Request"
			assert.True(t, funcs[request], "%s: no %s", name, request)
		}
	})
}

// The documentation of the models comes from the spec. The spec must have all of it.
func TestModelsAreDocumented(t *testing.T) {
	eachVendor(t, func(t *testing.T, v string) {
		for _, decl := range parse(t, v).Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok == token.IMPORT {
				continue
			}
			for _, spec := range gen.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					assert.NotEmpty(t, gen.Doc.Text(), spec.Name.Name)
					assert.NotContains(t, gen.Doc.Text(), "defines model for", spec.Name.Name)
					if st, ok := spec.Type.(*ast.StructType); ok {
						for _, f := range st.Fields.List {
							assert.NotEmpty(t, f.Doc.Text(), "%s.%s", spec.Name.Name, f.Names)
						}
					}
				case *ast.ValueSpec:
					assert.NotEmpty(t, spec.Doc.Text(), spec.Names[0].Name)
				}
			}
		}
	})
}

var nameOfTime = regexp.MustCompile(`_at$|_time$|[a-z](At|Time)$`)

// The vendor's own type reads times of all forms. A member that the overlay omits would be a plain
// number or text, and one unexpected value would fail a page.
func TestTimesHaveTheVendorsType(t *testing.T) {
	fields := 0
	eachVendor(t, func(t *testing.T, v string) {
		times := map[string]bool{} // names and formats of members that are times
		for _, s := range load(t, v).Components.Schemas {
			for member, p := range s.Value.Properties {
				if nameOfTime.MatchString(member) || p.Value.Format == "date-time" {
					times[member] = true
				}
			}
		}
		for n := range ast.Preorder(parse(t, v)) {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				continue
			}
			st, ok := spec.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, f := range st.Fields.List {
				if f.Tag == nil {
					continue
				}
				member, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ",")
				if !times[member] {
					continue
				}
				fields++
				kind := f.Type
				if pointer, ok := kind.(*ast.StarExpr); ok {
					kind = pointer.X
				}
				id, ok := kind.(*ast.Ident)
				assert.True(t, ok && id.Name == "Time",
					"%s.%s (member %s) is a time, but has another type than Time: add x-go-type in %s", spec.Name.Name,
					f.Names[0], member, overlayOf(v))
			}
		}
	})
	assert.NotZero(t, fields)
}
