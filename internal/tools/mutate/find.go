package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// edit replaces source[start:end].
type edit struct {
	start, end int
	text       string
}

// mutant is a source file with one change.
type mutant struct {
	file   string // relative to the root
	line   int
	change string // what the report shows
	source []byte // the whole changed file
}

// finder collects the mutants of one file.
type finder struct {
	name    string
	source  []byte
	files   *token.FileSet
	mutants []mutant
	skipped map[string]int // numbers that are not changed, by reason
}

// find returns the mutants of a Go file: each number halved and doubled, and each branch removed.
// skipped counts the numbers that are not changed, by reason.
func find(name string, source []byte) (mutants []mutant, skipped map[string]int, err error) {
	f := &finder{name: name, source: source, files: token.NewFileSet(), skipped: map[string]int{}}
	file, err := parser.ParseFile(f.files, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	ast.PreorderStack(file, nil, f.visit)
	return f.mutants, f.skipped, nil
}

// visit adds the mutants of one node. stack has its ancestors, outermost first.
func (f *finder) visit(n ast.Node, stack []ast.Node) bool {
	switch n := n.(type) {
	case *ast.BasicLit:
		f.number(n, stack)
	case *ast.SelectorExpr:
		f.unit(n, stack)
	case *ast.IfStmt:
		f.add(n.Pos(), "if "+f.text(n.Cond), f.never(n.Cond))
		if block, ok := n.Else.(*ast.BlockStmt); ok {
			at := f.offset(block.Pos())
			f.add(block.Pos(), "else", edit{at, at, "if false "})
		}
	case *ast.CaseClause:
		f.clause(n, stack)
	}
	return true
}

// number adds the halved and the doubled literal.
func (f *finder) number(n *ast.BasicLit, stack []ast.Node) {
	if n.Kind != token.INT && n.Kind != token.FLOAT {
		return
	}
	half, double := halfAndDouble(n)
	if reason := leftAlone(n, half == double, stack); reason != "" {
		f.skipped[reason]++
		return
	}
	for _, text := range []string{half, double} {
		f.replace(n, text)
	}
}

// unit adds the halved and the doubled unit of time, unless a number beside it is changed instead.
func (f *finder) unit(n *ast.SelectorExpr, stack []ast.Node) {
	units := []string{"Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour"}
	if x, ok := n.X.(*ast.Ident); !ok || x.Name != "time" || !slices.Contains(units, n.Sel.Name) {
		return
	}
	b, ok := stack[len(stack)-1].(*ast.BinaryExpr)
	if ok && (b.Op == token.MUL || b.Op == token.QUO) && (isNumber(b.X) || isNumber(b.Y)) {
		return
	}
	f.replace(n, "("+f.text(n)+"/2)")
	f.replace(n, "(2*"+f.text(n)+")")
}

func (f *finder) replace(n ast.Node, text string) {
	f.addChange(n.Pos(), fmt.Sprintf("%s -> %s", f.text(n), text), edit{f.offset(n.Pos()), f.offset(n.End()), text})
}

// clause adds a switch without one of its cases, or without the default.
func (f *finder) clause(n *ast.CaseClause, stack []ast.Node) {
	name := "default"
	if len(n.List) > 0 {
		var texts []string
		for _, e := range n.List {
			texts = append(texts, f.text(e))
		}
		name = "case " + strings.Join(texts, ", ")
	}
	if s, ok := stack[len(stack)-2].(*ast.SwitchStmt); ok && s.Tag == nil && len(n.List) > 0 {
		var edits []edit
		for _, e := range n.List {
			edits = append(edits, f.never(e))
		}
		f.add(n.Pos(), name, edits...)
		return
	}
	f.add(n.Pos(), name, edit{f.offset(n.Pos()), f.offset(n.End()), ""})
}

// never makes a condition false. The condition is still evaluated, and its variables are still
// used.
func (f *finder) never(cond ast.Expr) edit {
	return edit{f.offset(cond.Pos()), f.offset(cond.End()), "(" + f.text(cond) + ") && false"}
}

// add adds a mutant without the branch that begins at pos.
func (f *finder) add(pos token.Pos, branch string, edits ...edit) {
	f.addChange(pos, "branch removed: "+branch, edits...)
}

func (f *finder) addChange(pos token.Pos, change string, edits ...edit) {
	var source []byte
	last := 0
	for _, e := range edits { // sorted by position
		source = append(append(source, f.source[last:e.start]...), e.text...)
		last = e.end
	}
	source = append(source, f.source[last:]...)
	change = strings.Join(strings.Fields(change), " ")
	f.mutants = append(f.mutants, mutant{f.name, f.files.Position(pos).Line, change, source})
}

func (f *finder) offset(pos token.Pos) int { return f.files.Position(pos).Offset }

func (f *finder) text(n ast.Node) string {
	return string(bytes.TrimSpace(f.source[f.offset(n.Pos()):f.offset(n.End())]))
}

// halfAndDouble returns both as source text. Integers are rounded down. They are equal for 0.
func halfAndDouble(n *ast.BasicLit) (half, double string) {
	if i, ok := new(big.Int).SetString(n.Value, 0); ok {
		return new(big.Int).Rsh(i, 1).String(), new(big.Int).Lsh(i, 1).String()
	}
	v, err := strconv.ParseFloat(n.Value, 64)
	if err != nil {
		return "", "" // out of range
	}
	return strconv.FormatFloat(v/2, 'g', -1, 64), strconv.FormatFloat(2*v, 'g', -1, 64)
}

// leftAlone returns the reason why a number is not changed, "" if it is changed.
func leftAlone(n *ast.BasicLit, zero bool, stack []ast.Node) string {
	if zero {
		return "zero"
	}
	within := func(e ast.Expr) bool { return e != nil && e.Pos() <= n.Pos() && n.End() <= e.End() }
	for _, node := range slices.Backward(stack) {
		switch node := node.(type) {
		case ast.Stmt:
			return ""
		case *ast.BinaryExpr:
			counts := node.Op == token.ADD || node.Op == token.SUB || node.Op == token.SHL
			if n.Value == "1" && counts && (node.X == n || node.Y == n) {
				return "1 that is added, subtracted or shifted"
			}
		case *ast.IndexExpr:
			if within(node.Index) {
				return "index, slice bound or array length"
			}
		case *ast.SliceExpr:
			if within(node.Low) || within(node.High) || within(node.Max) {
				return "index, slice bound or array length"
			}
		case *ast.ArrayType:
			return "index, slice bound or array length"
		case *ast.CallExpr:
			switch fun := node.Fun.(type) {
			case *ast.Ident:
				if fun.Name == "make" {
					return "size given to make"
				}
			case *ast.SelectorExpr:
				if x, ok := fun.X.(*ast.Ident); ok && x.Name == "strconv" {
					return "base or size given to strconv"
				}
			}
		case *ast.ValueSpec:
			if countsUp(node) {
				return "enumeration"
			}
		}
	}
	return ""
}

// countsUp reports whether a constant uses iota.
func countsUp(spec *ast.ValueSpec) bool {
	found := false
	for _, v := range spec.Values {
		ast.Inspect(v, func(n ast.Node) bool {
			x, ok := n.(*ast.Ident)
			found = found || ok && x.Name == "iota"
			return true
		})
	}
	return found
}

func isNumber(e ast.Expr) bool {
	lit, ok := e.(*ast.BasicLit)
	return ok && (lit.Kind == token.INT || lit.Kind == token.FLOAT)
}
