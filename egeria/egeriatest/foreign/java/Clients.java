import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.odpi.openmetadata.adminservices.client.ConfigurationManagementClient;
import org.odpi.openmetadata.adminservices.client.IntegrationDaemonConfigurationClient;
import org.odpi.openmetadata.adminservices.client.MetadataAccessStoreConfigurationClient;
import org.odpi.openmetadata.adminservices.client.OMAGServerConfigurationClient;
import org.odpi.openmetadata.adminservices.client.OMAGServerOperationsClient;
import org.odpi.openmetadata.adminservices.client.OMAGServerPlatformConfigurationClient;
import org.odpi.openmetadata.adminservices.configuration.properties.IntegrationGroupConfig;
import org.odpi.openmetadata.frameworks.connectors.properties.beans.Connection;
import org.odpi.openmetadata.frameworks.connectors.properties.beans.ConnectorType;
import org.odpi.openmetadata.platformservices.client.PlatformServicesClient;

/**
 * Uses a platform with the vendor's own clients: configures a metadata access store and an integration
 * daemon, starts and stops them, and expects what the clients say of failures.
 *
 * Arguments: the URL of the platform, a user. It prints a line for each part, and fails with the first
 * thing that is not as expected.
 */
@SuppressWarnings("deprecation")
public class Clients {
    private final String url;
    private final String user;

    private Clients(String url, String user) {
        this.url = url;
        this.user = user;
    }

    public static void main(String[] args) throws Exception {
        Clients clients = new Clients(args[0], args[1]);
        clients.properties();
        clients.auditLogs();
        clients.groups();
        clients.metadataStore();
        clients.connections();
        clients.documents();
        clients.servers();
        clients.services();
    }

    private interface Call {
        void run() throws Exception;
    }

    private static void equal(String what, Object got, Object want) {
        if (!Objects.equals(got, want)) {
            throw new AssertionError(what + ": " + got + ", not " + want);
        }
    }

    /** Expects a failure of a class with a message. The client takes both from the response. */
    private static void fails(String exception, String message, Call call) {
        try {
            call.run();
        } catch (Exception error) {
            String text = error.getClass().getSimpleName() + ": " + error;
            equal("failure", text.contains(exception) && text.contains(message) ? "as expected" : text, "as expected");
            return;
        }
        throw new AssertionError("no " + exception + " with " + message);
    }

    private static void done(String part) {
        System.out.println("  " + part);
    }

    private IntegrationDaemonConfigurationClient daemon(String name) throws Exception {
        return new IntegrationDaemonConfigurationClient(user, name, url);
    }

    private void properties() throws Exception {
        OMAGServerConfigurationClient server = daemon("properties1");
        server.setOrganizationName("Coco & Co");
        server.setServerDescription("what it is for, é");
        server.setServerUserId("daemonnpa");
        server.setServerPassword("not a secret");
        server.setMaxPageSize(50);
        server.setServerURLRoot("https://other.example:9443");
        server.setServerType("Integration Daemon");
        server.setEventBus(null, "egeria", Map.of("producer", Map.of("bootstrap.servers", "kafka:9092")));
        var document = server.getOMAGServerConfig();
        equal("organization", document.getOrganizationName(), "Coco & Co");
        equal("description", document.getLocalServerDescription(), "what it is for, é");
        equal("user", document.getLocalServerUserId(), "daemonnpa");
        equal("password", document.getLocalServerPassword(), "not a secret");
        equal("page size", document.getMaxPageSize(), 50);
        equal("URL", document.getLocalServerURL(), "https://other.example:9443");
        equal("event bus", document.getEventBusConfig().getTopicURLRoot(), "egeria");
        equal("audit trail", document.getAuditTrail().size(), 8);
        fails("InvalidParameter", "OMAG-ADMIN-400-014", () -> server.setMaxPageSize(-1));
        done("properties of a server");
    }

    private void auditLogs() throws Exception {
        OMAGServerConfigurationClient server = daemon("logs1");
        server.setDefaultAuditLog();
        server.addConsoleAuditLogDestination(List.of("Error", "Exception"));
        server.addSLF4JAuditLogDestination(List.of("Security"));
        equal("audit logs", logs(server), 3);
        server.clearAuditLogDestination("SLF4J");
        equal("audit logs", logs(server), 2);
        fails("InvalidParameter", "OMAG-ADMIN-404-100", () -> server.clearAuditLogDestination("SLF4J"));
        server.clearAuditLogDestinations();
        equal("audit logs", logs(server), 0);
        done("audit log destinations");
    }

    private static int logs(OMAGServerConfigurationClient server) throws Exception {
        var connections = server.getOMAGServerConfig().getRepositoryServicesConfig().getAuditLogConnections();
        return connections == null ? 0 : connections.size();
    }

    private IntegrationGroupConfig group(String name) {
        IntegrationGroupConfig group = new IntegrationGroupConfig();
        group.setIntegrationGroupQualifiedName(name);
        group.setOMAGServerPlatformRootURL(url);
        group.setOMAGServerName("store1");
        return group;
    }

    private void groups() throws Exception {
        IntegrationDaemonConfigurationClient daemon = daemon("daemon1");
        equal("groups", daemon.getIntegrationGroupsConfiguration(), null);
        daemon.configureIntegrationGroup(group("Egeria:IntegrationGroup:Default"));
        equal("groups", daemon.getIntegrationGroupsConfiguration().size(), 1);
        equal("name", daemon.getIntegrationGroupsConfiguration().get(0).getIntegrationGroupQualifiedName(), "Egeria:IntegrationGroup:Default");
        daemon.configureIntegrationGroup(group("Other group"));
        equal("a group is lost, which is a bug of these releases", daemon.getIntegrationGroupsConfiguration().size(), 1);
        daemon.clearIntegrationGroup("Other group");
        equal("groups", daemon.getIntegrationGroupsConfiguration(), null);
        daemon.configureIntegrationGroup(group("Egeria:IntegrationGroup:Default"));
        // The client leaves out the class of the items, which a platform refuses.
        fails("ConfigurationError", "400", () -> daemon.setIntegrationGroupsConfig(new ArrayList<>(List.of(group("a"), group("b")))));
        IntegrationGroupConfig nameless = group(null);
        fails("InvalidParameter", "integrationGroupQualifiedName", () -> daemon.configureIntegrationGroup(nameless));
        daemon.setDefaultAuditLog();
        equal("type", daemon.getServerClassification().getServerTypeName(), "Integration Daemon");
        equal("integration services", daemon.getConfiguredIntegrationServices(), null);
        done("integration groups");
    }

    private void metadataStore() throws Exception {
        MetadataAccessStoreConfigurationClient store = new MetadataAccessStoreConfigurationClient(user, "store1", url);
        store.setDefaultAuditLog();
        store.setInMemLocalRepository();
        fails("ConfigurationError", "OMAG-ADMIN-400-017", () -> store.configureAllAccessServices(null));
        store.configureAllAccessServicesNoTopics(null);
        int all = store.getRegisteredAccessServices().size();
        equal("access services", store.getConfiguredAccessServices().size(), all);
        store.disableAccessService("data-manager");
        equal("access services", store.getConfiguredAccessServices().size(), all - 1);
        store.configureAccessServiceNoTopics("data-manager", Map.of("KarmaPointPlateauThreshold", 3));
        equal("configuration", store.getAccessServicesConfiguration().get(all - 1).getAccessServiceURLMarker(), "data-manager");
        fails("ConfigurationError", "OMAG-ADMIN-400-005", () -> store.configureAccessServiceNoTopics("nothing"));
        store.addStartUpOpenMetadataArchiveFile("content-packs/CocoTypes.omarchive");
        equal("archives", store.getOMAGServerConfig().getRepositoryServicesConfig().getOpenMetadataArchiveConnections().size(), 1);
        store.clearOpenMetadataArchives();
        equal("type", store.getServerClassification().getServerTypeName(), "Metadata Access Store");
        done("metadata access store");
    }

    private void connections() throws Exception {
        ConnectorType type = new ConnectorType();
        type.setConnectorProviderClassName("com.example.SecurityProvider");
        Connection connection = new Connection();
        connection.setConnectorType(type);
        OMAGServerConfigurationClient server = daemon("secure1");
        equal("security", server.getServerSecurityConnection(), null);
        server.setServerSecurityConnection(connection);
        equal("security", server.getServerSecurityConnection().getConnectorType().getConnectorProviderClassName(), "com.example.SecurityProvider");
        server.clearServerSecurityConnection();
        OMAGServerPlatformConfigurationClient platform = new OMAGServerPlatformConfigurationClient(user, url);
        platform.setConfigurationStoreConnection(connection);
        equal("store", platform.getConfigurationStoreConnection().getConnectorType().getConnectorProviderClassName(), "com.example.SecurityProvider");
        platform.clearConfigurationStoreConnection();
        equal("store", platform.getConfigurationStoreConnection(), null);
        platform.setPlatformSecurityConnection(connection);
        platform.clearPlatformSecurityConnection();
        equal("platform security", platform.getPlatformSecurityConnection(), null);
        done("connections");
    }

    private void documents() throws Exception {
        ConfigurationManagementClient all = new ConfigurationManagementClient(user, url);
        var document = all.getOMAGServerConfig("daemon1");
        document.setOrganizationName("replaced");
        all.setOMAGServerConfig(document);
        equal("organization", all.getOMAGServerConfig("daemon1").getOrganizationName(), "replaced");
        equal("documents", all.getAllServerConfigurations().size(), 5);
        all.deployOMAGServerConfig("daemon1", url);
        fails("ConfigurationError", "OMAG-ADMIN-503-001", () -> all.deployOMAGServerConfig("daemon1", "http://127.0.0.1:1"));
        OMAGServerConfigurationClient gone = daemon("gone1");
        gone.setOrganizationName("o");
        gone.clearOMAGServerConfig();
        equal("organization", gone.getOMAGServerConfig().getOrganizationName(), null);
        done("documents");
    }

    private void servers() throws Exception {
        PlatformServicesClient platform = new PlatformServicesClient("platform", url);
        equal("known servers", platform.getKnownServers(user), null);
        for (String name : List.of("store1", "daemon1")) {
            OMAGServerOperationsClient server = new OMAGServerOperationsClient(user, name, url);
            equal("message", server.activateWithStoredConfig().contains(name + " is running the following services: ["), true);
            equal("running document", server.getActiveConfiguration().getLocalServerName(), name);
            equal("state", server.getServerStatus().getServerActiveStatus().getName(), "Running");
            equal("services", platform.getActiveServices(user, name).contains("Open Metadata Repository Services (OMRS)"), true);
            equal("active", platform.getServerStatus(user, name).getIsActive(), true);
        }
        equal("active servers", platform.getActiveServers(user).size(), 2);
        OMAGServerOperationsClient daemon = new OMAGServerOperationsClient(user, "daemon1", url);
        daemon.deactivateTemporarily();
        equal("active servers", platform.getActiveServers(user), List.of("store1"));
        // The administration client knows its own exceptions only, and puts others into this one.
        fails("ConfigurationError", "OMAG-MULTI-TENANT-404-001", daemon::deactivateTemporarily);
        fails("InvalidParameter", "OMAG-MULTI-TENANT-404-001", () -> platform.getServerStatus(user, "nobody"));
        new OMAGServerOperationsClient(user, "store1", url).deactivatePermanently();
        equal("active servers", platform.getActiveServers(user), null);
        done("servers");
    }

    private void services() throws Exception {
        PlatformServicesClient platform = new PlatformServicesClient("platform", url);
        equal("origin", platform.getPlatformOrigin(user).contains("Egeria OMAG Server Platform (version "), true);
        equal("common services", platform.getCommonServices(user).size(), 7);
        equal("governance services", platform.getGovernanceServices(user).size(), 5);
        equal("integration services", platform.getIntegrationServices(user).size(), 12);
        equal("access services", platform.getAccessServices(user).get(0).getServiceURLMarker(), "asset-catalog");
        equal("engine services", platform.getEngineServices(user), null);
        equal("view services", platform.getViewServices(user), null);
        // The client of 4.0 sends the name twice.
        equal("connector type", platform.getConnectorType(user, "com.example.FilesProvider").getConnectorProviderClassName().startsWith("com.example.FilesProvider"), true);
        done("services of the platform");
    }
}
