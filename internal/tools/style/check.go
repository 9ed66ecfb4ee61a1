package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits, in columns and lines.
const (
	tabWidth           = 4 // as in internal/tools/docs
	codeColumns        = 120
	commentColumns     = 100
	fieldColumns       = 90 // pkg.go.dev shows structs in a box that does not wrap
	descriptionColumns = 84 // with a tab and a comment sign, a field comment
	testFileLines      = 500
	testLines          = 100
)

// quoting are the files that quote the forbidden words.
var quoting = []string{"internal/tools/style/style_test.go", "internal/tools/style/words.go"}

// A finding is one breach of a rule.
type finding struct {
	file string
	line int
	what string
}

// String returns the finding as file:line: what.
func (f finding) String() string { return fmt.Sprintf("%s:%d: %s", f.file, f.line, f.what) }

// A file is one file that is checked, with the findings so far.
type file struct {
	path     string
	content  string
	lines    []string // without line ends
	findings []finding
}

func (f *file) report(line int, format string, args ...any) {
	f.findings = append(f.findings, finding{f.path, line, fmt.Sprintf(format, args...)})
}

// checkers are the rules for each kind of file, by the end of its name.
var checkers = []struct {
	suffix string
	check  func(*file) error
}{
	{".go", checkGo},
	{".md", checkMarkdown},
	{".yaml", checkYAML},
	{".yml", checkYAML},
	{".java", checkText},
	{".py", checkText},
	{".tmpl", checkText},
	{".ci/outsider", checkText},
	{".ci/run", checkText},
	{"Makefile", checkText},
	{"live/platform", checkText},
}

// checkerOf returns the rules for a file, nil if there are none.
func checkerOf(name string) func(*file) error {
	for _, c := range checkers {
		if strings.HasSuffix(name, c.suffix) {
			return c.check
		}
	}
	return nil
}

// check returns the findings in all files of the tree, in the order of files and lines. It leaves
// out testdata, hidden folders other than .ci and .github, and the files that quote the rules.
func check(tree fs.FS) ([]finding, error) {
	var found []finding
	err := walk(tree, func(f *file) error {
		err := checkerOf(f.path)(f)
		found = append(found, f.findings...)
		return err
	})
	slices.SortStableFunc(found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.what, b.what))
	})
	return slices.Compact(found), err
}

// walk calls visit for each file that has rules, and names the file in its error.
func walk(tree fs.FS, visit func(*file) error) error {
	return fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skipsFolder(name, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if checkerOf(name) == nil || slices.Contains(quoting, name) {
			return nil
		}
		content, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		f := &file{path: name, content: string(content), lines: strings.Split(string(content), "\n")}
		if err := visit(f); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
}

func skipsFolder(name, base string) bool {
	hidden := strings.HasPrefix(base, ".") && base != "." && base != ".ci" && base != ".github"
	return hidden || base == "testdata" || name == "bin"
}

// width returns the columns that a line takes.
func width(line string) int {
	return utf8.RuneCountInString(line) + strings.Count(line, "\t")*(tabWidth-1)
}
