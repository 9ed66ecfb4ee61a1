package confluent_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

func TestTheExchangeFailsAsAnError(t *testing.T) {
	t.Parallel()
	failure := `{"errors":[{"id":"e1","status":"400","code":"invalid_grant","detail":"The pool does not know you, ` +
		jwt + `"}]}`
	for name, tc := range map[string]struct {
		fault    confluenttest.Fault
		is       error
		status   int
		code     string
		detail   string
		attempts int
	}{
		"400 in the vendor's shape": {confluenttest.Fault{Status: 400, Body: failure}, confluent.ErrInvalid, 400,
			"invalid_grant", "The pool does not know you, [redacted]", 1},
		"401": {confluenttest.Fault{Status: 401, Body: failure}, confluent.ErrUnauthorized, 401,
			"invalid_grant", "The pool does not know you, [redacted]", 1},
		"403": {confluenttest.Fault{Status: 403}, confluent.ErrForbidden, 403, "", "", 1},
		"500 for good": {confluenttest.Fault{Status: 500, Times: -1}, confluent.ErrUnavailable, 500, "",
			"", 5},
		"429 for good, no body": {confluenttest.Fault{Status: 429, Times: -1}, confluent.ErrRateLimited, 429, "",
			"", 5},
		"no token in it":    {confluenttest.Fault{Status: 200, Body: `{"expires_in":900}`}, nil, 200, "", "", 1},
		"no member":         {confluenttest.Fault{Status: 200, Body: `{}`}, nil, 200, "", "", 1},
		"an error document": {confluenttest.Fault{Status: 200, Body: failure}, nil, 200, "", "", 1},
		"token of another type": {confluenttest.Fault{Status: 200,
			Body: `{"access_token":["access-token"],"expires_in":900}`}, nil, 200, "", "", 1},
		"negative lifetime": {confluenttest.Fault{Status: 200,
			Body: `{"access_token":"access-token","expires_in":-1}`}, nil, 200, "", "", 1},
		"not JSON": {confluenttest.Fault{Status: 200, Body: `access-token`}, nil, 200, "", "", 1},
		"empty":    {confluenttest.Fault{Status: 200}, nil, 200, "", "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := confluenttest.NewServer(t)
			tc.fault.Operation = opExchange
			srv.Inject(tc.fault)
			c := newBearerClient(t, srv, confluent.WithSTS(stsConfig(jwt)))
			token, err := c.ExchangeToken(t.Context(), stsConfig(jwt))
			e := errorOf(t, err)
			assert.Zero(t, token)
			assert.Equal(t, "ExchangeToken", e.Operation)
			assert.Equal(t, tc.status, e.StatusCode)
			assert.Equal(t, tc.code, e.Code)
			assert.Equal(t, tc.detail, e.Detail)
			assert.Equal(t, tc.attempts, e.Attempts)
			assert.False(t, e.OutcomeUnknown)
			if tc.is != nil {
				require.ErrorIs(t, err, tc.is)
			}
			assertHidden(t, err, jwt, "access-token")
			assertHidden(t, *e, jwt, "access-token")
			for _, secret := range []string{jwt, "access-token"} {
				assert.NotContains(t, string(e.Body), secret)
				assert.NotContains(t, fmt.Sprint(e.Problems), secret)
			}
		})
	}
}

func TestACallNamesTheExchangeThatFailed(t *testing.T) {
	t.Parallel()
	srv := confluenttest.NewServer(t)
	srv.Inject(confluenttest.Fault{Operation: opExchange, Status: 400, Body: `{"errors":[{"detail":"wrong pool"}]}`})
	c := newBearerClient(t, srv, confluent.WithSTS(stsConfig(jwt)))
	err := listAll(t.Context(), c)
	e := errorOf(t, err)
	assert.Equal(t, "Integrations.List", e.Operation)
	assert.Zero(t, e.Attempts, "the list itself was never sent")
	assert.ErrorContains(t, err, "ExchangeToken")
	assert.ErrorContains(t, err, "wrong pool")
	assert.Equal(t, []string{"POST 400"}, sent(srv))
	require.NoError(t, listAll(t.Context(), c), "the next call tries again")
}

func TestTheExchangeIsRepeated(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]confluenttest.Fault{
		"429 without a body": {Status: 429}, "500": {Status: 500}, "503": {Status: 503},
		"response cut": {Lost: true, Apply: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := confluenttest.NewServer(t)
			fault.Operation, fault.Times = opExchange, 2
			srv.Inject(fault)
			require.NoError(t, listAll(t.Context(), newBearerClient(t, srv, confluent.WithSTS(stsConfig(jwt)))))
			assert.Equal(t, 3, srv.CountCalls(opExchange))
			bodies := bodiesOf(srv, opExchange)
			assert.Equal(t, bodies[0], bodies[2])
		})
	}
}

func TestSubjectTokenErrorsReachTheCaller(t *testing.T) {
	t.Parallel()
	broken := errors.New("the identity provider is down")
	srv := confluenttest.NewServer(t)
	for name, tc := range map[string]struct {
		token    string
		err      error
		argument string
	}{
		"error": {"", broken, ""}, "empty": {"", nil, "subject token"}, "spaces": {"  ", nil, "subject token"},
	} {
		cfg := confluent.STSConfig{IdentityPoolID: "pool_1", SubjectToken: func(context.Context) (string, error) {
			return tc.token, tc.err
		}}
		c := newBearerClient(t, srv, confluent.WithSTS(cfg))
		_, err := c.ExchangeToken(t.Context(), cfg)
		called := listAll(t.Context(), c)
		for _, err := range []error{err, called} {
			errorOf(t, err)
			if tc.err != nil {
				assert.ErrorIs(t, err, tc.err, name)
			}
		}
		if tc.argument != "" {
			requireRefused(t, err, tc.argument)
		}
	}
	assert.Empty(t, srv.Calls())
}

func TestSTSConfigRefusesBadInput(t *testing.T) {
	t.Parallel()
	srv := confluenttest.NewServer(t)
	c := newClient(t, srv)
	for name, tc := range map[string]struct {
		change   func(*confluent.STSConfig)
		argument string
	}{
		"no pool":           {func(c *confluent.STSConfig) { c.IdentityPoolID = "" }, "STSConfig.IdentityPoolID"},
		"no subject token":  {func(c *confluent.STSConfig) { c.SubjectToken = nil }, "STSConfig.SubjectToken"},
		"negative lifetime": {func(c *confluent.STSConfig) { c.Lifetime = -time.Second }, "STSConfig.Lifetime"},
		"lifetime above most": {func(c *confluent.STSConfig) { c.Lifetime = confluent.MaxTokenLifetime + time.Second },
			"STSConfig.Lifetime"},
		"part of a second": {func(c *confluent.STSConfig) { c.Lifetime = 1500 * time.Millisecond },
			"STSConfig.Lifetime"},
	} {
		cfg := stsConfig(jwt)
		tc.change(&cfg)
		_, err := c.ExchangeToken(t.Context(), cfg)
		requireRefused(t, err, tc.argument)
		_, err = confluent.New(confluent.WithSTS(cfg))
		requireRefused(t, err, tc.argument)
		assertHidden(t, err, jwt)
		assert.Empty(t, srv.Calls(), name)
	}
}
