package inventory

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
)

// hiddenGroupColumns are the columns that show the marker in place of a secret.
var hiddenGroupColumns = []string{"secrets_store_location", "secrets_store_collection"}

// groupWriter returns the writer of egeria.integration_groups.
func groupWriter(t *table, s *shape[egeria.IntegrationGroup], secrets bool) *writer {
	w := &writer{scope: "server", name: "qualified_name"}
	shown := []string{"metadata_server", "metadata_server_url", "secrets_store_provider"}
	w.updates = slices.Concat(shown, hiddenGroupColumns)
	w.inserts = append([]string{w.name}, w.updates...)
	put := func(
		ctx context.Context, a *account, server string, g egeria.IntegrationGroup, opts []sdk.CallOption,
	) (row, error) {
		if err := a.egeria.Server(server).IntegrationGroups.Put(ctx, g, opts...); err != nil {
			return nil, err
		}
		return s.row(a, server, &g, nil), nil
	}
	w.insert = func(a *account, server string, v values, ensure bool) (sender, error) {
		err := checkGroup(t, secrets, v, []string{w.name, "metadata_server", "metadata_server_url"})
		return func(ctx context.Context, opts ...sdk.CallOption) (row, error) {
			g := egeria.IntegrationGroup{QualifiedName: v.text(w.name)}
			if !ensure {
				if err := absent(ctx, a.egeria.Server(server).IntegrationGroups, g.QualifiedName); err != nil {
					return nil, err
				}
			}
			setGroup(&g, v)
			return put(ctx, a, server, g, opts)
		}, err
	}
	w.update = func(a *account, server, name string, v values) (sender, error) {
		// Put keeps the values of empty fields.
		err := checkGroup(t, secrets, v, slices.Collect(maps.Keys(v)))
		return func(ctx context.Context, opts ...sdk.CallOption) (row, error) {
			g, err := a.egeria.Server(server).IntegrationGroups.Get(ctx, name)
			if err != nil {
				return nil, err
			}
			setGroup(g, v)
			return put(ctx, a, server, *g, opts)
		}, err
	}
	w.remove = func(a *account, server, name string) sender {
		return func(ctx context.Context, opts ...sdk.CallOption) (row, error) {
			return nil, a.egeria.Server(server).IntegrationGroups.Delete(ctx, name, opts...)
		}
	}
	w.secret = func(v values) []string {
		return []string{v.text(hiddenGroupColumns[0]), v.text(hiddenGroupColumns[1])}
	}
	return w
}

// checkGroup returns an error if a required column has no value, or a hidden column has the marker.
func checkGroup(t *table, secrets bool, v values, required []string) error {
	for _, name := range required {
		if v.text(name) == "" {
			return invalid("%s: %s must be set", t.fullName(), name)
		}
	}
	for _, name := range hiddenGroupColumns {
		if !secrets && v.text(name) == secretMarker {
			return invalid("%s: %s is %s: that is a hidden value (see WithSecrets)", t.fullName(), name, secretMarker)
		}
	}
	return nil
}

// absent returns an error if a group with this name exists: Put would change it.
func absent(ctx context.Context, groups *egeria.IntegrationGroupsService, name string) error {
	list, err := groups.List(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(list, func(g egeria.IntegrationGroup) bool { return g.QualifiedName == name }) {
		return fmt.Errorf("%w: there is a group of that name", sdk.ErrConflict)
	}
	return nil
}

// setGroup sets the fields of the columns v.
func setGroup(g *egeria.IntegrationGroup, v values) {
	for column, field := range map[string]*string{
		"metadata_server": &g.ServerName, "metadata_server_url": &g.PlatformURL,
		"secrets_store_provider": &g.SecretsStoreProvider, "secrets_store_location": &g.SecretsStoreLocation,
		"secrets_store_collection": &g.SecretsStoreCollection,
	} {
		if s := v[column]; s != nil {
			*field = *s
		}
	}
}
