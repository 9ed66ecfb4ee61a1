// Package tiny is changed by the tests of mutate.
package tiny

import (
	"time"

	"tiny/inner"
)

const (
	limit = 10
	spare = 5 // No test needs it.
	pause = time.Second
)

// Grade returns what n is. No test asks for 7.
func Grade(n int) string {
	if n > limit {
		return "high"
	}
	switch {
	case n < 0:
		return "negative"
	case n == 7:
		return "lucky"
	}
	return "low"
}

// Pause returns how long to wait.
func Pause(quick bool) time.Duration {
	if quick {
		return 0
	} else {
		println("slow")
	}
	return inner.Times(pause)
}

// Kind returns the kind of a name.
func Kind(name string) int {
	switch name {
	case "a":
		return 3
	default:
		return 4
	}
}

// Count counts down from n. Without its branch it never ends.
func Count(n int) (steps int) {
	for {
		if n == 0 {
			break
		}
		n--
		steps++
	}
	return steps
}
