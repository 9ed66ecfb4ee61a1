package core

import (
	"runtime"
	"strings"
)

// Version is the release of the module in the User-Agent header.
const Version = "0.1.0"

// userAgent returns the User-Agent header: the module, and the caller's product if there is one.
func userAgent(product string) string {
	own := "integrations-go-sdk/" + Version + " (" + runtime.Version() + "; " + runtime.GOOS + "/" + runtime.GOARCH +
		")"
	return strings.TrimSpace(own + " " + product)
}
