package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"golang.org/x/tools/go/packages"
)

const module = "github.com/integrations-go/sdk"

// vendors are the packages of the page and their titles, in its order.
var vendors = []struct{ name, title string }{
	{"confluent", "Confluent Cloud"}, {"apono", "Apono"}, {"egeria", "Egeria"},
}

// operation is an operation of a specification.
type operation struct{ id, method, path string }

// operations returns those of a vendor's specification.
func operations(root, vendor string) ([]operation, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(root, "specs", vendor+".yaml"))
	if err != nil {
		return nil, err
	}
	var all []operation
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			all = append(all, operation{op.OperationID, method, path})
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return cmp.Compare(a.id, b.id) })
	return all, nil
}

// method is a method of a client or a service that sends requests.
type method struct {
	receiver, name string
	operations     []operation
	example        example
}

// example is a function that calls a method. The zero value is none.
type example struct {
	file string // a path below the root
	name string // "" for a function of a program
}

// load returns the methods of a vendor's package, ordered by receiver and name.
func load(root, vendor string) ([]method, error) {
	all, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles |
			packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo,
		Dir:   root,
		Tests: true,
	}, "./"+vendor, "./examples/...")
	if err != nil {
		return nil, err
	}
	calls := map[string][]string{} // what a function refers to, by full names
	examples := map[string]example{}
	var plain *packages.Package
	for _, p := range all {
		if p.ID != module+"/"+vendor {
			continue // errors in its tests are theirs to report
		}
		if len(p.Errors) > 0 {
			return nil, p.Errors[0]
		}
		plain = p
		addCalls(calls, p)
	}
	for _, programs := range []bool{false, true} { // the examples of the package first
		for _, p := range all {
			program := p.Name == "main" && strings.HasPrefix(p.ID, module+"/examples/") && p.ID == p.PkgPath
			if programs && program || !programs && p.PkgPath == module+"/"+vendor+"_test" {
				if err := addExamples(examples, root, p); err != nil {
					return nil, err
				}
			}
		}
	}
	if plain == nil {
		return nil, fmt.Errorf("no package %s", vendor)
	}
	specified, err := operations(root, vendor)
	if err != nil {
		return nil, err
	}
	sent, err := generated(plain, specified)
	if err != nil {
		return nil, err
	}
	return methodsOf(plain, calls, sent, examples), nil
}

// addCalls notes which functions of its package each function of p refers to.
func addCalls(calls map[string][]string, p *packages.Package) {
	for _, file := range p.Syntax {
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			name := p.TypesInfo.Defs[f.Name].(*types.Func).FullName()
			calls[name] = append(calls[name], uses(p, f.Body)...)
		}
	}
}

// uses returns the full names of the functions that a node refers to, in the order of the text.
func uses(p *packages.Package, node ast.Node) []string {
	var names []string
	ast.Inspect(node, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if f, ok := p.TypesInfo.Uses[id].(*types.Func); ok && f.Pkg() != nil &&
				strings.HasPrefix(f.Pkg().Path(), module) {
				names = append(names, f.Origin().FullName())
			}
		}
		return true
	})
	return names
}

// sends is the doc comment of a method of the generated client.
var sends = regexp.MustCompile(`^\w+\s+sends\s+([A-Z]+)\s+(\S+)\.\s`)

// generated returns the operations that the methods of the generated client send, by full names.
func generated(p *packages.Package, all []operation) (map[string]operation, error) {
	sent := map[string]operation{}
	for _, file := range p.Syntax {
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv == nil {
				continue
			}
			if m := sends.FindStringSubmatch(f.Doc.Text()); m != nil && !f.Name.IsExported() {
				for _, op := range all {
					if op.method == m[1] && op.path == m[2] {
						sent[p.TypesInfo.Defs[f.Name].(*types.Func).FullName()] = op
					}
				}
			}
		}
	}
	if len(sent) != len(all) {
		return nil, fmt.Errorf(
			"%s: the comments of the generated client name %d of %d operations",
			p.PkgPath,
			len(sent),
			len(all),
		)
	}
	return sent, nil
}

// addExamples notes an example for each function that the examples of p refer to: its own one if
// there is one, or else the first that calls it. Examples of a package are in the files whose names
// contain "example". All functions of a program are examples.
func addExamples(examples map[string]example, root string, p *packages.Package) error {
	abs, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	own := map[string]bool{}
	for _, file := range p.Syntax {
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Body == nil ||
				p.Name != "main" && (f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Example")) {
				continue
			}
			path, err := filepath.Rel(abs, p.Fset.Position(f.Pos()).Filename)
			if err != nil {
				return err
			}
			found := example{file: filepath.ToSlash(path)}
			if p.Name != "main" {
				if found.name = f.Name.Name; !strings.Contains(filepath.Base(path), "example") {
					continue // a file of tests
				}
			}
			for _, name := range uses(p, f.Body) {
				mine := f.Name.Name == exampleName(name)
				if _, noted := examples[name]; !noted || mine && !own[name] {
					examples[name], own[name] = found, mine
				}
			}
		}
	}
	return nil
}

// exampleName returns the name of the example of a method, as package testing defines it.
func exampleName(fullName string) string {
	receiver, name, found := strings.Cut(fullName[strings.LastIndex(fullName, "/")+1:], ").")
	if !found {
		return ""
	}
	_, receiver, _ = strings.Cut(receiver, ".")
	return "Example" + receiver + "_" + name
}

// methodsOf returns the exported methods of p that send requests.
func methodsOf(
	p *packages.Package,
	calls map[string][]string,
	sent map[string]operation,
	examples map[string]example,
) []method {
	var methods []method
	for _, file := range p.Syntax {
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv == nil || !f.Name.IsExported() {
				continue
			}
			name := p.TypesInfo.Defs[f.Name].(*types.Func).FullName()
			receiver := strings.TrimPrefix(types.ExprString(f.Recv.List[0].Type), "*")
			if !ast.IsExported(receiver) {
				continue
			}
			operations := reached(name, calls, sent)
			if len(operations) > 0 || receiver == "Client" && f.Name.Name == "Do" {
				methods = append(methods, method{receiver, f.Name.Name, operations, examples[name]})
			}
		}
	}
	slices.SortFunc(methods, func(a, b method) int {
		return cmp.Or(cmp.Compare(a.receiver, b.receiver), cmp.Compare(a.name, b.name))
	})
	return methods
}

// asksForDialect is a method that any other one of package egeria may call first. What it sends is
// not counted among the operations of the others.
const asksForDialect = "(*" + module + "/egeria.Client).Dialect"

// reached returns the operations that a function may send, the nearest first.
func reached(name string, calls map[string][]string, sent map[string]operation) []operation {
	var operations []operation
	seen := map[string]bool{name: true}
	for queue := []string{name}; len(queue) > 0; queue = queue[1:] {
		if op, ok := sent[queue[0]]; ok {
			operations = append(operations, op)
		}
		for _, next := range calls[queue[0]] {
			if !seen[next] && next != asksForDialect {
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	return operations
}

var (
	errIncomplete = errors.New("no method sends these operations")
	errNoExample  = errors.New("add examples of these methods")
)
