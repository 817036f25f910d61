"""Creates the runtime of a worker, inside its process."""

from __future__ import annotations

import json
import sys

from adapters.pickling.pickler import CloudPickler
from adapters.processes.own_process import PsutilOwnProcess
from adapters.system.clock import SystemClock
from adapters.terminal.loop_bars import RichProgressBars
from adapters.threads.task_threads import PooledTaskThreads
from application.interfaces.task_engine import EngineLink, RuntimeHost
from application.runtime.log import RuntimeLog
from application.runtime.log_names import Failures
from application.runtime.process_host import ProcessHost
from application.runtime.process_services import ProcessServices
from application.runtime.profile_buffer import ProfileBuffer
from application.runtime.wiring import new_services
from domain.runtime.hosts import Host
from domain.runtime.payloads import Payload
from domain.runtime.uids import MONITOR
from entrypoints._runtime.facade import REMOTE_NAMES, Runtime
from entrypoints._runtime.layout import connect_fixed_members
from entrypoints._runtime.new_runtime import new_runtime

INLINE = "inline"
FACTORY = f"{__name__}:new_worker_host"


def worker_settings(*, log_level: str, mode: str, engine: str, has_profile: bool) -> Payload:
    """Return the settings of all workers."""
    settings = {"log_level": log_level, "mode": mode, "engine": engine, "profile": has_profile}
    return Payload(json.dumps(settings).encode())


def new_worker_host(link: EngineLink, host: Host, settings: Payload) -> RuntimeHost:
    """Return what receives the requests of a worker."""
    chosen = json.loads(bytes(settings.data))
    threads = PooledTaskThreads()
    own_process = PsutilOwnProcess(limit=host.plan.memory)

    def write(level: str, uid: str, text: str) -> None:
        del uid
        # A method may log from its thread.
        services.calls.soon(lambda: _send(services, level, text))

    services = new_services(
        link=link,
        pickler=CloudPickler(),
        threads=threads,
        own_process=own_process,
        log=RuntimeLog(uid=host.uid, level=chosen["log_level"], sink=write),
        bars=RichProgressBars(sys.stderr),
        profile=ProfileBuffer(clock=SystemClock()),
        remote_names=REMOTE_NAMES,
    )
    connect_fixed_members(services.members, node=host.plan.node)
    services.members.connect(host.uid)

    async def end() -> None:
        await services.stage.idle()
        await services.replacement.end(host.uid, is_replaced=False)

    async def stopped() -> None:
        threads.close()

    runtime = services.runtime = new_runtime(
        services=services,
        link=link,
        uid=host.uid,
        mode=chosen["mode"],
        engine=chosen["engine"],
        own_process=own_process,
        failures=Failures(),
        end=end,
    )
    if chosen["profile"]:
        services.profile.notify(lambda: _send_profile(runtime))
    return ProcessHost(services, is_default=chosen["engine"] != INLINE, stopped=stopped)


def _send_profile(runtime: Runtime) -> None:
    events = runtime.request_profile(runtime.uid)
    runtime.get_comms().call(MONITOR, "recv_profile", {"profiler_update": events}, reply=False)


def _send(services: ProcessServices, level: str, text: str) -> None:
    services.comms.call(MONITOR, f"log_{level}", {"buf": text}, reply=False)
