package main

import (
	"go/ast"
	"go/token"
)

// riddles are names that say nothing about what they stand for.
var riddles = map[string]bool{
	"alone": true, "crowd": true, "ending": true, "hide": true, "kept": true, "old": true, "once": true,
	"pace": true, "refuse": true, "scarce": true, "scout": true, "set": true, "smooth": true, "stood": true,
	"told": true, "void": true, "whole": true,
}

// checkNames reports forbidden names where they are declared.
func (g *goFile) checkNames() {
	ast.Inspect(g.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			g.checkName(n.Name)
		case *ast.FuncType:
			g.checkParams(n)
		case *ast.Field:
			if !isOnce(n.Type) {
				g.checkName(n.Names...)
			}
		case *ast.TypeSpec:
			g.checkName(n.Name)
		case *ast.ValueSpec:
			if !isOnce(n.Type) {
				g.checkName(n.Names...)
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				g.checkExprs(n.Lhs...)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				g.checkExprs(n.Key, n.Value)
			}
		}
		return true
	})
}

// checkParams reports parameters whose name reads as a preposition.
func (g *goFile) checkParams(fn *ast.FuncType) {
	for _, field := range fn.Params.List {
		for _, name := range field.Names {
			if name.Name == "in" {
				g.report(g.line(name.Pos()), "parameter in reads as a preposition: write want, req or what it is")
			}
		}
	}
}

func (g *goFile) checkExprs(exprs ...ast.Expr) {
	for _, expr := range exprs {
		if id, ok := expr.(*ast.Ident); ok {
			g.checkName(id)
		}
	}
}

func (g *goFile) checkName(ids ...*ast.Ident) {
	for _, id := range ids {
		if riddles[id.Name] {
			g.report(g.line(id.Pos()), "name %s says nothing about what it stands for", id.Name)
		}
	}
}

// isOnce reports whether a type is sync.Once, whose values may be named once.
func isOnce(typ ast.Expr) bool {
	sel, ok := typ.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Once"
}
