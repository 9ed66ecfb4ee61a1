package docs_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/recorder"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

//doc:begin recorder

// newRecorder records what the server answers in a file, or answers from it if it is there.
func newRecorder(t *testing.T, file string) *recorder.Recorder {
	t.Helper()
	withoutSecrets := func(i *cassette.Interaction) error {
		i.Request.Headers.Del("Authorization") // the file goes into version control
		return nil
	}
	sameRequest := func(r *http.Request, recorded cassette.Request) bool {
		return r.Method == recorded.Method && r.URL.String() == recorded.URL
	}
	rec, err := recorder.New(file,
		recorder.WithHook(withoutSecrets, recorder.BeforeSaveHook),
		recorder.WithMatcher(sameRequest),
		recorder.WithSkipRequestLatency(true),
	)
	require.NoError(t, err)
	return rec
}

//doc:end

func TestRecordAndReplay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "list")
	srv := confluenttest.Start(confluenttest.WithEnvironments("env-abc123"))
	addIntegrations(srv, 3)
	credentials := sdk.Options(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))
	for _, run := range []string{"record", "replay"} {
		//doc:begin replay
		rec := newRecorder(t, file)
		c, err := confluent.New(credentials, confluent.WithHTTPClient(rec.GetDefaultClient()))
		require.NoError(t, err)
		integrations, err := sdk.Collect(c.Integrations.List(t.Context(), "env-abc123", nil))
		require.NoError(t, err)
		require.Len(t, integrations, 3)
		require.NoError(t, rec.Stop()) // writes the file
		//doc:end
		if run == "record" {
			srv.Close() // the file answers from now on
		}
	}
	recorded, err := os.ReadFile(file + ".yaml")
	require.NoError(t, err)
	require.NotContains(t, string(recorded), "Basic ")
	require.Contains(t, string(recorded), "warehouse-3")
}
