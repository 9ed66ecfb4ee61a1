// Package readme_test holds the README to what it says.
package readme_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	return string(b)
}

func TestProgramBuilds(t *testing.T) {
	t.Parallel()
	// What a child process reads is unknown to the test cache, which sees this walk instead.
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != root && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		return err
	}))
	blocks := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(read(t, "README.md"), -1)
	require.NotEmpty(t, blocks)
	for i, block := range blocks {
		text := block[1]
		if i > 0 { // what follows the program shows the middle of another one
			body := strings.TrimSuffix("\t"+strings.ReplaceAll(text, "\n", "\n\t"), "\t")
			from := regexp.MustCompile(`^c, err := (\w+)\.`).FindStringSubmatch(text) // makes a client first
			result := regexp.MustCompile(`(?m)^(\w+), err := c\..*\n\z`).FindStringSubmatch(text)
			require.NotNil(t, from, text)
			require.NotNil(t, result, text)
			text = "package main\n\nimport (\n\t\"context\"\n\t\"log\"\n\n\t\"github.com/integrations-go/sdk/" + from[1] + "\"\n)\n\nfunc main() {\n\tctx := context.Background()\n" +
				body + "\tlog.Print(" + result[1] + ", err)\n}\n"
		}
		// The overlay puts the program into the module, where the disk has nothing.
		dir := t.TempDir()
		program, overlay := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay.json")
		require.NoError(t, os.WriteFile(program, []byte(text), 0o600))
		inModule, err := filepath.Abs("program/main.go")
		require.NoError(t, err)
		replace, err := json.Marshal(map[string]any{"Replace": map[string]string{inModule: program}})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(overlay, replace, 0o600))

		cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-overlay", overlay, "-o", filepath.Join(dir, "program"), "./program")
		cmd.Env = append(os.Environ(), "GOPROXY=off")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s\n%s", out, text)
		formatted, err := exec.CommandContext(t.Context(), "gofmt", "-l", program).CombinedOutput()
		require.NoError(t, err)
		assert.Empty(t, string(formatted))
	}
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
