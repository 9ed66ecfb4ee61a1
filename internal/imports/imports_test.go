// Package imports_test checks the rules for imports between packages.
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

	"github.com/integrations-go/sdk/internal/core"
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

// load lists the packages of the module and all their dependencies.
func load(t *testing.T) map[string]goPackage {
	t.Helper()
	// The test cache does not see the files that a child process reads, but it sees this walk.
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != root && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		return err
	}))
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps",
		"-json=ImportPath,Standard,DepOnly,Imports,TestImports,XTestImports", "./...")
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

// vendors finds the APIs by their generator configurations. A new one is therefore tested without
// changes here.
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

// within returns the part of an import path after that of the module.
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

// allowed returns the packages of this module that a package may import. A package without a rule
// is an error.
func allowed(pkg string, vendors []string) (imports []string, ok bool) {
	switch pkg {
	case "internal/oneof", "internal/fakehttp", "internal/redact", "internal/diff", "internal/exchanges",
		"internal/contract/specified":
		return nil, true
	case "ratelimit":
		return []string{
			"ratelimit/internal/concurrency", "ratelimit/internal/pacing", "ratelimit/internal/queue",
			"ratelimit/internal/servers",
		}, true
	case "internal/simserver":
		return []string{"ratelimit"}, true
	case "internal/core":
		return []string{"ratelimit", "internal/redact"}, true
	case "internal/show":
		return []string{"internal/oneof", "internal/redact"}, true
	case "": // package sdk
		return []string{"ratelimit", "internal/core", "internal/show"}, true
	case "internal/paging":
		return []string{"", "internal/core"}, true
	case "internal/vendor":
		return []string{"", "ratelimit", "internal/core"}, true
	case "internal/contract", "internal/imports", "examples": // tests and no code
		return nil, true
	case "internal/readme", "examples/internal/program":
		return nil, true
	case "internal/readme/program": // the first program of the README
		return []string{"confluent"}, true
	}
	if strings.HasPrefix(pkg, "internal/gen") || // part of the code generator
		strings.HasPrefix(pkg, "ratelimit/internal/") { // the parts of a limiter know nothing but the time
		return nil, true
	}
	if strings.HasPrefix(pkg, "examples/") {
		imports = []string{"", "ratelimit", "examples/internal/program"}
		for _, v := range vendors {
			imports = append(imports, v, v+"/"+v+"test")
		}
		return imports, true
	}
	switch v := vendorOf(pkg, vendors); {
	case v == "":
	case pkg == v:
		return []string{"", "ratelimit", "internal/core", "internal/diff", "internal/oneof", "internal/paging",
			"internal/redact", "internal/show", "internal/vendor"}, true
	case pkg == v+"/"+v+"test":
		return []string{"internal/fakehttp"}, true
	case pkg == v+"/"+v+"test/foreign": // a program
		return []string{v + "/" + v + "test"}, true
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

// The tests of a vendor, and of the shared packages, must not depend on another vendor.
func TestVendorsAreStrangersToEachOther(t *testing.T) {
	t.Parallel()
	names := vendors(t)
	for path, p := range load(t) {
		pkg, ours := within(path)
		if !ours || pkg == "internal/contract" || strings.HasPrefix(pkg, "examples/") ||
			strings.HasPrefix(pkg, "internal/readme") { // what documents show uses several
			continue
		}
		if pkg == "" { // its examples show several vendors; its code imports none of them
			p.XTestImports = nil
		}
		own := vendorOf(pkg, names)
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if name, ours := within(imported); ours && vendorOf(name, names) != "" {
				assert.Equal(t, own, vendorOf(name, names), "%s imports %s", pkg, name)
			}
		}
	}
}

// outside returns all packages of other modules that a package needs, directly or indirectly.
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
	few := []string{"github.com/oapi-codegen/runtime", "github.com/google/uuid", "github.com/apapsch/go-jsonmerge/v2",
		"golang.org/x/time"}
	packages := load(t)
	for _, v := range vendors(t) {
		require.Contains(t, packages, module+"/"+v)
		for path := range outside(packages, module+"/"+v) {
			p, known := packages[path]
			if known && p.Standard || path == "C" || path == "unsafe" {
				continue
			}
			assert.True(t, slices.ContainsFunc(few, func(m string) bool {
				return path == m || strings.HasPrefix(path, m+"/")
			}), "%s needs %s", v, path)
		}
	}
}

// The requirements of internal/tools would otherwise be in the go.mod of each consumer.
func TestGeneratorStaysAtHome(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Path}}", "all")
	cmd.Dir, cmd.Stderr, cmd.Env = root, os.Stderr, append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	require.NoError(t, err)
	modules := strings.Fields(string(out))
	require.Contains(t, modules, "github.com/oapi-codegen/runtime")
	for _, generator := range []string{"github.com/getkin/kin-openapi", "github.com/oapi-codegen/oapi-codegen/v2"} {
		assert.NotContains(t, modules, generator)
	}
}

// A consumer ignores replace directives. Therefore only an existing version can be required.
func TestModulesRequireTheReleaseOfEachOther(t *testing.T) {
	t.Parallel()
	var files []string
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.Name() == "go.mod":
			files = append(files, path)
		}
		return nil
	}))
	seen := 0
	for _, file := range files {
		out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json", file).Output()
		require.NoError(t, err, file)
		var mod struct {
			Require []struct{ Path, Version string }
			Replace []struct{ Old, New struct{ Path string } }
		}
		require.NoError(t, json.Unmarshal(out, &mod), file)
		inside := map[string]string{} // folders of our modules by path
		for _, r := range mod.Replace {
			inside[r.Old.Path] = r.New.Path
		}
		for _, r := range mod.Require {
			if name, ours := within(r.Path); ours {
				seen++
				assert.Equal(t, "v"+core.Version, r.Version, "%s requires %s", file, r.Path)
				assert.Equal(t, filepath.Join(root, name), filepath.Join(filepath.Dir(file), inside[r.Path]),
					"%s replaces %s", file, r.Path)
			}
		}
	}
	assert.GreaterOrEqual(t, seen, len(files)-1, "all modules but the root's require it")
}

func TestCodeNeedsNoTestLibrary(t *testing.T) {
	t.Parallel()
	libraries := []string{
		"testing", "github.com/stretchr/testify", "github.com/jarcoal/httpmock", "go.uber.org/goleak",
		"github.com/getkin/kin-openapi", "github.com/oapi-codegen/oapi-codegen",
		"gotest.tools", "github.com/google/go-cmp",
	}
	packages := load(t)
	for path, p := range packages {
		if _, ours := within(path); !ours || p.DepOnly {
			continue
		}
		needs := outside(packages, path)
		// their own imports are not checked: net/http/httptest may import testing
		maps.DeleteFunc(needs, func(needed string, _ bool) bool { return packages[needed].Standard })
		needs[path] = true
		for needed := range needs {
			for _, imported := range packages[needed].Imports {
				for _, library := range libraries {
					assert.False(t, imported == library || strings.HasPrefix(imported, library+"/"), "%s needs %s",
						needed, imported)
				}
			}
		}
	}
}
