// Package inner has no tests of its own.
package inner

import "time"

// Times returns three times d.
func Times(d time.Duration) time.Duration { return 3 * d }
