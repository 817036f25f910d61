"""The start of processes."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.processes import spawning
from adapters.processes.spawning import ProcessSpawner, is_startable
from domain.running.agents import StartCommand
from tests.support.conditions import is_running, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

PR_GET_PDEATHSIG = 2
SHOW_SIGNAL = (
    "import ctypes; number = ctypes.c_int();"
    f"ctypes.CDLL(None).prctl({PR_GET_PDEATHSIG}, ctypes.byref(number), 0, 0, 0);"
    "print(number.value)"
)


def command(folder: Path, *args: str) -> StartCommand:
    return StartCommand("p", folder, args, {}, folder / "out", folder / "err", extend_env=True)


def script(folder: Path, first_line: str) -> str:
    path = folder / "script"
    path.write_text(f"{first_line}\necho ready\nexec sleep 600\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture(params=["with setpriv", "without setpriv"])
def spawner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ProcessSpawner:
    if request.param == "without setpriv":
        monkeypatch.setattr(spawning, "_setpriv", lambda: ())
    elif not spawning._setpriv():
        pytest.skip("needs setpriv")
    return ProcessSpawner(enter_group=None, end_with_us=True)


def test_kernel_is_asked_to_kill_the_process_with_its_parent(
    spawner: ProcessSpawner, tmp_path: Path
) -> None:
    spawner.spawn(command(tmp_path, sys.executable, "-c", SHOW_SIGNAL)).wait(60)
    assert (tmp_path / "out").read_text() == f"{int(signal.SIGKILL)}\n"


def test_process_is_killed_when_the_thread_that_started_it_ends(
    spawner: ProcessSpawner, tmp_path: Path
) -> None:
    program = script(tmp_path, "#!/bin/sh")
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        started.append(spawner.spawn(command(tmp_path, program)))
        wait_until(lambda: (tmp_path / "out").read_text() == "ready\n")

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert started[0].wait(60) == -signal.SIGKILL


def test_process_leads_a_session_and_has_the_id_of_the_program(
    spawner: ProcessSpawner, tmp_path: Path
) -> None:
    program = script(tmp_path, "#!/bin/sh")
    process = spawner.spawn(command(tmp_path, program))
    wait_until(lambda: (tmp_path / "out").read_text() == "ready\n")
    wait_until(lambda: Path(f"/proc/{process.pid}/comm").read_text() == "sleep\n")
    assert os.getsid(process.pid) == process.pid
    process.kill()
    process.wait(60)
    assert not is_running(process.pid)


@pytest.mark.parametrize(
    "first_line", ["#!/no/such/interpreter", "#!relative", "#!", "text", "#!/etc/passwd"]
)
def test_program_that_cannot_be_executed_is_an_error(
    spawner: ProcessSpawner, tmp_path: Path, first_line: str
) -> None:
    with pytest.raises(OSError, match=r"error|No such file|Permission"):
        spawner.spawn(command(tmp_path, script(tmp_path, first_line)))


def test_missing_program_is_an_error(spawner: ProcessSpawner, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        spawner.spawn(command(tmp_path, "/no/such/program"))


def test_files_of_the_command_are_created_before_the_start(
    spawner: ProcessSpawner, tmp_path: Path
) -> None:
    program = tmp_path / "new/script"
    text = b"#!/bin/sh\nexit 7\n"
    order = replace(command(tmp_path, str(program)), files={program: text})
    assert spawner.spawn(order).wait(60) == 7


def test_missing_working_directory_is_an_error(spawner: ProcessSpawner, tmp_path: Path) -> None:
    order = StartCommand(
        "p", tmp_path / "none", (sys.executable,), {}, tmp_path / "out", tmp_path / "err"
    )
    with pytest.raises(FileNotFoundError):
        spawner.spawn(order)


def test_process_enters_the_control_group_before_it_runs(tmp_path: Path) -> None:
    file = tmp_path / "entered"
    spawner = ProcessSpawner(enter_group=lambda: file.write_text("") and None, end_with_us=True)
    spawner.spawn(command(tmp_path, "/bin/sh", "-c", f"test -f '{file}'")).wait(60)
    assert file.exists()


def test_executable_files_of_a_known_form_are_startable(tmp_path: Path) -> None:
    assert is_startable(sys.executable)
    assert is_startable(script(tmp_path, "#! /bin/sh -e"))
    assert not is_startable("sh")
    assert not is_startable(script(tmp_path, f"#!{tmp_path / 'script'}"))
    (tmp_path / "script").chmod(0o644)
    assert not is_startable(str(tmp_path / "script"))


def test_program_for_another_processor_is_not_startable(tmp_path: Path) -> None:
    head = bytearray(Path(sys.executable).read_bytes()[:256])
    head[18] ^= 0xFF
    program = tmp_path / "foreign"
    program.write_bytes(head)
    program.chmod(0o755)
    assert not is_startable(str(program))
