// Package imports_test holds the rules of which package may import which.
package imports_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/integrations-go/sdk"
	root   = "../.."
)

type goPackage struct {
	ImportPath                         string
	Standard, DepOnly                  bool
	Imports, TestImports, XTestImports []string
}

// load lists the packages of the module and all that they depend on.
func load(t *testing.T) map[string]goPackage {
	t.Helper()
	// What a child process reads is unknown to the test cache, which sees this walk instead.
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != root && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		return err
	}))
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Standard,DepOnly,Imports,TestImports,XTestImports", "./...")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	packages := map[string]goPackage{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			require.NotEmpty(t, packages)
			return packages
		}
		require.NoError(t, err)
		packages[p.ImportPath] = p
	}
}

// vendors finds the APIs by their generator configurations, so that a new one can't be forgotten.
func vendors(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "specs", "*.codegen.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for i := range files {
		files[i] = strings.TrimSuffix(filepath.Base(files[i]), ".codegen.yaml")
	}
	return files
}

// within is the part of an import path behind the module's.
func within(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

func vendorOf(pkg string, vendors []string) string {
	if v, _, _ := strings.Cut(pkg, "/"); slices.Contains(vendors, v) {
		return v
	}
	return ""
}

// allowed is what a package may import of this module. A package without a rule has no place in the tree.
func allowed(pkg string, vendors []string) (imports []string, ok bool) {
	switch pkg {
	case "ratelimit", "internal/paging", "internal/oneof", "internal/fakehttp":
		return nil, true
	case "internal/core":
		return []string{"ratelimit", "internal/paging"}, true
	case "specs", "internal/contract", "internal/imports", "internal/readme": // tests and no code
		return nil, true
	}
	if strings.HasPrefix(pkg, "internal/gen") { // the code generator's own
		return nil, true
	}
	if strings.HasPrefix(pkg, "examples/") {
		imports = []string{"ratelimit"}
		for _, v := range vendors {
			imports = append(imports, v, v+"/api", v+"/"+v+"test")
		}
		return imports, true
	}
	switch v := vendorOf(pkg, vendors); pkg {
	case "":
	case v:
		return []string{v + "/api", "ratelimit", "internal/core", "internal/paging", "internal/oneof"}, true
	case v + "/api":
		return []string{"internal/oneof"}, true
	case v + "/" + v + "test":
		return []string{v + "/api", "internal/fakehttp"}, true
	}
	return nil, false
}

func TestPackagesImportOnlyWhatTheirPlaceAllows(t *testing.T) {
	t.Parallel()
	names := vendors(t)
	for path, p := range load(t) {
		pkg, ours := within(path)
		if !ours {
			continue
		}
		may, ok := allowed(pkg, names)
		assert.True(t, ok, "no rule for package %s", path)
		for _, imported := range p.Imports {
			if name, ours := within(imported); ours {
				assert.Contains(t, may, name, "%s imports %s", pkg, name)
			}
		}
	}
}

// The tests of a vendor, or of what all vendors share, must not lean on another vendor either.
func TestVendorsAreStrangersToEachOther(t *testing.T) {
	t.Parallel()
	names := vendors(t)
	for path, p := range load(t) {
		pkg, ours := within(path)
		if !ours || pkg == "specs" || pkg == "internal/contract" || strings.HasPrefix(pkg, "examples/") {
			continue
		}
		own := vendorOf(pkg, names)
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if name, ours := within(imported); ours && vendorOf(name, names) != "" {
				assert.Equal(t, own, vendorOf(name, names), "%s imports %s", pkg, name)
			}
		}
	}
}

// outside is all that a package needs, directly or not, and that is not this module's.
func outside(packages map[string]goPackage, path string) map[string]bool {
	seen := map[string]bool{}
	var walk func(string)
	walk = func(path string) {
		if !seen[path] {
			seen[path] = true
			for _, imported := range packages[path].Imports {
				walk(imported)
			}
		}
	}
	walk(path)
	maps.DeleteFunc(seen, func(path string, _ bool) bool { _, ours := within(path); return ours })
	return seen
}

func TestVendorsNeedFewModules(t *testing.T) {
	t.Parallel()
	few := []string{"github.com/oapi-codegen/runtime", "github.com/google/uuid", "github.com/apapsch/go-jsonmerge/v2", "golang.org/x/time"}
	packages := load(t)
	for _, v := range vendors(t) {
		require.Contains(t, packages, module+"/"+v)
		for path := range outside(packages, module+"/"+v) {
			p, known := packages[path]
			if known && p.Standard || path == "C" || path == "unsafe" {
				continue
			}
			assert.True(t, slices.ContainsFunc(few, func(m string) bool { return path == m || strings.HasPrefix(path, m+"/") }), "%s needs %s", v, path)
		}
	}
}

func TestCodeNeedsNoTestLibrary(t *testing.T) {
	t.Parallel()
	libraries := []string{
		"testing", "github.com/stretchr/testify", "github.com/jarcoal/httpmock", "go.uber.org/goleak", "github.com/getkin/kin-openapi",
		"gotest.tools", "github.com/google/go-cmp",
	}
	packages := load(t)
	for path, p := range packages {
		if _, ours := within(path); !ours || p.DepOnly {
			continue
		}
		needs := outside(packages, path)
		maps.DeleteFunc(needs, func(needed string, _ bool) bool { return packages[needed].Standard }) // whose own imports are its own affair: net/http/httptest may import testing
		needs[path] = true
		for needed := range needs {
			for _, imported := range packages[needed].Imports {
				for _, library := range libraries {
					assert.False(t, imported == library || strings.HasPrefix(imported, library+"/"), "%s needs %s", needed, imported)
				}
			}
		}
	}
}
