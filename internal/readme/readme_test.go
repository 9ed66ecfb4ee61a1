// Package readme_test tests the README.
package readme_test

import (
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/readme"
)

const root = "../.."

var update = flag.Bool("update", false, "write the blocks of the README again")

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

func TestBlocksAreTheCodeThatIsCompiled(t *testing.T) {
	text := read(t, "README.md")
	want, err := readme.Refresh(root, text)
	require.NoError(t, err)
	if *update && want != text {
		require.NoError(t, os.WriteFile(filepath.Join(root, "README.md"), []byte(want), 0o644))
		return
	}
	assert.Equal(t, want, text, "run go test ./internal/readme -update")
}

// The headings that the README needs, in their order. Those that are true have a block of Go.
var headings = []struct {
	text string
	code bool
}{
	{"Install", false},
	{"First program", true},
	{"Authentication", true},
	{"Listing", true},
	{"Creating without duplicates", true},
	{"Updating without loss", true},
	{"Waiting", true},
	{"Errors", true},
	{"Retries, deadlines and rate limits", true},
	{"Proxies and TLS", true},
	{"Logs", true},
	{"SQL", true},
	{"Testing", true},
	{"Packages", false},
	{"Versions and stability", false},
}

func TestEachTopicHasAHeadingAndCode(t *testing.T) {
	t.Parallel()
	sections := strings.Split(read(t, "README.md"), "\n## ")[1:]
	var got []string
	for _, section := range sections {
		title, _, _ := strings.Cut(section, "\n")
		got = append(got, title)
	}
	var want []string
	for i, h := range headings {
		want = append(want, h.text)
		if h.code && i < len(sections) {
			assert.Contains(t, sections[i], "\n```go\n", h.text)
		}
	}
	require.Equal(t, want, got)
}

// A reader sees what the SDK does before the first heading.
func TestFirstScreenShowsTheQuickstart(t *testing.T) {
	t.Parallel()
	first, _, _ := strings.Cut(read(t, "README.md"), "\n## ")
	blocks, err := readme.Blocks(first)
	require.NoError(t, err)
	require.NotEmpty(t, blocks)
	command, want, _ := strings.Cut(blocks[0].Text, "\n")
	require.Equal(t, "console", blocks[0].Language)
	args, found := strings.CutPrefix(command, "$ go ")
	require.True(t, found, command)
	cmd := exec.CommandContext(t.Context(), "go", strings.Fields(args)...)
	cmd.Dir = root
	got, err := cmd.Output()
	require.NoError(t, err)
	assert.Equal(t, want, string(got))
}

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	count := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "bin" || path != root && strings.HasPrefix(d.Name(),
			".")):
			return fs.SkipDir
		case filepath.Ext(path) == ".md":
			name, err := filepath.Rel(root, path)
			require.NoError(t, err)
			count++
			assert.Empty(t, readme.BrokenLinks(root, filepath.ToSlash(name), read(t, name)))
		}
		return nil
	}))
	assert.Greater(t, count, 10)
}

func TestGoVersionsAreThoseOfCI(t *testing.T) {
	t.Parallel()
	next := regexp.MustCompile(`(?m)^NEXT_GO=(go[0-9.]+)$`).FindStringSubmatch(read(t, ".ci/run"))
	require.NotNil(t, next)
	assert.Contains(t, read(t, "README.md"), "and "+next[1]+".")
	minimum := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod"))
	require.NotNil(t, minimum)
	assert.Contains(t, read(t, "README.md"), "You need Go "+minimum[1]+" or newer")
}
