package api

import "strings"

// Is reports whether p and q are the same provider, in whatever case they are written.
func (p Provider) Is(q Provider) bool { return strings.EqualFold(string(p), string(q)) }
