"""Creates the runtimes of a process: one for each role that it has."""

from __future__ import annotations

from adapters.zeromq.context import shared_context
from application.interfaces.own_process import OwnProcess
from application.interfaces.task_engine import EngineLink
from application.runtime.accounting import Accounting
from application.runtime.directory import Directory
from application.runtime.endpoint import Endpoint
from application.runtime.housekeeping import Housekeeping
from application.runtime.identity import Identity
from application.runtime.joining import Joining
from application.runtime.lifecycle import End, Lifecycle
from application.runtime.log_names import Failures, LogNames
from application.runtime.mapping import ItemMapping
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
    endpoint: Endpoint,
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
        endpoint: The services of the process.
        link: The engine.
        uid: The uid of the runtime.
        mode: `local`, `interactive` or `cluster`.
        engine: The name of the engine.
        own_process: Measures the process.
        failures: Keeps errors that belong to no call.
        end: Ends the run, on the head; elsewhere this process.
    """
    identity = Identity(uid=uid, mode=mode)
    comms, members = endpoint.comms, endpoint.members
    housekeeping = Housekeeping(comms=comms, log=endpoint.log)
    services = (
        identity,
        housekeeping,
        Accounting(own_process=own_process),
        Directory(identity=identity, members=members, comms=comms),
        Joining(identity=identity, members=members, comms=comms),
        Lifecycle(link=link, end=end, zmq_context=shared_context),
        LogNames(log=endpoint.log, failures=failures),
        Profile(
            own=uid, comms=comms, buffer=None if role_of(uid) in _SHARING else endpoint.profile
        ),
        Residence(residents=endpoint.residents, housekeeping=housekeeping, log=endpoint.log),
        TaskNames(
            link=link,
            table=endpoint.actor_table,
            residents=endpoint.residents,
            placing=endpoint.placing,
            members=members,
            engine=engine,
            queues=endpoint.queues,
        ),
        Executors(functions=endpoint.functions, calls=endpoint.calls),
        ItemMapping(functions=endpoint.functions, members=members),
        endpoint.actor_names,
        endpoint.barrier,
        endpoint.functions,
        endpoint.log,
        endpoint.loops,
        endpoint.creation,
        endpoint.tasks,
        endpoint.warehouse,
    )
    runtime = Runtime({type(item): item for item in services})
    comms.serve(uid, remote_calls(runtime))
    return runtime
