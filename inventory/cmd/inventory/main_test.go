package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

func TestOneQuestionOverFakesOfThreeVendors(t *testing.T) {
	withoutVendors(t)
	const query = "select vendor, count(*) from integrations group by 1"
	got := start(t.Context(), "", "-fake", query)
	assert.Equal(t, ` vendor    │ count(*)
───────────┼──────────
 apono     │        4
 confluent │        7
 egeria    │        3
`, got.stdout)
	assert.Equal(t, 0, got.code)
	want := "vendor,count(*)\napono,4\nconfluent,7\negeria,3\n"
	assert.Equal(t, want, start(t.Context(), "", "-fake", query, "-o", "csv").stdout, "flags after the SQL")
	assert.Equal(t, want, start(t.Context(), query+";\n", "-fake", "-o", "csv").stdout, "from standard input")
	file := filepath.Join(t.TempDir(), "query.sql")
	require.NoError(t, os.WriteFile(file, []byte("-- how many?\n"+query), 0o600))
	assert.Equal(t, want, start(t.Context(), "", "-fake", "-o", "csv", "-f", file).stdout, "from a file")
	for _, comment := range []string{"-- how many?\n", "--\thow many?\n", "/* how many? */ "} {
		assert.Equal(t, want, start(t.Context(), "", "-fake", comment+query, "-o", "csv").stdout, "%q", comment)
	}
	t.Setenv(envEnvironment, "env-other")
	assert.Equal(t, want, start(t.Context(), "", "-fake", "-o", "csv", query).stdout,
		"the fakes have environments of their own")
}

func TestWithoutCredentialsThereIsAHintAndNoRow(t *testing.T) {
	withoutVendors(t)
	for _, args := range [][]string{{"select 1"}, {"select * from integrations", "-o", "json"},
		{"snapshot", filepath.Join(t.TempDir(), "x.db")}} {
		got := start(t.Context(), "", args...)
		assert.Equal(t, 2, got.code)
		assert.Empty(t, got.stdout)
		assert.Contains(t, got.stderr, "APONO_PERSONAL_TOKEN")
		assert.Contains(t, got.stderr, "-fake")
	}
	t.Setenv("CONFLUENT_CLOUD_API_KEY", "key")
	got := start(t.Context(), "", "select 1")
	assert.Equal(t, 2, got.code)
	assert.Contains(t, got.stderr, "CONFLUENT_CLOUD_API_SECRET", "half of a credential")
}

func TestExitCodes(t *testing.T) {
	liveConfluent(t, 1)
	missing := filepath.Join(t.TempDir(), "missing")
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"select count(*) from confluent.integrations"}, 0, ""},
		{[]string{"-h"}, 0, "Exit codes: 0 all was read"},
		{[]string{"selec 1"}, 1, "syntax error"},
		{[]string{"select * from confluent.unknown"}, 1, "confluent.unknown"},
		{[]string{"select abs()"}, 1, "wrong number of arguments"},
		{[]string{"select ?1"}, 2, "?1 has no argument"},
		{[]string{"drop view integrations"}, 2, "integrations"},
		{[]string{"-environment", "env-9", "select * from confluent.integrations"}, 1, "env-9"},
		{[]string{"-o", "xml", "select 1"}, 2, "table, json, jsonl and csv"},
		{[]string{"-unknown"}, 2, "-unknown"},
		{[]string{"select", "1"}, 2, `unexpected argument "1"`},
		{[]string{"-f", missing}, 2, missing},
		{[]string{"-f", missing, "select 1"}, 2, "not both"},
		{[]string{}, 2, "there is no SQL"},
		{[]string{" ; -- nothing"}, 2, "there is no SQL"},
		{[]string{"-concurrency", "0", "select 1"}, 2, "WithConcurrency"},
		{[]string{"diff"}, 2, "diff needs a file"},
		{[]string{"diff", missing}, 2, "there is no file"},
		{[]string{"snapshot"}, 2, "snapshot needs a file"},
		{[]string{"snapshot", filepath.Join(missing, "a.db")}, 1, "a.db"},
	} {
		got := start(t.Context(), "", tt.args...)
		assert.Equal(t, tt.code, got.code, "%q: %s", tt.args, got.stderr)
		assert.Contains(t, got.stderr, tt.want)
		assert.NotContains(t, got.stderr, "inventory: inventory:")
	}
	t.Setenv(envEnvironment, "")
	got := start(t.Context(), "", "select * from confluent.integrations")
	assert.Equal(t, 2, got.code)
	assert.Contains(t, got.stderr, "an environment is needed")
}

func TestPartialRowsHaveAnExitCode(t *testing.T) {
	srv := liveConfluent(t, 2)
	liveApono(t).Add(map[string]any{"name": "lake"})
	const query = "select vendor, count(*) from integrations group by 1; select 1"
	srv.Inject(confluenttest.Fault{Operation: "listPimV2Integrations", Status: 403, Times: -1})
	srv.Inject(confluenttest.Fault{Operation: "listPimV1Integrations", Status: 403, Times: -1})

	got := start(t.Context(), "", "-o", "csv", query)
	assert.Equal(t, 1, got.code)
	assert.Empty(t, got.stdout)
	got = start(t.Context(), "", "-o", "csv", "-partial", query)
	assert.Equal(t, 3, got.code)
	assert.Equal(t, "vendor,count(*)\napono,1\n1\n1\n", got.stdout)
	assert.Contains(t, got.stderr, "(default, env-1)")
	assert.Contains(t, got.stderr, "(default, env-2)")
	failures := strings.Count(got.stderr, "inventory: confluent.integrations (")
	assert.Contains(t, got.stderr, fmt.Sprintf("%d failures", failures), "each is counted once")
	assert.Equal(t, 3, start(t.Context(), "", "-partial", "snapshot", filepath.Join(t.TempDir(), "a.db")).code)
	assert.Equal(t, 0, start(t.Context(), "", "-partial", "select count(*) from apono.integrations").code)
}

// For example, `| head -1`.
func TestAClosedPipeEndsTheRequests(t *testing.T) {
	srv := liveConfluent(t, 3000)
	for _, form := range []string{"table", "json", "jsonl", "csv"} {
		srv.ResetCalls()
		r, w, err := os.Pipe()
		require.NoError(t, err)
		go func() {
			_, _ = bufio.NewReaderSize(r, 16).ReadString('\n')
			r.Close()
		}()
		var stderr bytes.Buffer
		err = run(t.Context(),
			[]string{"-o", form, "select * from confluent.integrations_v2 where environment = 'env-1'"}, nil, w,
			&stderr)
		w.Close()
		require.ErrorIs(t, err, syscall.EPIPE, form)
		assert.Equal(t, 0, exitCode(err, &stderr))
		assert.Empty(t, stderr.String())
		assert.Less(t, len(srv.Calls()), 20, "%s: of 30 pages", form)
	}
}

func TestCtrlC(t *testing.T) {
	liveConfluent(t, 1)
	var interrupt context.CancelFunc
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		interrupt()
		<-r.Context().Done()
	}))
	defer slow.Close()
	t.Setenv(confluent.EnvEndpoint, slow.URL)
	for _, args := range [][]string{
		{"select * from confluent.integrations_v2 where environment = 'env-1'"},
		{"-partial", "select count(*) from confluent.integrations"},
		{"snapshot", filepath.Join(t.TempDir(), "a.db")},
	} {
		var ctx context.Context
		ctx, interrupt = context.WithCancel(t.Context())
		got := start(ctx, "", args...)
		interrupt()
		assert.Equal(t, 130, got.code, "%q: %s", args, got.stderr)
		assert.Empty(t, got.stdout)
	}
}

func TestThePrompt(t *testing.T) {
	withoutVendors(t)
	stdin := strings.NewReader("select count(*) from\n  apono.integrations; select ';'\n;\nselec;\n.tables\nselect " +
		"count(*) as groups from egeria.integration_groups;\nselect 'not ended'")
	onTerminal(t, 80, stdin)
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-fake", "-o", "csv"}, stdin, &stdout, &stderr))
	assert.True(t, strings.HasPrefix(stdout.String(), "count(*)\n4\n';'\n;\n"), stdout.String())
	assert.Contains(t, stdout.String(), "apono.integrations,")
	assert.Contains(t, stdout.String(), "temp.integrations,")
	assert.True(t, strings.HasSuffix(stdout.String(), "groups\n3\n"), stdout.String())
	assert.Contains(t, stderr.String(), "syntax error")

	stdin = strings.NewReader("select 1;\n.exit\nselect 2;\n")
	onTerminal(t, 80, stdin)
	stdout.Reset()
	require.NoError(t, run(t.Context(), []string{"-fake", "-o", "csv"}, stdin, &stdout, &stderr))
	assert.Equal(t, "1\n1\n", stdout.String())
}

func TestNoOutputHasSecrets(t *testing.T) {
	withoutVendors(t)
	path := filepath.Join(t.TempDir(), "a.db")
	var all strings.Builder
	for _, args := range [][]string{
		{"select * from integrations"}, {"select *, _raw from apono.integrations"},
		{"select *, _raw from egeria.servers"},
		{"select *, _raw from egeria.integration_groups"}, {"select *, _raw from confluent.integrations"},
		{"select *, _raw from inventory_requests"},
		{"snapshot", path}, {"snapshot", path}, {"diff", path},
	} {
		for form := range formats {
			got := start(t.Context(), "", append([]string{"-fake", "-o", form}, args...)...)
			require.Zero(t, got.code, got.stderr)
			all.WriteString(got.stdout + got.stderr)
		}
	}
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	all.Write(content)
	assert.Contains(t, all.String(), "billing")
	assert.NotContains(t, all.String(), fakePassword)
}

func TestSnapshotAndDiff(t *testing.T) {
	srv := liveConfluent(t, 2)
	path := filepath.Join(t.TempDir(), "a.db")
	got := start(t.Context(), "", "-o", "csv", "snapshot", path)
	require.Equal(t, 0, got.code, got.stderr)
	assert.Regexp(t, `^run,at,rows\n1,[^,]+,12\n$`, got.stdout)
	got = start(t.Context(), "", "diff", path)
	assert.Equal(t, 2, got.code)
	assert.Contains(t, got.stderr, "does not have both runs")

	id := srv.Add("env-1", map[string]any{"display_name": "new", "provider": "gcp", "status": "CREATED"})
	require.Equal(t, 0, start(t.Context(), "", "snapshot", path).code)
	srv.SetUsages(id, "crn://x")
	require.Equal(t, 0, start(t.Context(), "", "snapshot", path).code)
	withoutVendors(t)
	diff := func(runs ...string) string {
		t.Helper()
		got := start(t.Context(), "", append([]string{"-o", "csv", "diff", path}, runs...)...)
		require.Equal(t, 0, got.code, got.stderr)
		return got.stdout
	}
	const head = "change,table_name,account,scope,id,name,column,before,after\n"
	assert.Contains(t, diff(),
		fmt.Sprintf("changed,confluent.integrations,default,env-1,%s,new,usages,[],\"[\"\"crn://x\"\"]\"\n", id))
	assert.Contains(t, diff("1", "2"), fmt.Sprintf(head+"added,confluent.integrations,default,env-1,%s,new,,,\n", id))
	assert.Contains(t, diff("3", "1"), fmt.Sprintf(head+"removed,confluent.integrations,default,env-1,%s,new,,,\n", id))
	assert.Equal(t, head, diff("2", "2"))
	assert.NotContains(t, diff(), "added", "the comparison is not kept")
	assert.Equal(t, 2, start(t.Context(), "", "diff", path, "1", "9").code)
	assert.Equal(t, 2, start(t.Context(), "", "diff", path, "1", "x").code)
}

func TestChangesNeedAFlag(t *testing.T) {
	withoutVendors(t)
	const remove = "DELETE FROM apono.integrations WHERE name = 'ducks'; SELECT count(*) FROM apono.integrations"
	got := start(t.Context(), "", "-fake", "-o", "csv", remove)
	assert.Equal(t, 2, got.code)
	assert.Empty(t, got.stdout)
	assert.Contains(t, got.stderr, "-max-changes")
	assert.Equal(t, "count(*)\n3\n", start(t.Context(), "", "-fake", "-o", "csv", "-max-changes", "1", remove).stdout)
	got = start(t.Context(), "", "-fake", "-max-changes", "1", "DELETE FROM apono.integrations WHERE id IS NOT NULL")
	assert.Equal(t, 2, got.code)
	assert.Contains(t, got.stderr, "1", "more changes than allowed")
	assert.Equal(t, 2, start(t.Context(), "", "-fake", "-max-changes", "-1", remove).code)
}
