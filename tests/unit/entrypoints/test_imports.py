"""The modules that programs import, in a new process: a model and an agent must start quickly."""

import pytest

from tests.support.loaded_modules import loaded_by

HEAVY = (
    "cryptography",
    "dependency_injector",
    "fsspec",
    "paramiko",
    "psutil",
    "rich",
    "sqlite3",
    "ssl",
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
def test_instance_library_does_not_import(module, instance_library):
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
def test_instance_does_not_import(module, instance):
    assert module not in instance


def test_instance_imports_few_of_our_packages(instance):
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


def test_run_simulation_is_public_but_not_imported(instance_library):
    assert "entrypoints._simulation.simulation" not in instance_library
    assert "entrypoints._manager.manager_api" not in instance_library


@pytest.mark.parametrize(
    "module", sorted({*HEAVY, "asyncio", "logging", "numpy", "typing_extensions"} - {"psutil"})
)
def test_agent_does_not_import(module, agent):
    assert module not in agent


def test_manager_imports_its_container_only_when_it_opens():
    loaded = loaded_by("import entrypoints.manager")
    assert not loaded & {"dependency_injector", "entrypoints.containers.manager", "structlog"}


@pytest.mark.parametrize("module", sorted({*HEAVY, "numpy"} - {"ssl"}))
def test_worker_of_the_task_runtime_does_not_import(module):
    # asyncio imports ssl
    assert module not in loaded_by("import entrypoints.worker")


def test_command_line_does_not_import_the_simulation_for_help():
    loaded = loaded_by("import entrypoints.command_line")
    assert not loaded & set(HEAVY)
