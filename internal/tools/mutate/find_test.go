package main

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// changes returns the changes of the statements or declarations in code.
func changes(t *testing.T, code string) (found []string, skipped map[string]int) {
	t.Helper()
	mutants, skipped, err := find("x.go", []byte("package x\n"+code+"\n"))
	require.NoError(t, err)
	for _, m := range mutants {
		found = append(found, m.change)
		_, err := parser.ParseFile(token.NewFileSet(), "x.go", m.source, 0)
		assert.NoError(t, err, "%s", m.source)
	}
	return found, skipped
}

func TestNumbers(t *testing.T) {
	for name, tt := range map[string]struct {
		code    string
		want    []string
		skipped string
	}{
		"integer":     {"const a = 7", []string{"7 -> 3", "7 -> 14"}, ""},
		"one":         {"var a = max(b, 1)", []string{"1 -> 0", "1 -> 2"}, ""},
		"zero":        {"var a = b == 0", nil, "zero"},
		"float":       {"const a = 0.98", []string{"0.98 -> 0.49", "0.98 -> 1.96"}, ""},
		"float zero":  {"const a = 0.0", nil, "zero"},
		"exponent":    {"const a = 1e9", []string{"1e9 -> 5e+08", "1e9 -> 2e+09"}, ""},
		"hexadecimal": {"const a = 0x10", []string{"0x10 -> 8", "0x10 -> 32"}, ""},
		"separators":  {"const a = 1_000", []string{"1_000 -> 500", "1_000 -> 2000"}, ""},
		"large": {"const a = 1 << 62 / 18446744073709551616", []string{"62 -> 31", "62 -> 124",
			"18446744073709551616 -> 9223372036854775808", "18446744073709551616 -> 36893488147419103232"},
			"1 that is added, subtracted or shifted"},
		"not a number": {`var a, b = "7", '7'`, nil, ""},
		"unit": {"const a = time.Second", []string{"time.Second -> (time.Second/2)",
			"time.Second -> (2*time.Second)"}, ""},
		"unit, times":   {"const a = 5 * time.Second", []string{"5 -> 2", "5 -> 10"}, ""},
		"unit, divided": {"const a = time.Second / 3", []string{"3 -> 1", "3 -> 6"}, ""},
		"unit, of": {"var a = b * time.Second", []string{"time.Second -> (time.Second/2)",
			"time.Second -> (2*time.Second)"}, ""},
		"no unit":      {"var a, b = time.UTC, at.Second", nil, ""},
		"counting":     {"var a = b + 1 - 1", nil, "1 that is added, subtracted or shifted"},
		"shift by one": {"var a = b << 1", nil, "1 that is added, subtracted or shifted"},
		"added two":    {"var a = b + 2", []string{"2 -> 1", "2 -> 4"}, ""},
		"index":        {"var a = b[3]", nil, "index, slice bound or array length"},
		"in an index":  {"var a = b[c*3]", nil, "index, slice bound or array length"},
		"indexed":      {"var a = f(3)[c]", []string{"3 -> 1", "3 -> 6"}, ""},
		"slice":        {"var a = b[3:4:5]", nil, "index, slice bound or array length"},
		"array":        {"var a [3]int", nil, "index, slice bound or array length"},
		"make":         {"var a = make([]int, 3, 4)", nil, "size given to make"},
		"strconv":      {"var a, _ = strconv.ParseInt(b, 10, 64)", nil, "base or size given to strconv"},
		"enumeration":  {"const (\n a = iota + 5\n b\n)", nil, "enumeration"},
	} {
		found, skipped := changes(t, tt.code)
		assert.Equal(t, tt.want, found, name)
		if tt.skipped == "" {
			assert.Empty(t, skipped, name)
		} else {
			assert.Contains(t, skipped, tt.skipped, name)
			assert.Len(t, skipped, 1, name)
		}
	}
}

func TestBranches(t *testing.T) {
	for name, tt := range map[string]struct{ code, want, source string }{
		"if":        {"if a { b() }", "if a", "if (a) && false { b() }"},
		"with init": {"if a := b(); a || c { d() }", "if a || c", "if a := b(); (a || c) && false { d() }"},
		"else":      {"if a { b() } else { c() }", "else", "if a { b() } else if false { c() }"},
		"else if":   {"if a { b() } else if c { d() }", "if c", "if a { b() } else if (c) && false { d() }"},
		"condition": {"switch {\ncase a, b: c()\n}", "case a, b", "switch {\ncase (a) && false, (b) && false: c()\n}"},
		"value":     {"switch a {\ncase \"b\": c()\n}", `case "b"`, "switch a {\n\n}"},
		"type":      {"switch a.(type) {\ncase b: c()\n}", "case b", "switch a.(type) {\n\n}"},
		"default":   {"switch {\ndefault: c()\n}", "default", "switch {\n\n}"},
		"literal":   {"f(func() { if a { b() } })", "if a", "f(func() { if (a) && false { b() } })"},
	} {
		mutants, _, err := find("x.go", []byte("package x\n\nfunc f() {\n"+tt.code+"\n}\n"))
		require.NoError(t, err)
		found := false
		for _, m := range mutants {
			if m.change == "branch removed: "+tt.want {
				found = true
				assert.Equal(t, "package x\n\nfunc f() {\n"+tt.source+"\n}\n", string(m.source), name)
				assert.GreaterOrEqual(t, m.line, 4, name)
			}
		}
		assert.True(t, found, "%s: %v", name, mutants)
	}
}

// A select waits for the same events, and a loop ends in the same way.
func TestWhatIsNoBranch(t *testing.T) {
	found, _ := changes(t, "func f() {\nselect {\ncase <-a:\ndefault:\n}\nfor a < b {\n}\n}")
	assert.Empty(t, found)
}

func TestChangesAreOneLine(t *testing.T) {
	found, _ := changes(t, "func f() {\nif a ||\n\tb {\n}\n}")
	assert.Equal(t, []string{"branch removed: if a || b"}, found)
}

func TestFindRefusesWhatIsNotGo(t *testing.T) {
	_, _, err := find("x.go", []byte("no Go"))
	assert.ErrorContains(t, err, "x.go")
}

func TestLinesAreThoseOfTheSource(t *testing.T) {
	mutants, _, err := find("x.go", []byte(strings.Repeat("\n", 9)+"package x\n\nconst a = 5\n"))
	require.NoError(t, err)
	assert.Equal(t, 12, mutants[0].line)
}
