package egeria

import (
	"strings"

	"github.com/integrations-go/sdk/internal/core"
)

// unfit are the characters that paths of a platform can't carry, however they are escaped: its web server refuses / and \, and the firewall of later releases is said to refuse all of them.
const unfit = `/\;%`

// inPath reports whether a path can carry a name that [core.PathValue] accepts.
func inPath(name string) bool { return !strings.ContainsAny(name, unfit) }

// checkName refuses what would make another path of the one that it is put into, and what not every path can carry.
func checkName(argument, name string) error {
	if err := core.PathValue(argument, name); err != nil {
		return err
	}
	if !inPath(name) {
		return core.Arg(argument, "has one of the characters %s, which not every platform accepts in a path", unfit)
	}
	return nil
}
