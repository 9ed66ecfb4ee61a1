package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The README and the questions in docs show the real output of the program.
func TestDocumentsShowRealOutput(t *testing.T) {
	withoutVendors(t)
	for _, name := range []string{"README.md", "docs/sql.md"} {
		t.Run(name, func(t *testing.T) { checkOutput(t, "../../../"+name) })
	}
}

func checkOutput(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```console\n\\$ inventory (.*?)\n(.*?)```").FindAllStringSubmatch(
		strings.ReplaceAll(string(text), "\r\n", "\n"), -1)
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		var args []string
		for i, part := range strings.Split(block[1], `"`) {
			if i%2 == 1 { // in quotes
				args = append(args, part)
			} else {
				args = append(args, strings.Fields(part)...)
			}
		}
		got := start(t.Context(), "", args...)
		assert.Zero(t, got.code, got.stderr)
		assert.Equal(t, block[2], strings.ReplaceAll(got.stdout, "\r\n", "\n"), block[1])
	}
}
