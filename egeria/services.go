package egeria

import (
	"fmt"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/core"
)

// AccessService is an Open Metadata Access Service (OMAS), which runs in the metadata access server that an integration group is configured with.
type AccessService struct {
	Name   string // for example "Data Manager OMAS"
	Marker string // the part of a path that stands for it, for example "data-manager"
}

// IntegrationService is an Open Metadata Integration Service (OMIS), which integration connectors of 4.x use.
type IntegrationService struct {
	Name        string // for example "Files Integrator OMIS"
	Marker      string // the part of a path that stands for it, for example "files-integrator"
	Description string
	Partner     AccessService // which it needs
}

var (
	assetConsumer     = AccessService{"Asset Consumer OMAS", "asset-consumer"}
	assetManager      = AccessService{"Asset Manager OMAS", "asset-manager"}
	communityProfile  = AccessService{"Community Profile OMAS", "community-profile"}
	dataManager       = AccessService{"Data Manager OMAS", "data-manager"}
	itInfrastructure  = AccessService{"IT Infrastructure OMAS", "it-infrastructure"}
	securityManager   = AccessService{"Security Manager OMAS", "security-manager"}
	stewardshipAction = AccessService{"Stewardship Action OMAS", "stewardship-action"}
)

// IntegrationServices are the integration services, sorted by name, with the access services that they need in the metadata access server.
//
// They are those of 4.x, as its documentation of integration groups lists them. The platforms themselves do not agree with it: they have an Analytics Integrator and no Stewardship Integrator, and
// the partner of the Search Integrator is called Asset Catalog OMAS in 4.x. Later releases of 5.x and 6.0 have no integration services any more. What a platform of 4.x or 5.x has
// is told by [PlatformService.RegisteredIntegrationServices].
func IntegrationServices() []IntegrationService {
	service := func(name, description string, partner AccessService) IntegrationService {
		return IntegrationService{name + " Integrator OMIS", strings.ToLower(name) + "-integrator", description, partner}
	}
	return []IntegrationService{
		service("API", "Catalogues APIs.", dataManager),
		service("Catalog", "Synchronizes with data catalogs in both directions.", assetManager),
		service("Database", "Extracts metadata from relational databases.", dataManager),
		service("Display", "Extracts metadata from systems that show data to users and take new values from them.", dataManager),
		service("Files", "Collects metadata about the files in file systems and file managers.", dataManager),
		service("Infrastructure", "Extracts metadata from IT infrastructure, and maintains infrastructure from metadata.", itInfrastructure),
		service("Lineage", "Collects metadata about processes, their logic and the data that they work with.", assetManager),
		service("Organization", "Imports how an organization is made up: teams, departments and the like.", communityProfile),
		service("Search", "Builds search indexes from events of the open metadata.", assetConsumer),
		service("Security", "Distributes security properties to the points that enforce access control.", securityManager),
		service("Stewardship", "Exchanges requests for action, and their results, with a task manager for people.", stewardshipAction),
		service("Topic", "Catalogues topics and event schemas of event brokers.", dataManager),
	}
}

// PartnerServices are the access services that a set of integration services needs in the metadata access server, each once, sorted by name; without services those that all of them need, which is what
// to configure where it is not known which ones the connectors use. A service is named by its marker ("files-integrator"), its name ("Files Integrator OMIS") or the beginning of it ("Files", "Files Integrator"), in any
// case. Another name is [ErrInvalid]. It is a fact of 4.x, see [IntegrationServices].
func PartnerServices(services ...string) ([]AccessService, error) {
	all := IntegrationServices()
	var partners []AccessService
	if len(services) == 0 {
		for _, s := range all {
			partners = append(partners, s.Partner)
		}
	}
	for i, wanted := range services {
		at := slices.IndexFunc(all, func(s IntegrationService) bool {
			integrator := strings.TrimSuffix(s.Name, " OMIS")
			return slices.ContainsFunc([]string{s.Marker, s.Name, integrator, strings.TrimSuffix(integrator, " Integrator")}, func(name string) bool { return strings.EqualFold(name, strings.TrimSpace(wanted)) })
		})
		if at < 0 {
			return nil, refuse("PartnerServices", core.Arg(fmt.Sprintf("services[%d]", i), "is %q, which is no integration service of 4.x", wanted))
		}
		partners = append(partners, all[at].Partner)
	}
	slices.SortFunc(partners, func(a, b AccessService) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(partners), nil
}
