"""RuntimeHosts that die in many ways, and a head for a process of its own."""

import asyncio
import ctypes
import json
import os
import subprocess
import sys
import threading

from application.interfaces.task_engine import EngineLink, RuntimeHost
from domain.runtime.hosts import EnginePlan, Host, HostPlan
from domain.runtime.payloads import Message, Payload
from entrypoints._runtime.engines import new_embedded_engine
from tests.support.engine_hosts import DONE, ScriptedHead, ScriptedHost

FACTORY = "tests.support.faulty_hosts:create"
SLEEP = "import time; time.sleep(1000)"


class FaultyHost(ScriptedHost):
    """Also kills itself, and starts processes."""

    async def do_kill(self, sender, request):
        print("last words", file=sys.stderr, flush=True)
        os.kill(os.getpid(), request.fields["signal"])

    async def do_leave(self, sender, request):
        print("last words", file=sys.stderr, flush=True)
        os._exit(request.fields["code"])

    async def do_read_null(self, sender, request):
        ctypes.string_at(0)

    async def do_exit_on_thread(self, sender, request):
        threading.Thread(target=sys.exit, args=(3,)).start()
        return DONE

    async def do_hold_gil(self, sender, request):
        # PyDLL keeps the lock while the function runs
        ctypes.PyDLL(None).usleep(request.fields["microseconds"])
        return DONE

    async def do_start_printing(self, sender, request):
        subprocess.Popen([sys.executable, "-c", "while True: print('x' * 1000)"])
        return DONE

    async def do_start_processes(self, sender, request):
        """Start a child in a session of its own, and a daemon that has left its parent."""
        child = subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
        script = (
            "import subprocess, sys;"
            f"print(subprocess.Popen([sys.executable, '-c', {SLEEP!r}],"
            " start_new_session=True, stdout=subprocess.DEVNULL).pid)"
        )
        done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True)
        return Message("pids", {"pids": [child.pid, int(done.stdout)]})


def create(link: EngineLink, host: Host, settings: Payload) -> RuntimeHost:
    """Create the RuntimeHost of a process."""
    return FaultyHost(link, settings)


def plan(**options) -> EnginePlan:
    """Return a plan of two faulty workers."""
    hosts = (HostPlan("worker", (0, 0)), HostPlan("worker", (0, 1)))
    return EnginePlan(hosts, FACTORY, **options)


async def run_as_head() -> None:
    """Open an engine, print what there is, and wait for ever."""
    engine = new_embedded_engine(on_error=print)
    hosts = await engine.open(plan(), ScriptedHead(engine))
    started = await engine.call(hosts[0].uid, Message("start_processes"))
    parents = [int(field) for host in hosts for field in _stat(host.pid)[3:4]]
    print(
        json.dumps(
            {
                "workers": [host.pid for host in hosts],
                "watchdogs": parents,
                "descendants": started.fields["pids"],
                "directory": engine.directory,
            }
        ),
        flush=True,
    )
    await asyncio.Event().wait()


def _stat(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().replace("(", " ").replace(")", " ").split()


if __name__ == "__main__":
    asyncio.run(run_as_head())
