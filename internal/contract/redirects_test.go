package contract_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/internal/core"
)

// redirects returns a server that responds to the first request with status and location, and to
// all others with the successful response of op.
func redirects(v vendor, op operation, status int, location string) func(int, request) (*http.Response, error) {
	return func(n int, _ request) (*http.Response, error) {
		if n == 1 {
			return respond(status, "", "Location", location, v.requestID, "req-7"), nil
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
			assert.Equal(t, !repeatable(f.Method), f.OutcomeUnknown,
				"a POST that is answered so may have been carried out")
			assert.Equal(t, 1, s.count())
		}
	})
}

func TestRedirectOnTheSameHostRepeatsTheRequest(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for _, location := range []string{"/elsewhere?x=1", "https://" + host + "/elsewhere?x=1",
			"https://API.test:443/elsewhere?x=1"} {
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
			"https://evil.test/x", "https://api.test:8443/x", "//evil.test/x", "https://sub.api.test/x",
			"https://api.test.evil.test/x",
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
				return respond(302, "", "Location", "https://evil.test/a"), nil
			case 2:
				return respond(302, "", "Location", "https://"+host+"/b"), nil
			}
			return respond(200, v.object("x")), nil
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
		assert.Equal(t, 10, s.count(), "it is not tried again")
		assert.Empty(t, conditions(v, err))
	})
}

func TestRedirectThatLeadsNowhereIsAResponseOfItsOwn(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for _, location := range []string{"", "http://[::1", "%zz", "ftp://" + host + "/x", "mailto:a@b", "https:///x",
			"javascript:alert(1)"} {
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

// Each response takes some time. All redirects together exceed the attempt timeout, a single one
// does not.
func TestAttemptTimeoutCountsTheRedirectsOfTheAttempt(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for name, tt := range map[string]struct {
			limit, answer time.Duration
			redirects     int
			good          bool
		}{
			"nine redirects": {200 * time.Millisecond, 150 * time.Millisecond, 9, false},
			"one redirect":   {time.Minute, 31 * time.Second, 1, false},
			"a slow end":     {time.Second, 300 * time.Millisecond, 3, false},
			"fast enough":    {time.Second, 240 * time.Millisecond, 3, true},
		} {
			c, s := start(t, v, options{attemptTimeout: tt.limit, retry: noRetries()},
				func(n int, r request) (*http.Response, error) {
					select {
					case <-time.After(tt.answer):
					case <-r.Context().Done():
						return nil, r.Context().Err()
					}
					if n <= tt.redirects {
						return respond(307, "", "Location", "/elsewhere"), nil
					}
					return respond(200, v.object("x")), nil
				})
			begin := time.Now()
			_, err := c.get(t.Context(), "x", call{})
			if tt.good {
				require.NoError(t, err, name)
				assert.Equal(t, tt.redirects+1, s.count(), name)
				continue
			}
			require.ErrorIs(t, err, v.sentinels["ErrUnavailable"], name)
			assert.ErrorContains(t, err, "longer than "+tt.limit.String(), name)
			assert.Equal(t, tt.limit, time.Since(begin), name)
		}
	})
}

func TestNextAttemptHasAWholeAttemptTimeout(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{attemptTimeout: time.Second}, func(n int, _ request) (*http.Response, error) {
			time.Sleep(400 * time.Millisecond)
			switch n {
			case 1, 3:
				return respond(307, "", "Location", "/elsewhere"), nil
			case 2:
				return respond(503, ""), nil
			}
			return respond(200, v.object("x")), nil
		})
		_, err := c.get(t.Context(), "x", call{})
		require.NoError(t, err)
		assert.Equal(t, 4, s.count())
	})
}

func TestRedirectThatIsNotFollowedSaysWhereItLeadsAndWhy(t *testing.T) {
	last := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	noRedirects := func(*http.Request, []*http.Request) error { return errors.New("not there") }
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for name, tt := range map[string]struct {
			location string
			policy   func(*http.Request, []*http.Request) error
			want     []string
			readsToo bool
		}{
			"another host": {"https://evil.test/x?token=" + canary, nil, []string{"https://evil.test/x",
				"to another host"}, false},
			"from https to http": {"http://" + host + "/x?token=" + canary, nil, []string{"http://" + host + "/x",
				"from https to http"}, true},
			"to http elsewhere": {"http://evil.test/x", nil, []string{"http://evil.test/x", "from https to http"},
				true},
			"user info": {"ftp://me:" + canary + "@evil.test/x", nil,
				[]string{"ftp://evil.test/x", "it is not an http or https URL"}, true},
			"no location": {"", nil, []string{"no usable Location"}, true},
			"no URL":      {"http://[::1", nil, []string{"no usable Location"}, true},
			"the caller's response": {"/x?token=" + canary, last, []string{"https://" + host + "/x", "CheckRedirect"},
				true},
			"the caller's error": {"/x?token=" + canary, noRedirects, []string{"https://" + host + "/x", "not there"},
				true},
		} {
			c, s := start(t, v, options{client: &http.Client{CheckRedirect: tt.policy}},
				redirects(v, op, 307, tt.location))
			err := op.do(t.Context(), c, call{})
			if !tt.readsToo && s.requests()[0].Method == http.MethodGet {
				require.NoError(t, err)
				continue
			}
			f := viewed(t, v, err)
			assert.Equal(t, 307, f.StatusCode, name)
			assert.Equal(t, 1, s.count(), name)
			for _, want := range append(tt.want, "redirect") {
				assert.ErrorContains(t, err, want, name)
			}
			assert.NotContains(t, err.Error(), canary, name)
			assert.Empty(t, conditions(v, err), name)
		}
		for _, status := range []int{301, 302, 303} {
			c, s := start(t, v, options{}, redirects(v, op, status, "/elsewhere"))
			err := op.do(t.Context(), c, call{})
			if method := s.requests()[0].Method; method != http.MethodGet {
				assert.ErrorContains(t, err, "https://"+host+"/elsewhere")
				assert.ErrorContains(t, err, "change the method to GET, from "+method)
			}
		}
	})
}

func TestStatusOfAnotherHostIsNoConditionOfTheCall(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for status, want := range map[int][]string{
			400: nil, 401: nil, 403: nil, 404: nil, 409: nil, 410: nil, 402: nil, 429: nil, 503: {"ErrUnavailable"},
		} {
			c, s := start(t, v, options{retry: noRetries()}, func(n int, _ request) (*http.Response, error) {
				if n == 1 {
					return respond(302, "", "Location", "https://sso.test/login?state=x"), nil
				}
				return respond(status, v.failure("log in first")), nil
			})
			_, err := c.get(t.Context(), "x", call{})
			assert.Equal(t, want, conditions(v, err), status)
			assert.Equal(t, status, viewed(t, v, err).StatusCode)
			assert.ErrorContains(t, err, "from sso.test, after a redirect")
			assert.Equal(t, 2, s.count())
		}
		c, _ := start(t, v, options{retry: noRetries()}, func(n int, _ request) (*http.Response, error) {
			if n == 1 {
				return respond(302, "", "Location", "/elsewhere"), nil
			}
			return respond(401, v.failure("who are you")), nil
		})
		_, err := c.get(t.Context(), "x", call{})
		assert.Equal(t, []string{"ErrUnauthorized"}, conditions(v, err), "the same host knows the credential")
	})
}

func TestAnotherHostDoesNotLearnWhatWasAskedFor(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for _, location := range []string{"https://evil.test/x", "https://api.test:8443/x", "https://sub.api.test/x"} {
			c, s := start(t, v, options{}, redirects(v, operations[0], 302, location))
			_, err := c.get(t.Context(), "x-1", call{})
			require.NoError(t, err)
			require.Len(t, s.requests(), 2)
			assert.NotContains(t, s.requests()[1].Header, "Referer", location)
		}
	})
}

// A GET may be redirected to another host, which does not know who asks, and shows what it wants.
// What it shows is no reason to create, replace or delete anything.
func TestAnotherHostDecidesAboutNoChange(t *testing.T) {
	const empty = `{"class":"IntegrationGroupsResponse","relatedHTTPCode":200,"data":[],"items":[],"metadata":{},` +
		`"pagination":{}}`
	elsewhere := func(t *testing.T, v vendor, answer func(n int, r request) *http.Response) *client {
		t.Helper()
		c, _ := start(t, v, options{}, func(n int, r request) (*http.Response, error) {
			switch {
			case r.URL.Host != host:
				return respond(200, empty), nil
			case r.Method == http.MethodGet && !strings.HasSuffix(r.URL.Path, "/x-1"):
				return respond(302, "", "Location", "https://other.test/empty"), nil
			}
			return answer(n, r), nil
		})
		return c
	}
	for _, v := range vendors {
		for version, ensure := range ensuring[v.name] {
			c := elsewhere(t, v, func(_ int, r request) *http.Response {
				t.Errorf("%s %s sends %s %s", v.name, version, r.Method, r.URL.Path)
				return respond(500, "")
			})
			_, err := ensure(t.Context(), c.value, "Warehouse")
			require.ErrorContains(t, err, "the response is from other.test, after a redirect")
			viewed(t, v, err)
		}
		if v.name == "egeria" {
			continue
		}
		c := elsewhere(t, v, func(n int, _ request) *http.Response {
			if n == 1 {
				return respond(502, "")
			}
			return respond(403, v.failure("user_unauthorized"))
		})
		err := c.remove(t.Context(), "x-1", call{})
		require.ErrorIs(t, err, v.sentinels["ErrForbidden"])
		require.ErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"])
	}
	groups := func(t *testing.T, change func(*egeria.IntegrationGroupsService) error) {
		t.Helper()
		v := vendors[slices.IndexFunc(vendors, func(v vendor) bool { return v.name == "egeria" })]
		c := elsewhere(t, v, func(_ int, r request) *http.Response {
			t.Errorf("Egeria: %s %s", r.Method, r.URL.Path)
			return respond(500, "")
		})
		err := change(c.value.(*egeriaServices).IntegrationGroups)
		require.ErrorContains(t, err, "the response is from other.test, after a redirect")
	}
	groups(t, func(s *egeria.IntegrationGroupsService) error {
		group := egeria.IntegrationGroup{PlatformURL: "https://p", ServerName: "s", QualifiedName: "g"}
		return s.Put(t.Context(), group)
	})
	groups(t, func(s *egeria.IntegrationGroupsService) error { return s.Delete(t.Context(), "a/b") })
}

// A status of another host does not say that an integration does not exist.
func TestStatusOfAnotherHostDoesNotHideADraft(t *testing.T) {
	for _, status := range []int{404, 410, 200} {
		c, _ := start(t, confluentVendor, options{retry: noRetries()}, func(_ int, r request) (*http.Response, error) {
			const draft = `{"id":"x-1","display_name":"Warehouse","provider":"gcp","status":"DRAFT",` +
				`"environment":{"id":"env-1"}}`
			switch {
			case r.URL.Host != host:
				return respond(status, ""), nil
			case r.Method == http.MethodPost:
				return respond(201, draft), nil
			case r.Method == http.MethodGet:
				return respond(302, "", "Location", "https://other.test/"), nil
			}
			return respond(400, confluentVendor.failure("refused")), nil
		})
		_, err := c.value.(*confluent.Client).Integrations.Provision(t.Context(), confluent.IntegrationCreate{
			DisplayName: "Warehouse", Environment: confluent.Reference{ID: "env-1"}, Config: sampleConfig})
		require.ErrorContains(t, err, "integration x-1 may be left behind", status)
		require.ErrorContains(t, err, "the response is from other.test", status)
	}
}
