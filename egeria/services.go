package egeria

import (
	"fmt"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/core"
)

// AccessService is an Open Metadata Access Service (OMAS). It runs in the metadata access server of
// an integration group.
type AccessService struct {
	// Name is the full name, for example "Data Manager OMAS".
	Name string
	// Marker is the name in paths, for example "data-manager".
	Marker string
}

// IntegrationService is an Open Metadata Integration Service (OMIS). Integration connectors of 4.x
// use them.
type IntegrationService struct {
	// Name is the full name, for example "Files Integrator OMIS".
	Name string
	// Marker is the name in paths, for example "files-integrator".
	Marker string
	// Description describes the service.
	Description string
	// Partner is the access service that it needs.
	Partner AccessService
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

// IntegrationServices returns the integration services of 4.x, sorted by name, with the access
// services that they need in the metadata access server.
//
// The source is the documentation of integration groups for 4.x. The platforms differ from it: they
// have an Analytics Integrator and no Stewardship Integrator, and on 4.x the partner of the Search
// Integrator is Asset Catalog OMAS. Later releases of 5.x, and 6.0 and later, have no integration
// services. [PlatformService.RegisteredIntegrationServices] returns those of a platform of 4.x or
// 5.x.
func IntegrationServices() []IntegrationService {
	service := func(name, description string, partner AccessService) IntegrationService {
		marker := strings.ToLower(name) + "-integrator"
		return IntegrationService{name + " Integrator OMIS", marker, description, partner}
	}
	return []IntegrationService{
		service("API", "Catalogues APIs.", dataManager),
		service("Catalog", "Synchronizes with data catalogs in both directions.", assetManager),
		service("Database", "Extracts metadata from relational databases.", dataManager),
		service("Display",
			"Extracts metadata from systems that show data to users and take new values from them.", dataManager),
		service("Files", "Collects metadata about the files in file systems and file managers.", dataManager),
		service("Infrastructure",
			"Extracts metadata from IT infrastructure, and maintains infrastructure from metadata.", itInfrastructure),
		service("Lineage",
			"Collects metadata about processes, their logic and the data that they work with.", assetManager),
		service("Organization",
			"Imports how an organization is made up: teams, departments and the like.", communityProfile),
		service("Search", "Builds search indexes from events of the open metadata.", assetConsumer),
		service("Security",
			"Distributes security properties to the points that enforce access control.", securityManager),
		service("Stewardship",
			"Exchanges requests for action, and their results, with a task manager for people.", stewardshipAction),
		service("Topic", "Catalogues topics and event schemas of event brokers.", dataManager),
	}
}

// PartnerServices returns the access services that integration services need in the metadata access
// server, sorted by name and without duplicates. Without arguments it returns those for all
// integration services. Configure these if you do not know which services the connectors use.
//
// An argument is the marker of a service ("files-integrator"), its name ("Files Integrator OMIS")
// or the beginning of its name ("Files", "Files Integrator"), in any letter case. Another name is
// [ErrInvalid]. The result is for 4.x, see [IntegrationServices].
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
			names := []string{s.Marker, s.Name, integrator, strings.TrimSuffix(integrator, " Integrator")}
			return slices.ContainsFunc(names, func(name string) bool {
				return strings.EqualFold(name, strings.TrimSpace(wanted))
			})
		})
		if at < 0 {
			argument := fmt.Sprintf("services[%d]", i)
			return nil, invalidArg("PartnerServices",
				core.Arg(argument, "is %q, which is not an integration service of 4.x", wanted))
		}
		partners = append(partners, all[at].Partner)
	}
	slices.SortFunc(partners, func(a, b AccessService) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(partners), nil
}
