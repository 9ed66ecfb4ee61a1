package core

import (
	"runtime"
	"strings"
)

// Version is the release of the module, as the User-Agent header names it.
const Version = "0.1.0"

func userAgent(product string) string {
	own := "integrations-go-sdk/" + Version + " (" + runtime.Version() + "; " + runtime.GOOS + "/" + runtime.GOARCH + ")"
	return strings.TrimSpace(own + " " + product)
}
