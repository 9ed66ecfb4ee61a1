package apono

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// ResourcesService calls v3: the resources and permissions of an integration, and the user tags of
// resources.
type ResourcesService struct{ c *Client }

// List walks the resources of an integration, with the rules of [IntegrationsV2Service.List].
// resourceType selects the resources of one type. "" selects all.
func (s *ResourcesService) List(
	ctx context.Context, integrationID, resourceType string, opts ...CallOption,
) iter.Seq2[*Resource, error] {
	return paging.Items(s.Pages(ctx, integrationID, resourceType, opts...))
}

// Pages walks the list of [ResourcesService.List] as one page, with the size that the server
// states.
func (s *ResourcesService) Pages(
	ctx context.Context, integrationID, resourceType string, opts ...CallOption,
) iter.Seq2[*sdk.Page[Resource], error] {
	const op = "Resources.List"
	return singlePage[Resource](ctx, s.c, op, opts, invalidArg(op, checkV3("integrationID", integrationID)),
		func(ctx context.Context) (*http.Response, error) {
			params := &listResourcesParams{ResourceType: core.NonZero(resourceType)}
			return s.c.raw.listResources(ctx, integrationID, params)
		})
}

// Permissions walks the permissions that an integration can grant, with the rules of
// [ResourcesService.List].
func (s *ResourcesService) Permissions(
	ctx context.Context, integrationID, resourceType string, opts ...CallOption,
) iter.Seq2[*Permission, error] {
	return paging.Items(s.PermissionPages(ctx, integrationID, resourceType, opts...))
}

// PermissionPages walks the list of [ResourcesService.Permissions] as one page, with the size that
// the server states.
func (s *ResourcesService) PermissionPages(
	ctx context.Context, integrationID, resourceType string, opts ...CallOption,
) iter.Seq2[*sdk.Page[Permission], error] {
	const op = "Resources.Permissions"
	return singlePage[Permission](ctx, s.c, op, opts, invalidArg(op, checkV3("integrationID", integrationID)),
		func(ctx context.Context) (*http.Response, error) {
			params := &listPermissionsParams{ResourceType: core.NonZero(resourceType)}
			return s.c.raw.listPermissions(ctx, integrationID, params)
		})
}

// tagTexts are tags. A value that is not a string is kept as JSON. Some servers send [] for no
// tags.
type tagTexts map[string]string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *tagTexts) UnmarshalJSON(b []byte) error {
	var none []struct{}
	if json.Unmarshal(b, &none) == nil && none != nil && len(none) == 0 {
		*t = tagTexts{}
		return nil
	}
	var members Config
	if err := json.Unmarshal(b, &members); err != nil {
		return err
	}
	if *t = nil; members != nil {
		*t = tagTexts{}
	}
	for key := range members {
		(*t)[key] = members.Text(key)
	}
	return nil
}

// UserTags sends GET /api/v3/integrations/resources/{resource_id}/user-tags. A tag whose value is
// not a string is returned as JSON.
func (s *ResourcesService) UserTags(
	ctx context.Context, resourceID string, opts ...CallOption,
) (map[string]string, error) {
	const op = "Resources.UserTags"
	if err := invalidCall(op, opts, s.c.check(), core.PathValue("resourceID", resourceID)); err != nil {
		return nil, err
	}
	object := core.Object[userTags]{Essential: []string{"tags"}, Check: func(t *userTags) (string, error) {
		if t.Tags == nil {
			return "", errors.New("it has no tags")
		}
		return resourceID, nil
	}}
	response, err := core.CallObject(ctx, s.c.core, op, opts, object,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.getUserTags(ctx, resourceID)
		})
	if err != nil {
		return nil, err
	}
	return response.Tags, nil
}

// SetUserTags sends PUT /api/v3/integrations/resources/{resource_id}/user-tags. Whether the tags
// replace the existing tags or are added to them is not documented by the vendor. Send all tags
// that the resource should have. Nil tags are sent as {}.
func (s *ResourcesService) SetUserTags(
	ctx context.Context, resourceID string, tags map[string]string, opts ...CallOption,
) error {
	const op = "Resources.SetUserTags"
	if err := invalidCall(op, opts, s.c.check(), core.PathValue("resourceID", resourceID)); err != nil {
		return err
	}
	return core.CallEmpty(ctx, s.c.core, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.updateUserTags(ctx, resourceID, userTagsUpdate{Tags: tags})
	})
}

// checkV3 returns an error for an ID that would change the path: /api/v3/integrations/resources/...
// belongs to resources.
func checkV3(name, id string) error {
	if id == "resources" {
		return core.Arg(name, "is %q, which would change the path", id)
	}
	return core.PathValue(name, id)
}
