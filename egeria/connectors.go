package egeria

import (
	"context"
	"net/http"
	"slices"

	"github.com/integrations-go/sdk/internal/core"
)

// ConnectorProperties sends GET .../integration-connectors/{connector}/configuration-properties. It
// returns the configuration properties of a running connector. They may contain secrets. Since 5.0.
//
// For a connector that the daemon does not run, the platform returns a failure
// (INTEGRATION-DAEMON-SERVICES-400-031).
func (s *DaemonService) ConnectorProperties(
	ctx context.Context, connector string, opts ...CallOption,
) (Object, error) {
	const op = "Daemon.ConnectorProperties"
	if err := invalidCall(op, opts, s.check(), checkName("connector", connector)); err != nil {
		return nil, err
	}
	response, err := call[propertiesResponse](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.getConnectorProperties(ctx, s.name, connector)
	})
	if err != nil {
		return nil, s.explained(err)
	}
	if response.Properties == nil || *response.Properties == nil {
		return Object{}, nil
	}
	return *response.Properties, nil
}

// SetConnectorProperties sends POST .../integration-connectors/configuration-properties, which
// replaces all configuration properties of a running connector, and restarts it. The change is lost
// when the daemon stops. It is an action: a lost response is [ErrOutcomeUnknown]. An attempt may
// take [LongTimeout]. Since 5.0.
//
// The vendor documents that a request without a connector applies to all, but platforms refuse it.
// Therefore an empty connector is [ErrInvalid]. So are nil properties. An empty Object removes all
// properties.
func (s *DaemonService) SetConnectorProperties(
	ctx context.Context, connector string, properties Object, opts ...CallOption,
) error {
	return s.setProperties(ctx, "Daemon.SetConnectorProperties", opts, propertiesRequest{properties, connector, false})
}

// MergeConnectorProperties is [DaemonService.SetConnectorProperties], but keeps properties with
// other names.
func (s *DaemonService) MergeConnectorProperties(
	ctx context.Context, connector string, properties Object, opts ...CallOption,
) error {
	return s.setProperties(ctx, "Daemon.MergeConnectorProperties", opts, propertiesRequest{properties, connector, true})
}

func (s *DaemonService) setProperties(ctx context.Context, op string, opts []CallOption, body propertiesRequest) error {
	var missing error
	if body.Properties == nil {
		missing = core.Arg("properties", "are nil")
	}
	err := invalidCall(op, opts, s.check(), core.Required("connector", body.Connector),
		core.ValidText("connector", body.Connector),
		missing, checkObject("properties", body.Properties))
	if err != nil {
		return err
	}
	opts = append(s.c.long(opts), hideSecrets(body.Properties.sent()))
	return s.explained(callNoResult(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.setConnectorProperties(ctx, s.name, body)
	}))
}

// SetEndpointAddress sends POST .../integration-connectors/{connector}/endpoint-network-address:
// the running connector is restarted and uses this address. The change is lost when the daemon
// stops. It is an action: a lost response is [ErrOutcomeUnknown]. An attempt may take
// [LongTimeout]. Since 5.0.
//
// For a connector that the daemon does not run, the platform returns a failure
// (INTEGRATION-DAEMON-SERVICES-400-031).
func (s *DaemonService) SetEndpointAddress(
	ctx context.Context, connector, address string, opts ...CallOption,
) error {
	const op = "Daemon.SetEndpointAddress"
	err := invalidCall(op, opts, s.check(), checkName("connector", connector), core.Required("address", address),
		core.ValidText("address", address))
	if err != nil {
		return err
	}
	return s.explained(callNoResult(ctx, s.c, op, s.c.long(opts), func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.setEndpointAddress(ctx, s.name, connector, stringRequest{address})
	}))
}

// ValidateConnector sends GET .../validate-connector/{provider}. It returns the description of a
// connector by its connector provider, a Java class, for example its connectorType. The daemon
// needs the class, but does not have to run the connector. Since 6.1.
//
// The failure for a class that the platform does not have is not documented by the vendor.
func (s *DaemonService) ValidateConnector(ctx context.Context, provider string, opts ...CallOption) (Object, error) {
	const op = "Daemon.ValidateConnector"
	if err := invalidCall(op, opts, s.check(), checkName("provider", provider)); err != nil {
		return nil, err
	}
	response, err := call[connectorReportResponse](ctx, s.c, op, opts,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.validateConnector(ctx, s.name, provider)
		})
	if err != nil {
		return nil, s.explained(err)
	}
	if response.Report == nil || *response.Report == nil {
		return nil, badResponse(op, "the response has no report")
	}
	return *response.Report, nil
}

// PublishLineageEvent sends POST .../publish-open-lineage-event: the daemon passes the event to its
// connectors that process OpenLineage events. It is an action: a lost response is
// [ErrOutcomeUnknown]. Since 6.0: platforms of 5.x have another path.
func (s *DaemonService) PublishLineageEvent(ctx context.Context, event Object, opts ...CallOption) error {
	const op = "Daemon.PublishLineageEvent"
	var empty error
	if len(event) == 0 {
		empty = core.Arg("event", "is empty")
	}
	if err := invalidCall(op, opts, s.check(), empty, checkObject("event", event)); err != nil {
		return err
	}
	opts = append(slices.Clip(opts), hideSecrets(event.sent()))
	return s.explained(callNoResult(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.publishLineageEvent(ctx, s.name, event)
	}))
}
