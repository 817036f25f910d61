"""What programs import, in a fresh process: a model and an agent have to start quickly."""

import pytest

from tests.support.loaded_modules import loaded_by

HEAVY = (
    "dependency_injector",
    "fsspec",
    "paramiko",
    "psutil",
    "rich",
    "sqlite3",
    "structlog",
    "yaml",
    "yatiml",
    "ymmsl",
    "zmq",
)


@pytest.fixture(scope="module")
def instance_library():
    return loaded_by("import entrypoints.instance")


@pytest.fixture(scope="module")
def instance():
    return loaded_by("import entrypoints.instance, entrypoints._instance.instance_wiring")


@pytest.fixture(scope="module")
def agent():
    return loaded_by("import entrypoints.agent")


@pytest.mark.parametrize("module", ["adapters", "application", "logging", "msgpack"])
def test_what_a_model_is_written_with_does_not_load(module, instance_library):
    assert module not in instance_library


@pytest.mark.parametrize(
    "module",
    [
        *HEAVY,
        "asyncio",
        "cloudpickle",
        "concurrent",
        "multiprocessing",
        "numpy",
        "pathlib",
        "typing_extensions",
    ],
)
def test_an_instance_does_not_load(module, instance):
    assert module not in instance


def test_an_instance_loads_little_of_ours(instance):
    assert "domain.model.configuration" not in instance
    ours = {name for name in instance if name.startswith(("adapters.", "application."))}
    assert {name.split(".")[1] for name in ours} <= {
        "instance",
        "interfaces",
        "io",
        "python_logging",
        "snapshot_files",
        "system",
        "tcp",
        "wire",
    }


def test_a_model_can_find_run_simulation_without_loading_it(instance_library):
    assert "entrypoints._simulation.simulation" not in instance_library
    assert "entrypoints._manager.manager_api" not in instance_library


@pytest.mark.parametrize("module", sorted({*HEAVY, "asyncio", "numpy", "logging"} - {"psutil"}))
def test_an_agent_does_not_load(module, agent):
    assert module not in agent


def test_the_command_line_answers_without_loading_what_runs_simulations():
    loaded = loaded_by("import entrypoints.command_line")
    assert not loaded & set(HEAVY)
