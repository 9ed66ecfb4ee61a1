package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/examples/internal/program"
)

func TestPicture(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-workers", "16", "-limit", "50", "-time", "400ms"}, &out))
	counts := regexp.MustCompile(`(?m)^(without|with) +(\d+) accepted, (\d+) refused$`).
		FindAllStringSubmatch(out.String(), -1)
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

func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		text string
	}{
		{[]string{"-h"}, 0, ""},
		{[]string{"-nope"}, 2, "ratelimit: flag provided but not defined: -nope\n"},
		{[]string{"-workers=x"}, 2, "ratelimit: invalid value \"x\" for flag -workers: parse error\n"},
		{[]string{"extra"}, 2, "ratelimit: unexpected argument \"extra\"\n"},
		{[]string{"-limit", "0"}, 2, "ratelimit: -workers, -limit and -time must be above 0\n"},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, tt.code, program.ExitCode("ratelimit", run(t.Context(), tt.args, &out), &errs), tt.args)
		if tt.code == 2 {
			tt.text += "  -h lists the flags\n"
		}
		require.Equal(t, tt.text, errs.String())
		require.Equal(t, tt.code == 0, strings.Contains(out.String(), "Usage of ratelimit:"), out.String())
	}
	require.Equal(t, 1, program.ExitCode("ratelimit", errors.New("x"), new(bytes.Buffer)))
	require.Equal(t, 130, program.ExitCode("ratelimit", fmt.Errorf("x: %w", context.Canceled), new(bytes.Buffer)))
}

// A chart of only a part of the time would be wrong.
func TestCtrlCDrawsNothing(t *testing.T) {
	for _, after := range []time.Duration{0, 50 * time.Millisecond, 450 * time.Millisecond} { // also in the second half
		ctx, interrupt := context.WithCancel(t.Context())
		time.AfterFunc(after, interrupt)
		var out bytes.Buffer
		err := run(ctx, []string{"-workers", "4", "-limit", "50", "-time", "300ms"}, &out)
		interrupt()
		require.ErrorIs(t, err, context.Canceled)
		require.NotContains(t, out.String(), "accepted")
		require.Equal(t, 130, program.ExitCode("ratelimit", err, new(bytes.Buffer)))
	}
}
