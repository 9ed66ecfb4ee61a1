package vendor_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/internal/vendor"
)

func TestErrorDocumentHasTheMembersOfOne(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]bool{
		`{}`: false, `[]`: false, `null`: false, `"error"`: false, `{"id":"x"}`: false,
		`{"error":null,"errors":null}`: false,
		`{"status":"ok"}`:              false, `{"status":204}`: false, `{"status":"399"}`: false,
		`{"error":"x"}`: true, `{"errors":[]}`: true, `{"code":5}`: true, `{"error_code":"x"}`: true,
		`{"title":"x"}`: false, `{"detail":"x"}`: false, `{"title":"x","detail":null}`: false,
		`{"title":"x","detail":"y"}`: true,
		`{"status":400}`:             true, `{"status":"503"}`: true, `{"status":{},"code":1}`: true,
	} {
		assert.Equal(t, want, vendor.IsErrorDocument([]byte(document)), document)
	}
}
