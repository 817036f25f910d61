"""What programs import, in a fresh process: a model and an agent have to start quickly."""

import subprocess
import sys

import pytest

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


def loaded_by(code):
    """Return the names of the modules that a fresh process has after running some code."""
    program = f"import sys\nbefore = set(sys.modules)\n{code}\n"
    program += "print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def instance_library():
    # numpy is needed in any case, and what it loads is not for us to choose
    return loaded_by(
        "import numpy, msgpack; before = set(sys.modules); import entrypoints.instance"
    )


@pytest.fixture(scope="module")
def agent():
    return loaded_by("import entrypoints.agent")


@pytest.mark.parametrize(
    "module", [*HEAVY, "asyncio", "cloudpickle", "concurrent", "logging", "multiprocessing"]
)
def test_a_model_does_not_load(module, instance_library):
    assert module not in instance_library


def test_a_model_loads_little_of_ours(instance_library):
    ours = {name for name in instance_library if name.startswith(("adapters.", "application."))}
    assert {name.split(".")[1] for name in ours} <= {
        "filesystem",
        "instance",
        "interfaces",
        "system",
        "tcp",
        "wire",
    }


def test_a_model_can_find_run_simulation_without_loading_it(instance_library):
    assert "entrypoints.simulation" not in instance_library
    assert "entrypoints.embedding" not in instance_library


@pytest.mark.parametrize("module", sorted({*HEAVY, "asyncio", "numpy", "logging"} - {"psutil"}))
def test_an_agent_does_not_load(module, agent):
    assert module not in agent


def test_the_command_line_answers_without_loading_what_runs_simulations():
    loaded = loaded_by("import entrypoints.command_line")
    assert not loaded & set(HEAVY)
