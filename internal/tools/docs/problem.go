package main

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/oapi-codegen/oapi-codegen/v2/pkg/util"
)

// problem is a description that can't become a sentence.
type problem struct {
	subject subject
	err     error
}

// problems are all problems of a file.
type problems []problem

// Error returns one line per problem.
func (p problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = fmt.Sprintf("%s: %v", one.subject, one.err)
	}
	return strings.Join(lines, "\n")
}

// explain returns an error with the places of the descriptions in the specification, if they are
// known, and the allowed beginnings.
func explain(spec string, found problems) error {
	overlay := strings.TrimSuffix(spec, ".yaml") + ".overlay.yaml"
	schemas := schemasOf(spec, overlay)
	var text strings.Builder
	fmt.Fprintf(&text, "descriptions in %s, or in %s, can't become sentences of Go's documentation:\n", spec, overlay)
	for _, p := range found {
		fmt.Fprintf(&text, "  %s%s: %v\n", p.subject, place(p.subject, schemas), p.err)
	}
	fmt.Fprintf(&text, "A description begins with %s, a possessive such as Apono's, Whether, Always, or a verb: %s.\n",
		strings.Join(openers, ", "), strings.Join(verbs, ", "))
	text.WriteString("Add a verb that is missing to internal/tools/docs/grammar.go.")
	return fmt.Errorf("%s", text.String())
}

// place returns the place of s in the specification.
func place(s subject, schemas map[string]string) string {
	schema, known := schemas[plain(s.goType)]
	switch {
	case s.parameter != "":
		return fmt.Sprintf(" (parameter %s)", s.parameter)
	case !known:
		return ""
	case s.value:
		return fmt.Sprintf(" (schema %s, x-enum-descriptions)", schema)
	case s.member != "":
		return fmt.Sprintf(" (schema %s, member %s)", schema, s.member)
	}
	return fmt.Sprintf(" (schema %s)", schema)
}

// schemasOf returns the names of the schemas by the normalized names of their Go types. It is empty
// if the files can't be read.
func schemasOf(spec, overlay string) map[string]string {
	names := map[string]string{}
	doc, err := util.LoadSwaggerWithOverlay(spec, util.LoadSwaggerWithOverlayOpts{Path: overlay})
	if err != nil || doc.Components == nil {
		return names
	}
	for name, schema := range doc.Components.Schemas {
		goName, ok := schema.Extensions["x-go-name"].(string)
		if !ok && schema.Value != nil {
			goName, ok = schema.Value.Extensions["x-go-name"].(string)
		}
		if !ok {
			goName = name
		}
		names[plain(goName)] = name
	}
	return names
}

// plain returns a normalized name: without punctuation and letter case, which the generator
// changes.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}
