package redislimit

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The script uses each number of a visit and of a response under the name that it is sent with, and
// no other number.
func TestScriptUsesTheNumbersThatAreSent(t *testing.T) {
	code := regexp.MustCompile(`--.*`).ReplaceAllString(source, "")
	for prefix, names := range map[string]string{
		"visit": namesOf((&Limiter{}).visitNumbers(visit{})),
		"r":     responseNames,
	} {
		var used []string
		for _, match := range regexp.MustCompile(`\b`+prefix+`\.([a-z_]+)`).FindAllStringSubmatch(code, -1) {
			used = append(used, match[1])
		}
		slices.Sort(used)
		sent := strings.Fields(names)
		slices.Sort(sent)
		assert.Equal(t, sent, slices.Compact(used), prefix)
	}
}

// newAnswer reads the numbers in the order in which the script returns them.
func TestAnswerIsReadInTheOrderOfTheScript(t *testing.T) {
	match := regexp.MustCompile(`return \{ (now[^}]*) \}`).FindStringSubmatch(source)
	require.NotNil(t, match)
	names := regexp.MustCompile(`,\s*`).Split(match[1], -1)
	assert.Equal(t, []string{
		"now", "budget.generation", "given", "first_seq", "probe_seq", "blocked_until", "next_place", "next_visit",
		"limit", "remaining", "window_end", "budget.pause_end", "window_seq",
	}, names)
	got, err := newAnswer([]int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}, 3)
	require.NoError(t, err)
	assert.Equal(t, answer{
		now: 1, generation: 2, given: 3, firstSeq: 4, probeSeq: 5, blockedUntil: 6, nextPlace: 7, nextVisit: 8,
		limit: 9, remaining: 10, windowEnd: 11, pauseEnd: 12, windowSeq: 13,
	}, got)
}

// Numbers that the script and the package both need are equal.
func TestScriptAndPackageAgreeOnTimes(t *testing.T) {
	for pattern, want := range map[string]time.Duration{
		`BURST_SPREAD, SPREAD_DIVISOR = (\S+),`: maxJitter,
		`TICKET_LEASE = (\S+)`:                  maxVisitInterval,
		`LONGEST_LEASE = (\S+)`:                 maxLease + time.Second,
		`LONGEST_WAIT = 366 \* (\S+)`:           longestWait / 366,
	} {
		match := regexp.MustCompile(`local ` + pattern).FindStringSubmatch(source)
		require.NotNil(t, match, pattern)
		micros, err := strconv.ParseFloat(match[1], 64)
		require.NoError(t, err)
		assert.InDelta(t, want.Microseconds(), micros, 0, pattern)
	}
}
