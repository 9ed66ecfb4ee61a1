package egeria

import (
	"context"
	"fmt"
	"net/http"

	"github.com/integrations-go/sdk/internal/core"
)

// AuditLogs sends GET .../audit-log-destinations. It returns the connections to the destinations of
// the server's audit log. Connections may contain secrets.
func (s *ConfigService) AuditLogs(ctx context.Context, opts ...CallOption) ([]Object, error) {
	const op = "Config.AuditLogs"
	if err := invalidCall(op, opts, s.check()); err != nil {
		return nil, err
	}
	response, err := call[connectionsResponse](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.listAuditLogs(ctx, s.name)
	})
	if err != nil {
		return nil, err
	}
	return emptyIfNil(response.Connections), nil
}

// AddConsoleAuditLog sends POST .../audit-log-destinations/console: the server also writes the
// records of these severities, such as "Error" and "Exception", to the console of the platform.
//
// Without severities, the error is [ErrInvalid]: the vendor documents that an empty list means all
// severities, but platforms describe such a destination as one without output.
func (s *ConfigService) AddConsoleAuditLog(ctx context.Context, severities []string, opts ...CallOption) error {
	return s.simple(ctx, "Config.AddConsoleAuditLog", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.addConsoleAuditLog(ctx, s.name, severities)
	}, checkSeverities(severities)...)
}

// AddSLF4JAuditLog sends POST .../audit-log-destinations/slf4j: the server also writes the records
// of these severities to the log of the platform. For the severities, see
// [ConfigService.AddConsoleAuditLog].
func (s *ConfigService) AddSLF4JAuditLog(ctx context.Context, severities []string, opts ...CallOption) error {
	return s.simple(ctx, "Config.AddSLF4JAuditLog", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.addSLF4JAuditLog(ctx, s.name, severities)
	}, checkSeverities(severities)...)
}

func checkSeverities(severities []string) []error {
	if len(severities) == 0 {
		return []error{core.Arg("severities", "is empty")}
	}
	var checks []error
	for i, severity := range severities {
		argument := fmt.Sprintf("severities[%d]", i)
		checks = append(checks, core.Required(argument, severity), core.ValidText(argument, severity))
	}
	return checks
}

// DeleteAuditLog sends DELETE .../audit-log-destinations/connection/{name}. The name is the member
// qualifiedName or displayName of a connection. If there is no such destination, the error is
// [ErrNotFound] (OMAG-ADMIN-404-100).
func (s *ConfigService) DeleteAuditLog(ctx context.Context, name string, opts ...CallOption) error {
	return s.simple(ctx, "Config.DeleteAuditLog", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.deleteAuditLog(ctx, s.name, name)
	}, checkName("name", name))
}

// ClearAuditLogs sends DELETE .../audit-log-destinations, which removes all destinations.
func (s *ConfigService) ClearAuditLogs(ctx context.Context, opts ...CallOption) error {
	return s.simple(ctx, "Config.ClearAuditLogs", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.clearAuditLogs(ctx, s.name)
	})
}

// ServerType sends GET .../server-type-classification. It returns the type that the platform
// derives from the document. [ConfigService.SetServerType] has no effect on it. If the document
// describes no server yet, the platform returns a failure (OMAG-ADMIN-400-010, -019 or -035).
func (s *ConfigService) ServerType(ctx context.Context, opts ...CallOption) (*ServerType, error) {
	const op = "Config.ServerType"
	if err := invalidCall(op, opts, s.check()); err != nil {
		return nil, err
	}
	response, err := call[serverTypeResponse](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.getServerTypeClassification(ctx, s.name)
	})
	if err != nil {
		return nil, err
	}
	if response.Type == nil {
		return nil, badResponse(op, "the response has no type")
	}
	return response.Type, nil
}
