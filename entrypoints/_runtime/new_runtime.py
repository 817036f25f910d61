"""Creates the runtimes of a process: one for each role that it has."""

from __future__ import annotations

from adapters.zeromq.context import shared_context
from application.interfaces.own_process import OwnProcess
from application.interfaces.task_engine import EngineLink
from application.runtime.accounting import Accounting
from application.runtime.directory import Directory
from application.runtime.housekeeping import Housekeeping
from application.runtime.identity import Identity
from application.runtime.joining import Joining
from application.runtime.lifecycle import End, Lifecycle
from application.runtime.log_names import Failures, LogNames
from application.runtime.mapping import ItemMapping
from application.runtime.process_services import ProcessServices
from application.runtime.profile import Profile
from application.runtime.residence import Residence
from application.runtime.task_names import TaskNames
from domain.runtime.uids import MONITOR, NODE, WAREHOUSE, role_of
from entrypoints._runtime.executors import Executors
from entrypoints._runtime.facade import Runtime, remote_calls

_SHARING = frozenset({MONITOR, NODE, WAREHOUSE})
"""The roles of runtimes in the process of the head, which has one profile."""


def new_runtime(
    *,
    services: ProcessServices,
    link: EngineLink,
    uid: str,
    mode: str,
    engine: str,
    own_process: OwnProcess,
    failures: Failures,
    end: End | None,
) -> Runtime:
    """Return the runtime of one role, and let its peers call it.

    Args:
        services: The services of the process.
        link: The engine.
        uid: The uid of the runtime.
        mode: `local`, `interactive` or `cluster`.
        engine: The name of the engine.
        own_process: Measures the process.
        failures: Keeps errors that belong to no call.
        end: Ends the run, on the head; elsewhere this process.
    """
    identity = Identity(uid=uid, mode=mode)
    comms, members = services.comms, services.members
    housekeeping = Housekeeping(comms=comms, log=services.log)
    parts = (
        identity,
        housekeeping,
        Accounting(own_process=own_process),
        Directory(identity=identity, members=members, comms=comms),
        Joining(identity=identity, members=members, comms=comms),
        Lifecycle(link=link, end=end, zmq_context=shared_context),
        LogNames(log=services.log, failures=failures),
        Profile(
            own=uid, comms=comms, buffer=None if role_of(uid) in _SHARING else services.profile
        ),
        Residence(residents=services.residents, housekeeping=housekeeping, log=services.log),
        TaskNames(
            link=link,
            table=services.actor_table,
            residents=services.residents,
            placing=services.placing,
            members=members,
            engine=engine,
            queues=services.queues,
        ),
        Executors(functions=services.functions, calls=services.calls),
        ItemMapping(functions=services.functions, members=members),
        services.actor_names,
        services.barrier,
        services.functions,
        services.log,
        services.loops,
        services.creation,
        services.tasks,
        services.warehouse,
    )
    runtime = Runtime({type(item): item for item in parts})
    comms.serve(uid, remote_calls(runtime))
    return runtime
