package apono_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
)

func TestTimeReadsAllForms(t *testing.T) {
	at := func(nanos int64) time.Time { return time.Unix(1746093600, nanos).UTC() }
	for in, want := range map[string]time.Time{
		`"2025-05-01T10:00:00Z"`:                at(0),
		`"2025-05-01T10:00:00.5Z"`:              at(500000000),
		`"2025-05-01T10:00:00.000000005Z"`:      at(5),
		`"2025-05-01T12:00:00.123456789+02:00"`: at(123456789),
		`" 2025-05-01T10:00:00Z "`:              at(0),
		`"2025-05-01T10:00:00"`:                 at(0),
		`"2025-05-01T12:00:00.5+0200"`:          at(500000000),
		`"2025-05-01t12:00:00+02"`:              at(0),

		`1746093600`:               at(0),
		`1746093600.5`:             at(500000000),
		`1746093600.000000005`:     at(5),
		`1746093600.123456789`:     at(123456789),
		`1746093600.999999999`:     at(999999999),
		`1746093600.9999999999`:    at(999999999), // truncated, not rounded up to the next second
		`1.746093600123456789e9`:   at(123456789),
		`1.7460936E9`:              at(0),
		`17460936000e-1`:           at(0),
		`"1746093600.000000005"`:   at(5),
		`"1746093600.5"`:           at(500000000),
		`"1746093600"`:             at(0),
		`"1.746093600123456789e9"`: at(123456789),
		`" 1746093600.5 "`:         at(500000000),
		`0`:                        time.Unix(0, 0).UTC(),
		`-0.000000001`:             time.Unix(-1, 999999999).UTC(),
		`-1.5`:                     time.Unix(-2, 500000000).UTC(),
		`253402300799.999999999`:   time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC),

		`null`: {}, `""`: {}, `" "`: {}, `"never"`: {}, `true`: {}, `{}`: {}, `[]`: {}, `{"seconds":1}`: {},
		`"null"`: {}, `"\"5\""`: {},
		`"2025-05-01"`: {}, `"1_000"`: {}, `"0x10"`: {}, `"+5"`: {}, `"01746093600"`: {}, `"1746093600."`: {},
		`"1/3"`: {}, `"NaN"`: {}, `"Infinity"`: {},
		`0.0000000000000000000000000000000000000001`: {}, `1e9999`: {}, `-62135596800.000000001`: {},
		`9223372036854775808`: {}, `18446744073709551616`: {}, `36893488147419103232`: {},
		`1e999999999`: {}, `1e-999999999`: {}, `1e18`: {}, `-1e18`: {}, `253402300800`: {},
		`99999999999999999999999999999999999999999`: {},
	} {
		got := apono.Time{Time: time.Unix(7, 0)}
		require.NoError(t, json.Unmarshal([]byte(in), &got), in)
		assert.True(t, want.Equal(got.Time), "%s: %v, not %v", in, got.Time, want)
		assert.Equal(t, want.IsZero(), got.IsZero(), in)
	}
}

func TestTimeIsWrittenAsRFC3339(t *testing.T) {
	for in, want := range map[string]string{
		`1746093600.000000005`:        `"2025-05-01T10:00:00.000000005Z"`,
		`"1746093600.50"`:             `"2025-05-01T10:00:00.5Z"`,
		`"2025-05-01T12:00:00+02:00"`: `"2025-05-01T12:00:00+02:00"`,
		`"0000-01-01T00:00:00Z"`:      `"0000-01-01T00:00:00Z"`,
		`"2025-05-01T12:00:00+24:00"`: `null`, // no valid offset
		`"2025-05-01T12:00:00,5Z"`:    `"2025-05-01T12:00:00.5Z"`,
		`"0001-01-01T00:00:00Z"`:      `null`,
		`""`:                          `null`,
	} {
		var at, again apono.Time
		require.NoError(t, json.Unmarshal([]byte(in), &at), in)
		out, err := json.Marshal(at)
		require.NoError(t, err, in)
		assert.Equal(t, want, string(out))
		require.NoError(t, json.Unmarshal(out, &again))
		assert.True(t, at.Equal(again.Time))
	}
	out, err := json.Marshal(apono.Integration{})
	require.NoError(t, err)
	assert.NotContains(t, string(out), "last_sync_time")
}
