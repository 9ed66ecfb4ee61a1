// Docs rewrites the doc comments of generated files into sentences.
//
// The generator writes the name of a declaration before its description in the specification:
//
//	// DisplayName The name of the integration.
//
// Docs adds the verb, as in other Go documentation:
//
//	// DisplayName is the name of the integration.
//
// A description that begins with a verb keeps it: "Names another object." becomes "Reference names
// another object." Docs fails for a description with another beginning, and names it. Change the
// description in the specification, or the tables in this package. Docs also wraps comments.
//
// Usage:
//
//	docs SPEC SOURCE TARGET
//
// SOURCE is the output of the generator for the specification SPEC. Docs writes TARGET only if it
// succeeds, and removes SOURCE in any case.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
)

// Maximum widths of comments, in columns.
const (
	columns      = 100
	fieldColumns = 90 // pkg.go.dev shows structs in a box that does not wrap
	tabWidth     = 4
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: docs SPEC SOURCE TARGET")
		os.Exit(2)
	}
	if err := rewriteFile(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

// rewriteFile moves source to target, with comments that are sentences.
func rewriteFile(spec, source, target string) error {
	src, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	if err := os.Remove(source); err != nil {
		return err
	}
	out, err := rewrite(src)
	if found, ok := errors.AsType[problems](err); ok {
		return explain(spec, found)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	return os.WriteFile(target, out, 0o644)
}

// rewrite returns src with comments that are sentences. If descriptions can't become sentences, the
// error is [problems] and names all of them.
func rewrite(src []byte) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	docs := documented(file)
	var out bytes.Buffer
	var failed problems
	from := 0
	for _, group := range file.Comments {
		if group.Pos() < file.Package {
			continue // the header of a generated file
		}
		begin, end := fset.Position(group.Pos()), fset.Position(group.End())
		lines, err := docs[group].lines(group)
		if err != nil {
			failed = append(failed, problem{docs[group], err})
			continue
		}
		indent := string(src[begin.Offset-begin.Column+1 : begin.Offset])
		if strings.TrimSpace(indent) != "" {
			continue // a comment behind code
		}
		width := columns
		if docs[group].field {
			width = fieldColumns
		}
		out.Write(src[from:begin.Offset])
		out.WriteString(strings.Join(wrapAll(lines, width-len(indent)*tabWidth), "\n"+indent))
		from = end.Offset
	}
	if failed != nil {
		return nil, failed
	}
	out.Write(src[from:])
	return format.Source(out.Bytes())
}

// subject is the declaration of a comment. The zero value means none: the comment is only wrapped.
type subject struct {
	owner string // the struct of a field
	name  string
	field bool
	value bool // a constant

	goType    string // the Go type of a schema: the type itself, or that of a field or constant
	member    string // the JSON name of a field
	parameter string // the parameter of a field
}

// String returns the name in Go.
func (s subject) String() string {
	if s.owner != "" {
		return s.owner + "." + s.name
	}
	return s.name
}

// documented returns the declarations of the comments of models.
func documented(file *ast.File) map[*ast.CommentGroup]subject {
	docs := map[*ast.CommentGroup]subject{}
	add := func(group *ast.CommentGroup, s subject) {
		if group != nil {
			docs[group] = s
		}
	}
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				s := subject{name: spec.Names[0].Name, value: true}
				if id, ok := spec.Type.(*ast.Ident); ok {
					s.goType = id.Name
				}
				add(spec.Doc, s)
			case *ast.TypeSpec:
				add(gen.Doc, subject{name: spec.Name.Name, goType: spec.Name.Name})
				st, ok := spec.Type.(*ast.StructType)
				if !ok {
					continue
				}
				for _, f := range st.Fields.List {
					s := subject{owner: spec.Name.Name, field: true, goType: spec.Name.Name}
					if len(f.Names) > 0 { // an embedded field has none
						s.name = f.Names[0].Name
					}
					if f.Tag != nil {
						tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`"))
						s.member, _, _ = strings.Cut(tag.Get("json"), ",")
						s.parameter, _, _ = strings.Cut(tag.Get("form"), ",")
					}
					add(f.Doc, s)
				}
			}
		}
	}
	return docs
}

// lines returns the text of a comment. It is a sentence if the comment describes a declaration.
func (s subject) lines(group *ast.CommentGroup) ([]string, error) {
	var lines []string
	for _, c := range group.List {
		lines = append(lines, strings.TrimPrefix(strings.TrimPrefix(c.Text, "//"), " "))
	}
	if s.name == "" {
		return lines, nil
	}
	description, ok := strings.CutPrefix(lines[0], s.name+" ")
	if !ok {
		return nil, fmt.Errorf("the comment does not begin with the name: %q", lines[0])
	}
	sentence, err := predicate(s.name, description, s.value)
	if err != nil {
		return nil, fmt.Errorf("%w: %q", err, description)
	}
	lines[0] = s.name + " " + sentence
	return lines, nil
}

// wrapAll wraps the paragraphs of a comment. Examples, lists and code are unchanged.
func wrapAll(lines []string, width int) []string {
	var out, paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			out = append(out, wrap(strings.Join(paragraph, " "), width)...)
			paragraph = nil
		}
	}
	for _, line := range lines {
		switch {
		case strings.TrimSpace(line) == "":
			flush()
			out = append(out, "//")
		case verbatim(line):
			flush()
			out = append(out, "// "+line)
		default:
			paragraph = append(paragraph, strings.TrimSpace(line))
		}
	}
	flush()
	return out
}

func verbatim(line string) bool {
	for _, prefix := range []string{"Example:", "- ", " ", "\t"} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

func wrap(text string, width int) []string {
	var lines []string
	line := "//"
	for word := range strings.FieldsSeq(text) {
		if line != "//" && len([]rune(line))+1+len([]rune(word)) > width {
			lines = append(lines, line)
			line = "//"
		}
		line += " " + word
	}
	return append(lines, line)
}
