package tools_test

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var marksGenerated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// tree returns the files of the repository below dir, by their paths.
func tree(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (path == "bin" || path != "." && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case d.Type().IsRegular() && d.Name() != "go.work" && d.Name() != "go.work.sum":
			files[path], err = os.ReadFile(filepath.Join(dir, path))
		}
		return err
	}))
	return files
}

// isGenerated reports whether a tool wrote the file. Such a file says so before its package clause.
func isGenerated(path string, content []byte) bool {
	head, _, _ := bytes.Cut(content, []byte("\npackage "))
	return strings.HasSuffix(path, ".go") && marksGenerated.Match(head)
}

// withoutGenerated writes all files except generated ones to a new directory.
func withoutGenerated(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for path, content := range files {
		if !isGenerated(path, content) {
			path = filepath.Join(dir, path)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.WriteFile(path, content, 0o644))
		}
	}
	return dir
}

// changed returns the files that differ between two trees, or that are in only one of them.
func changed(want, got map[string][]byte) []string {
	paths := maps.Clone(want)
	maps.Copy(paths, got)
	maps.DeleteFunc(paths, func(path string, _ []byte) bool {
		a, inWant := want[path]
		b, inGot := got[path]
		return inWant && inGot && bytes.Equal(a, b)
	})
	return slices.Sorted(maps.Keys(paths))
}

// All generated files are removed first. A pipeline that generates nothing is therefore noticed.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	want := tree(t, root)
	dir := withoutGenerated(t, want)
	for _, run := range []string{"first", "second"} {
		generate(t, dir)
		assert.Empty(t, changed(want, tree(t, dir)), "%s run; run go generate ./...", run)
	}
}

// A broken pipeline must not look like one without changes.
func TestBrokenPipelinesAreNoticed(t *testing.T) {
	want := tree(t, root)
	var all []string // generated files
	for path, content := range want {
		if isGenerated(path, content) {
			all = append(all, path)
		}
	}
	slices.Sort(all)
	require.Greater(t, len(all), len(vendors(t)), "a file per vendor, and the list of operations")

	for _, tt := range []struct {
		name, file, before, after string
		want                      []string
	}{
		{"a build tag that go generate does not set", "tools.go", "//go:build generate", "//go:build tools",
			append([]string{"tools.go"}, all...)},
		{"no directives", "tools.go", "//go:generate ", "// go:generate ", append([]string{"tools.go"}, all...)},
		{"a list of nothing", "tools.go", "../contract/specified/zz_generated.go", os.DevNull,
			[]string{"internal/contract/specified/zz_generated.go", "tools.go"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			broken := maps.Clone(want)
			require.Contains(t, string(want[tt.file]), tt.before)
			broken[tt.file] = bytes.ReplaceAll(want[tt.file], []byte(tt.before), []byte(tt.after))
			dir := withoutGenerated(t, broken)
			generate(t, dir)
			assert.ElementsMatch(t, tt.want, changed(want, tree(t, dir)))
		})
	}
}

func generate(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "generate", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
