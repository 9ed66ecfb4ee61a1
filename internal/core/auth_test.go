package core

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConditionsOfATokenRequestAreNotThoseOfTheCall(t *testing.T) {
	t.Parallel()
	for _, hidden := range []error{ErrNotFound, ErrConflict, ErrForbidden, ErrInvalid, ErrQuotaExceeded,
		ErrOutcomeUnknown} {
		assert.NotErrorIs(t, &authError{fmt.Errorf("token: %w", hidden)}, hidden)
	}
	for _, shown := range []error{ErrUnauthorized, ErrRateLimited, ErrUnavailable, context.Canceled} {
		require.ErrorIs(t, &authError{fmt.Errorf("token: %w", shown)}, shown)
	}
	require.ErrorAs(t, error(&authError{&RefusedError{Err: errors.New("x")}}), new(*RefusedError))
}

func TestPrepareHasTheTimeOfAnAttemptUnlessItMakesCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := client(200, &Auth{Prepare: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}, new(int))
		begin := time.Now()
		require.ErrorContains(t, c.Prepare(t.Context(), "op"), "attempt took longer")
		assert.Equal(t, defaultAttemptTimeout, time.Since(begin))
		c.cfg.Auth.Calls = true
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		require.ErrorIs(t, c.Prepare(ctx, "op"), context.DeadlineExceeded)
		assert.Equal(t, defaultAttemptTimeout+time.Hour, time.Since(begin))
	})
}

func TestSecretsOfACallAreAllThatItSends(t *testing.T) {
	t.Parallel()
	c := client(200, StaticBearer("now"), new(int))
	cs := &call{}
	cs.opts.WithSecrets("mine")
	cs.noteSent(map[string][]string{"Authorization": {"Bearer before"}}, true)
	assert.Equal(t, []string{"mine", "now", "before"}, c.secrets(cs))
	cs.noteSent(nil, false)
	assert.Equal(t, []string{"mine", "now", "before"}, c.secrets(cs), "a redirect to another host")
	for _, token := range []string{"before", "then", "then"} {
		cs.noteSent(map[string][]string{"Authorization": {"Bearer " + token}}, true)
	}
	assert.Equal(t, []string{"mine", "now", "before", "then"}, c.secrets(cs))
}

// The redactor that is kept from the latest call hides the secrets of this one, and never those of
// one call only.
func TestRedactorHidesTheSecretsOfItsCall(t *testing.T) {
	t.Parallel()
	token := "token-of-today"
	auth := StaticBearer("")
	auth.Secrets = func() []string { return []string{token} }
	c := client(200, auth, new(int))
	plain, own := &call{}, &call{}
	own.opts.WithSecrets("password-of-one-call")
	const text = "token-of-today, token-of-tomorrow, password-of-one-call"
	for range 2 {
		assert.Equal(t, "[redacted], token-of-tomorrow, password-of-one-call", c.redactor(plain).String(text))
		assert.Equal(t, "[redacted], token-of-tomorrow, [redacted]", c.redactor(own).String(text))
	}
	assert.Equal(t, []string{token}, c.latestRedactor.Load().secrets)
	token = "token-of-tomorrow"
	assert.Equal(t, "token-of-today, [redacted], password-of-one-call", c.redactor(plain).String(text))
}
