package egeriatest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

const (
	groupClass = "IntegrationGroupConfig"
	groupName  = "integrationGroupQualifiedName"
	groupURL   = "omagserverPlatformRootURL"
)

var (
	// Since 6.0.
	secretsMembers = []string{"secretsStoreProvider", "secretsStoreLocation", "secretsStoreCollection"}
	groupMembers   = append([]string{"class", groupURL, "omagserverName", groupName}, secretsMembers...)
)

// known returns the members of a group that the release knows, without nulls.
func (c *call) known(group fakehttp.Object) fakehttp.Object {
	if group == nil {
		return nil
	}
	out := withoutNulls(group)
	maps.DeleteFunc(out, func(name string, _ json.RawMessage) bool {
		later := slices.Contains(secretsMembers, name) && !c.release.bearers()
		return !c.keepUnknown && (later || !slices.Contains(groupMembers, name))
	})
	for name, value := range out {
		if slices.Contains(groupMembers, name) {
			out[name] = asText(value)
		}
	}
	return out
}

func withoutNulls(o fakehttp.Object) fakehttp.Object {
	out := fakehttp.Object{}
	for name, value := range o {
		if !o.Null(name) {
			out[name] = value
		}
	}
	return out
}

// asText returns a value as the platform reads it for a string: numbers and booleans become text.
func asText(value json.RawMessage) json.RawMessage {
	if bytes.HasPrefix(value, []byte(`"`)) {
		return value
	}
	return fakehttp.Raw(string(value))
}

// namelessGroup is the message of the exception for a group without a name.
const namelessGroup = `Cannot invoke "String.equals(Object)" because the return value of ` +
	`"org.odpi.openmetadata.adminservices.configuration.properties.IntegrationGroupConfig.` +
	`getIntegrationGroupQualifiedName()" is null`

func (c *call) getGroups() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	return listed("groups", groupsOf(doc)), nil
}

// listed returns a list as a member, or no member if the list is empty.
func listed[T any](name string, list []T) fakehttp.Object {
	if len(list) == 0 {
		return fakehttp.Object{}
	}
	return fakehttp.Object{name: fakehttp.Raw(list)}
}

func (c *call) putGroup() (fakehttp.Object, *failure) {
	group := c.known(c.body)
	switch {
	case group.Text(groupURL) == "":
		return nil, invalid(noRootURL, c.op.action, c.server)
	case group.Null(groupName):
		return nil, invalid(noProperty, c.server, "integrationGroupConfig."+groupName)
	}
	name := group.Text(groupName)
	return nil, c.changeGroups("updated configuration for integration group "+name+".",
		func(doc fakehttp.Object) *failure {
			remaining := []fakehttp.Object{}
			for _, other := range groupsOf(doc) {
				if other.Null(groupName) {
					return c.crash(namelessGroup)
				}
				if (other.Text(groupName) == name) == *c.inverted {
					remaining = append(remaining, other)
				}
			}
			setGroups(doc, append(remaining, group))
			return nil
		})
}

func (c *call) replaceGroups() (fakehttp.Object, *failure) {
	return nil, c.changeGroups("updated configuration for integration groups.", func(doc fakehttp.Object) *failure {
		setGroups(doc, c.knownGroups(c.list))
		return nil
	})
}

func (c *call) knownGroups(list []fakehttp.Object) []fakehttp.Object {
	out := []fakehttp.Object{}
	for _, g := range list {
		out = append(out, c.known(g))
	}
	return out
}

func (c *call) clearGroups() (fakehttp.Object, *failure) {
	return nil, c.changeGroups("removed configuration for integration groups.", func(doc fakehttp.Object) *failure {
		delete(doc, groupList)
		return nil
	})
}

func (c *call) deleteGroup() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	if doc.Null(groupList) {
		return nil, nil // nothing is stored
	}
	return nil, c.changeGroups("updated configuration for integration group "+c.group()+".",
		func(doc fakehttp.Object) *failure {
			setGroups(doc, slices.DeleteFunc(groupsOf(doc), func(g fakehttp.Object) bool {
				return !g.Null(groupName) && g.Text(groupName) == c.group()
			}))
			return nil
		})
}

// changeGroups is change for the groups. Later releases also add an audit log to a document without
// repository services.
func (c *call) changeGroups(line string, edit func(doc fakehttp.Object) *failure) *failure {
	return c.change(line, func(doc fakehttp.Object) *failure {
		if failed := edit(doc); failed != nil {
			return failed
		}
		if c.release.since("5.0") && doc.Null("repositoryServicesConfig") {
			c.setAuditLog(doc)
		}
		return nil
	})
}
