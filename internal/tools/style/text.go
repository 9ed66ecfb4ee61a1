package main

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// checkText checks the words of a file without structure.
func checkText(f *file) error {
	var p passage
	for i, line := range f.lines {
		p.add(i+1, line)
	}
	f.checkWords(&p)
	return nil
}

// inlineCode is code within a line of Markdown.
var inlineCode = regexp.MustCompile("`[^`]*`")

// checkMarkdown checks the words of each paragraph, without code.
func checkMarkdown(f *file) error {
	p := &passage{}
	fenced := false
	for i, line := range f.lines {
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if fence {
			fenced = !fenced
		}
		if fence || fenced || strings.TrimSpace(line) == "" {
			f.checkWords(p)
			p = &passage{}
			continue
		}
		p.add(i+1, inlineCode.ReplaceAllString(line, "`…`"))
	}
	f.checkWords(p)
	return nil
}

// checkYAML checks comments and texts, and the width of descriptions in specs.
func checkYAML(f *file) error {
	for i, line := range f.lines {
		if comment := strings.TrimSpace(line); strings.HasPrefix(comment, "#") && width(line) > commentColumns {
			f.report(i+1, "comment has %d columns, at most %d", width(line), commentColumns)
		}
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(f.content), &document); err != nil {
		return err
	}
	f.checkNode(&document, false)
	return checkText(f)
}

// describing are the members of a specification whose texts become comments.
var describing = map[string]bool{"description": true, "summary": true, "x-enum-descriptions": true}

// checkNode checks the width of the texts in a node of a specification. described reports whether
// the node is a description.
func (f *file) checkNode(n *yaml.Node, described bool) {
	if n.Kind == yaml.ScalarNode && described && strings.HasPrefix(f.path, "specs/") {
		first := n.Line
		if n.Style == yaml.LiteralStyle || n.Style == yaml.FoldedStyle {
			first++ // the text begins below the sign
		}
		for i, line := range strings.Split(n.Value, "\n") {
			if width(line) > descriptionColumns {
				f.report(first+i, "description has %d columns, at most %d", width(line), descriptionColumns)
			}
		}
	}
	for i, child := range n.Content {
		isValue := n.Kind == yaml.MappingNode && i%2 == 1
		f.checkNode(child, described && n.Kind == yaml.SequenceNode || isValue && describing[n.Content[i-1].Value])
	}
}
