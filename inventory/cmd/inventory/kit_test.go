package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/egeria"
)

// result is the output of a run of the program.
type result struct {
	stdout, stderr string
	code           int
}

// lines returns the lines of the rows.
func (r result) lines() []string { return strings.Split(strings.TrimSpace(r.stdout), "\n") }

// start runs the program.
func start(ctx context.Context, stdin string, args ...string) result {
	var stdout, stderr bytes.Buffer
	code := exitCode(run(ctx, args, strings.NewReader(stdin), &stdout, &stderr), &stderr)
	return result{stdout.String(), stderr.String(), code}
}

// withoutVendors clears the environment variables of all vendors.
func withoutVendors(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		confluent.EnvAPIKey, confluent.EnvAPISecret, confluent.EnvEndpoint, apono.EnvToken, apono.EnvEndpoint,
		egeria.EnvPlatformURL, egeria.EnvUser, egeria.EnvUserPassword, envEnvironment,
	} {
		t.Setenv(name, "")
	}
}

// liveConfluent returns a fake in place of Confluent Cloud, with n integrations in each of two
// environments.
func liveConfluent(t *testing.T, n int, opts ...confluenttest.Option) *confluenttest.Server {
	t.Helper()
	withoutVendors(t)
	opts = append(opts, confluenttest.WithEnvironments("env-1", "env-2"), confluenttest.WithQuota(100000, 100000))
	srv := confluenttest.NewServer(t, opts...)
	t.Setenv(confluent.EnvEndpoint, srv.URL)
	t.Setenv(confluent.EnvAPIKey, srv.APIKey)
	t.Setenv(confluent.EnvAPISecret, srv.APISecret)
	t.Setenv(envEnvironment, "env-1,env-2")
	for i := range n {
		for _, environment := range []string{"env-1", "env-2"} {
			srv.Add(environment, confluent.Integration{DisplayName: fmt.Sprintf("seed-%03d", i),
				Provider: confluent.ProviderGCP, Status: confluent.StatusCreated})
		}
	}
	return srv
}

// liveApono returns a fake in place of Apono. Call it after liveConfluent, which clears the
// variables.
func liveApono(t *testing.T) *aponotest.Server {
	t.Helper()
	srv := aponotest.NewServer(t)
	t.Setenv(apono.EnvEndpoint, srv.URL)
	t.Setenv(apono.EnvToken, srv.Token)
	return srv
}

// onTerminal makes the program treat these as terminals of a width, until the test ends. The bar is
// shown immediately.
func onTerminal(t *testing.T, width int, terminals ...any) {
	t.Helper()
	oldWidth, oldBegins, oldEvery := terminalWidth, barBegins, barEvery
	t.Cleanup(func() { terminalWidth, barBegins, barEvery = oldWidth, oldBegins, oldEvery })
	barBegins, barEvery = 0, time.Millisecond
	terminalWidth = func(f any) (int, bool) {
		if slices.Contains(terminals, f) {
			return width, true
		}
		return 0, false
	}
}

// screen runs the program with stderr on a terminal.
func screen(t *testing.T, width int, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	onTerminal(t, width, &stderr)
	code := exitCode(run(t.Context(), args, strings.NewReader(""), &stdout, &stderr), &stderr)
	require.Zero(t, code, stderr.String())
	return result{stdout.String(), stderr.String(), code}
}
