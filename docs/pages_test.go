package docs_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/readme"
)

var update = flag.Bool("update", false, "write the blocks of the pages again")

// pages returns the text of each page by its name.
func pages(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*.md")
	require.NoError(t, err)
	texts := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		texts[name] = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	require.NotEmpty(t, texts)
	return texts
}

func TestBlocksAreTheCodeThatIsCompiled(t *testing.T) {
	for name, text := range pages(t) {
		want, err := readme.Refresh("..", text)
		if !assert.NoError(t, err, name) {
			continue
		}
		if *update && want != text {
			require.NoError(t, os.WriteFile(name, []byte(want), 0o644))
			continue
		}
		assert.Equal(t, want, text, "%s: run go test . -update in docs", name)
	}
}

// A page for a task begins with its title and is short enough to be read at once.
func TestPagesAreShort(t *testing.T) {
	long := map[string]bool{"api.md": true, "promises.md": true} // tables
	for name, text := range pages(t) {
		if !long[name] {
			assert.True(t, strings.HasPrefix(text, "# "), name)
			assert.LessOrEqual(t, strings.Count(text, "\n"), 230, name)
		}
	}
}

func TestIndexNamesEachPage(t *testing.T) {
	texts := pages(t)
	for name := range texts {
		if name != "README.md" {
			assert.Contains(t, texts["README.md"], "]("+name+")")
		}
	}
}
