package contract_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/contract/specified"
)

// Users of a fake set faults by these names.
func TestFakesDocumentEachOperation(t *testing.T) {
	t.Parallel()
	list := regexp.MustCompile(`# Operations\s+Faults and call counts name operations by [^:]+:\n\n((?: +- \w+\n)+)`)
	for _, v := range vendors {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			name := v.name + "/" + v.name + "test/doc.go"
			f, err := parser.ParseFile(token.NewFileSet(), "../../"+name, nil, parser.ParseComments)
			require.NoError(t, err)
			found := list.FindStringSubmatch(f.Doc.Text())
			require.NotNil(t, found, "%s has no list of operations that matches %s", name, list)
			named := slices.DeleteFunc(strings.Fields(found[1]), func(word string) bool { return word == "-" })
			for _, op := range specified.Operations(v.name) {
				i := slices.Index(named, op.ID)
				if i < 0 {
					t.Errorf("the fake's documentation does not name %s: add it to the list under "+
						"\"# Operations\" in %s", op, name)
					continue
				}
				named = slices.Delete(named, i, i+1)
			}
			assert.Empty(t, named, "the list under \"# Operations\" in %s has names that the specification does not "+
				"have, or has once", name)
		})
	}
}

// An example is run if it has an output comment.
func TestEachServiceHasARunnableExample(t *testing.T) {
	t.Parallel()
	for _, v := range vendors {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join("..", "..", v.name)
			entries, err := os.ReadDir(folder)
			require.NoError(t, err)
			var services []string
			var tests []*ast.File
			for _, entry := range entries {
				if !strings.HasSuffix(entry.Name(), ".go") {
					continue
				}
				f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folder, entry.Name()), nil,
					parser.ParseComments)
				require.NoError(t, err)
				if strings.HasSuffix(entry.Name(), "_test.go") {
					tests = append(tests, f)
					continue
				}
				services = append(services, servicesIn(f)...)
			}
			require.NotEmpty(t, services)
			examples := doc.Examples(tests...)
			for _, service := range services {
				assert.True(t, slices.ContainsFunc(examples, func(e *doc.Example) bool {
					of, _, _ := strings.Cut(e.Name, "_")
					return of == service && (e.Output != "" || e.EmptyOutput)
				}), "no example of %s runs: add func Example%s_… with an // Output: comment to %s/example_test.go",
					service, service, v.name)
			}
		})
	}
}

// servicesIn returns the service types in the structs of a file, such as the fields of Client:
// Integrations *IntegrationsService.
func servicesIn(f *ast.File) []string {
	var names []string
	for n := range ast.Preorder(f) {
		field, ok := n.(*ast.Field)
		if !ok || len(field.Names) == 0 || !field.Names[0].IsExported() {
			continue
		}
		if pointer, ok := field.Type.(*ast.StarExpr); ok {
			if id, ok := pointer.X.(*ast.Ident); ok && strings.HasSuffix(id.Name, "Service") {
				names = append(names, id.Name)
			}
		}
	}
	return names
}
