package egeria

// Parts of the generated code for the tests in package egeria_test.

type (
	DaemonServicesResponse     = daemonServicesResponse
	DaemonStatusResponse       = daemonStatusResponse
	DocumentResponse           = documentResponse
	DocumentsResponse          = documentsResponse
	FlagResponse               = flagResponse
	GroupSummariesResponse     = groupSummariesResponse
	GroupSummaryResponse       = groupSummaryResponse
	InstanceStatusResponse     = instanceStatusResponse
	IntegrationGroups          = integrationGroups
	IntegrationGroupsResponse  = integrationGroupsResponse
	MessageResponse            = messageResponse
	NameRequest                = nameRequest
	PropertiesRequest          = propertiesRequest
	RegisteredServicesResponse = registeredServicesResponse
	ServerPropertiesResponse   = serverPropertiesResponse
	ServerStatusResponse       = serverStatusResponse
	ServersResponse            = serversResponse
	SetMaxPageSizeParams       = setMaxPageSizeParams
	SetOrganizationNameParams  = setOrganizationNameParams
	SetServerTypeParams        = setServerTypeParams
	SetServerUserIDParams      = setServerUserIDParams
	StringRequest              = stringRequest
	TokenRequest               = tokenRequest
	URLRequest                 = urlRequest
)

var (
	NewClearIntegrationGroupsRequest   = newClearIntegrationGroupsRequest
	NewDeleteIntegrationGroupRequest   = newDeleteIntegrationGroupRequest
	NewGetIntegrationGroupsRequest     = newGetIntegrationGroupsRequest
	NewGetOriginRequest                = newGetOriginRequest
	NewRefreshConnectorsRequest        = newRefreshConnectorsRequest
	NewRefreshGroupConfigRequest       = newRefreshGroupConfigRequest
	NewReplaceIntegrationGroupsRequest = newReplaceIntegrationGroupsRequest
	NewRestartConnectorsRequest        = newRestartConnectorsRequest
	NewSetMaxPageSizeRequest           = newSetMaxPageSizeRequest
	NewSetOrganizationNameRequest      = newSetOrganizationNameRequest
	NewSetServerDescriptionRequest     = newSetServerDescriptionRequest
	NewSetServerTypeRequest            = newSetServerTypeRequest
	NewSetServerURLRootRequest         = newSetServerURLRootRequest
	NewSetServerUserIDRequest          = newSetServerUserIDRequest
	NewStartServerRequest              = newStartServerRequest
)
