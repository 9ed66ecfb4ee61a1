"""Uses a platform with the vendor's own client: configures a metadata access store and an integration daemon, starts
both, and looks after a connector.

Arguments: the URL of the platform, its release, a user, a password. It prints a line for each part, and fails with the
first thing that is not as expected.
"""

import asyncio
import sys
import time

asyncio.set_event_loop(asyncio.new_event_loop())  # the client expects one

try:
    from pyegeria.omvs.core_omag_server_config import CoreServerConfig
    from pyegeria.omvs.server_operations import ServerOps
except ImportError:  # before 6.0
    from pyegeria.core_omag_server_config import CoreServerConfig
    from pyegeria.server_operations import ServerOps

URL, RELEASE, USER, PASSWORD = sys.argv[1:]
TOKENS = RELEASE >= "6"
GROUP = "Egeria:IntegrationGroup:Default"
CONNECTOR = "Files"


def equal(what, got, want):
    if got != want:
        raise AssertionError(f"{what}: {got!r}, not {want!r}")


def fails(what, call):
    """Expects a failure that the client reports in its own way."""
    try:
        call()
    except Exception as error:
        if not type(error).__module__.startswith("pyegeria"):
            raise
        return
    raise AssertionError(f"{what}: no failure")


def done(part):
    print("  " + part, flush=True)


def logged_in(client):
    if TOKENS:
        client.create_egeria_bearer_token(USER, PASSWORD)
    return client


def metadata_store(config):
    config.add_default_log_destinations("store1")
    equal("audit logs", len(config.get_audit_log_destinations("store1")), 1)
    config.set_event_bus({"producer": {"bootstrap.servers": "kafka:9092"}}, "store1")
    equal("event bus", config.get_event_bus("store1")["configurationProperties"]["producer"]["bootstrap.servers"], "kafka:9092")
    config.set_in_mem_local_repository("store1")
    config.configure_all_access_services_no_topics("store1")
    equal("access services", len(config.get_configured_access_services("store1")), 3 if TOKENS else 16)
    config.add_startup_open_metadata_archive_file("content-packs/CoreContentPack.omarchive", "store1")
    equal("archives", len(config.get_open_metadata_archives("store1")), 1)
    equal("type", config.get_server_type_classification("store1")["serverTypeName"], "Metadata Access Store")
    equal("repository", config.get_stored_configuration("store1")["repositoryServicesConfig"]["localRepositoryConfig"]["localRepositoryMode"],
          "OPEN_METADATA_NATIVE")
    done("metadata access store")


def daemon(config):
    def properties():
        config.set_basic_server_properties("what it is for", "Coco", "https://localhost:9443", "daemonnpa", "not a secret", 50, "daemon1")

    if TOKENS:
        fails("properties without a class", properties)
    else:
        properties()
        equal("organization", config.get_stored_configuration("daemon1")["organizationName"], "Coco")
    config.add_default_log_destinations("daemon1")
    config.config_integration_group("store1", URL, "Other", "daemon1")
    config.config_integration_group("store1", URL, GROUP, "daemon1")
    names = [group["integrationGroupQualifiedName"] for group in config.get_integration_groups_config("daemon1")]
    equal("groups", names, ["Other", GROUP])
    fails("a group without a platform", lambda: config.make_request(
        "POST", groups_url(), {"class": "IntegrationGroupConfig", "integrationGroupQualifiedName": "x", "omagserverName": "store1"}))
    done("integration daemon")


def groups_url():
    user = "" if TOKENS else f"/users/{USER}"
    return f"{URL}/open-metadata/admin-services{user}/servers/daemon1/integration-groups/configuration"


def servers(ops):
    fails("a server without a document", lambda: ops.activate_server_stored_config("nobody1"))
    for name in ("store1", "daemon1"):
        ops.activate_server_stored_config(name)
        equal("known", ops.is_server_known(name), True)
        equal("active", ops.check_server_active(name), True)
        equal("running document", ops.get_active_configuration(name)["localServerName"], name)
    equal("active servers", sorted(ops.get_active_server_list()), ["daemon1", "store1"])
    done("servers")


def daemon_url(path):
    """The older client asks daemons under a path that no platform has."""
    user = "" if TOKENS else f"/users/{USER}"
    return f"{URL}/servers/daemon1/open-metadata/integration-daemon{user}/{path}"


def daemon_status(ops):
    if TOKENS:
        return ops.get_integration_daemon_status("daemon1")
    return ops.make_request("GET", daemon_url("status")).json()["integrationDaemonStatus"]


def refresh(ops, name):
    if TOKENS:
        ops.refresh_integration_connectors(name, "daemon1")
    else:
        ops.make_request("POST", daemon_url("integration-connectors/refresh"), {"class": "NameRequestBody", "name": name})


def connector(ops):
    # Until the daemon has connectors, its status is a failure of the platform.
    for _ in range(100):
        try:
            status = daemon_status(ops)
            if status.get("integrationConnectorReports"):
                break
        except Exception as error:
            if not type(error).__module__.startswith("pyegeria"):
                raise
        time.sleep(0.1)
    equal("connector", status["integrationConnectorReports"][0]["connectorName"], CONNECTOR)
    equal("groups", len(status["integrationGroupSummaries"]), 2)
    refresh(ops, CONNECTOR)
    fails("an unknown connector", lambda: refresh(ops, "Nobody"))
    if TOKENS:
        ops.restart_integration_connector(CONNECTOR, "daemon1")
        equal("properties", ops.get_connector_config(CONNECTOR, "daemon1").get("properties"), None)
    done("connector")


def stop(ops):
    ops.shutdown_server("daemon1")
    equal("active servers", ops.get_active_server_list(), ["store1"])
    fails("a stopped server", lambda: ops.shutdown_server("daemon1"))
    ops.shutdown_all_servers()
    equal("active", ops.check_server_active("store1"), False)
    done("stop")


def main():
    config = logged_in(CoreServerConfig("store1", URL, USER, PASSWORD))
    metadata_store(config)
    daemon(config)
    config.set_placeholder_variables({"place": "here"})
    equal("placeholders", config.get_placeholder_variables(), {"place": "here"})
    config.clear_placeholder_variables()
    ops = logged_in(ServerOps("store1", URL, USER, PASSWORD))
    servers(ops)
    connector(ops)
    stop(ops)


main()
