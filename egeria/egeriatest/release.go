package egeriatest

import (
	"fmt"
	"slices"
	"strings"
)

// release is the version of a platform. The order of releases is that of their texts.
type release string

var releases = []release{"4.0", "4.1", "4.2", "4.3", "5.0", "5.3", "6.0", "6.1"}

// newest is the release of a server without [WithRelease].
const newest release = "6.1"

func mustRelease(version string) release {
	if !slices.Contains(releases, release(version)) {
		panic(fmt.Sprintf("egeriatest: no release %q; there are %q", version, releases))
	}
	return release(version)
}

// since tells whether a release is first or later. Nothing is before "".
func (r release) since(first release) bool { return r >= first }

// bearers tells whether callers show tokens instead of naming a user in the path.
func (r release) bearers() bool { return r.since("6.0") }

// invertedFilter tells whether a release loses groups when one is put. The server that has it last is not known.
func (r release) invertedFilter() bool { return !r.since("5.3") }

// documentVersion is the one that documents of a release have.
func (r release) documentVersion() string {
	if r.bearers() {
		return "V6.0"
	}
	return "V2.0"
}

// has tells whether a release has an operation.
func (r release) has(op operation) bool {
	return r.since(op.since) && (op.until == "" || !r.since(op.until))
}

// userMarks are the parts of a path that users/{userId} follows where there are no tokens.
var userMarks = []string{"/open-metadata/admin-services", "/open-metadata/platform-services", "/open-metadata/integration-daemon"}

// path is where a release has an operation.
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
