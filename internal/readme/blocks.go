// Package readme compares the code in Markdown documents with its sources.
//
// A comment above a block names the code that the block shows:
//
//	<!-- code: docs/lists_test.go resume -->
//	<!-- code: internal/readme/program/main.go -->
//	<!-- output: docs/lists_test.go Example_resume -->
//
// The first block shows the lines between //doc:begin resume and //doc:end in that file, the second
// the whole file, and the third the output comment of an example function. Output without a name is
// a file that a test compares. The files are compiled and run by the tests of their own packages.
// Paths begin at the root of the repository.
package readme

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Block is a fenced block of a Markdown document.
type Block struct {
	// Line is the line of the opening fence, from 1.
	Line int
	// Language is the word after the opening fence.
	Language string
	// Kind is the first word of the comment above the block: code or output. Without a
	// comment it is "".
	Kind string
	// File and Name are the other words of that comment.
	File, Name string
	// Text is the contents, with a line feed at the end of each line.
	Text string

	first, last int // the lines between the fences: lines[first:last]
}

// source matches the comment above a block.
var source = regexp.MustCompile(`^<!-- (code|output): (\S+)(?: (\S+))? -->$`)

// Blocks returns the fenced blocks of a Markdown document, in their order.
func Blocks(markdown string) ([]Block, error) {
	var blocks []Block
	lines := strings.Split(markdown, "\n")
	for i := 0; i < len(lines); i++ {
		language, fence := strings.CutPrefix(lines[i], "```")
		if !fence {
			if source.MatchString(lines[i]) && (i+1 == len(lines) || !strings.HasPrefix(lines[i+1], "```")) {
				return nil, fmt.Errorf("line %d: no block follows %s", i+1, lines[i])
			}
			continue
		}
		b := Block{Line: i + 1, Language: language, first: i + 1}
		if i > 0 {
			if m := source.FindStringSubmatch(lines[i-1]); m != nil {
				b.Kind, b.File, b.Name = m[1], m[2], m[3]
			}
		}
		for i++; i < len(lines) && lines[i] != "```"; i++ {
			b.Text += lines[i] + "\n"
		}
		if i == len(lines) {
			return nil, fmt.Errorf("line %d: the block has no end", b.Line)
		}
		b.last = i
		blocks = append(blocks, b)
	}
	return blocks, nil
}

// Refresh returns the Markdown document with the blocks as in their sources. Root is the folder of
// the repository. A block of Go without a source is an error.
func Refresh(root, markdown string) (string, error) {
	blocks, err := Blocks(markdown)
	if err != nil {
		return "", err
	}
	lines := strings.Split(markdown, "\n")
	var out []string
	next := 0
	for _, b := range blocks {
		if b.Kind == "" {
			if b.Language == "go" {
				return "", fmt.Errorf("line %d: a block of Go needs a comment that names its code", b.Line)
			}
			continue
		}
		text, err := b.source(root)
		if err != nil {
			return "", fmt.Errorf("line %d: %w", b.Line, err)
		}
		out = append(out, lines[next:b.first]...)
		out = append(out, strings.Split(strings.TrimSuffix(text, "\n"), "\n")...)
		next = b.last
	}
	return strings.Join(append(out, lines[next:]...), "\n"), nil
}

// source returns the text of the block according to its source.
func (b Block) source(root string) (string, error) {
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(b.File)))
	if err != nil {
		return "", err
	}
	code := strings.ReplaceAll(string(content), "\r\n", "\n")
	if strings.Contains(code, "\n//go:build ") || strings.HasPrefix(code, "//go:build ") {
		return "", fmt.Errorf("%s has a build constraint, so that nothing may compile it", b.File)
	}
	switch {
	case b.Name == "":
		return code, nil
	case b.Kind == "output":
		return output(code, b.Name)
	}
	return region(code, b.Name)
}

// region returns the lines between the markers of that name, without their common indentation and
// without empty lines at both ends. Several regions of one name are joined by an empty line.
func region(code, name string) (string, error) {
	var regions []string
	var lines []string
	inside := false
	for line := range strings.SplitSeq(code, "\n") {
		switch marker := strings.TrimSpace(line); {
		case marker == "//doc:begin "+name:
			inside, lines = true, nil
		case inside && marker == "//doc:end":
			inside = false
			regions = append(regions, dedent(lines))
		case inside:
			lines = append(lines, line)
		}
	}
	if inside || len(regions) == 0 {
		return "", fmt.Errorf("no lines between //doc:begin %s and //doc:end", name)
	}
	return strings.Join(regions, "\n"), nil
}

// dedent returns the lines without their common leading tabs.
func dedent(lines []string) string {
	tabs := -1
	for _, line := range lines {
		if n := len(line) - len(strings.TrimLeft(line, "\t")); line != "" && (tabs < 0 || n < tabs) {
			tabs = n
		}
	}
	var text strings.Builder
	for _, line := range lines {
		if line != "" {
			text.WriteString(line[tabs:])
		}
		text.WriteByte('\n')
	}
	return strings.Trim(text.String(), "\n") + "\n"
}

// output returns the output comment of a function without the comment signs.
func output(code, name string) (string, error) {
	_, body, found := strings.Cut(code, "\nfunc "+name+"() {\n")
	if !found {
		return "", fmt.Errorf("no function %s", name)
	}
	body, _, _ = strings.Cut(body, "\n}\n")
	_, comment, found := strings.Cut(body, "\n\t// Output:\n")
	if !found {
		return "", fmt.Errorf("%s has no output comment", name)
	}
	var text strings.Builder
	for line := range strings.SplitSeq(comment, "\n") {
		line = strings.TrimPrefix(strings.TrimPrefix(line, "\t//"), " ")
		text.WriteString(line + "\n")
	}
	return text.String(), nil
}
