package api

import "strings"

// Status is how an integration does, as v4 tells it. The vendor documents no values. ACTIVE and ERROR are known, in this or another
// letter case.
type Status string

// Is reports whether s and other are the same status, in whatever case they are written.
func (s Status) Is(other string) bool { return strings.EqualFold(string(s), other) }
