package egeria

import "github.com/integrations-go/sdk/egeria/api"

// The everyday types of package [api], under the names that this package's methods use. Their fields and methods are documented there.
type (
	// IntegrationGroup is an entry of an integration daemon's configuration.
	IntegrationGroup = api.IntegrationGroup
	// Document is the configuration document of a server.
	Document = api.Document
	// ServerProperties are the basic properties of a server.
	ServerProperties = api.ServerProperties
	// DaemonServices is what a configuration document says of an integration daemon.
	DaemonServices = api.DaemonServices
	// ServerStatus tells when a server has run.
	ServerStatus = api.ServerStatus
	// InstanceStatus tells how a running server does.
	InstanceStatus = api.InstanceStatus
	// RegisteredService is a service that servers on a platform can run.
	RegisteredService = api.RegisteredService
	// DaemonStatus tells how the groups and connectors of a daemon do.
	DaemonStatus = api.DaemonStatus
	// GroupSummary tells how a group of a daemon does.
	GroupSummary = api.GroupSummary
	// GroupStatus is the state of a group.
	GroupStatus = api.GroupStatus
	// ConnectorReport tells how a connector of a daemon does.
	ConnectorReport = api.ConnectorReport
	// ConnectorStatus is the state of a connector.
	ConnectorStatus = api.ConnectorStatus
	// Envelope is what every reply carries: how it went, and why not.
	Envelope = api.Envelope
	// Time is a time in one of the forms that platforms write.
	Time = api.Time
)

// NewDocument takes a JSON object as a [Document].
func NewDocument(object []byte) (Document, error) { return api.NewDocument(object) }
