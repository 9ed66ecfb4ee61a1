//go:build live

package egeria_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
)

// TestStoryOnARealPlatform needs the variables that egeria/live/platform sets.
func TestStoryOnARealPlatform(t *testing.T) {
	url, version, user := os.Getenv("EGERIA_LIVE_URL"), os.Getenv("EGERIA_LIVE_VERSION"), os.Getenv("EGERIA_LIVE_USER")
	require.NotEmpty(t, url, "EGERIA_LIVE_URL is not set: egeria/live/platform sets it")
	who := egeria.WithUser(user)
	if password := os.Getenv("EGERIA_LIVE_PASSWORD"); password != "" {
		who = egeria.WithCredentials(user, password)
	}
	c, err := egeria.New(url, who, egeria.WithClearTextStore())
	require.NoError(t, err)
	dialect, err := c.Dialect(t.Context())
	require.NoError(t, err)
	require.Equal(t, os.Getenv("EGERIA_LIVE_DIALECT") == "6", dialect == egeria.Dialect6)
	storyteller{
		c: c, url: url, inverted: strings.HasPrefix(version, "4.") || version == "5.0", older: version == "4.0" || version == "4.1",
		daemon: !strings.Contains(os.Getenv("EGERIA_LIVE_WITHOUT"), "daemon"),
		runnable: func(server string) {
			makeMetadataStore(t, url+"/open-metadata/admin-services/users/"+user+"/servers/"+server)
		},
	}.tell(t)
}

// makeMetadataStore configures what is no affair of the client.
func makeMetadataStore(t *testing.T, server string) {
	t.Helper()
	for _, path := range []string{"/local-repository/mode/in-memory-repository", "/audit-log-destinations/default"} {
		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, server+path, nil)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		resp.Body.Close()
		cancel()
		require.Equal(t, http.StatusOK, resp.StatusCode, path)
	}
}
