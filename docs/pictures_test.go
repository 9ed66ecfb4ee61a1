package docs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/internal/readme"
)

// diagrams returns the Mermaid blocks of the page, in their order.
func diagrams(t *testing.T) []string {
	t.Helper()
	blocks, err := readme.Blocks(pages(t)["how-it-works.md"])
	require.NoError(t, err)
	var texts []string
	for _, b := range blocks {
		require.Equal(t, "mermaid", b.Language)
		texts = append(texts, b.Text)
	}
	require.Len(t, texts, 5)
	return texts
}

// The picture of a request has the stages of the code, in their order.
func TestPictureHasTheStagesOfAnAttempt(t *testing.T) {
	source, err := os.ReadFile("../internal/core/attempt.go")
	require.NoError(t, err)
	var stages []string
	for _, m := range regexp.MustCompile(`(?m)^\t\t\(\*attempt\)\.(\w+),`).FindAllStringSubmatch(string(source), -1) {
		stages = append(stages, m[1])
	}
	require.NotEmpty(t, stages)
	picture := diagrams(t)[0]
	assert.Contains(t, picture, strings.Join(append(stages, "middleware", "debug", "sent"), " --> "))
	for _, file := range regexp.MustCompile(`\b\w+\.go\b`).FindAllString(picture, -1) {
		assert.FileExists(t, "../internal/core/"+file)
	}
}

// The states of a picture are known values of the vendor's type.
func TestPicturesHaveTheStatesOfTheVendors(t *testing.T) {
	texts := func(values ...any) map[string]bool {
		known := map[string]bool{}
		for _, v := range values {
			switch v := v.(type) {
			case confluent.Status:
				known[string(v)] = true
			case apono.Status:
				known[string(v)] = true
			case egeria.GroupStatus:
				known[string(v)] = true
			}
		}
		return known
	}
	all := diagrams(t)
	for i, known := range []map[string]bool{
		texts(confluent.StatusDraft, confluent.StatusCreated, confluent.StatusActive),
		texts(apono.StatusInitializing, apono.StatusRefreshing, apono.StatusActive,
			apono.StatusWarning, apono.StatusError),
		texts(egeria.GroupStatusAssigned, egeria.GroupStatusConfiguring, egeria.GroupStatusRunning,
			egeria.GroupStatusFailed),
	} {
		shown := map[string]bool{}
		for _, m := range regexp.MustCompile(`(?m)^    (\S+) --> ([^\s:]+)`).FindAllStringSubmatch(all[i+2], -1) {
			for _, state := range m[1:] {
				if state != "[*]" {
					shown[state] = true
				}
			}
		}
		assert.Equal(t, known, shown)
	}
}
