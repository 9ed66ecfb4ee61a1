package egeria

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/egeria/api"
	"github.com/integrations-go/sdk/internal/core"
)

// IntegrationGroupsService configures which integration groups a server runs as an integration daemon. A change reaches a running daemon with its next start; what the groups consist
// of is read from the open metadata, and is nothing of the configuration.
//
// Put and Delete read the list and write what they make of it, where the platform can't be trusted with that. One [Client] does so for one caller after the other. The
// platform offers nothing that would keep other programs from writing in between: the last of them prevails.
type IntegrationGroupsService struct{ server }

// List sends GET .../integration-groups/configuration. Where there are no groups, or no such server, it gives an empty slice, because the platform does not tell these apart.
func (s *IntegrationGroupsService) List(ctx context.Context, opts ...CallOption) ([]IntegrationGroup, error) {
	return s.list(ctx, "IntegrationGroups.List", opts)
}

// groupsReply is [api.IntegrationGroupsReply] with room for entries that are null.
type groupsReply struct {
	Envelope
	Groups []*IntegrationGroup `json:"groups"`
}

func (s *IntegrationGroupsService) list(ctx context.Context, op string, opts []CallOption) ([]IntegrationGroup, error) {
	if err := refuse(op, s.check()); err != nil {
		return nil, err
	}
	reply, err := call[groupsReply](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.GetIntegrationGroups(ctx, s.name)
	})
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(reply.Class, "Response") && reply.Class != "IntegrationGroupsResponse" { // a list that is written again must be one
		return nil, newError(&core.Failure{Operation: op, Err: &core.ReplyError{Problem: "the reply is a " + reply.Class}})
	}
	groups := []IntegrationGroup{}
	for _, g := range reply.Groups {
		if g != nil {
			groups = append(groups, *g)
		}
	}
	return groups, nil
}

// Get gives the group of this name: the first, where an old platform has stored it twice. None is [ErrNotFound].
func (s *IntegrationGroupsService) Get(ctx context.Context, name string, opts ...CallOption) (*IntegrationGroup, error) {
	const op = "IntegrationGroups.Get"
	if err := refuse(op, core.Required("name", name)); err != nil {
		return nil, err
	}
	groups, err := s.list(ctx, op, opts)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(groups, named(name))
	if i < 0 {
		return nil, newError(&core.Failure{Operation: op, Err: fmt.Errorf("server %s has no integration group %q: %w", s.name, name, ErrNotFound)})
	}
	return &groups[i], nil
}

// Put adds the group, or updates the one of its name, which keeps its place, those of its members that this release does not know, and the fields of its secrets store that group leaves empty, and leaves the other groups
// alone. (To remove what is kept, use ReplaceAll.) PlatformURL, ServerName and QualifiedName are required; the platform itself checks the first (OMAG-ADMIN-400-039) and the last (OMAG-ADMIN-400-032).
//
// It does not use the platform's operation for it, see [IntegrationGroupsService.PutRaw], but reads the list and writes it. A group that is stored twice is there once afterwards.
func (s *IntegrationGroupsService) Put(ctx context.Context, group IntegrationGroup, opts ...CallOption) error {
	const op = "IntegrationGroups.Put"
	if err := refuse(op, s.check(), checkGroup("group", group)); err != nil {
		return err
	}
	group = group.Clone()
	return s.change(ctx, op, opts, func(groups []IntegrationGroup) ([]IntegrationGroup, bool) {
		i := slices.IndexFunc(groups, named(group.QualifiedName))
		if i < 0 {
			return append(groups, group), true
		}
		for _, field := range []struct{ have, want *string }{
			{&groups[i].SecretsStoreProvider, &group.SecretsStoreProvider}, {&groups[i].SecretsStoreLocation, &group.SecretsStoreLocation},
			{&groups[i].SecretsStoreCollection, &group.SecretsStoreCollection},
		} {
			if *field.want == "" {
				*field.want = *field.have
			}
		}
		for name, value := range groups[i].Extra {
			if _, ok := group.Extra[name]; !ok {
				if group.Extra == nil {
					group.Extra = api.Object{}
				}
				group.Extra[name] = value
			}
		}
		groups[i] = group
		rest := slices.DeleteFunc(groups[i+1:], named(group.QualifiedName))
		return groups[:i+1+len(rest)], true
	})
}

// PutRaw sends POST .../integration-groups/configuration. Platforms of 6.x add the group, or drop the one of its name and add this one at the end. Platforms of 4.0 to 4.3 and 5.0, and perhaps later ones of
// 5.x, have a bug in it: all groups of other names are lost, and one of the same name is there twice. [IntegrationGroupsService.Put] works on all.
func (s *IntegrationGroupsService) PutRaw(ctx context.Context, group IntegrationGroup, opts ...CallOption) error {
	const op = "IntegrationGroups.PutRaw"
	if err := refuse(op, s.check(), checkGroup("group", group)); err != nil {
		return err
	}
	return s.alone(ctx, op, func() error {
		return void(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
			return s.c.api.PutIntegrationGroup(ctx, s.name, group)
		})
	})
}

// ReplaceAll sends POST .../integration-groups/configuration/all: the groups take the place of all that there are. None are [IntegrationGroupsService.Clear]. PlatformURL, ServerName and
// QualifiedName of each are required, and no two may have one name; the platform itself checks nothing. It is repeated like a PUT.
func (s *IntegrationGroupsService) ReplaceAll(ctx context.Context, groups []IntegrationGroup, opts ...CallOption) error {
	const op = "IntegrationGroups.ReplaceAll"
	checks := append([]error{s.check()}, checkGroups("groups", groups)...)
	if err := refuse(op, checks...); err != nil {
		return err
	}
	return s.alone(ctx, op, func() error { return s.write(ctx, op, groups, opts) })
}

// Delete removes the group of this name. One that is not there is a success, as it is for the platform. It sends DELETE .../integration-groups/{name}; where not every platform accepts the
// name in a path (it has one of / \ ; %) it reads the list and writes what is left of it.
func (s *IntegrationGroupsService) Delete(ctx context.Context, name string, opts ...CallOption) error {
	const op = "IntegrationGroups.Delete"
	if err := refuse(op, s.check(), core.PathValue("name", name)); err != nil {
		return err
	}
	if !inPath(name) {
		return s.change(ctx, op, opts, func(groups []IntegrationGroup) ([]IntegrationGroup, bool) {
			rest := slices.DeleteFunc(slices.Clone(groups), named(name))
			return rest, len(rest) < len(groups)
		})
	}
	return s.alone(ctx, op, func() error {
		return void(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
			return s.c.api.DeleteIntegrationGroup(ctx, s.name, name)
		})
	})
}

// Clear sends DELETE .../integration-groups: it removes all groups. That there are none is a success.
func (s *IntegrationGroupsService) Clear(ctx context.Context, opts ...CallOption) error {
	const op = "IntegrationGroups.Clear"
	if err := refuse(op, s.check()); err != nil {
		return err
	}
	return s.alone(ctx, op, func() error {
		return void(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
			return s.c.api.ClearIntegrationGroups(ctx, s.name)
		})
	})
}

// change reads the list and writes what edit makes of it, unless that is nothing new.
func (s *IntegrationGroupsService) change(ctx context.Context, op string, opts []CallOption, edit func([]IntegrationGroup) (changed []IntegrationGroup, write bool)) error {
	return s.alone(ctx, op, func() error {
		groups, err := s.list(ctx, op, opts)
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

func (s *IntegrationGroupsService) write(ctx context.Context, op string, groups []IntegrationGroup, opts []CallOption) error {
	return void(ctx, s.c, op, append(slices.Clip(opts), withIdempotent), func(ctx context.Context) (*http.Response, error) {
		return s.c.api.ReplaceIntegrationGroups(ctx, s.name, groups)
	})
}

// alone runs f while nobody else changes the configuration of this server through this client.
//
// The credential is got before: callers that wait in turn would each try a login that fails.
func (s server) alone(ctx context.Context, op string, f func() error) error {
	if _, err := s.c.Dialect(ctx); err != nil {
		return newError(&core.Failure{Operation: op, Err: err})
	}
	if err := s.c.core.Prepare(ctx, op); err != nil {
		return err
	}
	l, _ := s.c.locks.LoadOrStore(s.name, make(chan struct{}, 1))
	lock, _ := l.(chan struct{})
	select {
	case lock <- struct{}{}:
	case <-ctx.Done():
		return newError(&core.Failure{Operation: op, Err: core.Ended(ctx)})
	}
	defer func() { <-lock }()
	return f()
}

func named(name string) func(IntegrationGroup) bool {
	return func(g IntegrationGroup) bool { return g.QualifiedName == name }
}

// checkGroup refuses a group that no daemon could use, and a name that Delete could not remove.
func checkGroup(argument string, g IntegrationGroup) error {
	for _, err := range []error{
		core.Required(argument+".PlatformURL", g.PlatformURL), core.Required(argument+".ServerName", g.ServerName), core.PathValue(argument+".QualifiedName", g.QualifiedName),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkGroups checks a list, in which no two may have one name.
func checkGroups(argument string, groups []IntegrationGroup) []error {
	var problems []error
	names := map[string]bool{}
	for i, g := range groups {
		at := fmt.Sprintf("%s[%d]", argument, i)
		problems = append(problems, checkGroup(at, g))
		if names[g.QualifiedName] {
			problems = append(problems, core.Arg(at+".QualifiedName", "is that of another group, too"))
		}
		names[g.QualifiedName] = true
	}
	return problems
}
