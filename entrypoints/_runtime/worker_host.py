"""Creates the runtime of a worker, inside its process."""

from __future__ import annotations

import asyncio
import json
import sys

from adapters.pickling.pickler import CloudPickler
from adapters.terminal.loop_bars import RichProgressBars
from adapters.threads.task_threads import PooledTaskThreads
from application.interfaces.task_engine import EngineLink, RuntimeHost
from application.runtime.log import RuntimeLog
from application.runtime.process_host import ProcessHost
from application.runtime.wiring import new_endpoint
from domain.runtime.hosts import Host
from domain.runtime.payloads import Payload
from entrypoints._runtime.facade import REMOTE_NAMES, Runtime
from entrypoints._runtime.layout import connect_fixed_members

FACTORY = f"{__name__}:new_worker_host"


def worker_settings(*, log_level: str, mode: str, is_inline: bool) -> Payload:
    """Return the settings of all workers."""
    settings = {"log_level": log_level, "mode": mode, "inline": is_inline}
    return Payload(json.dumps(settings).encode())


def new_worker_host(link: EngineLink, host: Host, settings: Payload) -> RuntimeHost:
    """Return what receives the requests of a worker."""
    chosen = json.loads(bytes(settings.data))
    threads = PooledTaskThreads()

    def write(level: str, uid: str, text: str) -> None:
        del uid
        endpoint.comms.call("monitor", f"log_{level}", {"buf": text}, reply=False)

    endpoint = new_endpoint(
        link=link,
        pickler=CloudPickler(),
        threads=threads,
        log=RuntimeLog(uid=host.uid, level=chosen["log_level"], sink=write),
        bars=RichProgressBars(sys.stderr),
        remote_names=REMOTE_NAMES,
    )
    connect_fixed_members(endpoint.members, node=host.plan.node)
    endpoint.members.connect(host.uid)
    endpoint.runtime = Runtime(endpoint=endpoint, uid=host.uid, mode=chosen["mode"])

    async def stopped() -> None:
        threads.close()
        await asyncio.sleep(0)

    return ProcessHost(endpoint, is_default=not chosen["inline"], stopped=stopped)
