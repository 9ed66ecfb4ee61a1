// Style reports text and names that break the rules of CONTRIBUTING.md, "Words and names".
//
// It reads the files below a directory and prints one line per finding, as file:line: what. The
// exit code is 1 if there are findings.
//
// Usage:
//
//	style [-fix] [DIRECTORY]
//
// From the root of the repository:
//
//	go -C internal/tools run ./style
//
// With -fix it first wraps the comments in Go that are too wide: each paragraph from its first line
// that is too wide. Lists, code, tables, directives, outputs of examples, comments behind code and
// generated files stay unchanged.
//
// # Go
//
//   - A line of code has at most 120 columns, a comment 100. A field comment of an exported struct
//     has 90, because pkg.go.dev shows it in a box that does not wrap. A tab counts 4 columns.
//   - Comments and string literals are free of the forbidden words.
//   - A nolint is before a whole declaration, because go doc shows one at a part of it.
//   - Parameters are not named in, and nothing has one of the forbidden names.
//   - A test file has at most 500 lines, a test 100.
//
// Code in a comment may have 120 columns. Free of limits are directives, a single word such as a
// URL, the output of an example, and the code, but not the comments, of generated files.
//
// # Markdown and YAML
//
//   - Text outside of code is free of the forbidden words.
//   - A description in specs has at most 84 columns: it becomes a field comment.
//   - A comment in YAML has at most 100 columns.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	wraps := flag.Bool("fix", false, "wrap comments that are too wide")
	flag.Usage = func() { fmt.Fprintln(os.Stderr, "usage: style [-fix] [DIRECTORY]") }
	flag.Parse()
	dir := "../.."
	switch flag.NArg() {
	case 0:
	case 1:
		dir = flag.Arg(0)
	default:
		flag.Usage()
		os.Exit(2)
	}
	if *wraps {
		if err := fix(dir); err != nil {
			fmt.Fprintln(os.Stderr, "style:", err)
			os.Exit(1)
		}
	}
	findings, err := check(os.DirFS(dir))
	if err != nil {
		fmt.Fprintln(os.Stderr, "style:", err)
		os.Exit(1)
	}
	for _, f := range findings {
		fmt.Println(f)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
}
