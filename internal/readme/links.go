package readme

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

const (
	module  = "github.com/integrations-go/sdk"
	pkgsite = "https://pkg.go.dev/" + module
)

var (
	link    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	heading = regexp.MustCompile("(?m)^#{1,6} (.*)$")
	code    = regexp.MustCompile("(?ms)^```.*?^```$")
	span    = regexp.MustCompile("`[^`\n]*`")
)

// BrokenLinks returns the errors of the links of a document. File is its path below root, with
// slashes. A link is broken if it leads to a file or a heading that does not exist, or to an
// identifier that its package does not have. Other web addresses have to be well-formed.
func BrokenLinks(root, file, markdown string) []string {
	var broken []string
	for _, m := range link.FindAllStringSubmatch(span.ReplaceAllString(code.ReplaceAllString(markdown, ""), ""), -1) {
		if err := check(root, file, markdown, m[1]); err != nil {
			broken = append(broken, fmt.Sprintf("%s: %s: %v", file, m[1], err))
		}
	}
	return broken
}

func check(root, file, markdown, address string) error {
	if page, ok := strings.CutPrefix(address, pkgsite); ok {
		return checkPackage(root, page)
	}
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	if u.Scheme != "" {
		if u.Scheme != "https" || !strings.Contains(u.Host, ".") {
			return fmt.Errorf("no address with https")
		}
		return nil
	}
	if u.Path != "" {
		name := path.Join(path.Dir(file), u.Path)
		if markdown, err = target(root, name, u.Fragment != ""); err != nil {
			return err
		}
	}
	if u.Fragment != "" && !anchors(markdown)[u.Fragment] {
		return fmt.Errorf("no such heading")
	}
	return nil
}

// target checks that a link leads to a file or folder below root, and returns the text of a
// Markdown document if the link leads to one of its headings.
func target(root, name string, heading bool) (string, error) {
	if name == ".." || strings.HasPrefix(name, "../") {
		return "", fmt.Errorf("it leads out of the repository")
	}
	file := filepath.Join(root, filepath.FromSlash(name))
	if _, err := os.Stat(file); err != nil || !heading {
		return "", err
	}
	if path.Ext(name) != ".md" {
		return "", fmt.Errorf("only Markdown documents have headings")
	}
	content, err := os.ReadFile(file)
	return strings.ReplaceAll(string(content), "\r\n", "\n"), err
}

// anchors returns the fragments that lead to the headings of a document, as GitHub makes them.
func anchors(markdown string) map[string]bool {
	slugs := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(code.ReplaceAllString(markdown, ""), -1) {
		slug := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, m[1])
		slugs[slug] = true
	}
	return slugs
}

// checkPackage checks the part of an address of pkg.go.dev behind the module: a package and an
// identifier, as in "/apono#SecretStore.Reveal".
func checkPackage(root, page string) error {
	folder, identifier, _ := strings.Cut(page, "#")
	dir := filepath.Join(root, filepath.FromSlash(strings.TrimPrefix(folder, "/")))
	names, err := declared(dir)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("no package")
	}
	if identifier != "" && !names[identifier] {
		return fmt.Errorf("the package has no %s", identifier)
	}
	return nil
}

// declared returns the exported identifiers of a package, methods and fields as in "Type.Name".
func declared(dir string) (map[string]bool, error) {
	entries, err := fs.Glob(os.DirFS(dir), "*.go")
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, entry := range entries {
		if strings.HasSuffix(entry, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, entry), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			addDeclared(names, decl)
		}
	}
	return names, nil
}

func addDeclared(names map[string]bool, decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil {
			name = receiver(d.Recv.List[0].Type) + "." + name
		}
		names[name] = true
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				names[s.Name.Name] = true
				if st, ok := s.Type.(*ast.StructType); ok {
					for _, f := range st.Fields.List {
						for _, n := range f.Names {
							names[s.Name.Name+"."+n.Name] = true
						}
					}
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					names[n.Name] = true
				}
			}
		}
	}
}

// receiver returns the name of the type of a receiver.
func receiver(expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}
