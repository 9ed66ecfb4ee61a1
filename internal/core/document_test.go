package core

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestErrorSaysWhetherARequiredMemberIsMissingOrNull(t *testing.T) {
	t.Parallel()
	type item struct {
		CheckedAt *string `json:"checked_at"`
		Note      *string `json:"note,omitempty"`
	}
	type document struct {
		Items []item `json:"items"`
	}
	for body, want := range map[string]string{
		`{"items":[{"checked_at":"now","note":null}]}`: "",
		`{"items":[{"checked_at":null}]}`:              "items[0].checked_at is null",
		`{"items":[{}]}`:                               "items[0].checked_at is missing",
		`{"items":null}`:                               "items is null",
		`{}`:                                           "items is missing",
	} {
		err := missing([]byte(body), document{})
		if want == "" {
			require.NoError(t, err, body)
			continue
		}
		assert.EqualError(t, err, want, body)
	}
}
