package egeria_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

func TestChangePassword(t *testing.T) {
	t.Parallel()
	srv := egeriatest.NewServer(t, egeriatest.WithRelease("6.1"))
	oldClient, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password))
	require.NoError(t, err)
	c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password))
	require.NoError(t, err)
	for _, password := range []string{"first-new", "s\"econd é", passwordCanary} {
		token, err := c.ChangePassword(t.Context(), password)
		require.NoError(t, err)
		assert.NotEmpty(t, token.Value)
		assert.False(t, token.Expiry.IsZero())
		_, err = c.Login(t.Context())
		require.NoError(t, err, "with the new one")
		require.ErrorIs(t, failing(oldClient.Login(t.Context())), egeria.ErrUnauthorized)
	}
	srv.RevokeTokens()
	require.NoError(t, failing(c.Platform.Servers(t.Context())))
}

func TestChangePasswordThatFails(t *testing.T) {
	t.Parallel()
	srv := egeriatest.NewServer(t, egeriatest.WithRelease("6.1"))
	c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, "wrong"))
	require.NoError(t, err)
	require.ErrorIs(t, failing(c.ChangePassword(t.Context(), "new")), egeria.ErrUnauthorized)
	for _, bad := range []string{"", " ", "\xff"} {
		assertRefused(t, failing(c.ChangePassword(t.Context(), bad)), "newPassword")
	}
	for _, who := range []egeria.Option{egeria.WithToken("t"), egeria.WithUser("u")} {
		c, err := egeria.New(srv.URL, who)
		require.NoError(t, err)
		assertRefused(t, failing(c.ChangePassword(t.Context(), "new")), "credentials")
	}

	c, err = egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password), retries())
	require.NoError(t, err)
	srv.Inject(egeriatest.Fault{Operation: "createToken", Lost: true, Apply: true})
	srv.ResetCalls()
	err = failing(c.ChangePassword(t.Context(), passwordCanary))
	require.ErrorIs(t, err, egeria.ErrOutcomeUnknown)
	assert.Equal(t, 1, srv.CountCalls("createToken"), "it is an action")

	p := newPlatform(egeria.Dialect6)
	p.login = func(int) response { return response{status: 400, body: echo(p.logins()[0], passwordCanary)} }
	err = failing(p.clientAt(t, platformURL, egeria.WithCredentials("u", "old-c&nary")).ChangePassword(t.Context(),
		passwordCanary))
	assertHidden(t, shown(err)+string(errorOf(t, err).Body), passwordCanary, "old-c&nary")
}
