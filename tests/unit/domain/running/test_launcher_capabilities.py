from domain.running.launcher_capabilities import LauncherCapabilities


def test_manager_location_of_a_node_replaces_the_default():
    capabilities = LauncherCapabilities(manager_locations={"behind": "tcp:localhost:4711"})
    assert capabilities.manager_location("behind", default="tcp:m:9000") == "tcp:localhost:4711"
    assert capabilities.manager_location("beside", default="tcp:m:9000") == "tcp:m:9000"
