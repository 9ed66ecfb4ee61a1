package egeriatest

import (
	"embed"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// platformFiles has the built-in data of recorded platforms: their registered services, by kind,
// and the configuration of a repository in memory. GUIDs in it are zeros.
//
//go:embed platforms
var platformFiles embed.FS

// recordedAs maps a release to the recorded release with the same data.
var recordedAs = map[release]string{
	"4.0": "4.0", "4.1": "4.0", "4.2": "4.2", "4.3": "4.2", "5.0": "5.3", "5.3": "5.3", "6.0": "6.1", "6.1": "6.1",
}

// kinds are the kinds of services, in the order of the complete list.
var kinds = []string{"common", "access", "engine", "integration", "view", "governance"}

// builtIn returns the built-in data of a release.
func (r release) builtIn() fakehttp.Object {
	raw, err := platformFiles.ReadFile("platforms/" + recordedAs[r] + ".json")
	o, ok := fakehttp.ParseObject(raw)
	if err != nil || !ok {
		panic(err) // the files are part of the package
	}
	return o
}

// registeredServices returns the services of a release by kind. The access and integration services
// of 4.x were not recorded.
func (r release) registeredServices() map[string][]fakehttp.Object {
	all := map[string][]fakehttp.Object{}
	built := r.builtIn()
	for _, kind := range kinds {
		all[kind] = members(built, kind)
	}
	if !r.since("5.0") {
		all["access"], all["integration"] = accessServices4(), integrationServices4()
	}
	return all
}

// listKind returns the operation that lists the services of one kind.
func listKind(name, kind string) operation {
	return operation{
		name: name, method: get, path: registered + "/" + kind + "-services", class: "RegisteredOMAGServicesResponse",
		action: "getRegistered" + strings.ToUpper(kind[:1]) + kind[1:] + "Services", further: true,
		run: func(c *call) (fakehttp.Object, *failure) { return c.registeredOf(kind) },
	}
}

func (c *call) registeredOf(kinds ...string) (fakehttp.Object, *failure) {
	services := c.release.registeredServices()
	var all []fakehttp.Object
	for _, kind := range kinds {
		all = append(all, services[kind]...)
	}
	return listed("services", all), nil
}

func (c *call) listRegistered() (fakehttp.Object, *failure) { return c.registeredOf(kinds...) }

func (c *call) listAccessServices() (fakehttp.Object, *failure) { return c.registeredOf("access") }

func (c *call) listIntegrationServices() (fakehttp.Object, *failure) {
	return c.registeredOf("integration")
}

// integrationServices4 returns the services in the code of 4.x.
func integrationServices4() []fakehttp.Object {
	var all []fakehttp.Object
	for i, name := range strings.Fields("Catalog API Topic Display Database Files Lineage Organization Security " +
		"Analytics Search Infrastructure") {
		all = append(all, fakehttp.Object{
			"serviceId": fakehttp.Raw(600 + i), "serviceName": fakehttp.Raw(name + " Integrator OMIS"),
			"serviceURLMarker": fakehttp.Raw(marker(name) + "-integrator"),
		})
	}
	return all
}

// accessServices4 returns the partners of integration services.
func accessServices4() []fakehttp.Object {
	var all []fakehttp.Object
	for _, name := range []string{
		"Asset Catalog", "Asset Consumer", "Asset Manager", "Community Profile", "Data Manager", "Data Science",
		"IT Infrastructure",
		"Security Manager", "Stewardship Action",
	} {
		all = append(all, fakehttp.Object{"serviceName": fakehttp.Raw(name + " OMAS"),
			"serviceURLMarker": fakehttp.Raw(marker(name))})
	}
	return all
}

func marker(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }

// accessService returns a registered access service, or nil.
func (r release) accessService(marker string) fakehttp.Object {
	all := r.registeredServices()["access"]
	i := slices.IndexFunc(all, func(s fakehttp.Object) bool { return s.Text("serviceURLMarker") == marker })
	if i < 0 {
		return nil
	}
	return all[i]
}
