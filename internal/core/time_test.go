package core_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/core"
)

func TestTimesOfISO8601AreReadInEveryFormThatServersWrite(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 5, 1, 10, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2025-05-01T10:00:00Z": at, "2025-05-01t10:00:00z": at, "2025-05-01T10:00:00": at, "2025-05-01 10:00:00": at,
		"2025-05-01T10:00Z": at, "2025-05-01T10:00": at,
		"2025-05-01T12:00:00+02:00": at, "2025-05-01T12:00:00+0200": at, "2025-05-01T12:00:00+02": at,
		"2025-05-01T12:00:00+02:00[Europe/Paris]": at,
		"2025-05-01T10:00:00.5+0000":              at.Add(time.Second / 2), "2025-05-01 10:00:00.5 +0000 UTC": {},
		"2025-05-01 10:00:00.000000001 UTC": at.Add(1), "2025-05-01T10:00:00 GMT": at,
		" 2025-05-01T10:00:00Z\n": at, "2025-05-01T10:00:00+99:00": {}, "2025-05-01": {}, "2025-05-01T": {},
		"2025-05-01X10:00:00Z": {}, "10:00:00": {}, "": {}, "2025-05-01T10:00:00[": at,
	} {
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		for _, unit := range []time.Duration{time.Second, time.Millisecond} {
			got := core.ReadTime(quoted, unit)
			assert.True(t, want.Equal(got), "%q is %v, not %v", text, got, want)
		}
	}
}

func TestTimesSince1970AreExactInEitherUnit(t *testing.T) {
	t.Parallel()
	for in, nanos := range map[string][2]int64{
		`1746093600`:             {1746093600e9, 1746093600e6},
		`"1746093600"`:           {1746093600e9, 1746093600e6},
		`1746093600.000000005`:   {1746093600e9 + 5, 1746093600e6},
		`1.746093600000000005e9`: {1746093600e9 + 5, 1746093600e6},
		`" 1746093600.5 "`:       {1746093600500e6, 1746093600e6 + 500e3},
		`0`:                      {0, 0},
		`-1.5`:                   {-1500e6, -1500e3},
	} {
		assert.Equal(t, nanos[0], core.ReadTime([]byte(in), time.Second).UnixNano(), in)
		assert.Equal(t, nanos[1], core.ReadTime([]byte(in), time.Millisecond).UnixNano(), in)
	}
	for _, in := range []string{`null`, `true`, `{}`, `[]`, `"+5"`, `"0x10"`, `"1_000"`, `"01"`, `1e999999999`, `1e30`,
		`"NaN"`, `"\"5\""`, `253402300800000`} {
		assert.True(t, core.ReadTime([]byte(in), time.Second).IsZero(), in)
	}
}

func TestNumbersAreReadInEveryForm(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]core.Number{
		`900`: 900, `"900"`: 900, `900.0`: 900, `"900.0"`: 900, `9e2`: 900, `" 900 "`: 900, `900.9`: 900, `-1.5`: -1,
		`0`: 0, `-0`: 0, `1e-999999999`: 0, `9007199254740993`: 9007199254740993,
		`9007199254740993.0`: 9007199254740993, `9223372036854775807`: math.MaxInt64,
		`9223372036854775808`: math.MaxInt64, `1e999999999`: math.MaxInt64, `-1e400`: math.MinInt64,
		`-9223372036854775809`: math.MinInt64, `99999999999999999999999999999999999999999999999999`: math.MaxInt64,
		`null`: 0, `true`: 0, `{}`: 0, `[900]`: 0, `""`: 0, `"soon"`: 0, `"0x10"`: 0, `"1_000"`: 0, `"+5"`: 0,
		`"Infinity"`: 0, `"\"5\""`: 0,
	} {
		got := core.Number(7)
		require.NoError(t, json.Unmarshal([]byte(in), &got), in)
		assert.Equal(t, want, got, in)
	}
	assert.Equal(t, math.MaxInt, core.Number(math.MaxInt64).Int())
	assert.Equal(t, math.MinInt, core.Number(math.MinInt64).Int())
}
