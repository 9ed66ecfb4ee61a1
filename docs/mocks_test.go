package docs_test

import (
	"context"
	"iter"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/confluent"
)

//doc:begin interface

// lister is the part of the SDK that this program needs: *confluent.IntegrationsService has it.
type lister interface {
	List(
		ctx context.Context, environment string, filter *confluent.ListOptions, opts ...confluent.CallOption,
	) iter.Seq2[*confluent.Integration, error]
}

var _ lister = (*confluent.IntegrationsService)(nil)

// countDrafts counts the integrations that nobody has configured.
func countDrafts(ctx context.Context, integrations lister, environment string) (int, error) {
	drafts := 0
	for integration, err := range integrations.List(ctx, environment, nil) {
		if err != nil {
			return 0, err
		}
		if integration.Status == confluent.StatusDraft {
			drafts++
		}
	}
	return drafts, nil
}

//doc:end

//doc:begin mock

// listOf is a lister that yields these integrations, and then the error unless it is nil.
type listOf struct {
	integrations []*confluent.Integration
	err          error
}

func (l listOf) List(
	context.Context, string, *confluent.ListOptions, ...confluent.CallOption,
) iter.Seq2[*confluent.Integration, error] {
	return func(yield func(*confluent.Integration, error) bool) {
		for _, integration := range l.integrations {
			if !yield(integration, nil) {
				return
			}
		}
		if l.err != nil {
			yield(nil, l.err)
		}
	}
}

func TestCountDrafts(t *testing.T) {
	two := []*confluent.Integration{{Status: confluent.StatusDraft}, {Status: confluent.StatusActive}}
	drafts, err := countDrafts(t.Context(), listOf{integrations: two}, "env-abc123")
	assert.NoError(t, err)
	assert.Equal(t, 1, drafts)

	forbidden := &confluent.Error{StatusCode: 403}
	_, err = countDrafts(t.Context(), listOf{two, forbidden}, "env-abc123")
	assert.ErrorIs(t, err, confluent.ErrForbidden)
}

//doc:end

// The same function with the real client, and the fake.
func TestCountDraftsOfTheFake(t *testing.T) {
	c, srv := startConfluent()
	defer srv.Close()
	srv.Add("env-abc123", confluent.Integration{DisplayName: "new", Provider: confluent.ProviderGCP})
	drafts, err := countDrafts(t.Context(), c.Integrations, "env-abc123")
	assert.NoError(t, err)
	assert.Equal(t, 1, drafts)
}
