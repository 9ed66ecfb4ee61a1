package main

import (
	"bytes"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPicture(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-workers", "16", "-limit", "50", "-time", "400ms"}, &out))
	counts := regexp.MustCompile(`(?m)^(without|with) +(\d+) accepted, (\d+) refused$`).FindAllStringSubmatch(out.String(), -1)
	require.Len(t, counts, 2, out.String())
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		require.NoError(t, err)
		return n
	}
	require.Positive(t, number(counts[0][3]), "without a limiter some are refused")
	require.Zero(t, number(counts[1][3]), "with a limiter none are")
	require.Positive(t, number(counts[1][2]))
	require.Regexp(t, `(?m)^ 0\.3 s`, out.String())
	require.Contains(t, out.String(), "#")
	require.Contains(t, out.String(), "x refused")
}

func TestWrongArguments(t *testing.T) {
	for _, args := range [][]string{{"now"}, {"-workers", "0"}, {"-limit", "-1"}, {"-time", "0"}, {"-unknown"}} {
		require.Error(t, run(t.Context(), args, new(bytes.Buffer)), args)
	}
}
