package egeriatest

import (
	"encoding/json"
	"strconv"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// getProperties returns the basic properties. 6.x returns the whole document instead. Before 6.0,
// properties that are not set are null.
func (c *call) getProperties() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil || c.release.bearers() {
		return fakehttp.Object{"basicServerProperties": fakehttp.Raw(doc)}, failed
	}
	properties := fakehttp.Object{}
	for _, name := range []string{
		"localServerDescription", "organizationName", "localServerURL", "localServerUserId", "localServerPassword",
		"maxPageSize",
	} {
		properties[name] = fakehttp.Raw(doc[name])
	}
	return fakehttp.Object{"basicServerProperties": fakehttp.Raw(properties)}, nil
}

// basicSetters are the properties that setProperties sets, in this order.
func (c *call) basicSetters() []setter {
	url := "https://localhost:9443"
	if c.release.bearers() {
		url = c.release.placeholder("egeriaEndpoint")
	}
	text := func(member, otherwise string) func(*call) string {
		return func(c *call) string {
			if value := c.body.Text(member); value != "" {
				return value
			}
			return otherwise
		}
	}
	of := func(operation, otherwise string) setter {
		property := setters[operation]
		property.value = text(property.member, otherwise)
		return property
	}
	return []setter{
		of("setOrganizationName", ""), of("setServerDescription", ""), of("setServerUserID", "OMAGServer"),
		of("setServerURLRoot", url),
	}
}

// setProperties sets all properties, one after the other. A missing one gets its default, except
// the password, which is kept. If a value is refused, the earlier ones remain set.
func (c *call) setProperties() (fakehttp.Object, *failure) {
	for i, property := range c.basicSetters() {
		if i == 3 && !c.release.bearers() {
			if failed := c.setPassword(); failed != nil {
				return nil, failed
			}
		}
		if _, failed := property.run(c); failed != nil {
			return nil, failed
		}
	}
	size := 1000
	if !c.body.Null("maxPageSize") {
		_ = json.Unmarshal(c.body["maxPageSize"], &size) // the default if it is not a number
	}
	if failed := c.storePageSize(size); failed != nil {
		return nil, failed
	}
	if c.release.bearers() {
		return nil, c.setSecretsStore()
	}
	return nil, nil
}

func (c *call) setPassword() *failure {
	password := c.body.Text("localServerPassword")
	line := "updated configuration for local server's password."
	if password == "" {
		line = "removed configuration for local server's password."
	}
	return c.change(line, func(doc fakehttp.Object) *failure {
		if password != "" {
			doc["localServerPassword"] = fakehttp.Raw(password)
		}
		return nil
	})
}

func (c *call) storePageSize(size int) *failure {
	if size < 0 {
		return invalid(badPageSize, c.server, strconv.Itoa(size))
	}
	return c.change("updated configuration for maximum page size to "+strconv.Itoa(size)+".",
		func(doc fakehttp.Object) *failure {
			doc["maxPageSize"] = fakehttp.Raw(size)
			return nil
		})
}

// setSecretsStore sets the three values of the secrets store, and the type of the server. If one is
// missing, the values of the document are kept.
func (c *call) setSecretsStore() *failure {
	for _, name := range secretsMembers {
		if c.body.Text(name) == "" {
			return invalid(noSecretsStore, c.server, yamlStore+"Provider")
		}
	}
	return c.change("", func(doc fakehttp.Object) *failure {
		for _, name := range append([]string{"localServerType"}, secretsMembers...) {
			if !c.body.Null(name) {
				doc[name] = c.body[name]
			}
		}
		return nil
	})
}
