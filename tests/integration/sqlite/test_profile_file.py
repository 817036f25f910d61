"""performance.sqlite as MUSCLE3 reads it."""

import subprocess

import pytest

from adapters.sqlite.profile_store import SqliteProfileStore
from domain.coupling.ports import Operator
from domain.identity import Reference
from domain.placement.resources import Core, NodeResources, Resources
from domain.running.profiling import ProfileEvent, ProfileEventType
from tests.support.muscle3 import require_muscle3

MACRO = Reference("macro")


@pytest.mark.slow
@pytest.mark.muscle3
@pytest.mark.parametrize("plot", ["-i", "-r", "-t"])
def test_muscle3_plots_our_profile(tmp_path, plot):
    path = tmp_path / "performance.sqlite"
    write_profile(path)
    command = [require_muscle3().muscle3, "profile", plot, path]
    environment = {"MPLBACKEND": "Agg", "PATH": "/usr/bin:/bin", "MPLCONFIGDIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")


def write_profile(path):
    """Write the profile of a small run with two instances."""
    instances = [MACRO, Reference("micro")]
    node = NodeResources("node1", frozenset({Core(0, frozenset({0}))}))
    store = SqliteProfileStore(path)
    store.add_instances(instances)
    store.add_resources({instance: Resources((node,)) for instance in instances})
    for instance in instances:
        store.add_events(instance, list(_life()))
    store.close()


def _life():
    ms = 1_000_000
    now = 1_795_212_216 * 1000 * ms
    kind = ProfileEventType
    yield ProfileEvent(kind.REGISTER, now, now + ms)
    yield ProfileEvent(kind.CONNECT, now + ms, now + 3 * ms)
    for number in range(3):
        now += 20 * ms
        about = ("port", Operator.S, None, None, number, 100, float(number))
        yield ProfileEvent(kind.SEND, now, now + ms, *about)
        yield ProfileEvent(kind.RECEIVE, now + ms, now + 5 * ms, *about)
        yield ProfileEvent(kind.RECEIVE_WAIT, now + ms, now + 3 * ms, *about)
        yield ProfileEvent(kind.RECEIVE_TRANSFER, now + 3 * ms, now + 4 * ms, *about)
        yield ProfileEvent(kind.RECEIVE_DECODE, now + 4 * ms, now + 5 * ms, *about)
    yield ProfileEvent(kind.SHUTDOWN_WAIT, now + 6 * ms, now + 7 * ms)
    yield ProfileEvent(kind.DEREGISTER, now + 8 * ms, now + 9 * ms)
