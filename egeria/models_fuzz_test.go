package egeria_test

import (
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
)

func FuzzGroup(f *testing.F) {
	for _, s := range []string{
		`null`, `{}`, `[]`, `"s"`, `7`, `{"class":null}`, `{"class":"Other"}`, `{"class":7}`,
		`{"class":"IntegrationGroupConfig","omagserverName":"mds","omagserverPlatformRootURL":"~{u}~",` +
			`"integrationGroupQualifiedName":"G"}`,
		`{"omagserverName":"","secretsStoreProvider":null,"secretsStoreLocation":[1.10],` +
			`"secretsStoreCollection":12345678901234567890}`,
		`{"x":"<&>","X":{"y":[null]},"":-0}`, `{"omagserverName":"a","omagserverName":"","omagserverName":7}`,
		` { "OMAGserverName" : "A" , "a" : 1E400 } `, `{"omagserverName":"\ud800"}`,
		"{\"\xff\":\"\xff\",\"\u2028\":\"\u2028\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var g egeria.IntegrationGroup
		var members map[string]json.RawMessage
		err := json.Unmarshal(data, &g)
		require.Equal(t, json.Unmarshal(data, &members) == nil, err == nil, "every object is one, and null")
		if err != nil {
			return
		}
		if members == nil {
			members = map[string]json.RawMessage{}
		}
		if class := members["class"]; class == nil || string(class) == "null" {
			members["class"] = json.RawMessage(`"IntegrationGroupConfig"`)
		}
		out := written(t, g)
		require.Equal(t, meaning(t, written(t, members)), meaning(t, out))
		var again egeria.IntegrationGroup
		require.NoError(t, json.Unmarshal([]byte(out), &again))
		require.Equal(t, out, written(t, again))
		require.Equal(t, out, written(t, g.Clone()))
	})
}

func FuzzDocument(f *testing.F) {
	for _, s := range []string{
		odd, `null`, `{}`, `[]`,
		`{"localServerName":7,"maxPageSize":"x","auditTrail":{},"dynamicIntegrationGroupsConfig":[null,{"a":1.0}]}`,
		`{"dynamicIntegrationGroupsConfig":[7]}`,
		`{"maxPageSize":1E400,"":{"":[]}}`, `{"a":1,"a":2,"A":3}`, "{\"\xff\":\"\\ud800\"}", ` {"a" : [ 1 , 2 ]} `,
	} {
		f.Add([]byte(s), "name", "text<&>")
	}
	f.Add([]byte(`{"\ufffd":1}`), "\xff", "text")
	f.Fuzz(func(t *testing.T, data []byte, name, text string) {
		d, err := egeria.NewDocument(data)
		var members map[string]json.RawMessage
		require.Equal(t, json.Unmarshal(data, &members) == nil && members != nil, err == nil)
		if err != nil {
			return
		}
		require.Equal(t, string(data), raw(t, d), "kept byte for byte")
		require.Equal(t, meaning(t, string(data)), meaning(t, written(t, d.Reveal())))
		_, _, _ = d.ServerName(), d.AuditTrail(), d.LogValue()
		_, _ = d.MaxPageSize()

		groups, err := d.IntegrationGroups()
		var items []map[string]json.RawMessage
		list := members["dynamicIntegrationGroupsConfig"]
		require.Equal(t, list == nil || json.Unmarshal(list, &items) == nil, err == nil)
		if err == nil {
			changed := d
			require.NoError(t, changed.SetIntegrationGroups(groups))
			again, err := changed.IntegrationGroups()
			require.NoError(t, err)
			require.Equal(t, written(t, groups), written(t, again))
		}

		err = d.SetMember(name, text)
		require.Equal(t, utf8.ValidString(name) && utf8.ValidString(text), err == nil)
		if err != nil {
			require.Equal(t, string(data), raw(t, d))
			return
		}
		expected, err := json.Marshal(text)
		require.NoError(t, err)
		members[name] = expected
		require.Equal(t, meaning(t, written(t, members)), meaning(t, raw(t, d)), "the others stay")
		require.NoError(t, d.SetMember(name, nil))
		delete(members, name)
		require.Equal(t, meaning(t, written(t, members)), meaning(t, raw(t, d)))
	})
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{
		`null`, `""`, `" null "`, `"2026-11-22T09:09:37.306+0000"`, `"2026-11-22T09:09:37.306+00:00"`,
		`"2026-11-22T09:09:37Z"`, `"2026-11-22T09:09:37-02"`,
		`1795338577306`, `"1795338577306"`, `-0`, `1e3`, `1.5`,
		`253402300799999`, `253402300800000`, `-62135596800001`, `"0000-01-01T00:00:00Z"`,
		`"9999-12-31T23:59:59-23:59"`, `"0001-01-01T00:00:00+05:00"`,
		`"2026-11-22T09:09:37+24:00"`, `"\ud800"`, `[]`, `{}`, `true`,
	} {
		f.Add([]byte(s), int64(1795338577306))
	}
	f.Add([]byte(`0`), int64(-62135596800000))
	f.Fuzz(func(t *testing.T, data []byte, millis int64) {
		var at egeria.Time
		err := json.Unmarshal(data, &at)
		require.Equal(t, json.Valid(data), err == nil, "valid JSON is some time, or none: %v", err)
		if err == nil {
			out, err := json.Marshal(at)
			require.NoError(t, err, "what was read can be written")
			again := egeria.Time{Time: time.Unix(1, 0)}
			require.NoError(t, json.Unmarshal(out, &again))
			require.True(t, at.Equal(again.Time), "%s became %s", data, out)
		}

		want := time.UnixMilli(millis % 250_000_000_000_000).UTC()
		if y := want.Year(); y < 2 || y > 9998 {
			return
		}
		number := written(t, want.UnixMilli())
		forms := []string{number, `"` + number + `"`}
		for _, layout := range []string{"2006-01-02T15:04:05.000Z0700", "2006-01-02T15:04:05.000-0700",
			"2006-01-02T15:04:05.000Z07:00", "2006-01-02T15:04:05.000-07:00"} {
			for _, zone := range []*time.Location{time.UTC, time.FixedZone("", -5*3600),
				time.FixedZone("", 5*3600+1800)} {
				forms = append(forms, `"`+want.In(zone).Format(layout)+`"`)
			}
		}
		for _, form := range forms {
			var got egeria.Time
			require.NoError(t, json.Unmarshal([]byte(form), &got))
			require.True(t, want.Equal(got.Time), "%s is %v", form, got)
		}
	})
}
