package main

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// fix wraps the comments that are too wide in the files in Go below dir.
func fix(dir string) error {
	return walk(os.DirFS(dir), func(f *file) error {
		if !strings.HasSuffix(f.path, ".go") {
			return nil
		}
		fixed, err := wrapComments(f)
		if err != nil || fixed == f.content {
			return err
		}
		return os.WriteFile(filepath.Join(dir, filepath.FromSlash(f.path)), []byte(fixed), 0o644) // keeps the mode
	})
}

// wrapComments returns the content of a file in Go with its comments wrapped. It returns a
// generated file unchanged.
func wrapComments(f *file) (string, error) {
	g, err := parseGo(f)
	if err != nil || ast.IsGenerated(g.syntax) {
		return f.content, err
	}
	var lines []string
	for i := 0; i < len(g.lines); {
		end := i
		if g.isTooWide(i) {
			end = g.paragraphEnd(i)
		}
		if end == i {
			lines = append(lines, g.lines[i])
			i++
			continue
		}
		indent, _, _ := strings.Cut(g.lines[i], "//")
		limit := commentColumns
		var words []string
		for n := i; n < end; n++ {
			limit = min(limit, g.comments[n+1])
			words = append(words, strings.Fields(strings.TrimPrefix(g.lines[n], indent+"//"))...)
		}
		lines = append(lines, wrap(indent+"//", words, limit)...)
		i = end
	}
	return strings.Join(lines, "\n"), nil
}

// isTooWide reports whether the line with this index is a comment above its limit.
func (g *goFile) isTooWide(i int) bool {
	limit, isComment := g.comments[i+1]
	return isComment && width(g.lines[i]) > limit && !g.unlimited[i+1]
}

// prose matches a line of a paragraph, and its indentation. Code and indented lists have more
// blanks at the beginning, tables within. special matches the beginning of other lines that are no
// prose.
var (
	prose   = regexp.MustCompile(`^(\t*)// \S+(?: \S+)*$`)
	special = regexp.MustCompile(`^\t*// (?:[-*+#|] |\d+[.)] |\[[^\]]+\]: |(?i:(?:unordered )?output:))`)
)

// paragraphEnd returns the index behind the paragraph that the line with index i belongs to. It
// returns i if the line is not prose.
func (g *goFile) paragraphEnd(i int) int {
	indent := prose.FindStringSubmatch(g.lines[i])
	end := i
	for indent != nil && end < len(g.lines) && g.comments[end+1] > 0 && !special.MatchString(g.lines[end]) {
		next := prose.FindStringSubmatch(g.lines[end])
		if next == nil || next[1] != indent[1] {
			break
		}
		end++
	}
	return end
}

// wrap returns lines of words with a prefix, each as long as the limit of columns allows.
func wrap(prefix string, words []string, limit int) []string {
	lines := []string{prefix}
	for _, word := range words {
		last := len(lines) - 1
		if lines[last] != prefix && width(lines[last]+" "+word) > limit {
			lines, last = append(lines, prefix), last+1
		}
		lines[last] += " " + word
	}
	return slices.Clip(lines)
}
