package egeria

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/diff"
	"github.com/integrations-go/sdk/internal/oneof"
)

// IntegrationGroupsService configures the integration groups that a server runs as an integration
// daemon. A change takes effect at the next start of the daemon. The contents of the groups are in
// the open metadata, and not part of the configuration.
//
// # Concurrency
//
// Put, and Delete for some names, read the list and write it. One [Client] makes such changes of a
// server one after the other. The platform does not prevent changes by other programs in between:
// the last one wins.
type IntegrationGroupsService struct{ server }

// List sends GET .../integration-groups/configuration. If there are no groups, or no such server,
// it returns an empty slice. The platform does not distinguish these cases.
func (s *IntegrationGroupsService) List(ctx context.Context, opts ...CallOption) ([]IntegrationGroup, error) {
	return s.list(ctx, "IntegrationGroups.List", opts)
}

func (s *IntegrationGroupsService) list(ctx context.Context, op string, opts []CallOption) ([]IntegrationGroup, error) {
	if err := invalidCall(op, opts, s.check()); err != nil {
		return nil, err
	}
	response, err := call[integrationGroupsResponse](ctx, s.c, op, opts,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.getIntegrationGroups(ctx, s.name)
		})
	if err != nil {
		return nil, err
	}
	// Put and Delete write the list again, so other responses are errors.
	if strings.HasSuffix(response.Class, "Response") && response.Class != "IntegrationGroupsResponse" {
		return nil, badResponse(op, "the response is a "+core.OneLine(response.Class))
	}
	there := slices.DeleteFunc(response.Groups, func(g *IntegrationGroup) bool { return g == nil })
	groups := make([]IntegrationGroup, len(there))
	for i, g := range there {
		groups[i] = *g
	}
	return groups, nil
}

// Get returns the group with this name. If an old platform has stored it twice, it returns the
// first one. If there is none, the error is [ErrNotFound].
func (s *IntegrationGroupsService) Get(
	ctx context.Context, name string, opts ...CallOption,
) (*IntegrationGroup, error) {
	const op = "IntegrationGroups.Get"
	if err := invalidCall(op, opts, core.Required("name", name)); err != nil {
		return nil, err
	}
	groups, err := s.list(ctx, op, opts)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(groups, named(name))
	if i < 0 {
		err := fmt.Errorf("server %s has no integration group %q: %w", s.name, name, ErrNotFound)
		return nil, newError(&core.Failure{Operation: op, Err: err})
	}
	return &groups[i], nil
}

// Put adds the group, or updates the group with the same name. It does not change other groups. Put
// does not use the platform's operation (see [IntegrationGroupsService.PutRaw]). It reads the list
// and writes it. If the group on the platform already matches, Put writes nothing, because a write
// adds a line to the audit trail.
//
// # Kept
//
// An existing group keeps its place, unknown members, and the fields of its secrets store that are
// empty in group. To remove them, use ReplaceAll. A group that is stored twice becomes one.
//
// # Errors
//
// PlatformURL, ServerName and QualifiedName are required. An empty one is [ErrInvalid]. The
// platform itself checks only PlatformURL (OMAG-ADMIN-400-039) and QualifiedName
// (OMAG-ADMIN-400-032).
func (s *IntegrationGroupsService) Put(ctx context.Context, group IntegrationGroup, opts ...CallOption) error {
	const op = "IntegrationGroups.Put"
	if err := invalidCall(op, opts, s.check(), checkGroup("group", group)); err != nil {
		return err
	}
	group = group.Clone()
	opts = append(slices.Clip(opts), hideSecrets(group.sent()))
	return s.change(ctx, op, opts, func(groups []IntegrationGroup) ([]IntegrationGroup, bool) {
		i := slices.IndexFunc(groups, named(group.QualifiedName))
		if i < 0 {
			return append(groups, group), true
		}
		for _, field := range []struct{ have, want *string }{
			{&groups[i].SecretsStoreProvider, &group.SecretsStoreProvider},
			{&groups[i].SecretsStoreLocation, &group.SecretsStoreLocation},
			{&groups[i].SecretsStoreCollection, &group.SecretsStoreCollection},
		} {
			if *field.want == "" {
				*field.want = *field.have
			}
		}
		for name, value := range groups[i].Extra {
			if _, ok := group.Extra[name]; !ok {
				if group.Extra == nil {
					group.Extra = Object{}
				}
				group.Extra[name] = value
			}
		}
		before := groups[i]
		groups[i] = group
		rest := slices.DeleteFunc(groups[i+1:], named(group.QualifiedName))
		changed := groups[:i+1+len(rest)]
		return changed, len(changed) < len(groups) || !sameGroup(before, group)
	})
}

// PutRaw sends POST .../integration-groups/configuration.
//
//   - Platforms of 5.x and 6.x add the group at the end, and remove an existing group with the same
//     name.
//   - Platforms of 4.x have a bug: all groups with other names are lost, and a group with the same
//     name is stored twice.
//
// It does not protect against concurrent writers: the platform itself reads the document, changes
// it and writes it. Of 20 groups that were put concurrently into a platform of 6.1, 4 remained. One
// [Client] puts groups one after the other.
//
// [IntegrationGroupsService.Put] works on all releases.
func (s *IntegrationGroupsService) PutRaw(ctx context.Context, group IntegrationGroup, opts ...CallOption) error {
	const op = "IntegrationGroups.PutRaw"
	if err := invalidCall(op, opts, s.check(), checkGroup("group", group)); err != nil {
		return err
	}
	opts = append(slices.Clip(opts), hideSecrets(group.sent()))
	return s.serialized(ctx, op, opts, func() error {
		return callNoResult(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.putIntegrationGroup(ctx, s.name, group)
		})
	})
}

// ReplaceAll sends POST .../integration-groups/configuration/all, which replaces all groups. With
// no groups it is [IntegrationGroupsService.Clear]. PlatformURL, ServerName and QualifiedName of
// each group are required. Two groups must not have the same name. Otherwise the error is
// [ErrInvalid]. The platform itself does not check this. The request is repeated like a PUT.
func (s *IntegrationGroupsService) ReplaceAll(
	ctx context.Context, groups []IntegrationGroup, opts ...CallOption,
) error {
	const op = "IntegrationGroups.ReplaceAll"
	checks := append([]error{s.check()}, checkGroups("groups", groups)...)
	if err := invalidCall(op, opts, checks...); err != nil {
		return err
	}
	return s.serialized(ctx, op, opts, func() error { return s.write(ctx, op, groups, opts) })
}

// Delete removes the group with this name. If there is none, it succeeds, as on the platform. It
// sends DELETE .../integration-groups/{name}. If the name contains / \ ; or %, which not every
// platform accepts in a path, it reads the list and writes it without the group.
func (s *IntegrationGroupsService) Delete(ctx context.Context, name string, opts ...CallOption) error {
	const op = "IntegrationGroups.Delete"
	if err := invalidCall(op, opts, s.check(), core.PathValue("name", name)); err != nil {
		return err
	}
	if !inPath(name) {
		return s.change(ctx, op, opts, func(groups []IntegrationGroup) ([]IntegrationGroup, bool) {
			rest := slices.DeleteFunc(slices.Clone(groups), named(name))
			return rest, len(rest) < len(groups)
		})
	}
	return s.serialized(ctx, op, opts, func() error {
		return callNoResult(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.deleteIntegrationGroup(ctx, s.name, name)
		})
	})
}

// Clear sends DELETE .../integration-groups, which removes all groups. If there are none, it
// succeeds.
func (s *IntegrationGroupsService) Clear(ctx context.Context, opts ...CallOption) error {
	const op = "IntegrationGroups.Clear"
	if err := invalidCall(op, opts, s.check()); err != nil {
		return err
	}
	return s.serialized(ctx, op, opts, func() error {
		return callNoResult(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.clearIntegrationGroups(ctx, s.name)
		})
	})
}

// change reads the list and passes it to edit. If edit reports a change, it writes the result.
func (s *IntegrationGroupsService) change(
	ctx context.Context, op string, opts []CallOption,
	edit func([]IntegrationGroup) (changed []IntegrationGroup, write bool),
) error {
	return s.serialized(ctx, op, opts, func() error {
		ownHost := func(call *core.CallOptions) { call.WithOwnHost() }
		groups, err := s.list(ctx, op, append(slices.Clip(opts), ownHost))
		if err != nil {
			return err
		}
		groups, write := edit(groups)
		if !write {
			return nil
		}
		return s.write(ctx, op, groups, opts)
	})
}

func (s *IntegrationGroupsService) write(
	ctx context.Context, op string, groups []IntegrationGroup, opts []CallOption,
) error {
	return callNoResult(ctx, s.c, op, append(slices.Clip(opts), withIdempotent, hideSecrets(sentGroups(groups))),
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.replaceIntegrationGroups(ctx, s.name, groups)
		})
}

// serialized runs f while no other call of this client changes the configuration of this server.
func (s server) serialized(ctx context.Context, op string, opts []CallOption, f func() error) error {
	if err := invalidCall(op, opts, core.CheckCall(ctx, opts)); err != nil {
		return err
	}
	if _, err := s.c.Dialect(ctx); err != nil {
		return newError(&core.Failure{Operation: op, Err: err})
	}
	return s.c.core.Serialized(ctx, op, s.name, f)
}

// sameGroup reports whether two groups have the same JSON.
func sameGroup(a, b IntegrationGroup) bool {
	one, err := oneof.Encode(a.members())
	other, otherErr := oneof.Encode(b.members())
	return err == nil && otherErr == nil && diff.EqualJSON(one, other)
}

func named(name string) func(IntegrationGroup) bool {
	return func(g IntegrationGroup) bool { return g.QualifiedName == name }
}

// checkGroup returns an error for a group that a daemon can't use, and for a name that Delete can't
// remove.
func checkGroup(argument string, g IntegrationGroup) error {
	for _, err := range []error{
		core.Required(argument+".PlatformURL", g.PlatformURL),
		core.Required(argument+".ServerName", g.ServerName),
		core.PathValue(argument+".QualifiedName", g.QualifiedName),
		core.ValidText(argument, g),
		checkObject(argument+".Extra", g.Extra),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkGroups checks the groups of a list. Two groups must not have the same name.
func checkGroups(argument string, groups []IntegrationGroup) []error {
	var problems []error
	names := map[string]bool{}
	for i, g := range groups {
		at := fmt.Sprintf("%s[%d]", argument, i)
		problems = append(problems, checkGroup(at, g))
		if names[g.QualifiedName] {
			problems = append(problems, core.Arg(at+".QualifiedName", "is also that of another group"))
		}
		names[g.QualifiedName] = true
	}
	return problems
}
