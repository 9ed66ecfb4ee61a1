package specs_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// vendors finds the APIs by their generator configurations, so that a new one can't be forgotten.
func vendors(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.codegen.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for i := range files {
		files[i] = strings.TrimSuffix(files[i], ".codegen.yaml")
	}
	return files
}

func generated(vendor string) string { return filepath.Join("..", vendor, "api", "api.gen.go") }

// The copy holds what generation needs and nothing that was generated before.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"specs", "internal/gen"} {
		require.NoError(t, os.CopyFS(filepath.Join(root, dir), os.DirFS(filepath.Join("..", dir))))
	}
	files := []string{"go.mod", "go.sum", "tools.go"}
	for _, v := range vendors(t) {
		files = append(files, filepath.Join(v, "api", "generate.go"))
	}
	for _, name := range files {
		b, err := os.ReadFile(filepath.Join("..", name))
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), b, 0o644))
	}

	for _, run := range []string{"first", "second"} {
		generate(t, root)
		for _, v := range vendors(t) {
			got, err := os.ReadFile(filepath.Join(root, v, "api", "api.gen.go"))
			require.NoError(t, err)
			want, err := os.ReadFile(generated(v))
			require.NoError(t, err)
			if !bytes.Equal(got, want) {
				t.Errorf("%s run: %s is stale; run go generate ./...", run, generated(v))
			}
		}
	}
}

func generate(t *testing.T, root string) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), "go", "generate", "./...")
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
