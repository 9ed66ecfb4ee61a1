package readme_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/readme"
)

// source is a file of a repository that documents show.
const source = `package x

func Example_a() {
	f()
	//doc:begin part
	if ok {

		g()
	}
	//doc:end
	//doc:begin part

	h()
	//doc:end

	// Output:
	// one
	//
	//   two
}
`

func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"x_test.go":   source,
		"tagged.go":   "//go:build never\n\npackage x\n",
		"open.go":     "package x\n\n//doc:begin part\n",
		"out.txt":     "text\n",
		"page.md":     "# A page\n\n## Heading, with `code`\n",
		"pkg/code.go": "package pkg\n\n// T is a type.\ntype T struct{ F int }\n\nfunc (*T) M() {}\n\nconst C = 1\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	for _, tt := range []struct{ name, text, want string }{
		{"a part", "<!-- code: x_test.go part -->\n```go\nold\n```\nend\n",
			"<!-- code: x_test.go part -->\n```go\nif ok {\n\n\tg()\n}\n\nh()\n```\nend\n"},
		{"a file", "<!-- output: out.txt -->\n```text\n```\n", "<!-- output: out.txt -->\n```text\ntext\n```\n"},
		{"an output", "<!-- output: x_test.go Example_a -->\n```text\n```\n",
			"<!-- output: x_test.go Example_a -->\n```text\none\n\n  two\n```\n"},
		{"another language", "```sh\ngo test\n```\n", "```sh\ngo test\n```\n"},
	} {
		got, err := readme.Refresh(dir, tt.text)
		require.NoError(t, err, tt.name)
		assert.Equal(t, tt.want, got, tt.name)
		again, err := readme.Refresh(dir, got)
		require.NoError(t, err, tt.name)
		assert.Equal(t, got, again, tt.name)
	}
}

func TestRefreshRefuses(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	for _, tt := range []struct{ name, text, want string }{
		{"Go without a source", "\n```go\nf()\n```\n", "line 2: a block of Go needs a comment"},
		{"a file that is not there", "<!-- code: y.go part -->\n```go\n```\n", "y.go"},
		{"a part that is not there", "<!-- code: x_test.go other -->\n```go\n```\n", "no lines between"},
		{"a part without an end", "<!-- code: open.go part -->\n```go\n```\n", "no lines between"},
		{"a file that nothing may compile", "<!-- code: tagged.go -->\n```go\n```\n", "build constraint"},
		{
			"an example that does not exist",
			"<!-- output: x_test.go Example_b -->\n```text\n```\n",
			"no function Example_b",
		},
		{"a comment without a block", "<!-- code: x_test.go part -->\n\n```go\n```\n", "line 1: no block follows"},
		{"a block without an end", "```go\n", "line 1: the block has no end"},
	} {
		_, err := readme.Refresh(dir, tt.text)
		assert.ErrorContains(t, err, tt.want, tt.name)
	}
}

func TestBrokenLinks(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	const pkgsite = "https://pkg.go.dev/github.com/integrations-go/sdk/"
	for target, works := range map[string]bool{
		"page.md":                   true,
		"page.md#heading-with-code": true,
		"page.md#other":             false,
		"pkg":                       true,
		"pkg/code.go":               true,
		"pkg/code.go#x":             false,
		"gone.md":                   false,
		"#here":                     true,
		"#there":                    false,
		"https://example.com/a":     true,
		"http://example.com/a":      false,
		"https://localhost":         false,
		pkgsite + "pkg":             true,
		pkgsite + "pkg#T":           true,
		pkgsite + "pkg#T.M":         true,
		pkgsite + "pkg#T.F":         true,
		pkgsite + "pkg#C":           true,
		pkgsite + "pkg#T.N":         false,
		pkgsite + "gone":            false,
		pkgsite + "page.md":         false,
		"../" + filepath.Base(dir):  false,
		"pkg/../page.md#a-page":     true,
	} {
		broken := readme.BrokenLinks(dir, "README.md", "# Here\n\nSee [this]("+target+").\n")
		assert.Equal(t, works, len(broken) == 0, "%s: %v", target, broken)
	}
	code := "`f[T](gone)`\n\n```go\nf[T](gone)\n```\n"
	assert.Empty(t, readme.BrokenLinks(dir, "README.md", code), "code has no links")
}
