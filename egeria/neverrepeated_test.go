package egeria_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
)

// The same codes as statuses of HTTP are repeated, or lead to another login.
func TestFailureWithStatus200IsNeverRepeated(t *testing.T) {
	t.Parallel()
	for _, code := range []int{401, 408, 429, 500, 502, 503, 504} {
		for name, allowed := range map[string][]egeria.CallOption{"as it is": nil,
			"idempotent": {egeria.WithIdempotent()}} {
			body := `{"class":"VoidResponse","relatedHTTPCode":%d,"exceptionClassName":"x.Y",` +
				`"exceptionErrorMessage":"A-%d no"}`
			p := newPlatform(egeria.Dialect6, response{
				status: http.StatusOK, header: http.Header{"Retry-After": {"0"}}, body: fmt.Sprintf(body, code, code),
			})
			c := p.client(t, egeria.WithRetry(sdk.RetryPolicy{MaxAttempts: 5, MinDelay: -1}))
			s := c.Server("s")
			calls := map[string]error{
				"get": failing(s.Config.Get(t.Context(), allowed...)),
				"replace": s.IntegrationGroups.ReplaceAll(t.Context(), []egeria.IntegrationGroup{group("G")},
					allowed...),
				"clear": s.IntegrationGroups.Clear(t.Context(), allowed...),
				"start": failing(c.Platform.Start(t.Context(), "s", allowed...)),
			}
			for call, err := range calls {
				e := errorOf(t, err)
				assert.Equal(t, [2]int{code, 1}, [2]int{e.RelatedCode, e.Attempts}, "%s %s", call, name)
			}
			require.Len(t, p.calls(), len(calls), "%d %s", code, name)
		}
	}
}
