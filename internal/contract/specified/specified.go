// Package specified lists the operations of the specifications, for tests. The list is generated.
// The tests of this module do not read OpenAPI documents.
package specified

import (
	"regexp"
	"slices"
	"strings"
)

// Operation is an operation of a specification.
type Operation struct {
	ID, Method, Path string
	// Since is the first release of Egeria with the operation. Until is the first release
	// without it. They are "" if the specification does not state them.
	Since, Until string
}

// Operations returns the operations of a vendor, ordered by path and method.
func Operations(vendor string) []Operation { return operations[vendor] }

var variable = regexp.MustCompile(`\{[^/]*?\}`)

// String returns the ID, method and path.
func (o Operation) String() string { return o.ID + " (" + o.Method + " " + o.Path + ")" }

// Variables returns the names of the values in the path.
func (o Operation) Variables() []string {
	var names []string
	for _, name := range variable.FindAllString(o.Path, -1) {
		names = append(names, strings.Trim(name, "{}"))
	}
	return names
}

// Example returns the path with value in place of each variable.
func (o Operation) Example(value string) string {
	return variable.ReplaceAllLiteralString(o.Path, value)
}

// Matches reports whether a request with this method and escaped path calls the operation.
func (o Operation) Matches(method, path string) bool {
	parts := variable.Split(o.Path, -1)
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return method == o.Method && regexp.MustCompile("^"+strings.Join(parts, "[^/]+")+"$").MatchString(path)
}

// Unreached returns the operations of a vendor that no request reaches. A request is a method, a
// blank, and an escaped path.
func Unreached(vendor string, requests []string) []Operation {
	return slices.DeleteFunc(slices.Clone(Operations(vendor)), func(o Operation) bool {
		return slices.ContainsFunc(requests, func(request string) bool {
			method, path, _ := strings.Cut(request, " ")
			return o.Matches(method, path)
		})
	})
}
