"""Sessions recover from a cut anywhere: no request is lost or executed twice.

Proxies in front of the manager and of each instance cut each connection before and after each field
of the transport and inside each payload, in both directions. The model counts in a way that reveals
lost and duplicate messages, and logs a line each step.
"""

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgpack
import numpy as np
import pytest

from tests.support import scenario_runs
from tests.support.cutting_proxy import (
    GREETING_CUTS,
    RESUME_CUTS,
    Cut,
    CuttingProxy,
    interleaved,
)
from tests.support.proxy import Address
from tests.support.scenario_runs import LibraryName, ManagerName, ScenarioRun, run_scenario

pytestmark = [pytest.mark.slow, pytest.mark.muscle3, pytest.mark.timeout(180)]

TRUSTING_MANAGER = """
from adapters.processes import peer_processes

# programs without a proof connect through a proxy, which the manager did not start
peer_processes.new_peer_processes = lambda secret: peer_processes.AssumedPeerProcesses()
from entrypoints.command_line import run_manager

run_manager()
"""

STEPS = 24
REGISTER_INSTANCE = 1
SCRIPT = """#!/bin/sh
printf %s "$MUSCLE_MANAGER" >{location}.$$ && mv {location}.$$ {location}
MUSCLE_MANAGER={proxy}
export MUSCLE_MANAGER
{forget}
exec {python} "$@"
"""
GOODBYES = {
    "macro": Cut("before", "goodbye", "server"),
    "micro": Cut("after", "goodbye", "server"),
}


@dataclass(frozen=True, slots=True)
class Pairing:
    """The libraries of manager and programs, and whether ours receive the secret of the run."""

    manager: ManagerName
    macro: LibraryName
    micro: LibraryName
    has_secret: bool = False

    @property
    def libraries(self) -> dict[str, LibraryName]:
        return {"macro": self.macro, "micro": self.micro}

    def greets(self, instance: str) -> bool:
        """Return whether an instance uses our handshake with the manager."""
        return self.has_secret and self.libraries[instance] == "conjoin"


PAIRINGS = {
    "conjoin_only_with_the_secret": Pairing("conjoin", "conjoin", "conjoin", True),
    "conjoin_only_without_the_secret": Pairing("conjoin", "conjoin", "conjoin"),
    "muscle3_manager": Pairing("muscle3", "conjoin", "conjoin"),
    "muscle3_macro": Pairing("conjoin", "muscle3", "conjoin"),
    "muscle3_micro": Pairing("conjoin", "conjoin", "muscle3"),
}


class Proxies:
    """The proxies of a run: from each instance to the manager, and in front of each instance."""

    def __init__(self, pairing: Pairing, folder: Path) -> None:
        self._pairing = pairing
        self._folder = folder
        self._lock = threading.Lock()
        self._to_manager: dict[str, CuttingProxy] = {}
        self._to_instance: dict[str, CuttingProxy] = {}

    @property
    def _everyone(self) -> list[CuttingProxy]:
        return [*self._to_manager.values(), *self._to_instance.values()]

    def to_manager(self, instance: str) -> CuttingProxy:
        cuts = [*RESUME_CUTS, *(GREETING_CUTS if self._pairing.greets(instance) else ())]
        proxy = CuttingProxy(
            lambda: _address((self._folder / f"{instance}.location").read_text()),
            [*interleaved(cuts), GOODBYES[instance]],
            rewrite=self._with_our_location,
        )
        self._to_manager[instance] = proxy
        return proxy

    def cuts_left(self) -> dict[str, list[str]]:
        """Return the remaining cuts."""
        proxies = {
            **{f"{name} to manager": proxy for name, proxy in self._to_manager.items()},
            **{f"peer to {name}": proxy for name, proxy in self._to_instance.items()},
        }
        return {name: list(map(str, proxy.left)) for name, proxy in proxies.items() if proxy.left}

    def wait_until_over(self) -> None:
        """Wait until the last data of ended programs has been forwarded, or cut off."""
        for proxy in self._everyone:
            proxy.wait_until_over()

    def close(self) -> None:
        for proxy in self._everyone:
            proxy.close()

    def _with_our_location(self, request: bytes) -> bytes:
        """Put the location of a proxy into a registration, so that peers pull messages from it."""
        content = msgpack.unpackb(request)
        if content[0] != REGISTER_INSTANCE:
            return request
        _, name, locations, *rest = content
        if self._pairing.greets(name):
            return request  # its peers are never reached by messages that they pull
        address = _address(locations[0])
        with self._lock:
            if name not in self._to_instance:
                cuts = [*interleaved(RESUME_CUTS), Cut("after", "goodbye", "server")]
                self._to_instance[name] = CuttingProxy(lambda: address, cuts)
        return msgpack.packb([REGISTER_INSTANCE, name, [self._to_instance[name].location], *rest])


@contextmanager
def proxies_between(
    pairing: Pairing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Proxies]:
    """Make every program of a scenario connect through its own proxies."""
    proxies = Proxies(pairing, folder)
    original = scenario_runs.write_configuration

    def write_configuration(name: str, **options) -> Path:
        path = original(name, **options)
        text = path.read_text()
        for instance, library in pairing.libraries.items():
            script = folder / f"{instance}.sh"
            script.write_text(
                SCRIPT.format(
                    location=folder / f"{instance}.location",
                    proxy=proxies.to_manager(instance).location,
                    forget="" if pairing.greets(instance) else "unset CONJOIN_SECRET",
                    python=scenario_runs.python_of(library),
                )
            )
            script.chmod(0o755)
            program = f"  {instance}:\n    description: The {instance} model\n    executable: "
            text = re.sub(f"({program})\\S+", f"\\g<1>{script}", text)
        path.write_text(text)
        return path

    with ExitStack() as stack:
        stack.callback(proxies.close)
        patch = stack.enter_context(monkeypatch.context())
        patch.setattr(scenario_runs, "write_configuration", write_configuration)
        if pairing.manager == "conjoin":
            command = [sys.executable, "-c", TRUSTING_MANAGER]
            patch.setattr(scenario_runs, "manager_command", lambda _manager: command)
        yield proxies


@pytest.mark.parametrize("pairing", PAIRINGS.values(), ids=PAIRINGS)
def test_cut_connections_lose_and_duplicate_no_messages(
    pairing: Pairing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with proxies_between(pairing, tmp_path, monkeypatch) as proxies:
        run = run_scenario(
            "counting",
            manager=pairing.manager,
            libraries=pairing.libraries,
            tmp_path=tmp_path,
            timeout=120.0,
            settings={"steps": STEPS},
        )
        proxies.wait_until_over()
    assert run.exit_code == 0, run.account()
    assert proxies.cuts_left() == {}, run.account()
    assert_correct_counts(run)
    assert_logged_once(run)


def assert_correct_counts(run: ScenarioRun) -> None:
    state = np.arange(2000, dtype=np.int64)
    for step in range(STEPS):
        state = (state + step) * 3
    ((_, result),) = run.results["macro"]
    assert result["array"]["elements"] == state.tobytes().hex()
    assert run.results["micro"] == [["times", STEPS]]


def assert_logged_once(run: ScenarioRun) -> None:
    for text in ("This is step", "This is time"):
        found = re.findall(rf"{text} (\d+)\.", run.manager_log)
        assert found == [str(number) for number in range(STEPS)], run.manager_log


def _address(location: str) -> Address:
    host, port = location.removeprefix("tcp:").split(",")[0].rsplit(":", 1)
    return host.strip("[]"), int(port)
