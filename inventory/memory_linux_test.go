//go:build !race

package inventory_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/inventory"
)

// childServer is the variable with the server's address for the measured process.
const childServer = "INVENTORY_TEST_SERVER"

// A process that reads 100,000 rows keeps few of them: at most 64 MiB are resident. The race
// detector itself would need more.
func TestStreamingNeedsLittleMemory(t *testing.T) {
	if url := os.Getenv(childServer); url != "" {
		streamAll(t, url)
		return
	}
	pages := newStored(1000)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(pages.page(r.URL.RawQuery))
	}))
	defer srv.Close()
	// #nosec G204
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStreamingNeedsLittleMemory$", "-test.v")
	cmd.Env = append(os.Environ(), childServer+"="+srv.URL)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	m := regexp.MustCompile(`rows 100000, VmHWM:\s+(\d+) kB`).FindSubmatch(out)
	require.NotNil(t, m, string(out))
	kilobytes, err := strconv.Atoi(string(m[1]))
	require.NoError(t, err)
	t.Logf("%d KiB", kilobytes)
	assert.Less(t, kilobytes, 64<<10)
}

// streamAll reads all rows and prints the maximum memory of the process.
func streamAll(t *testing.T, url string) {
	client, err := confluent.New(confluent.WithBaseURL(url), confluent.WithAPIKey("key", "secret"))
	require.NoError(t, err)
	connector, err := inventory.New(inventory.Confluent("prod", client, inventory.Environments("env-1")))
	require.NoError(t, err)
	db := sql.OpenDB(connector)
	defer db.Close()
	n, err := rowsOf(t.Context(), db, "SELECT * FROM confluent.integrations_v2")
	require.NoError(t, err)
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	fmt.Printf("rows %d, %s\n", n, regexp.MustCompile(`VmHWM:.*`).Find(status))
}
