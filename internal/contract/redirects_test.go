package contract_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/core"
)

// redirects is a server that answers the first request with status and location, and all others with op's good reply.
func redirects(v vendor, op operation, status int, location string) func(int, request) (*http.Response, error) {
	return func(n int, _ request) (*http.Response, error) {
		if n == 1 {
			return reply(status, "", "Location", location, v.requestID, "req-7"), nil
		}
		return op.good(v), nil
	}
}

func TestRedirectNeverTurnsAWriteIntoARead(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for _, status := range []int{301, 302, 303} {
			c, s := start(t, v, options{}, redirects(v, op, status, "/elsewhere"))
			err := op.do(t.Context(), c, call{})
			if s.requests()[0].Method == http.MethodGet {
				require.NoError(t, err)
				assert.Equal(t, 2, s.count())
				continue
			}
			f := viewed(t, v, err)
			assert.Equal(t, status, f.StatusCode)
			assert.Equal(t, "req-7", f.RequestID)
			assert.Equal(t, "/elsewhere", f.Header.Get("Location"))
			assert.Equal(t, !repeatable(f.Method), f.OutcomeUnknown, "a POST that is answered so may have been carried out")
			assert.Equal(t, 1, s.count())
		}
	})
}

func TestRedirectOnTheSameHostRepeatsTheRequest(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for _, location := range []string{"/elsewhere?x=1", "https://" + host + "/elsewhere?x=1", "https://API.test:443/elsewhere?x=1"} {
			for _, status := range []int{307, 308} {
				var meta core.Meta
				c, s := start(t, v, options{}, redirects(v, op, status, location))
				require.NoError(t, op.do(t.Context(), c, call{meta: &meta}))
				seen := s.requests()
				require.Len(t, seen, 2)
				assert.Equal(t, "/elsewhere", seen[1].URL.Path)
				assert.Equal(t, seen[0].Method, seen[1].Method)
				assert.Equal(t, seen[0].body, seen[1].body)
				assert.Equal(t, v.authorization, seen[1].Header.Get("Authorization"))
				assert.Equal(t, 1, meta.Attempts, "a redirect is no attempt of its own")
			}
		}
	})
}

func TestRedirectToAnotherOriginCarriesNeitherCredentialsNorWrites(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for _, location := range []string{
			"https://evil.test/x", "https://api.test:8443/x", "http://api.test/x", "http://api.test:443/x", "//evil.test/x", "https://sub.api.test/x", "https://api.test.evil.test/x",
		} {
			for _, status := range []int{301, 302, 303, 307, 308} {
				c, s := start(t, v, options{}, redirects(v, op, status, location))
				err := op.do(t.Context(), c, call{})
				seen := s.requests()
				assert.Equal(t, v.authorization, seen[0].Header.Get("Authorization"))
				if seen[0].Method != http.MethodGet {
					assert.Equal(t, status, viewed(t, v, err).StatusCode)
					assert.Len(t, seen, 1, location)
					continue
				}
				require.NoError(t, err)
				require.Len(t, seen, 2)
				for name, values := range seen[1].Header {
					for _, value := range values {
						for _, secret := range v.secrets {
							assert.NotContains(t, value, secret, name)
						}
					}
				}
				assert.NotContains(t, seen[1].Header, "Authorization")
			}
		}
	})
}

func TestCredentialComesBackWithTheHost(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{}, func(n int, _ request) (*http.Response, error) {
			switch n {
			case 1:
				return reply(302, "", "Location", "https://evil.test/a"), nil
			case 2:
				return reply(302, "", "Location", "https://"+host+"/b"), nil
			}
			return reply(200, v.object("x")), nil
		})
		_, err := c.get(t.Context(), "x", call{})
		require.NoError(t, err)
		var sent []string
		for _, r := range s.requests() {
			sent = append(sent, r.Header.Get("Authorization"))
		}
		assert.Equal(t, []string{v.authorization, "", v.authorization}, sent)
	})
}

func TestEndlessRedirectEndsAfterTenWithItsStatus(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		c, s := start(t, v, options{}, always(307, "", "Location", "/again", v.requestID, "req-7"))
		err := op.do(t.Context(), c, call{})
		f := viewed(t, v, err)
		assert.Equal(t, 307, f.StatusCode)
		assert.Equal(t, "req-7", f.RequestID)
		assert.Equal(t, 1, f.Attempts)
		assert.Contains(t, err.Error(), "redirect")
		assert.Equal(t, 10, s.count(), "nor is it tried again")
		assert.Empty(t, conditions(v, err))
	})
}

func TestRedirectThatLeadsNowhereIsAReplyOfItsOwn(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for _, location := range []string{"", "http://[::1", "%zz", "ftp://" + host + "/x", "mailto:a@b", "https:///x", "javascript:alert(1)"} {
			c, s := start(t, v, options{}, always(308, v.failure("moved"), "Location", location))
			f := viewed(t, v, op.do(t.Context(), c, call{}))
			assert.Equal(t, 308, f.StatusCode, location)
			assert.Equal(t, 1, s.count(), location)
			assert.False(t, f.OutcomeUnknown)
		}
	})
}

func TestCallersRedirectPolicyIsAskedAndItsRefusalIsFinal(t *testing.T) {
	refusal := errors.New("not there")
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		asked := 0
		policy := func(*http.Request, []*http.Request) error { asked++; return refusal }
		c, s := start(t, v, options{client: &http.Client{CheckRedirect: policy}}, redirects(v, op, 307, "/elsewhere"))
		err := op.do(t.Context(), c, call{})
		require.ErrorIs(t, err, refusal)
		assert.Equal(t, 307, viewed(t, v, err).StatusCode)
		assert.Equal(t, 1, asked)
		assert.Equal(t, 1, s.count())
		assert.Empty(t, conditions(v, err))

		last := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		c, s = start(t, v, options{client: &http.Client{CheckRedirect: last}}, redirects(v, op, 307, "/elsewhere"))
		err = op.do(t.Context(), c, call{})
		assert.Equal(t, 307, viewed(t, v, err).StatusCode)
		assert.Equal(t, 1, s.count())
	})
}

func TestLimitThatRefusesARedirectLeavesTheAttemptCounted(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		l := &limiter{refuseFrom: 2}
		c, s := start(t, v, options{limiter: l}, redirects(v, operations[0], 307, "/elsewhere"))
		_, err := c.get(context.WithoutCancel(t.Context()), "x", call{})
		require.ErrorIs(t, err, errRefused)
		assert.Equal(t, 1, viewed(t, v, err).Attempts)
		assert.Equal(t, 1, s.count())
	})
}
