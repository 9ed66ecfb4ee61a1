package egeria_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
)

// documented is the table in the documentation of 4.x: the integration services, and the access
// services that they need.
var documented = [][4]string{
	{"API Integrator", "api-integrator", "Data Manager OMAS", "data-manager"},
	{"Catalog Integrator", "catalog-integrator", "Asset Manager OMAS", "asset-manager"},
	{"Database Integrator", "database-integrator", "Data Manager OMAS", "data-manager"},
	{"Display Integrator", "display-integrator", "Data Manager OMAS", "data-manager"},
	{"Files Integrator", "files-integrator", "Data Manager OMAS", "data-manager"},
	{"Infrastructure Integrator", "infrastructure-integrator", "IT Infrastructure OMAS", "it-infrastructure"},
	{"Lineage Integrator", "lineage-integrator", "Asset Manager OMAS", "asset-manager"},
	{"Organization Integrator", "organization-integrator", "Community Profile OMAS", "community-profile"},
	{"Search Integrator", "search-integrator", "Asset Consumer OMAS", "asset-consumer"},
	{"Security Integrator", "security-integrator", "Security Manager OMAS", "security-manager"},
	{"Stewardship Integrator", "stewardship-integrator", "Stewardship Action OMAS", "stewardship-action"},
	{"Topic Integrator", "topic-integrator", "Data Manager OMAS", "data-manager"},
}

func TestIntegrationServicesAreThoseOfTheDocumentation(t *testing.T) {
	t.Parallel()
	services := egeria.IntegrationServices()
	require.Len(t, services, len(documented))
	for i, want := range documented {
		got := services[i]
		assert.Equal(t, want, [4]string{strings.TrimSuffix(got.Name, " OMIS"), got.Marker, got.Partner.Name,
			got.Partner.Marker})
		assert.True(t, strings.HasSuffix(got.Name, " Integrator OMIS"), got.Name)
		assert.NotEmpty(t, got.Description)
	}
	assert.True(t, slices.IsSortedFunc(services, func(a, b egeria.IntegrationService) int {
		return strings.Compare(a.Name, b.Name)
	}))

	services[0] = egeria.IntegrationService{Name: "mine"}
	services[1].Partner.Name = "mine"
	assert.Equal(t, "API Integrator OMIS", egeria.IntegrationServices()[0].Name, "the caller's slice is its own")
	assert.Equal(t, "Asset Manager OMAS", egeria.IntegrationServices()[1].Partner.Name)
}

func partnerNames(t *testing.T, services ...string) []string {
	t.Helper()
	partners, err := egeria.PartnerServices(services...)
	require.NoError(t, err, services)
	var names []string
	for _, p := range partners {
		names = append(names, p.Name)
	}
	return names
}

func TestPartnerServices(t *testing.T) {
	t.Parallel()
	all := []string{
		"Asset Consumer OMAS", "Asset Manager OMAS", "Community Profile OMAS", "Data Manager OMAS",
		"IT Infrastructure OMAS", "Security Manager OMAS",
		"Stewardship Action OMAS",
	}
	assert.Equal(t, all, partnerNames(t))
	var everyone []string
	for _, row := range documented {
		everyone = append(everyone, row[1])
		short := strings.TrimSuffix(row[0], " Integrator")
		for _, name := range []string{row[0], row[0] + " OMIS", row[1], short, strings.ToUpper(row[1]),
			strings.ToLower(row[0]), strings.ToUpper(short), " " + short + "\n"} {
			partners, err := egeria.PartnerServices(name)
			require.NoError(t, err, "%q", name)
			assert.Equal(t, []egeria.AccessService{{Name: row[2], Marker: row[3]}}, partners, "%q", name)
		}
	}
	assert.Equal(t, all, partnerNames(t, everyone...))
	assert.Equal(t, []string{"Asset Manager OMAS", "Data Manager OMAS"}, partnerNames(t, "Topic", "Files",
		"lineage-integrator", "topic", "Catalog", "API"), "each once, sorted")

	partners, err := egeria.PartnerServices("Files")
	require.NoError(t, err)
	partners[0].Name = "mine"
	assert.Equal(t, []string{"Data Manager OMAS"}, partnerNames(t, "Files"), "the caller's slice is its own")
}

func TestUnknownIntegrationServicesAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", " ", "Analytics", "analytics-integrator", "Integrator", "OMIS",
		"Files Integrator OMAS", "files_integrator", "data-manager", "File"} {
		partners, err := egeria.PartnerServices("Topic", name)
		refusedAs(t, err, "services[1]", name)
		assert.ErrorContains(t, err, "PartnerServices")
		assert.Nil(t, partners)
	}
}
