package core

import (
	"crypto/tls"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPingsFindADeadConnectionInAPartOfAnAttempt(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[time.Duration][2]time.Duration{
		0:                {10 * time.Second, 5 * time.Second}, // the default attempt timeout, 1 min
		time.Hour:        {10 * time.Second, 5 * time.Second},
		24 * time.Second: {4 * time.Second, 2 * time.Second},
		time.Second:      {time.Second, time.Second},
	} {
		c, err := New(Config{AttemptTimeout: attempt})
		require.NoError(t, err)
		tr, ok := c.base.(*http.Transport)
		require.True(t, ok)
		assert.Equal(t, want, [2]time.Duration{tr.HTTP2.SendPingTimeout, tr.HTTP2.PingTimeout}, attempt)
	}
}

func TestPingsOfTheProgramStay(t *testing.T) {
	t.Parallel()
	own := &http.HTTP2Config{SendPingTimeout: 3 * time.Minute, PingTimeout: 2 * time.Minute}
	tr := &http.Transport{HTTP2: own}
	setPings(tr, time.Minute)
	assert.Equal(t, &http.HTTP2Config{SendPingTimeout: 3 * time.Minute, PingTimeout: 2 * time.Minute}, tr.HTTP2)
	c, err := New(Config{HTTPClient: &http.Client{Transport: &http.Transport{}}})
	require.NoError(t, err)
	theirs, ok := c.base.(*http.Transport)
	require.True(t, ok)
	assert.Nil(t, theirs.HTTP2, "a transport of the caller's own")
}

// This test replaces http.DefaultTransport, so it does not run in parallel with others.
func TestTransportInPlaceOfAWrappedOneHasPings(t *testing.T) {
	original := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = original })
	http.DefaultTransport = struct{ http.RoundTripper }{original}
	for _, client := range []*http.Client{nil, {}, http.DefaultClient} {
		c, err := New(Config{HTTPClient: client, TLS: &tls.Config{MinVersion: tls.VersionTLS12}})
		require.NoError(t, err)
		tr, ok := c.base.(*http.Transport)
		require.True(t, ok)
		require.NotNil(t, tr.HTTP2)
		assert.Equal(t, [2]time.Duration{10 * time.Second, 5 * time.Second},
			[2]time.Duration{tr.HTTP2.SendPingTimeout, tr.HTTP2.PingTimeout})
	}
}
