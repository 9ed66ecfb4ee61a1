package egeria_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
)

func TestUserIsInNoPathOfAnErrorOrALog(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"the-user-canary", "us er@canary", "cänary"} {
		var log bytes.Buffer
		p := newPlatform(egeria.Dialect4)
		p.serve = func(int, request) response { return response{status: 500, body: "no"} }
		c := p.clientAt(t, platformURL, egeria.WithUser(name),
			egeria.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
		_, err := c.Platform.Servers(t.Context())
		require.Error(t, err)
		assert.Contains(t, p.calls()[0].URL.Path, "/users/"+name+"/", "it is sent")
		assert.Contains(t, errorOf(t, err).Path, "/users/[redacted]/")
		for _, part := range []string{"canary", "%40", "nary"} {
			assert.NotContains(t, shown(err)+log.String(), part)
		}
	}
}
