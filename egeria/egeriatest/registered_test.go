package egeriatest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

const registered1 = "/open-metadata/platform-services/server-platform/registered-services"

// services requests the services of a kind, and of all kinds for "".
func (c *caller) services(kind string) []fakehttp.Object {
	c.t.Helper()
	path := registered1
	if kind != "" {
		path += "/" + kind + "-services"
	}
	return members(c.oddly().ok("GET", path).Object, "services")
}

// The numbers are those of real platforms.
func TestRegisteredServicesByRelease(t *testing.T) {
	for release, want := range map[string]string{
		"4.0": "7 9 0 12 0 5 33", "4.2": "7 9 0 12 0 5 33", "5.0": "9 16 0 11 26 3 65", "5.3": "9 16 0 11 26 3 65",
		"6.0": "5 3 0 404 39 3 50", "6.1": "5 3 0 404 39 3 50",
	} {
		c := start(t, release)
		var got []string
		for _, kind := range append(kinds, "") {
			if kind == "integration" && c.release.bearers() {
				got = append(got, fmt.Sprint(c.ask("GET", registered1+"/integration-services", "").status))
				continue
			}
			got = append(got, fmt.Sprint(len(c.services(kind))))
		}
		equal(t, release, strings.Join(got, " "), want)
	}
}

// An empty list is absent, like every other.
func TestNoEngineServices(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		equal(t, "services", c.oddly().ok("GET", registered1+"/engine-services").Null("services"), true)
		equal(t, "no kind", c.ask("GET", registered1+"/nothing", "").status, c.refused(404))
	})
}

func TestRegisteredServicesHaveTheirMembers(t *testing.T) {
	for _, tt := range []struct{ release, kind, name, want string }{
		{"5.3", "access", "Asset Manager OMAS", "asset-manager|STABLE|Metadata Access Server||"},
		{"5.3", "integration", "Files Integrator OMIS",
			"files-integrator|STABLE|Integration Daemon|Data Manager OMAS|Metadata Access Server"},
		{"5.3", "integration", "Security Integrator OMIS",
			"security-integrator|IN_DEVELOPMENT|Integration Daemon|Security Manager OMAS|Metadata Access Server"},
		{"6.1", "access", "Open Metadata Store Services", "open-metadata-store|STABLE|Metadata Access Server||"},
		{"6.1", "view", "Product Catalog API",
			"product-catalog|STABLE|View Server|Open Metadata Store Services|Metadata Access Server"},
		{"6.1", "governance", "Integration Daemon Services",
			"integration-daemon|STABLE|Integration Daemon|Open Metadata Store Services|Metadata Access Server"},
		{"4.2", "common", "Administration Services", "admin-services|STABLE|||"},
	} {
		found := false
		for _, s := range start(t, tt.release).services(tt.kind) {
			if s.Text("serviceName") != tt.name {
				continue
			}
			found = true
			got := []string{
				s.Text("serviceURLMarker"), s.Text("serviceDevelopmentStatus"), s.Text("serverType"),
				s.Text("partnerServiceName"), s.Text("partnerServerType"),
			}
			equal(t, tt.release+" "+tt.name, strings.Join(got, "|"), tt.want)
			equal(t, tt.release+" "+tt.name+" prose", s.Text("serviceDescription") != "" &&
				strings.HasPrefix(s.Text("serviceWiki"), "https://"), true)
		}
		equal(t, tt.release+" "+tt.name, found, true)
	}
	for _, s := range start(t, "5.3").services("integration") {
		if strings.HasPrefix(s.Text("serviceName"), "Search") {
			t.Error("5.3 has a Search Integrator")
		}
	}
}
