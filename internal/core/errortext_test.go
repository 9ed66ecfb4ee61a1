package core

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestExcerptIsOneReadableLine(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"": "", " \n": "", "plain  words\nhere\t": "plain words here", "<html>x": "", "  <!DOCTYPE html>": "",
		"\x1f\x8b\x08\x00": "", "\xff\xfe": "\xff\xfe",
		strings.Repeat("ü", 300): strings.Repeat("ü", 200) + "...",
	} {
		got := Excerpt([]byte(body))
		if body == "\xff\xfe" {
			want = "" // not text
		}
		assert.Equal(t, want, got, "%q", body)
	}
	for _, before := range []string{"", "a", "ab", "abc"} { // one character is cut after this number of bytes
		for _, letter := range []string{"ж", "語", "𝔘"} {
			want := before + strings.Repeat(letter, 200-len(before)) + "..."
			assert.Equal(t, want, Excerpt([]byte(before+strings.Repeat(letter, 3000))))
		}
	}
	assert.LessOrEqual(t, len(Excerpt(bytes.Repeat([]byte("word "), 1<<20))), 203)
}

func TestErrorTextIsOneLine(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "v: Op: GET /x: 503 Service Unavailable: a b: c d (code k, request id r, attempts 3, it may "+
		"have been carried out)", (&Failure{
		Vendor: "v", Operation: "Op", Method: "GET", Path: "/x", StatusCode: 503, Attempts: 3, Detail: "a\nb",
		Code: "k", RequestID: "r",
		OutcomeUnknown: true, Err: errors.New("c\nd"),
	}).String())
	assert.Equal(t, "v: 799", (&Failure{Vendor: "v", StatusCode: 799}).String())
	assert.Equal(t, "v: Op: invalid argument id: is empty",
		(&Failure{Vendor: "v", Operation: "Op", Argument: "id", Err: PathValue("id", "")}).String())
}

func TestErrorTextEscapesWhatDoesNotShow(t *testing.T) {
	t.Parallel()
	f := &Failure{Vendor: "v", Detail: "a\x1b[31mred\a\x00b", Code: "k\u202ecod", RequestID: "r\u2066\u200b",
		Err: errors.New("c\u2028d\x7f\ufeff")}
	assert.Equal(t, `v: a\x1b[31mred\a\x00b: c d\x7f\ufeff (code k\u202ecod, request id r\u2066\u200b)`, f.String())
	assert.Equal(t, f.String(), f.LogValue().Group()[0].Value.String())
	assert.Equal(t, "Zürich 東京 👍 c\u0301", oneLine("Zürich 東京 👍 c\u0301", 100), "what shows is left as it is")
}
