package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The repository holds its own rules.
func TestRepository(t *testing.T) {
	findings, err := check(os.DirFS("../../.."))
	require.NoError(t, err)
	for _, f := range findings {
		t.Error(f)
	}
}

// A list of paths that are gone leaves out nothing.
func TestPathsThatAreNotHeldExist(t *testing.T) {
	for _, path := range quoting {
		_, err := os.Stat("../../../" + path)
		assert.NoError(t, err)
	}
}

// findingsIn returns the findings in one file, as line: what.
func findingsIn(t *testing.T, path, content string) []string {
	t.Helper()
	found, err := check(fstest.MapFS{path: {Data: []byte(content)}})
	require.NoError(t, err)
	lines := []string{}
	for _, f := range found {
		assert.Equal(t, path, f.file)
		lines = append(lines, fmt.Sprintf("%d: %s", f.line, f.what))
	}
	return lines
}

// long returns n columns of words.
func long(n int) string { return strings.Repeat("word ", (n-1)/5) + strings.Repeat("x", (n-1)%5+1) }

// A sign of a list at the begin of a line makes go doc show an item.
func TestItemsByAccident(t *testing.T) {
	const what = "the line is shown as an item of a list: reword it, or use -"
	for line, found := range map[string]bool{
		"//     * and •.":               true,
		"//   - and •.":                 true,
		"//   - • alone.":               true,
		"// + one more.":                true,
		"//  1. or the second.":         true,
		"//   - An item.":               false,
		"//   - nothing more, if so.":   false,
		"//   - [Client] is an item.":   false,
		"//  1. The first.":             false,
		"// 20. More workers are slow.": false,
		"// a * b is a product.":        false,
		"//\t* code":                    false,
	} {
		want := []string{}
		if found {
			want = append(want, "4: "+what)
		}
		assert.Equal(t, want, findingsIn(t, "a.go", "package a\n\n// B is\n"+line+"\nvar B int\n"), line)
	}
}

// go doc shows the comments inside and behind a declaration.
func TestDirectivesThatGoDocShows(t *testing.T) {
	const what = "go doc shows the nolint: put it before the whole declaration"
	for code, found := range map[string]bool{
		"const Password = 1 //nolint:gosec // a name":                   true,
		"type Old = int //nolint:revive":                                true,
		"type Pair struct {\n\tA int //nolint:unused\n}":                true,
		"const (\n\t//nolint:gosec // a name\n\tPassword = 1\n)":        true,
		"//nolint:gosec // a name\nconst Password = 1":                  false,
		"const Password = 1 // a name":                                  false,
		"func f() {\n\tvar a int //nolint:unused // it is local\n}":     false,
		"func f(a any) bool { return a == 1 } //nolint:revive // short": false,
	} {
		content := "package a\n\n" + code + "\n"
		want := []string{}
		if found {
			before, _, _ := strings.Cut(content, "//nolint")
			want = append(want, fmt.Sprintf("%d: %s", 1+strings.Count(before, "\n"), what))
		}
		assert.Equal(t, want, findingsIn(t, "a.go", content), code)
		assert.Empty(t, findingsIn(t, "a_test.go", content), code)
	}
}

func TestForbiddenPhrases(t *testing.T) {
	for _, tt := range []struct{ text, advice string }{
		{"It tells the name.", `"tells": `},
		{"Tells the name.", `"tells": `},
		{"This is what the server sent.", `"is what": `},
		{"what the server makes of it", `"makes of it": `},
		{"shared with whoever has it", `"whoever": `},
		{"It starts anew.", `"anew": `},
		{"neither one nor two", `"nor": `},
		{"two items, of which one is left", `"of which": `},
		{"text as it comes", `"as it comes": `},
		{"the reply of the server", `"reply": `},
		{"Replies are read once.", `"reply": `},
		{"so that a caller need not ask", `"so that … need not": `},
		{"what the spec does not have", `"what … does not have": `},
		{"what the spec doesn't have", `"what … does not have": `},
	} {
		t.Run(tt.text, func(t *testing.T) {
			for path, content := range map[string]string{
				"comment.go": "package p\n\n\n// " + tt.text + "\n",
				"literal.go": "package p\n\n\nvar v = \"" + tt.text + "\"\n",
				"raw.go":     "package p\n\nvar v = `\n" + tt.text + "`\n",
				"text.md":    "# Title\n\n\n" + tt.text + "\n",
				"specs.yaml": "a: 1\n\n\nb: " + tt.text + "\n",
				"code.tmpl":  "\n\n\n" + tt.text + "\n",
				"Makefile":   "\n\n\n# " + tt.text + "\n",
				".ci/run":    "\n\n\n# " + tt.text + "\n",
			} {
				got := findingsIn(t, path, content)
				require.Len(t, got, 1, path)
				assert.True(t, strings.HasPrefix(got[0], "4: "+tt.advice), "%s: %s", path, got[0])
			}
		})
	}
}

func TestPhrasesAreFoundAcrossLines(t *testing.T) {
	assert.Equal(t, []string{`4: "is what": name the thing`},
		findingsIn(t, "a.go", "package p\n\n// Two lines.\n// This is\n// what it means.\n"))
	assert.Equal(t, []string{`2: "is what": name the thing`},
		findingsIn(t, "a.md", "A line.\nThis is\nwhat it means.\n"))
}

func TestWordsThatOnlyContainAPhraseAreAllowed(t *testing.T) {
	text := "normal ignore tellsX replying_to xreply answering so that it needs. Not this; what it does"
	for path, content := range map[string]string{
		"comment.go":    "package p\n\n// " + text + "\n",
		"literal.go":    "package p\n\nvar v = \"" + text + "\"\n",
		"one.go":        "package p\n\nvar v = \"tells\"\n", // a name, not a sentence
		"import.go":     "package p\n\nimport _ \"is what\"\n",
		"tag.go":        "package p\n\ntype t struct {\n\tF int `json:\"is what\"`\n}\n",
		"text.md":       text + " `tells` code\n\n```\nit tells\n```\n",
		"paragraphs.md": "This is\n\nwhat it means.\n",
		"text.txt":      "It tells.\n",
		"testdata/a.go": "package p\n\n// It tells.\n",
		".hidden/a.md":  "It tells.\n",
	} {
		assert.Empty(t, findingsIn(t, path, content), path)
	}
}

func TestWidths(t *testing.T) {
	for _, tt := range []struct {
		name, format string // the format takes the text
		line, limit  int    // of the text
	}{
		{"comment", "package p\n\n// %s\n", 3, 97},
		{"comment behind a tab", "package p\n\nfunc f() {\n\t// %s\n}\n", 4, 93},
		{"comment in a block", "package p\n\n/*\n%s\n*/\n", 4, 100},
		{"comment behind code", "package p\n\nvar v = 1 // %s\n", 3, 107},
		{"code in a comment", "package p\n\n//\t%s\n", 3, 114},
		{"code", "package p\n\nvar v = `%s`\n", 3, 110},
		{"field of an exported struct", "package p\n\ntype T struct {\n\t// %s\n\tF int\n}\n", 4, 83},
		{"field of another struct", "package p\n\ntype t struct {\n\t// %s\n\tF int\n}\n", 4, 93},
		{"generated field", "// Code generated by x. DO NOT EDIT.\n\npackage p\n\ntype T struct {\n\t// %s\n\tF " +
			"int\n}\n", 6, 83},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Empty(t, findingsIn(t, "a.go", fmt.Sprintf(tt.format, long(tt.limit))))
			got := findingsIn(t, "a.go", fmt.Sprintf(tt.format, long(tt.limit+1)))
			require.Len(t, got, 1)
			assert.Regexp(t, fmt.Sprintf(`^%d: (comment|code) has \d+ columns, at most \d+$`, tt.line), got[0])
		})
	}
}

func TestLinesWithoutALimit(t *testing.T) {
	word := strings.Repeat("x", 200)
	for name, content := range map[string]string{
		"directive":        "package p\n\n//go:generate go run " + long(120) + "\n",
		"address":          "package p\n\n// https://" + word + "\n",
		"output":           "package p\n\nfunc ExampleF() {\n\t// Output:\n\t// " + long(120) + "\n}\n",
		"generated header": "// Code generated by " + long(120) + ". DO NOT EDIT.\n\npackage p\n",
		"generated code":   "// Code generated by x. DO NOT EDIT.\n\npackage p\n\nvar v = `" + long(120) + "`\n",
	} {
		assert.Empty(t, findingsIn(t, "a.go", content), name)
	}
}

func TestDescriptions(t *testing.T) {
	for _, tt := range []struct {
		name, format string
		line         int
	}{
		{"plain", "a:\n  description: %s\n", 2},
		{"block", "a:\n  description: |-\n    A line.\n    %s\n", 4},
		{"values", "a:\n  x-enum-descriptions:\n    - %s\n", 3},
		{"nested", "a:\n  - b:\n      summary: %s\n", 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Empty(t, findingsIn(t, "specs/a.yaml", fmt.Sprintf(tt.format, long(84))))
			want := fmt.Sprintf("%d: description has 85 columns, at most 84", tt.line)
			assert.Equal(t, []string{want}, findingsIn(t, "specs/a.yaml", fmt.Sprintf(tt.format, long(85))))
			assert.Empty(t, findingsIn(t, "other/a.yaml", fmt.Sprintf(tt.format, long(85))), "no description of an API")
		})
	}
	assert.Empty(t, findingsIn(t, "specs/a.yaml", "a:\n  description: {b: "+long(90)+"}\n"), "no text")
	assert.Len(t, findingsIn(t, "a.yml", "# "+long(99)+"\na: 1\n"), 1)
}

func TestNames(t *testing.T) {
	for _, body := range []string{
		"func old() {}", "func f(old int) {}", "func f() (old int) { return }", "type old int",
		"var old int", "const old = 1", "type t struct{ old int }", "func (t T) old() {}",
		"func f() { old := 1; _ = old }", "func f() { for old := range x {} }", "func f() { for _, old := range x {} }",
		"func f() { g(func(old int) {}) }",
	} {
		assert.Equal(t, []string{"3: name old says nothing about what it stands for"},
			findingsIn(t, "a.go", "package p\n\n"+body+"\n"), body)
	}
	for _, body := range []string{"func f(in int) {}", "var v = func(in int) {}", "type t interface{ m(in int) }"} {
		got := findingsIn(t, "a_test.go", "package p\n\n"+body+"\n")
		require.Len(t, got, 1, body)
		assert.Contains(t, got[0], "parameter in")
	}
	for _, body := range []string{
		"func Old() {}", "func older() {}", "var v = old", "var once sync.Once", "type t struct{ once sync.Once }",
		"func f() { in := 1; old = in }",
	} {
		assert.Empty(t, findingsIn(t, "a.go", "package p\n\n"+body+"\n"), body)
	}
}

func TestSizes(t *testing.T) {
	test := func(lines int) string {
		return "package p\n\nfunc TestX(t *testing.T) {" + strings.Repeat("\n", lines-1) + "}\n"
	}
	assert.Empty(t, findingsIn(t, "a_test.go", test(100)))
	assert.Equal(t, []string{"3: TestX has 101 lines, at most 100"}, findingsIn(t, "a_test.go", test(101)))
	assert.Empty(t, findingsIn(t, "a.go", test(101)), "no test")
	file := "package p\n" + strings.Repeat("\n", 499)
	assert.Empty(t, findingsIn(t, "a_test.go", file))
	assert.Equal(t, []string{"501: test file has 501 lines, at most 500"}, findingsIn(t, "a_test.go", file+"\n"))
	assert.Empty(t, findingsIn(t, "a.go", file+"\n"), "no test file")
}

func TestFilesThatCannotBeReadAreErrors(t *testing.T) {
	for path, content := range map[string]string{"a.go": "package", "a.yaml": "a: [", "b/a.yml": "\tx"} {
		_, err := check(fstest.MapFS{path: {Data: []byte(content)}})
		require.ErrorContains(t, err, path)
	}
}

func TestSkippedPaths(t *testing.T) {
	tree := fstest.MapFS{"testdata/b.md": {Data: []byte("It tells.\n")}, "c.md": {Data: []byte("It tells.\n")}}
	found, err := check(tree)
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.Equal(t, `c.md:1: "tells": write reports, says or returns`, found[0].String())
}
