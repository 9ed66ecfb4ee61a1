package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A goFile is a file in Go.
type goFile struct {
	*file
	fset      *token.FileSet
	syntax    *ast.File
	comments  map[int]int  // the limit of columns of each line that is a comment alone
	unlimited map[int]bool // lines without a limit
}

// checkGo checks the width, words, names and size of a file in Go.
func checkGo(f *file) error {
	g, err := parseGo(f)
	if err != nil {
		return err
	}
	g.checkWidth()
	g.checkLiterals()
	g.checkShown()
	if !ast.IsGenerated(g.syntax) {
		g.checkNames()
		g.checkSize()
	}
	return nil
}

// parseGo parses a file, notes the limits of its comments, and checks their words.
func parseGo(f *file) (*goFile, error) {
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, "", f.content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	g := &goFile{file: f, fset: fset, syntax: syntax, comments: map[int]int{}, unlimited: map[int]bool{}}
	for _, group := range syntax.Comments {
		g.checkComment(group)
	}
	g.limitFields()
	g.freeOutputs()
	return g, nil
}

func (g *goFile) line(pos token.Pos) int { return g.fset.Position(pos).Line }

// marked is a line of a comment that is probably an item of a list by accident of wrapping. go doc
// takes *, + and • for the sign of an item too, and gofmt writes - in their place. What is left
// after it is not the beginning of a sentence.
var marked = regexp.MustCompile("^// *[*+•] |" +
	"^// {2,}(?:-|\\d+[.)]) (?:(?:and|or|but|then) |[^\\pL\\pN\"'`\\[({<*/$%_.:-])")

// checkComment checks the words of a comment, and notes the limits of its lines.
func (g *goFile) checkComment(group *ast.CommentGroup) {
	var p passage
	for _, c := range group.List {
		for i, text := range strings.Split(c.Text, "\n") {
			number := g.line(c.Pos()) + i
			if line := strings.TrimSpace(g.lines[number-1]); strings.HasPrefix(line, text) || i > 0 {
				g.comments[number] = limitOf(text)
			}
			if isDirective(text) {
				g.unlimited[number] = true
				continue
			}
			if marked.MatchString(text) {
				g.report(number, "the line is shown as an item of a list: reword it, or use -")
			}
			p.add(number, strings.TrimLeft(text, "/* \t"))
		}
	}
	g.checkWords(&p)
}

// limitOf returns the limit of columns of a line of a comment.
func limitOf(comment string) int {
	if strings.HasPrefix(comment, "//\t") { // code
		return codeColumns
	}
	return commentColumns
}

// isDirective reports whether a comment is for a tool, or a word that can't be wrapped.
func isDirective(comment string) bool {
	text := strings.TrimPrefix(comment, "//")
	generated := strings.HasPrefix(text, " Code generated ") && strings.HasSuffix(text, " DO NOT EDIT.")
	directive := text != comment && text != "" && text[0] >= 'a' && text[0] <= 'z' && strings.Contains(text, ":")
	return generated || directive || !strings.Contains(strings.TrimSpace(text), " ")
}

// limitFields gives the field comments of exported structs the limit of the box that shows them.
func (g *goFile) limitFields() {
	ast.Inspect(g.syntax, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || !spec.Name.IsExported() {
			return true
		}
		if st, ok := spec.Type.(*ast.StructType); ok {
			for number := g.line(st.Pos()); number <= g.line(st.End()); number++ {
				if g.comments[number] == commentColumns {
					g.comments[number] = fieldColumns
				}
			}
		}
		return true
	})
}

// freeOutputs frees the expected output of examples from limits: it is the text that they print.
func (g *goFile) freeOutputs() {
	for _, decl := range g.syntax.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Body == nil || !strings.HasPrefix(fn.Name.Name, "Example") {
			continue
		}
		for _, group := range g.syntax.Comments {
			if group.Pos() < fn.Body.Pos() || group.End() > fn.Body.End() {
				continue
			}
			text := strings.ToLower(group.Text())
			if strings.HasPrefix(text, "output:") || strings.HasPrefix(text, "unordered output:") {
				for number := g.line(group.Pos()); number <= g.line(group.End()); number++ {
					g.unlimited[number] = true
				}
			}
		}
	}
}

// checkShown reports directives for the linter inside top-level declarations and at fields, because
// go doc shows them. A test file has no documentation.
func (g *goFile) checkShown() {
	if strings.HasSuffix(g.path, "_test.go") {
		return
	}
	check := func(groups ...*ast.CommentGroup) {
		for _, group := range groups {
			if group == nil {
				continue
			}
			for _, c := range group.List {
				if strings.HasPrefix(c.Text, "//nolint") {
					g.report(g.line(c.Pos()), "go doc shows the nolint: put it before the whole declaration")
				}
			}
		}
	}
	ast.Inspect(g.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			return false
		case *ast.ValueSpec:
			check(n.Doc, n.Comment)
		case *ast.TypeSpec:
			check(n.Doc, n.Comment)
		case *ast.Field:
			check(n.Doc, n.Comment)
		}
		return true
	})
}

// checkWidth checks the columns of each line.
func (g *goFile) checkWidth() {
	for i, line := range g.lines {
		limit, isComment := g.comments[i+1]
		kind := "comment"
		if !isComment {
			limit, kind = codeColumns, "code"
			if ast.IsGenerated(g.syntax) {
				continue
			}
		}
		if width(line) > limit && !g.unlimited[i+1] {
			g.report(i+1, "%s has %d columns, at most %d", kind, width(line), limit)
		}
	}
}

// checkLiterals checks the words of string literals.
func (g *goFile) checkLiterals() {
	ast.Inspect(g.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			n.Tag = nil
		case *ast.BasicLit:
			g.checkLiteral(n)
		}
		return true
	})
}

// checkLiteral checks the words of a literal, if it is text of more than one word.
func (g *goFile) checkLiteral(lit *ast.BasicLit) {
	if lit.Kind != token.STRING || !strings.Contains(lit.Value, " ") {
		return
	}
	text := lit.Value
	if text[0] == '"' {
		text, _ = strconv.Unquote(text) // valid, because it was parsed
		text = strings.ReplaceAll(text, "\n", " ")
	}
	var p passage
	for i, line := range strings.Split(text, "\n") {
		p.add(g.line(lit.Pos())+i, line)
	}
	g.checkWords(&p)
}

// checkSize checks the length of test files and of their tests.
func (g *goFile) checkSize() {
	if !strings.HasSuffix(g.path, "_test.go") {
		return
	}
	if n := len(g.lines) - 1; n > testFileLines {
		g.report(n, "test file has %d lines, at most %d", n, testFileLines)
	}
	for _, decl := range g.syntax.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil && isTest(fn) {
			if n := g.line(fn.End()) - g.line(fn.Pos()) + 1; n > testLines {
				g.report(g.line(fn.Pos()), "%s has %d lines, at most %d", fn.Name.Name, n, testLines)
			}
		}
	}
}

func isTest(fn *ast.FuncDecl) bool {
	return slices.ContainsFunc([]string{"Test", "Fuzz", "Benchmark", "Example"}, func(kind string) bool {
		return strings.HasPrefix(fn.Name.Name, kind)
	})
}
