import pytest

from domain.running.launcher_capabilities import LauncherCapabilities


def test_manager_location_of_a_node_replaces_the_default():
    capabilities = LauncherCapabilities(manager_locations={"behind": "tcp:localhost:4711"})
    assert capabilities.manager_location("behind", default="tcp:m:9000") == "tcp:localhost:4711"
    assert capabilities.manager_location("beside", default="tcp:m:9000") == "tcp:m:9000"


@pytest.mark.parametrize(
    ("capabilities", "needed"),
    [
        (LauncherCapabilities(), True),
        (LauncherCapabilities(uses_loopback=True), False),
        (LauncherCapabilities(is_this_machine=True), False),
    ],
)
def test_network_is_needed_if_a_node_does_not_use_loopback(capabilities, needed):
    assert capabilities.needs_network is needed


@pytest.mark.parametrize("default", [True, False])
def test_users_choice_about_oversubscription_replaces_the_default(default):
    capabilities = LauncherCapabilities(may_oversubscribe=default)
    assert capabilities.oversubscribes(None) is default
    assert capabilities.oversubscribes(True) is True
    assert capabilities.oversubscribes(False) is False
