package exchanges_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/exchanges"
)

func exchange(t *testing.T) exchanges.Exchange {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "https://api.test/a%2Fb?q=%20", http.NoBody)
	require.NoError(t, err)
	req.Header.Add("X-Two", "1")
	req.Header.Add("X-Two", "2")
	resp := &http.Response{StatusCode: 404, Header: http.Header{"Etag": {"e"}},
		Body: io.NopCloser(strings.NewReader("gone"))}
	return exchanges.New(t.Name(), req, []byte("\xff"), resp, []byte("\x00{}"))
}

func TestExchangesComeBackAsWritten(t *testing.T) {
	folder := t.TempDir()
	t.Setenv(exchanges.FolderVariable, folder)
	want := exchange(t)
	for range 3 {
		require.NoError(t, want.Write())
	}
	got, err := exchanges.Read(folder)
	require.NoError(t, err)
	assert.Equal(t, []exchanges.Exchange{want, want, want}, got)
	assert.Equal(t, "https://api.test/a%2Fb?q=%20", want.URL)
}

func TestNoExchangeIsAnError(t *testing.T) {
	t.Setenv(exchanges.FolderVariable, "")
	require.NoError(t, exchange(t).Write())
	_, err := exchanges.Read(t.TempDir())
	require.ErrorContains(t, err, "no exchange was written")
}

func TestUnusableFolderIsAnError(t *testing.T) {
	t.Setenv(exchanges.FolderVariable, t.TempDir()+"/missing")
	require.Error(t, exchange(t).Write())
}
