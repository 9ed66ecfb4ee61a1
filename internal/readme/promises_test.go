package readme_test

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEachPromiseIsHeldByTestsThatExist(t *testing.T) {
	t.Parallel()
	table := parsePromises(read(t, "docs/promises.md"))
	assert.Empty(t, newPromiseChecker().problems(table))
	assert.GreaterOrEqual(t, len(table.promises), 400, "the table has lost promises, or its form has changed")
}

// The options are what users look up first: one that the table does not have is promised nowhere.
func TestEachOptionIsPromised(t *testing.T) {
	t.Parallel()
	c := newPromiseChecker()
	places := map[string]bool{}
	for _, p := range parsePromises(read(t, "docs/promises.md")).promises {
		for _, place := range p.where {
			places[place] = true
		}
	}
	for _, dir := range []string{"sdk", "confluent", "apono", "egeria", "ratelimit", "ratelimit/redislimit",
		"inventory"} {
		options := 0
		for name := range c.symbols(dir) {
			if !strings.HasPrefix(name, "With") || strings.Contains(name, ".") {
				continue
			}
			options++
			// The options that the vendors forward are documented in package sdk.
			forwarded := dir != "sdk" && c.symbols("sdk")[name]
			assert.True(t, forwarded || places[dir+"."+name],
				"%s.%s is promised nowhere: add a row to docs/promises.md", dir, name)
		}
		assert.Positive(t, options, dir)
	}
}

func TestLastNumberOfThePromisesIsStated(t *testing.T) {
	t.Parallel()
	assert.Empty(t, lastNumberProblem(read(t, "docs/promises.md")))
	const row = "| 7 | It. | `sdk` | `sdk.TestDefaultRetryPolicy` |\n"
	assert.Empty(t, lastNumberProblem("Last number: 7\n\n"+row))
	assert.Empty(t, lastNumberProblem("Last number: 8\n\n"+row), "the promise with the last number may be given up")
	assert.NotEmpty(t, lastNumberProblem("Last number: 6\n\n"+row))
	assert.NotEmpty(t, lastNumberProblem(row))
}

var lastNumber = regexp.MustCompile(`(?m)^Last number: (\d+)$`)

// lastNumberProblem returns what is wrong with the line "Last number: N" of a document. It returns
// "" if no promise has a higher number.
func lastNumberProblem(document string) string {
	stated := lastNumber.FindAllStringSubmatch(document, -1)
	if len(stated) != 1 {
		return "docs/promises.md needs one line: Last number: N"
	}
	last, err := strconv.Atoi(stated[0][1])
	if err != nil {
		return err.Error()
	}
	for _, p := range parsePromises(document).promises {
		if p.number > last {
			return fmt.Sprintf("promise %d is above the last number, %d: change the line \"Last number\" in "+
				"docs/promises.md", p.number, last)
		}
	}
	return ""
}

// promise is a row of the table.
type promise struct {
	number int
	text   string
	where  []string // files, packages and symbols
	tests  []string
}

// promiseTable has the promises of a document.
type promiseTable struct {
	promises  []promise
	malformed []string // rows that are none
}

// code is a code span. A table separates several by commas.
var code = regexp.MustCompile("`([^`]+)`")

// parsePromises reads the tables of a document. Each row has a number, a promise, its places and
// its tests.
func parsePromises(document string) promiseTable {
	var table promiseTable
	for line := range strings.Lines(document) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| # |") || strings.HasPrefix(line, "|--") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		number := 0
		if len(cells) == 4 {
			number, _ = strconv.Atoi(strings.TrimSpace(cells[0]))
		}
		if number < 1 {
			table.malformed = append(table.malformed, "not a row of four cells with a number: "+line)
			continue
		}
		p := promise{number: number, text: strings.TrimSpace(cells[1])}
		for i, list := range []*[]string{&p.where, &p.tests} {
			cell := cells[i+2]
			for _, span := range code.FindAllStringSubmatch(cell, -1) {
				*list = append(*list, span[1])
			}
			if rest := strings.Trim(code.ReplaceAllString(cell, ""), " ,"); rest != "" {
				table.malformed = append(table.malformed, fmt.Sprintf("%d: %q is not in backticks", number, rest))
			}
		}
		table.promises = append(table.promises, p)
	}
	return table
}

// promiseChecker looks into the source code of the repository, of all its modules.
type promiseChecker struct {
	packages map[string]map[string]bool // symbols by the folder
	tested   map[string]map[string]*ast.FuncDecl
}

func newPromiseChecker() *promiseChecker {
	return &promiseChecker{map[string]map[string]bool{}, map[string]map[string]*ast.FuncDecl{}}
}

// problems returns what is wrong with a table.
func (c *promiseChecker) problems(table promiseTable) []string {
	all := table.malformed
	numbers, texts := map[int]bool{}, map[string]bool{}
	for _, p := range table.promises {
		say := func(format string, args ...any) {
			all = append(all, fmt.Sprintf("%d: ", p.number)+fmt.Sprintf(format, args...))
		}
		if numbers[p.number] {
			say("the number is there twice")
		}
		if texts[p.text] || p.text == "" {
			say("the promise is empty or there twice: %s", p.text)
		}
		numbers[p.number], texts[p.text] = true, true
		if len(p.where) == 0 {
			say("no place")
		}
		if len(p.tests) == 0 {
			say("no test")
		}
		for _, place := range p.where {
			if !c.isPlace(place) {
				say("no file, package or documented symbol: %s", place)
			}
		}
		for _, test := range p.tests {
			if problem := c.testProblem(test); problem != "" {
				say("%s: %s", test, problem)
			}
		}
	}
	return all
}

// isPlace reports whether place is a file, a package with a doc comment, or a symbol with one.
func (c *promiseChecker) isPlace(place string) bool {
	if strings.HasSuffix(place, ".md") || strings.HasPrefix(place, ".ci/") {
		_, err := os.Stat(filepath.Join(root, place))
		return err == nil
	}
	dir, name := splitSymbol(place)
	return c.symbols(dir)[name]
}

// splitSymbol splits the name of a symbol, which begins with the folder of its package. That of the
// root is sdk. The name of a package itself is "".
func splitSymbol(symbol string) (dir, name string) {
	base := strings.LastIndex(symbol, "/") + 1
	last, name, _ := strings.Cut(symbol[base:], ".")
	return symbol[:base] + last, name
}

func folder(dir string) string {
	if dir == "sdk" {
		return root
	}
	return filepath.Join(root, dir)
}

// parse returns the files of a folder: those of the tests, or the others.
func parse(dir string, tests bool) (*token.FileSet, []*ast.File) {
	fset := token.NewFileSet()
	names, _ := filepath.Glob(filepath.Join(folder(dir), "*.go"))
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") != tests {
			continue
		}
		if file, err := parser.ParseFile(fset, name, nil, parser.ParseComments); err == nil {
			files = append(files, file)
		}
	}
	return fset, files
}

// symbols returns the exported symbols of a package that have a doc comment: T, T.Method, T.Field
// and "" for the package.
func (c *promiseChecker) symbols(dir string) map[string]bool {
	if known, ok := c.packages[dir]; ok {
		return known
	}
	found := map[string]bool{}
	c.packages[dir] = found
	fset, files := parse(dir, false)
	if len(files) == 0 {
		return found
	}
	pkg, err := doc.NewFromFiles(fset, files, "example.test/"+dir)
	if err != nil {
		return found
	}
	found[""] = pkg.Doc != ""
	add := func(name, comment string) { found[name] = comment != "" }
	funcs := func(prefix string, list []*doc.Func) {
		for _, f := range list {
			add(prefix+f.Name, f.Doc)
		}
	}
	funcs("", pkg.Funcs)
	addValues(add, pkg.Consts, pkg.Vars)
	for _, typ := range pkg.Types {
		add(typ.Name, typ.Doc)
		funcs("", typ.Funcs)
		funcs(typ.Name+".", typ.Methods)
		addValues(add, typ.Consts, typ.Vars)
		for _, spec := range typ.Decl.Specs {
			addFields(add, typ.Name, spec)
		}
	}
	return found
}

// addValues adds constants and variables, whose comment may be that of their group.
func addValues(add func(name, comment string), lists ...[]*doc.Value) {
	for _, list := range lists {
		for _, value := range list {
			for _, spec := range value.Decl.Specs {
				if s, ok := spec.(*ast.ValueSpec); ok {
					for _, name := range s.Names {
						add(name.Name, s.Doc.Text()+s.Comment.Text()+value.Doc)
					}
				}
			}
		}
	}
}

// addFields adds the fields of a struct, and the methods of an interface.
func addFields(add func(name, comment string), typ string, spec ast.Spec) {
	s, ok := spec.(*ast.TypeSpec)
	if !ok {
		return
	}
	var fields *ast.FieldList
	switch t := s.Type.(type) {
	case *ast.StructType:
		fields = t.Fields
	case *ast.InterfaceType:
		fields = t.Methods
	default:
		return
	}
	before := "" // a comment of several fields stands before the first
	for _, field := range fields.List {
		comment := field.Doc.Text() + field.Comment.Text()
		if comment != "" {
			before = comment
		}
		for _, name := range field.Names {
			add(typ+"."+name.Name, before)
		}
	}
}

// tests returns the tests of a package.
func (c *promiseChecker) tests(dir string) map[string]*ast.FuncDecl {
	if known, ok := c.tested[dir]; ok {
		return known
	}
	found := map[string]*ast.FuncDecl{}
	c.tested[dir] = found
	_, files := parse(dir, true)
	for _, file := range files {
		examples := map[string]bool{} // those that are run
		for _, example := range doc.Examples(file) {
			examples["Example"+example.Name] = example.Output != "" || example.EmptyOutput
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv != nil {
				continue
			}
			name := f.Name.Name
			if strings.HasPrefix(name, "Test") && name != "TestMain" || strings.HasPrefix(name, "Fuzz") ||
				examples[name] {
				found[name] = f
			}
		}
	}
	return found
}

// testProblem returns why test does not exist, "" if it does. The name of a subtest has to stand in
// the test, as a string.
func (c *promiseChecker) testProblem(test string) string {
	base := strings.LastIndex(test, ".") // the name of a subtest has no dot
	if base < 0 {
		return "no package"
	}
	dir := test[:base]
	name, sub, _ := strings.Cut(test[base+1:], "/")
	f := c.tests(dir)[name]
	switch {
	case f == nil:
		return "no such test"
	case skipsAlways(f):
		return "the test is skipped"
	case sub != "" && !hasString(f, sub):
		return "no such subtest"
	}
	return ""
}

// skipsAlways reports whether the first statement of a test ends it.
func skipsAlways(f *ast.FuncDecl) bool {
	if f.Body == nil || len(f.Body.List) == 0 {
		return true
	}
	first, ok := f.Body.List[0].(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := first.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	return ok && strings.HasPrefix(method.Sel.Name, "Skip")
}

func hasString(f *ast.FuncDecl, want string) bool {
	found := false
	ast.Inspect(f, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			value, err := strconv.Unquote(lit.Value)
			found = found || err == nil && value == want
		}
		return !found
	})
	return found
}

func TestPromisesThatNothingHoldsAreNamed(t *testing.T) {
	t.Parallel()
	good := "| 1 | Promised. | `sdk.WithRetry`, `sdk` | `sdk.TestDefaultRetryPolicy` |"
	here := "`internal/readme." + t.Name()
	rows := map[string]struct{ row, problem string }{
		"good":                 {good, ""},
		"a method":             {"| 2 | It. | `confluent.Client.Do` | `sdk.ExampleOptions` |", ""},
		"a field":              {"| 2 | It. | `sdk.RetryPolicy.Budget` | `apono.FuzzTime` |", ""},
		"a second field":       {"| 2 | It. | `sdk.WaitOptions.MaxInterval` | `apono.FuzzTime` |", ""},
		"a method of a source": {"| 2 | It. | `sdk.TokenSource.Token` | `apono.FuzzTime` |", ""},
		"a constant":           {"| 2 | It. | `apono.MaxCustomAccessDetails` | `apono.FuzzTime` |", ""},
		"a variable":           {"| 2 | It. | `sdk.ErrConflict` | `apono.FuzzTime` |", ""},
		"a file":               {"| 2 | It. | `README.md` | `ratelimit/redislimit.TestLimitersShareAWindow` |", ""},
		"a subtest":            {"| 2 | It. | `sdk` | " + here + "/a subtest` |", ""},
		"no subtest":           {"| 2 | It. | `sdk` | `sdk.TestDefaultRetryPolicy/none` |", "no such subtest"},
		"no test":              {"| 2 | It. | `sdk` |  |", "2: no test"},
		"no place":             {"| 2 | It. |  | `sdk.TestDefaultRetryPolicy` |", "2: no place"},
		"no such test":         {"| 2 | It. | `sdk` | `sdk.TestNothing` |", "no such test"},
		"no such package":      {"| 2 | It. | `sdk` | `nowhere.TestNothing` |", "no such test"},
		"no package":           {"| 2 | It. | `sdk` | `TestNothing` |", "no package"},
		"a kit":                {"| 2 | It. | `sdk` | `ratelimit/redislimit.TestMain` |", "no such test"},
		"no such symbol":       {"| 2 | It. | `sdk.WithNothing` | `apono.FuzzTime` |", "symbol: sdk.WithNothing"},
		"no such field":        {"| 2 | It. | `sdk.Meta.Nothing` | `apono.FuzzTime` |", "symbol: sdk.Meta.Nothing"},
		"not exported":         {"| 2 | It. | `sdk.adaptedSource` | `apono.FuzzTime` |", "symbol: sdk.adaptedSource"},
		"no such file":         {"| 2 | It. | `NOTHING.md` | `sdk.TestDefaultRetryPolicy` |", "NOTHING.md"},
		"number twice":         {"| 1 | It. | `sdk` | `sdk.TestDefaultRetryPolicy` |", "1: the number is there twice"},
		"promise twice":        {"| 2 | Promised. | `sdk` | `sdk.TestDefaultRetryPolicy` |", "there twice: Promised."},
		"no number":            {"| x | It. | `sdk` | `sdk.TestDefaultRetryPolicy` |", "not a row"},
		"five cells":           {"| 2 | It | is. | `sdk` | `sdk.TestDefaultRetryPolicy` |", "not a row"},
		"words for a test":     {"| 2 | It. | `sdk` | by hand |", "not in backticks"},
	}
	for name, tt := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document := tt.row
			if name != "good" {
				document = good + "\n" + tt.row
			}
			problems := newPromiseChecker().problems(parsePromises(document))
			if tt.problem == "" {
				assert.Empty(t, problems)
				return
			}
			require.NotEmpty(t, problems)
			assert.Contains(t, strings.Join(problems, "\n"), tt.problem)
		})
	}
}
