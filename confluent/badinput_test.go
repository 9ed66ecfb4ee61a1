package confluent_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
)

// callFunc makes a call.
type callFunc func(context.Context, *confluent.Client) error

// badCall is a call with an argument that is refused.
type badCall struct {
	argument string
	do       callFunc
}

// badCalls are calls by name.
type badCalls map[string]badCall

func (b badCalls) add(name, argument string, do callFunc) { b[name] = badCall{argument, do} }

// sendNothing checks that each call names its argument and sends nothing.
func (b badCalls) sendNothing(t *testing.T) {
	t.Helper()
	for name, tt := range b {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTap(t)
			err := tt.do(t.Context(), w.client(t))
			requireRefused(t, err, tt.argument)
			assert.Equal(t, []string{"Invalid"}, conditions(err))
			assert.NotEmpty(t, errorOf(t, err).Operation)
			assert.Zero(t, w.GetTotalCallCount())
		})
	}
}

func TestBadEnvironmentsSendNothing(t *testing.T) {
	t.Parallel()
	good, calls := gcpConfig(gcpAccount), badCalls{}
	for _, e := range []string{"", " ", "\t\n"} {
		for _, id := range []string{"cspi-1", ""} { // the environment is checked first
			calls.add(fmt.Sprintf("get, environment %q, id %q", e, id), "environment",
				func(x context.Context, c *confluent.Client) error {
					return failing(c.Integrations.Get(x, e, id))
				})
		}
		for name, do := range map[string]callFunc{
			"get v1": func(x context.Context, c *confluent.Client) error {
				return failing(c.IntegrationsV1.Get(x, e, "cspi-1"))
			},
			"delete": func(x context.Context, c *confluent.Client) error {
				return c.Integrations.Delete(x, e, "cspi-1")
			},
			"delete v1": func(x context.Context, c *confluent.Client) error {
				return c.IntegrationsV1.Delete(x, e, "cspi-1")
			},
			"list": func(x context.Context, c *confluent.Client) error {
				return failing(drain(c.Integrations.List(x, e, nil)))
			},
			"pages": func(x context.Context, c *confluent.Client) error {
				return failing(drain(c.Integrations.Pages(x, e, nil, confluent.WithPrefetch())))
			},
			"list v1": func(x context.Context, c *confluent.Client) error {
				return failing(drain(c.IntegrationsV1.List(x, e, nil)))
			},
			"pages v1": func(x context.Context, c *confluent.Client) error {
				return failing(drain(c.IntegrationsV1.Pages(x, e, nil)))
			},
			"find": func(x context.Context, c *confluent.Client) error {
				return failing(c.Integrations.FindByDisplayName(x, e, "n"))
			},
			"find v1": func(x context.Context, c *confluent.Client) error {
				return failing(c.IntegrationsV1.FindByDisplayName(x, e, "n"))
			},
		} {
			calls.add(fmt.Sprintf("%s, environment %q", name, e), "environment", do)
		}
		ref := confluent.Reference{ID: e, Environment: "parent"}
		for name, do := range map[string]callFunc{
			"create": func(x context.Context, c *confluent.Client) error {
				return failing(c.Integrations.Create(x, confluent.IntegrationCreate{Provider: "gcp", Environment: ref}))
			},
			"create v1": func(x context.Context, c *confluent.Client) error {
				return failing(c.IntegrationsV1.Create(x, confluent.IntegrationCreateV1{Environment: ref,
					Config: good}))
			},
			"update": func(x context.Context, c *confluent.Client) error {
				return failing(c.Integrations.Update(x, "cspi-1", confluent.IntegrationUpdate{Environment: ref,
					Config: good}))
			},
			"validate": func(x context.Context, c *confluent.Client) error {
				return c.Integrations.Validate(x, confluent.IntegrationValidate{ID: "cspi-1", Environment: ref})
			},
		} {
			calls.add(fmt.Sprintf("%s, environment %q", name, e), "Environment.ID", do)
		}
	}
	calls.sendNothing(t)
}

func TestBadInputSendsNothing(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", confluent.MaxDisplayNameLength+1)
	good, calls := gcpConfig(gcpAccount), badCalls{}
	for _, id := range []string{"", ".", "..", "a\nb", "\x00", "a\x7f"} {
		for name, do := range map[string]callFunc{
			"get": func(x context.Context, c *confluent.Client) error {
				return failing(c.Integrations.Get(x, env, id))
			},
			"get v1": func(x context.Context, c *confluent.Client) error {
				return failing(c.IntegrationsV1.Get(x, env, id))
			},
			"delete": func(x context.Context, c *confluent.Client) error {
				return c.Integrations.Delete(x, env, id)
			},
			"delete v1": func(x context.Context, c *confluent.Client) error {
				return c.IntegrationsV1.Delete(x, env, id)
			},
			"update": func(x context.Context, c *confluent.Client) error {
				return failing(c.Integrations.Update(x, id, confluent.IntegrationUpdate{Environment: inEnv,
					Config: good}))
			},
		} {
			calls.add(fmt.Sprintf("%s, id %q", name, id), "id", do)
		}
	}
	calls.add("validate without an id", "ID", func(x context.Context, c *confluent.Client) error {
		return c.Integrations.Validate(x, confluent.IntegrationValidate{Environment: inEnv})
	})
	for _, size := range []int{-1, 101, math.MaxInt, math.MinInt} {
		o := &confluent.ListOptions{PageSize: size}
		calls.add(fmt.Sprint("list, page size ", size), "PageSize", func(x context.Context, c *confluent.Client) error {
			return failing(drain(c.Integrations.List(x, env, o)))
		})
		calls.add(fmt.Sprint("pages v1, page size ", size), "PageSize",
			func(x context.Context, c *confluent.Client) error {
				return failing(drain(c.IntegrationsV1.Pages(x, env, o)))
			})
	}
	for name, o := range map[string]confluent.ListOptions{"DisplayName": {DisplayName: "n"},
		"Status": {Status: "DRAFT"}} {
		calls.add("list v1, "+name, name, func(x context.Context, c *confluent.Client) error {
			return failing(drain(c.IntegrationsV1.List(x, env, &o)))
		})
	}
	calls.add("create, long name", "DisplayName", func(x context.Context, c *confluent.Client) error {
		return failing(c.Integrations.Create(x, confluent.IntegrationCreate{DisplayName: long, Provider: "gcp",
			Environment: inEnv}))
	})
	calls.add("create v1, long name", "DisplayName", func(x context.Context, c *confluent.Client) error {
		return failing(c.IntegrationsV1.Create(x, confluent.IntegrationCreateV1{DisplayName: long, Environment: inEnv,
			Config: good}))
	})
	calls.add("create without provider and config", "Provider", func(x context.Context, c *confluent.Client) error {
		return failing(c.Integrations.Create(x, confluent.IntegrationCreate{Environment: inEnv}))
	})
	calls.add("create v1 of an unknown kind without provider", "Provider",
		func(x context.Context, c *confluent.Client) error {
			return failing(c.IntegrationsV1.Create(x, confluent.IntegrationCreateV1{Environment: inEnv,
				Config: unknownConfig(`{"kind":"New"}`)}))
		})
	for _, name := range []string{"", " "} {
		calls.add(fmt.Sprintf("find %q", name), "name", func(x context.Context, c *confluent.Client) error {
			return failing(c.Integrations.FindByDisplayName(x, env, name))
		})
		calls.add(fmt.Sprintf("find v1 %q", name), "name", func(x context.Context, c *confluent.Client) error {
			return failing(c.IntegrationsV1.FindByDisplayName(x, env, name))
		})
	}
	calls.sendNothing(t)
}

func TestBadConfigsSendNothing(t *testing.T) {
	t.Parallel()
	var noGCP *confluent.GCPConfig
	calls := badCalls{}
	for name, cfg := range map[string]struct {
		argument string
		config   confluent.Config
	}{
		"of no kind":         {"Config", unknownConfig(`{"kind":""}`)},
		"that is a number":   {"Config", unknownConfig(`5`)},
		"that breaks off":    {"Config", unknownConfig(`{"kind":"New"`)},
		"of no bytes":        {"Config", unknownConfig(``)},
		"that is nil":        {"Config", configOf(noGCP)},
		"that is the object": {"Config", unknownConfig(`{"kind":"Integration","id":"x"}`)},
		"with a short role":  {"CustomerIAMRoleARN", configOf(&confluent.AWSConfig{CustomerIAMRoleARN: role[:19]})},
		"with an endless one": {"CustomerIAMRoleARN",
			configOf(&confluent.AWSConfig{CustomerIAMRoleARN: strings.Repeat("a", 2049)})},
	} {
		calls.add("create, config "+name, cfg.argument, func(x context.Context, c *confluent.Client) error {
			return failing(c.Integrations.Create(x, confluent.IntegrationCreate{Provider: "gcp", Environment: inEnv,
				Config: cfg.config}))
		})
		calls.add("create v1, config "+name, cfg.argument, func(x context.Context, c *confluent.Client) error {
			return failing(c.IntegrationsV1.Create(x, confluent.IntegrationCreateV1{Provider: "aws", Environment: inEnv,
				Config: cfg.config}))
		})
		calls.add("update, config "+name, cfg.argument, func(x context.Context, c *confluent.Client) error {
			return failing(c.Integrations.Update(x, "cspi-1", confluent.IntegrationUpdate{Environment: inEnv,
				Config: cfg.config}))
		})
		calls.add("validate, config "+name, cfg.argument, func(x context.Context, c *confluent.Client) error {
			return c.Integrations.Validate(x, confluent.IntegrationValidate{ID: "cspi-1", Environment: inEnv,
				Config: cfg.config})
		})
	}
	calls.add("update without config", "Config", func(x context.Context, c *confluent.Client) error {
		return failing(c.Integrations.Update(x, "cspi-1", confluent.IntegrationUpdate{Environment: inEnv}))
	})
	calls.add("create v1 without config", "Config", func(x context.Context, c *confluent.Client) error {
		return failing(c.IntegrationsV1.Create(x, confluent.IntegrationCreateV1{Provider: "aws", Environment: inEnv}))
	})
	calls.sendNothing(t)
}

// The server decides about values without a documented limit.
func TestInputAtTheLimitsIsSent(t *testing.T) {
	t.Parallel()
	w := newTap(t)
	c, x := w.client(t), t.Context()
	name := strings.Repeat("日", confluent.MaxDisplayNameLength)
	require.NoError(t,
		failing(c.Integrations.Create(x, confluent.IntegrationCreate{DisplayName: name, Provider: "any-cloud",
			Environment: inEnv})))
	for _, arn := range []string{"", role[:20], strings.Repeat("a", 2048)} {
		require.NoError(t,
			failing(c.IntegrationsV1.Create(x, confluent.IntegrationCreateV1{Environment: inEnv,
				Config: configOf(&confluent.AWSConfig{CustomerIAMRoleARN: arn})})))
	}
	require.NoError(t, failing(c.Integrations.Get(x, "..", "...")))
	require.NoError(t, failing(c.Integrations.Get(x, env, strings.Repeat("i", 300))))
	require.NoError(t,
		failing(drain(c.Integrations.List(x, env, &confluent.ListOptions{DisplayName: name + "x", Provider: "?",
			Status: "?"}))))
	assert.Len(t, w.requests(), 7)
}
