package show_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/internal/show"
)

type inner struct {
	Token string
	Raw   json.RawMessage
}

type model struct {
	Name    string `json:"display_name,omitempty"`
	Count   *int   `json:"count"`
	Inner   *inner
	All     []*inner
	Any     any
	Members map[string]string
	Bytes   []byte
	At      time.Time
	Secrets []string
	On      bool

	hidden string
}

func (m model) Format(w fmt.State, verb rune) { show.Format(w, verb, m) }

func TestTextOfAStruct(t *testing.T) {
	t.Parallel()
	count := 5
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for want, m := range map[string]model{
		`model{}`:                              {},
		`model{Name:"a\x1b\"" Count:5}`:        {Name: "a\x1b\"", Count: &count, hidden: "x"},
		`model{Inner:inner{Token:[redacted]}}`: {Inner: &inner{Token: "s3cr3t"}},
		`model{All:[inner{Raw:{"a":1,"password":"[redacted]"}} nil]}`: {
			All: []*inner{{Raw: json.RawMessage(`{"password":"s3cr3t","a":1}`)}, nil}},
		`model{Any:inner{Raw:"{cut password=[redacted]"}}`: {
			Any: inner{Raw: json.RawMessage(`{cut password=s3cr3t`)}},
		`model{Members:map["a":"b" "password":[redacted]]}`: {
			Members: map[string]string{"password": "s3cr3t", "a": "b"}},
		`model{Bytes:"text" At:2026-01-02T03:04:05Z Secrets:[redacted] On:true}`: {Bytes: []byte("text"), At: at,
			Secrets: []string{"s3cr3t"}, On: true},
		`model{Any:["a" 1 model{Name:"b"}]}`: {Any: []any{"a", 1,
			&model{Name: "b"}}},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			assert.Equal(t, want, fmt.Sprintf(verb, m))
			assert.Equal(t, "["+want+"]", fmt.Sprintf("%v", []*model{&m}))
		}
		assert.Equal(t, fmt.Sprintf("%q", want), fmt.Sprintf("%q", m))
		assert.Equal(t, fmt.Sprintf("%X", want), fmt.Sprintf("%X", m))
	}
}

func TestObjectIsJSONWithoutSecrets(t *testing.T) {
	t.Parallel()
	for want, members := range map[string]map[string]json.RawMessage{
		`{}`:                       nil,
		`{"a":1.10,"b":"<"}`:       {"b": json.RawMessage(`"<"`), "a": json.RawMessage(`1.10`)},
		`{"api_key":"[redacted]"}`: {"api_key": json.RawMessage(`"s3cr3t"`)},
		`{"a":"","b":"{cut"}`:      {"a": nil, "b": json.RawMessage(`{cut`)},
	} {
		assert.Equal(t, want, show.Object(members))
	}
}

func TestLogValueHasTheFieldsThatAreSet(t *testing.T) {
	t.Parallel()
	count := 5
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	v := show.LogValue(&model{
		Name: "n", Count: &count, Inner: &inner{Token: "s3cr3t"}, All: []*inner{{}}, Bytes: []byte("b"), At: at,
		Secrets: []string{"s3cr3t"}, On: true,
	})
	assert.Equal(t,
		`[display_name=n count=5 Inner=inner{Token:[redacted]} All=[inner{}] `+
			`Bytes="b" At=2026-01-02 03:04:05 +0000 UTC Secrets=[redacted] On=true]`, v.String())
	kinds := map[string]slog.Kind{}
	for _, a := range v.Group() {
		kinds[a.Key] = a.Value.Kind()
	}
	assert.Equal(t, map[string]slog.Kind{
		"display_name": slog.KindString, "count": slog.KindInt64, "Inner": slog.KindString, "All": slog.KindString,
		"Bytes": slog.KindString,
		"At":    slog.KindTime, "Secrets": slog.KindString, "On": slog.KindBool,
	}, kinds)
	assert.Empty(t, show.LogValue(model{}).Group())
}
