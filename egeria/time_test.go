package egeria_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
)

func TestTimeReadsWhatPlatformsWrite(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 9, 37, 306e6, time.UTC)
	for in, want := range map[string]time.Time{
		`"2026-11-22T09:09:37.306+0000"`:       at,
		`"2026-11-22T09:09:37.306+00:00"`:      at,
		`"2026-11-22T09:09:37.306Z"`:           at,
		`"2026-11-22T10:39:37.306+0130"`:       at,
		`"2026-11-22T07:09:37.306-02:00"`:      at,
		`"2026-11-22T07:09:37.306-02"`:         at,
		`"2026-11-22T09:09:37Z"`:               at.Truncate(time.Second),
		`"2026-11-22T09:09:37+0000"`:           at.Truncate(time.Second),
		`"2026-11-22T09:09:37.306000001+0000"`: at.Add(1),
		`1795338577306`:                        at,
		`"1795338577306"`:                      at,
		`0`:                                    time.Unix(0, 0),
		`-1`:                                   time.UnixMilli(-1),
		`"0"`:                                  time.Unix(0, 0),
		`1.5`:                                  time.UnixMicro(1500),
		`"1e3"`:                                time.Unix(1, 0),
		`"2026-11-22t09:09:37.306z"`:           at,
		`"2026-11-22T09:09:37.306"`:            at,
		`253402300799999`:                      time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC),
		`-62135596799999`:                      time.Date(1, 1, 1, 0, 0, 0, 1e6, time.UTC),
		`"9999-12-31T23:59:59.999+0000"`:       time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC),
	} {
		got := egeria.Time{Time: time.Unix(1, 0)}
		require.NoError(t, json.Unmarshal([]byte(in), &got), in)
		assert.True(t, want.Equal(got.Time), "%s is %v, not %v", in, got, want)
		again, err := json.Marshal(got)
		require.NoError(t, err, in)
		var back egeria.Time
		require.NoError(t, json.Unmarshal(again, &back))
		assert.True(t, got.Equal(back.Time), "%s became %s", in, again)
	}
}

func TestTimeThatIsNone(t *testing.T) {
	for _, in := range []string{
		`null`, `""`, `" "`, `"null"`, `" null "`, `"now"`, `"2026-11-22"`, `"2026-13-22T09:09:37Z"`,
		`"2026-11-22T09:09:37+9999"`, `true`,
		`[]`, `[1]`, `{}`, `{"a":1}`,
		`"0x10"`, `"1_000"`, `253402300800000`, `-62135596800001`, `-62167219200000`, `9223372036854775807`,
		`-9223372036854775808`,
		`9223372036854775808`, `"\ud800"`,
	} {
		got := egeria.Time{Time: time.Unix(1, 0)}
		require.NoError(t, json.Unmarshal([]byte(in), &got), in)
		assert.True(t, got.IsZero(), "%s is %v", in, got)
		again, err := json.Marshal(got)
		require.NoError(t, err)
		assert.Equal(t, "null", string(again))
	}
}

func TestTimeIsLeftOutWhereItIsZero(t *testing.T) {
	assert.Equal(t, `{}`, written(t, egeria.GroupSummary{}))
	assert.Equal(t, `{"lastRefreshTime":"1970-01-01T00:00:00Z"}`,
		written(t, egeria.GroupSummary{LastRefreshTime: egeria.Time{Time: time.Unix(0, 0).UTC()}}))
}
