//go:build live

package egeria_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
)

var version = regexp.MustCompile(`\(version (\d+\.\d+)`)

// TestStoryOnARealPlatform runs the story on the platform at EGERIA_LIVE_URL, with any release.
// egeria/live/README.md describes the variables.
func TestStoryOnARealPlatform(t *testing.T) {
	url, user := os.Getenv("EGERIA_LIVE_URL"), os.Getenv("EGERIA_LIVE_USER")
	require.NotEmpty(t, url, "EGERIA_LIVE_URL is not set: egeria/live/platform sets it")
	who := egeria.WithUser(user)
	if password := os.Getenv("EGERIA_LIVE_PASSWORD"); password != "" {
		who = egeria.WithCredentials(user, password)
	}
	c, err := egeria.New(url, who, egeria.WithClearTextStore())
	require.NoError(t, err)
	dialect, err := c.Dialect(t.Context())
	require.NoError(t, err)
	if want := os.Getenv("EGERIA_LIVE_DIALECT"); want != "" {
		require.Equal(t, want == "6", dialect == egeria.Dialect6)
	}
	origin, err := c.Platform.Origin(t.Context())
	require.NoError(t, err)
	found := version.FindStringSubmatch(origin)
	require.NotNil(t, found, origin)
	release := found[1]
	storyteller{
		c: c, url: url, inverted: release < "5.0", older: release < "4.2",
		daemon:   !strings.Contains(os.Getenv("EGERIA_LIVE_WITHOUT"), "daemon"),
		runnable: func(server string) { makeMetadataStore(t, c, server) },
		deploys:  dialect == egeria.Dialect4, // later dialects need secrets that the platform can read
		deletes:  os.Getenv("EGERIA_LIVE_HOME") != "" || release >= "5.2",
	}.tell(t)
}

// makeMetadataStore configures a server that also runs on platforms without integration daemons.
func makeMetadataStore(t *testing.T, c *egeria.Client, server string) {
	t.Helper()
	require.NoError(t, c.Server(server).MetadataStore.SetInMemoryRepository(t.Context()))
	require.NoError(t, c.Server(server).Config.SetDefaultAuditLog(t.Context()))
}
