"""Records the traffic between MUSCLE3's manager and instances; see README.md.

Run with ``python -m tests.recorded.record`` in the repository; names of recordings on the command
line limit it to these.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgpack

from tests.support.muscle3 import CURRENT, PREVIOUS, Muscle3, muscle3
from tests.support.proxy import Address
from tests.support.recording_proxy import RecordedSession, RecordingProxy
from tests.support.scenario_runs import clean_environment, write_configuration, write_settings

FOLDER = Path(__file__).resolve().parent
_BASE = Path(tempfile.gettempdir()) / "recording"
_REGISTER_INSTANCE = 1
_GET_PEERS = 2
_SECONDS = 60.0
_THROUGH_PROXY = """#!/bin/sh
printf %s "$MUSCLE_MANAGER" >"$RECORDING_LOCATION"
MUSCLE_MANAGER="$RECORDING_PROXY" exec {python} "$@"
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """One recording to make.

    Attributes:
        scenario: The scenario to run.
        version: The version of MUSCLE3 to run it with.
        settings: Settings that differ from the scenario's.
        only: Instances whose connections are kept; all if empty.
        resume: Whether to run again from a snapshot of the first run, and keep that too.
        fails: Whether the run is expected to fail.
    """

    scenario: str
    version: str = CURRENT
    settings: Mapping[str, object] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    resume: bool = False
    fails: bool = False

    @property
    def name(self) -> str:
        """Name of the recording: the scenario, and the version if it is not the newest."""
        if self.version == CURRENT:
            return self.scenario
        return f"{self.scenario}_{self.version}".replace(".", "_")


_QUIET = {"muscle_profile_level": "none"}
PLANS = (
    Plan("macro_micro", settings={"muscle_remote_log_level": "DEBUG"}),
    Plan("macro_micro", version=PREVIOUS),
    Plan("instance_set", only=("conductor", "worker[1]")),
    Plan(
        "settings_overlays",
        settings=_QUIET,
        only=("sampler", "member[1]", "assistant[1]", "go_between[1]"),
    ),
    Plan("filter_last", settings=_QUIET),
    Plan("filter_last_pad", settings=_QUIET, only=("fine_micro",)),
    Plan("interact", settings=_QUIET, only=("left",)),
    Plan("nested", settings=_QUIET, only=("solver.coarse[1]", "solver.fine[1][0]")),
    Plan("resizable", settings=_QUIET),
    Plan("checkpoints", settings=_QUIET, resume=True),
    Plan("payloads", settings={"large": False, **_QUIET}),
    Plan("deadlock", fails=True),
)
REFUSALS = Plan("refusals")


def main() -> None:
    """Make all recordings again, or those named on the command line."""
    wanted = sys.argv[1:]
    for plan in PLANS:
        if not wanted or plan.name in wanted:
            write(plan, record(plan))
    if not wanted or REFUSALS.name in wanted:
        write(REFUSALS, record_refusals())


def record(plan: Plan) -> list[RecordedSession]:
    """Run a simulation; return its sessions, without addresses of this machine."""
    folder = _BASE / plan.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = _configuration_files(plan, folder)
    sessions = _run(plan, folder / "run", files)
    if plan.resume:
        snapshots = sorted((folder / "run" / "snapshots").glob("*.ymmsl"))
        middle = snapshots[len(snapshots) // 2]
        sessions += _run(plan, folder / "resumed", [*files, middle])
    shutil.rmtree(folder)
    return [s for s in sessions if not plan.only or client_of(s) in plan.only]


def record_refusals() -> list[RecordedSession]:
    """Send hand-written requests to MUSCLE3's manager that it must refuse."""
    folder = _BASE / REFUSALS.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    configuration = write_configuration("macro_micro", libraries="muscle3", folder=folder)
    command = [str(muscle3().manager), "--no-start-all", "--run-dir", str(folder)]
    command += ["--location-file", str(folder / "location"), str(configuration)]
    go_betweens = GoBetweens()
    with ExitStack() as stack:
        manager = stack.enter_context(_process(command, folder, {}))
        _await_file(manager, folder / "location")
        proxy = go_betweens.to_manager(folder / "location")
        stack.callback(go_betweens.close)
        _ask(proxy.location, _refused_requests())
    shutil.rmtree(folder)
    return go_betweens.sessions()


def _refused_requests() -> list[object]:
    location = ["tcp:127.0.0.1:1"]
    return [
        [_REGISTER_INSTANCE, "macro", location, [["state_out", "O_I"]], CURRENT],
        [_REGISTER_INSTANCE, "macro", location, [["state_out", "O_I"]], CURRENT],
        [_REGISTER_INSTANCE, "micro", location, [["init", "F_INIT"]], "0.9.0"],
        [_GET_PEERS, "nobody"],
        [_GET_PEERS, "macro"],
    ]


def _ask(location: str, requests: list[object]) -> None:
    """Send requests over one session, through a proxy that records the responses."""
    host, port = location.removeprefix("tcp:").rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=_SECONDS) as connection:
        stream = connection.makefile("rwb")
        stream.write(_word(0))
        stream.flush()
        stream.read(8)
        for number, request in enumerate(requests, start=1):
            body = msgpack.packb(request, use_bin_type=True)
            stream.write(_word(number) + _word(len(body)) + body)
            stream.flush()
            stream.read(int.from_bytes(stream.read(8), "little"))
        stream.write(_word(0))
        stream.flush()
        connection.shutdown(socket.SHUT_WR)
        stream.read()


def _word(value: int) -> bytes:
    return value.to_bytes(8, "little")


def _await_file(process: "subprocess.Popen[bytes]", path: Path) -> None:
    """Wait until a process has written something into a file."""
    while not (path.exists() and path.read_text()):
        if process.poll() is not None:
            raise RuntimeError("The manager did not start")
        threading.Event().wait(0.05)


def _configuration_files(plan: Plan, folder: Path) -> list[Path]:
    """Return the scenario's file with a script, which goes through the proxy, as interpreter."""
    path = write_configuration(plan.scenario, libraries="muscle3", folder=folder)
    script = folder / "through_proxy"
    script.write_text(_THROUGH_PROXY.format(python=muscle3(plan.version).python))
    script.chmod(0o755)
    path.write_text(path.read_text().replace(str(muscle3().python), str(script)))
    if not plan.settings:
        return [path]
    return [path, write_settings(plan.settings, folder=folder)]


def _run(plan: Plan, run_dir: Path, files: list[Path]) -> list[RecordedSession]:
    run_dir.mkdir()
    go_betweens = GoBetweens()
    with ExitStack() as stack:
        proxy = go_betweens.to_manager(run_dir / "location")
        stack.callback(go_betweens.close)
        environment = {
            "RESULT_DIR": str(run_dir),
            "RECORDING_LOCATION": str(run_dir / "location"),
            "RECORDING_PROXY": proxy.location,
        }
        command = _manager_command(muscle3(plan.version), run_dir, files)
        manager = stack.enter_context(_process(command, run_dir, environment))
        failed = manager.wait(_SECONDS) != 0
        if failed != plan.fails:
            raise RuntimeError(f"{plan.name}: {(run_dir / 'stdout').read_text()}")
    return go_betweens.sessions()


def _manager_command(installed: Muscle3, run_dir: Path, files: list[Path]) -> list[str]:
    options = ["--start-all", "--run-dir", str(run_dir)]
    return [str(installed.manager), *options, *map(str, files)]


class GoBetweens:
    """The proxies of a run: one before the manager, and one before each instance."""

    def __init__(self) -> None:
        self._proxies: list[RecordingProxy] = []
        self._addresses: set[bytes] = set()
        self._lock = threading.Lock()

    def to_manager(self, location_file: Path) -> RecordingProxy:
        """Return a proxy to the manager, whose location is read from a file when first needed."""
        return self._proxy(
            "manager",
            lambda: self._address(location_file.read_text()),
            rewrite=self._with_own_location,
        )

    def close(self) -> None:
        """Close all proxies."""
        for proxy in self._proxies:
            proxy.close()

    def sessions(self) -> list[RecordedSession]:
        """Return all sessions with at least one request, without addresses of this machine."""
        everything = [session for proxy in self._proxies for session in proxy.sessions]
        return [self._masked_session(session) for session in everything if session.exchanges]

    def _with_own_location(self, request: bytes) -> bytes:
        """Return a registration in which a proxy's location replaces that of the instance."""
        content = msgpack.unpackb(request, raw=False)
        if content[0] != _REGISTER_INSTANCE:
            return request
        _, name, locations, *rest = content
        address = self._address(locations[0])
        proxy = self._proxy(name, lambda: address)
        return msgpack.packb([_REGISTER_INSTANCE, name, [proxy.location], *rest])

    def _proxy(self, label: str, target, **options) -> RecordingProxy:
        proxy = RecordingProxy(target=target, label=label, **options)
        with self._lock:
            self._proxies.append(proxy)
        return proxy

    def _address(self, location: str) -> Address:
        """Return the first address of a location; record all of its hosts, to mask them."""
        addresses = [a.rsplit(":", 1) for a in location.removeprefix("tcp:").split(",")]
        hosts = [host.strip("[]") for host, _ in addresses]
        self._addresses.update(host.encode() for host in hosts if host != "127.0.0.1")
        return hosts[0], int(addresses[0][1])

    def _masked_session(self, session: RecordedSession) -> RecordedSession:
        exchanges = [(self._masked(a), self._masked(b)) for a, b in session.exchanges]
        return RecordedSession(session.label, session.hello, exchanges, session.goodbye)

    def _masked(self, data: bytes) -> bytes:
        for address in sorted(self._addresses, key=len, reverse=True):
            data = data.replace(address, re.sub(rb"[0-9a-fA-F]", b"0", address))
        return data


def client_of(session: RecordedSession) -> str:
    """Return the instance that sends the requests on a connection."""
    content = msgpack.unpackb(session.exchanges[0][0][16:], raw=False)
    if content[0] == _REGISTER_INSTANCE:
        return str(content[1])
    receiving_endpoint = str(content[1])
    return receiving_endpoint.rsplit(".", 1)[0]


@contextmanager
def _process(
    command: list[str], folder: Path, more: Mapping[str, str]
) -> "Iterator[subprocess.Popen[bytes]]":
    """Start a program; end it when the context is left, if it is still running."""
    with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**clean_environment(), **more},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, 15)
            process.wait()


def write(plan: Plan, sessions: list[RecordedSession]) -> None:
    """Write a recording to its file."""
    content = {
        "scenario": plan.scenario,
        "muscle3": plan.version,
        "sessions": [_as_json(session) for session in sessions],
    }
    path = FOLDER / f"{plan.name}.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"{path.name}: {len(sessions)} sessions, {path.stat().st_size} bytes")


def _as_json(session: RecordedSession) -> object:
    return {
        "server": session.label,
        "client": client_of(session),
        "hello": [part.hex() for part in session.hello],
        "exchanges": [[part.hex() for part in exchange] for exchange in session.exchanges],
        "goodbye": session.goodbye.hex(),
    }


if __name__ == "__main__":
    main()
