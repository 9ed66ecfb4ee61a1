package inventory_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A program that imports the package links few other modules.
func TestTheLibraryLinksFewModules(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}",
		".").Output()
	require.NoError(t, err)
	modules := strings.Fields(string(out))
	slices.Sort(modules)
	modules = slices.DeleteFunc(slices.Compact(modules), func(m string) bool {
		return strings.HasPrefix(m, "github.com/integrations-go/")
	})
	assert.LessOrEqual(t, len(modules), 8, modules)
	assert.Contains(t, modules, "github.com/ncruces/go-sqlite3")
}
