package readme_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// identifier matches text that looks like a link to a Go identifier, but was not resolved to one.
var identifier = regexp.MustCompile(`\[\*?([a-z]\w*\.)?[A-Z]\w*(\.[A-Z]\w*)?\]`)

func TestLinksOfTheDocumentationLeadSomewhere(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,GoFiles", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	require.NoError(t, err)
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Dir string
			GoFiles         []string
		}
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		t.Run(p.ImportPath, func(t *testing.T) {
			t.Parallel()
			fset := token.NewFileSet()
			var files []*ast.File
			for _, name := range p.GoFiles {
				file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
				require.NoError(t, err)
				files = append(files, file)
			}
			if len(files) == 0 {
				return
			}
			pkg, err := doc.NewFromFiles(fset, files, p.ImportPath)
			require.NoError(t, err)
			links := pkg.Parser()
			for _, text := range texts(pkg) {
				for _, line := range plain(links.Parse(text).Content) {
					assert.Empty(t, identifier.FindAllString(line, -1), "in: %s", line)
				}
			}
		})
	}
}

// texts returns all doc comments of a package that a reader sees.
func texts(pkg *doc.Package) []string {
	all := []string{pkg.Doc}
	values := func(list []*doc.Value) {
		for _, v := range list {
			all = append(all, v.Doc)
		}
	}
	funcs := func(list []*doc.Func) {
		for _, f := range list {
			all = append(all, f.Doc)
		}
	}
	values(pkg.Consts)
	values(pkg.Vars)
	funcs(pkg.Funcs)
	for _, typ := range pkg.Types {
		all = append(all, typ.Doc)
		values(typ.Consts)
		values(typ.Vars)
		funcs(typ.Funcs)
		funcs(typ.Methods)
	}
	return all
}

// plain returns the texts in blocks that are no links and no code.
func plain(blocks []comment.Block) []string {
	var all []string
	text := func(parts []comment.Text) {
		var line strings.Builder
		for _, part := range parts {
			if p, ok := part.(comment.Plain); ok {
				line.WriteString(string(p))
			}
		}
		all = append(all, line.String())
	}
	for _, b := range blocks {
		switch b := b.(type) {
		case *comment.Paragraph:
			text(b.Text)
		case *comment.Heading:
			text(b.Text)
		case *comment.List:
			for _, item := range b.Items {
				all = append(all, plain(item.Content)...)
			}
		}
	}
	return all
}
