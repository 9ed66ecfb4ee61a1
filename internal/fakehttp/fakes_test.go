package fakehttp_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The common part of all fakes is the same in each, including documentation.
func TestFakesShareOnePage(t *testing.T) {
	specs, err := filepath.Glob("../../specs/*.codegen.yaml")
	if err != nil || len(specs) < 2 {
		t.Fatalf("%d vendors, %v", len(specs), err)
	}
	var first, firstName string
	for _, spec := range specs {
		vendor := strings.TrimSuffix(filepath.Base(spec), ".codegen.yaml")
		name := filepath.Join("../..", vendor, vendor+"test", "shared.go")
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		clause, rest, _ := strings.Cut(string(source), "\n")
		if want := "package " + vendor + "test"; strings.TrimSpace(clause) != want {
			t.Errorf("%s begins with %q, not %q", name, clause, want)
		}
		if first == "" {
			first, firstName = rest, name
		}
		if rest != first {
			t.Errorf("%s differs from %s: change one, and copy it to the others but for the package clause", name,
				firstName)
		}
	}
}
