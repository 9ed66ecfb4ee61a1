package apono

import (
	"context"
	"errors"
	"iter"
	"net/http"

	"github.com/integrations-go/sdk/apono/api"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// ResourcesService calls v3: what an integration holds, and the tags that users put on it.
type ResourcesService struct{ c *Client }

// List gives the resources of an integration, those of one type or, with resourceType "", of all, with the rules of [IntegrationsV2Service.List].
func (s *ResourcesService) List(ctx context.Context, integrationID, resourceType string, opts ...CallOption) iter.Seq2[*Resource, error] {
	return paging.Items(s.Pages(ctx, integrationID, resourceType, opts...), (*Page[Resource]).items)
}

// Pages is [ResourcesService.List] as one page, with the size that the server tells.
func (s *ResourcesService) Pages(ctx context.Context, integrationID, resourceType string, opts ...CallOption) iter.Seq2[*Page[Resource], error] {
	const op = "Resources.List"
	return whole[Resource](ctx, s.c, op, opts, refuse(op, checkV3("integrationID", integrationID)), func(ctx context.Context) (*http.Response, error) {
		return s.c.api.ListResources(ctx, integrationID, &api.ListResourcesParams{ResourceType: set(resourceType)})
	})
}

// Permissions gives the permissions that an integration can grant, with the rules of [ResourcesService.List].
func (s *ResourcesService) Permissions(ctx context.Context, integrationID, resourceType string, opts ...CallOption) iter.Seq2[*Permission, error] {
	return paging.Items(s.PermissionPages(ctx, integrationID, resourceType, opts...), (*Page[Permission]).items)
}

// PermissionPages is [ResourcesService.Permissions] as one page, with the size that the server tells.
func (s *ResourcesService) PermissionPages(ctx context.Context, integrationID, resourceType string, opts ...CallOption) iter.Seq2[*Page[Permission], error] {
	const op = "Resources.Permissions"
	return whole[Permission](ctx, s.c, op, opts, refuse(op, checkV3("integrationID", integrationID)), func(ctx context.Context) (*http.Response, error) {
		return s.c.api.ListPermissions(ctx, integrationID, &api.ListPermissionsParams{ResourceType: set(resourceType)})
	})
}

// UserTags sends GET /api/v3/integrations/resources/{resource_id}/user-tags.
func (s *ResourcesService) UserTags(ctx context.Context, resourceID string, opts ...CallOption) (map[string]string, error) {
	const op = "Resources.UserTags"
	if err := refuse(op, core.PathValue("resourceID", resourceID)); err != nil {
		return nil, err
	}
	reply, err := core.CallObject(ctx, s.c.core, op, opts, func(t *api.UserTags) (string, error) {
		if t.Tags == nil {
			return "", errors.New("it has no tags")
		}
		return resourceID, nil
	}, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.GetUserTags(ctx, resourceID)
	})
	if err != nil {
		return nil, err
	}
	return reply.Tags, nil
}

// SetUserTags sends PUT /api/v3/integrations/resources/{resource_id}/user-tags. Whether the tags replace those that there are, or join them, is
// not documented; send all that are to be there. Nil tags are sent as {}.
func (s *ResourcesService) SetUserTags(ctx context.Context, resourceID string, tags map[string]string, opts ...CallOption) error {
	const op = "Resources.SetUserTags"
	if err := refuse(op, core.PathValue("resourceID", resourceID)); err != nil {
		return err
	}
	return core.CallEmpty(ctx, s.c.core, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.UpdateUserTags(ctx, resourceID, api.UserTagsUpdate{Tags: tags})
	})
}

// checkV3 refuses an id that makes another path of the one it is put into: /api/v3/integrations/resources/... is about resources.
func checkV3(name, id string) error {
	if id == "resources" {
		return core.Arg(name, "is %q, which the server would take for another path", id)
	}
	return core.PathValue(name, id)
}
