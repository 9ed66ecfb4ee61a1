package core

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRequestWithTheContextOfAnotherCallIsACallOfItsOwn(t *testing.T) {
	t.Parallel()
	var sent, sentInside int
	inner := client(200, nil, &sentInside)
	outer := client(502, Bearer(func(ctx context.Context) (Token, error) {
		resp, err := get(ctx, t, inner) // like Client.API of a vendor package
		require.NoError(t, err)
		resp.Body.Close()
		return Token{Value: "token"}, nil
	}), &sent)
	var meta Meta
	err := CallEmpty(t.Context(), outer, "op", []func(*CallOptions){func(o *CallOptions) { o.WithMeta(&meta) }},
		func(ctx context.Context) (*http.Response, error) {
			return get(ctx, t, outer)
		})
	require.Error(t, err)
	assert.Equal(t, 502, meta.StatusCode)
	assert.Equal(t, 2, meta.Attempts)
	assert.Equal(t, 2, sent)
	assert.Equal(t, 1, sentInside)
}

func TestOnlyAnAttemptThatSendsCounts(t *testing.T) {
	t.Parallel()
	var p progress
	p.beginAttempt()
	assert.False(t, p.endAttempt())
	assert.Equal(t, 0, p.attempts)
	p.beginAttempt()
	p.noteSent(http.Header{"Authorization": {"Basic x"}}, true)
	assert.Equal(t, "Basic x", p.sentHeader.Get("Authorization"))
	p.noteSent(http.Header{"A": {"redirect"}}, false)
	assert.Nil(t, p.sentHeader)
	assert.True(t, p.endAttempt())
	assert.Equal(t, 1, p.attempts)
	p.beginAttempt()
	assert.False(t, p.endAttempt())
	assert.Equal(t, 1, p.attempts)
}

func TestOutcomeIsUnknownWhereARequestThatMustNotBeRepeatedMayBeDone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		note               func(*progress)
		maybeDone, unknown bool
	}{
		{func(p *progress) { p.noteMaybeDone(true) }, true, false},
		{func(p *progress) { p.noteMaybeDone(false) }, true, true},
		{func(p *progress) { p.noteUnusable(true, nil) }, false, false},
		{func(p *progress) { p.noteUnusable(false, nil) }, false, true},
		{func(p *progress) { p.noteUnusable(false, &RefusedError{Status: 499}) }, false, false},
		{func(p *progress) { p.noteUnusable(false, &RefusedError{Status: 500}) }, false, true},
	} {
		var p progress
		tt.note(&p)
		assert.Equal(t, tt.maybeDone, p.maybeDone)
		assert.Equal(t, tt.unknown, p.outcomeUnknown)
	}
}

func TestCredentialIsReplacedOnceInACall(t *testing.T) {
	t.Parallel()
	asked := 0
	auth := &Auth{Refused: func(h http.Header) bool { asked++; return h.Get("Authorization") == "stale" }}
	var p progress
	assert.False(t, p.reauthorize(nil), "no credential was sent")
	p.noteSent(http.Header{"Authorization": {"final"}}, true)
	assert.False(t, p.reauthorize(&Auth{}), "there is no other")
	assert.False(t, p.reauthorize(auth))
	p.noteSent(http.Header{"Authorization": {"stale"}}, true)
	assert.True(t, p.reauthorize(auth))
	assert.False(t, p.reauthorize(auth), "again")
	assert.Equal(t, 2, asked)
}
