package egeriatest

import (
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// release is the version of a platform. Releases are ordered as strings.
type release string

var releases = []release{"4.0", "4.1", "4.2", "4.3", "5.0", "5.3", "6.0", "6.1"}

// newest is the release of a server without [WithRelease].
const newest release = "6.1"

func mustRelease(version string) release {
	if !slices.Contains(releases, release(version)) {
		panic(fakehttp.Misuse("egeriatest: no release %q; there are %q", version, releases))
	}
	return release(version)
}

// since reports whether a release is first or later. All are later than "".
func (r release) since(first release) bool { return r >= first }

// bearers reports whether requests have tokens instead of the user in the path.
func (r release) bearers() bool { return r.since("6.0") }

// invertedFilter reports whether a release loses groups when one is put.
func (r release) invertedFilter() bool { return !r.since("5.0") }

// hidesErrors reports whether a release sends 401 for all requests that reach no operation.
func (r release) hidesErrors() bool { return r.since("5.0") && !r.bearers() }

// placeholder returns the text of a placeholder in a release.
func (r release) placeholder(name string) string {
	if r.since("5.3") {
		return "~{" + name + "}~"
	}
	return "{{" + name + "}}"
}

// documentVersion returns the versionId of documents of a release.
func (r release) documentVersion() string {
	if r.bearers() {
		return "V6.0"
	}
	return "V2.0"
}

// has reports whether a release has an operation.
func (r release) has(op operation) bool {
	return r.since(op.since) && (op.until == "" || !r.since(op.until))
}

// userMarks are the parts of a path before users/{userId} in releases without tokens.
var userMarks = []string{
	"/open-metadata/admin-services", "/open-metadata/platform-services", "/open-metadata/integration-daemon",
	"/open-metadata/server-operations",
}

// path returns the path of an operation in a release.
func (r release) path(op operation) string {
	if r.bearers() {
		return op.path
	}
	for _, mark := range userMarks {
		if before, after, found := strings.Cut(op.path, mark); found {
			return before + mark + "/users/{userId}" + after
		}
	}
	return op.path
}
