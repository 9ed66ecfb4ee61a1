package egeriatest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

const (
	bus1    = of1 + "/event-bus"
	access1 = of1 + "/access-services"
	memory1 = of1 + "/local-repository/mode/in-memory-repository"
	file1   = of1 + "/open-metadata-archives"
)

func (c *caller) part(name string) fakehttp.Object {
	doc, _ := fakehttp.ParseObject(c.Document("one"))
	return member(doc, name)
}

func TestEventBus(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		equal(t, "before", c.ok("GET", bus1).Null("config"), true)
		if c.Document("one") != nil {
			t.Error("a read stores")
		}
		c.ok("POST", bus1+"?connectorProvider=com.example.BusProvider&topicURLRoot=egeria",
			`{"producer":{"bootstrap.servers":"h:9092"}}`)
		bus := member(c.ok("GET", bus1).Object, "config")
		equal(t, "bus", fmt.Sprint(bus.Text("class"), bus.Text("connectorProvider"), bus.Text("topicURLRoot")),
			"EventBusConfigcom.example.BusProvideregeria")
		equal(t, "properties", string(bus["configurationProperties"]), `{"producer":{"bootstrap.servers":"h:9092"}}`)
		equal(t, "their former name", bus.Null("additionalProperties"), c.release.since("5.0"))
		c.ok("POST", bus1+"?connectorProvider=&topicURLRoot=")
		equal(t, "of nothing", string(fakehttp.Raw(member(c.ok("GET", bus1).Object, "config"))),
			`{"class":"EventBusConfig"}`)
		c.ok("DELETE", bus1)
		equal(t, "after", c.ok("GET", bus1).Null("config"), true)
		trail := strings.Join(c.AuditTrail("one"), "\n")
		equal(t, "set", strings.Count(trail, " updated configuration for default event bus."), 2)
		equal(t, "deleted", strings.Count(trail, " deleted configuration for default event bus."), 1)
	})
}

func TestRepositoryInMemory(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		c.ok("DELETE", of1+"/local-repository")
		equal(t, "nothing to remove", len(c.part(repository)), 0)
		c.ok("POST", memory1)
		first := member(c.part(repository), localStore)
		equal(t, "mode", first.Text("localRepositoryMode"), "OPEN_METADATA_NATIVE")
		equal(t, "audit log", c.part(repository).Null(auditLogs), false)
		endpoint := member(member(first, "localRepositoryRemoteConnection"), "endpoint")
		address := endpoint.Text("address") + endpoint.Text("networkAddress")
		equal(t, "address", strings.HasSuffix(address, "/servers/one"), true)
		c.ok("POST", memory1)
		second := member(c.part(repository), localStore)
		equal(t, "the id stays", second.Text("metadataCollectionId"), first.Text("metadataCollectionId"))
		c.ok("DELETE", of1+"/local-repository")
		equal(t, "removed", c.part(repository).Null(localStore), true)
		equal(t, "but not the audit log", c.part(repository).Null(auditLogs), false)
	})
}

// A server with a repository, with or without access services, is a metadata access store.
func TestMetadataAccessStoreStarts(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		c.ok("POST", memory1)
		c.ok("POST", access1+"/no-topics")
		kind := member(c.ok("GET", of1+"/server-type-classification").Object, "serverTypeClassification")
		equal(t, "type", kind.Text("serverTypeName"), "Metadata Access Store")
		equal(t, "above", member(kind, "serverSuperType").Text("serverTypeName"), "Metadata Access Point")
		c.ok("POST", c.instance())
		equal(t, "runs", c.Running("one"), true)
	})
}

func (c *caller) enabled() string {
	var names []string
	for _, s := range members(c.ok("GET", access1).Object, "services") {
		names = append(names, s.Text("serviceURLMarker"))
	}
	return strings.Join(names, " ")
}

func TestAccessServices(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		all := c.release.registeredServices()["access"]
		first, second := all[0].Text("serviceURLMarker"), all[1].Text("serviceURLMarker")
		equal(t, "before", c.enabled(), "")
		c.fails("OMAG-ADMIN-400-017", "POST", access1)
		f := c.fails("OMAG-ADMIN-400-005", "POST", access1+"/nothing")
		equal(t, "parameters", string(f.Object["exceptionErrorMessageParameters"]), `["one","nothing"]`)
		equal(t, "a failure changes nothing", c.Document("one") == nil, true)

		c.ok("POST", access1+"/"+second, `{"KarmaPointPlateauThreshold":3}`)
		c.ok("POST", access1+"/"+first+"/no-topics")
		c.ok("POST", access1+"/"+second, `{"x":1}`)
		equal(t, "one by one", c.enabled(), first+" "+second)
		doc, _ := fakehttp.ParseObject(c.Document("one"))
		configs := members(doc, accessConfig)
		equal(t, "options", string(configs[1]["accessServiceOptions"]), `{"x":1}`)
		equal(t, "no bus, no topics", configs[1].Null("accessServiceOutTopic"), true)
		equal(t, "enterprise services", member(member(doc, repository), enterprise).Text("class"),
			"EnterpriseAccessConfig")
		c.ok("DELETE", access1+"/"+first)
		equal(t, "deleted", c.enabled(), second)
		c.ok("DELETE", access1+"/nothing")

		c.ok("POST", bus1+"?topicURLRoot=egeria")
		c.ok("POST", access1)
		doc, _ = fakehttp.ParseObject(c.Document("one"))
		topic := member(member(members(doc, accessConfig)[0], "accessServiceOutTopic"), "endpoint").Text("address")
		equal(t, "topic", topic, "egeria.server.one.omas."+first+".OutTopic")
		equal(t, "all", len(strings.Fields(c.enabled())), len(all))
		c.ok("POST", access1+"/no-topics")
		c.ok("DELETE", access1)
		equal(t, "cleared", c.enabled(), "")
		equal(t, "and what they use", member(c.part(repository), enterprise) == nil ||
			len(member(c.part(repository), enterprise)) == 0, true)
	})
}

func TestArchives(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		equal(t, "before", c.ok("GET", file1).Null("connections"), true)
		for _, file := range []string{"content-packs/CocoTypes.omarchive", "a b & c.json"} {
			c.ok("POST", file1+"/file", file)
		}
		archives := members(c.ok("GET", file1).Object, "connections")
		equal(t, "number", len(archives), 2)
		equal(t, "file", member(archives[1], "endpoint").Text("address"), "a b & c.json")
		c.oddly().fails("OMAG-ADMIN-400-022", "POST", file1+"/file", "  ")
		equal(t, "no body", c.oddly().ask("POST", file1+"/file", "").status, c.refused(400))
		c.ok("DELETE", file1)
		equal(t, "after", c.ok("GET", file1).Null("connections"), true)
	})
}
