package egeria

import (
	"strings"

	"github.com/integrations-go/sdk/internal/core"
)

// unfit are the characters that paths of a platform can't have, even escaped. Its web server
// refuses / and \. The firewall of 5.x and 6.x refuses the others.
const unfit = `/\;%`

// inPath reports whether a path can have a name that [core.PathValue] accepts.
func inPath(name string) bool { return !strings.ContainsAny(name, unfit) }

// checkName returns an error for a name that would change the path, or that some platforms do not
// accept in a path.
func checkName(argument, name string) error {
	if err := core.PathValue(argument, name); err != nil {
		return err
	}
	if !inPath(name) {
		return core.Arg(argument, "has one of the characters %s, which not every platform accepts in a path", unfit)
	}
	return nil
}
