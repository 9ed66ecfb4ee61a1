package readme_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk"
)

// The numbers stand in prose in these two places. Other texts refer to sdk.RetryPolicy.
func TestDefaultRetryPolicyIsAsDocumented(t *testing.T) {
	t.Parallel()
	p := sdk.DefaultRetryPolicy()
	for file, texts := range map[string][]string{
		"retry.go": {
			fmt.Sprintf("The default is %d. 1 or a negative number turns retries off.", p.MaxAttempts),
			fmt.Sprintf("The defaults are %d ms and %g s.", p.MinDelay.Milliseconds(), p.MaxDelay.Seconds()),
			fmt.Sprintf("The default is %g s: a window of one minute", p.MaxServerWait.Seconds()),
			fmt.Sprintf("The default is %d. Negative: no limit.", p.Budget),
		},
		"docs/promises.md": {
			fmt.Sprintf("A call is tried %d times", p.MaxAttempts),
			fmt.Sprintf("Waits are random up to %g s, doubled with every attempt, up to %g s.", p.MinDelay.Seconds(),
				p.MaxDelay.Seconds()),
			fmt.Sprintf("A wait that the server asks for is obeyed up to %g s", p.MaxServerWait.Seconds()),
		},
	} {
		have := strings.Join(strings.Fields(strings.ReplaceAll(read(t, file), "//", "")), " ")
		for _, want := range texts {
			assert.Contains(t, have, want, "%s does not say it: sdk.DefaultRetryPolicy does", file)
		}
	}
}
