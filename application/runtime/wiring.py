"""Creates the services of one process."""

from __future__ import annotations

from application.interfaces.own_process import OwnProcess
from application.interfaces.pickler import Pickler
from application.interfaces.progress_bars import ProgressBars
from application.interfaces.task_engine import EngineLink
from application.interfaces.task_threads import TaskThreads
from application.runtime.actor_calls import ActorCalls
from application.runtime.actor_names import ActorNames
from application.runtime.actor_restarts import ActorRestarts
from application.runtime.actor_table import ActorTable
from application.runtime.actors import Actors
from application.runtime.argument_packing import ArgumentPacking
from application.runtime.arrivals import Arrivals
from application.runtime.attempt_reports import AttemptReports
from application.runtime.barrier import Barrier
from application.runtime.call_stage import CallStage
from application.runtime.comms import Comms
from application.runtime.correspondence import Correspondence
from application.runtime.deadlocks import Deadlocks
from application.runtime.delivery import Delivery
from application.runtime.direct_calls import DirectCalls
from application.runtime.direct_creation import DirectCreation
from application.runtime.execution import Execution
from application.runtime.function_codes import FunctionCodes
from application.runtime.function_stage import FunctionStage
from application.runtime.functions import Functions
from application.runtime.holdings import Holdings
from application.runtime.log import RuntimeLog
from application.runtime.loop_calls import LoopCalls
from application.runtime.loops import Loops
from application.runtime.members import Members
from application.runtime.memory_gate import MemoryGate
from application.runtime.method_runs import MethodRuns
from application.runtime.orphans import Orphans
from application.runtime.packing import Packing
from application.runtime.parameters import Parameters
from application.runtime.placing import Placing
from application.runtime.pool import Pool
from application.runtime.process_services import ProcessServices
from application.runtime.profile_buffer import ProfileBuffer
from application.runtime.queue_report import QueueReport
from application.runtime.reception import Reception
from application.runtime.recording_link import RecordingLink
from application.runtime.replacement import Replacement
from application.runtime.residents import Residents
from application.runtime.results import ResultLoader
from application.runtime.shared_tasks import SharedTasks
from application.runtime.stage import Stage
from application.runtime.start_notices import StartNotices
from application.runtime.tasks import Tasks
from application.runtime.warehouse import Warehouse
from domain.runtime.payloads import EngineValue
from domain.runtime.placement import Strategy


def new_services(
    *,
    link: EngineLink,
    pickler: Pickler,
    threads: TaskThreads,
    own_process: OwnProcess,
    log: RuntimeLog,
    bars: ProgressBars,
    profile: ProfileBuffer,
    remote_names: frozenset[str],
    placement: Strategy | None = None,
    worker_memory: int | None = None,
) -> ProcessServices:
    """Return the services of one process.

    Args:
        link: The engine.
        pickler: Pickles what users pass.
        threads: The threads of methods.
        own_process: Measures the process.
        log: The logger.
        bars: Draws the progress of loops.
        profile: Gets events.
        remote_names: The names of a runtime that peers may call.
        placement: The strategy; None in processes without the monitor.
        worker_memory: Bytes of memory that a worker may use; None for the default.
    """
    calls = LoopCalls()
    packing = Packing(pickler=pickler)
    correspondence = Correspondence(link=link)
    link = RecordingLink(link, profile)
    members = Members(correspondence=correspondence)
    reception = Reception(packing=packing)
    residents = Residents()
    holdings = Holdings(
        correspondence=correspondence, residents=residents, reception=reception, calls=calls
    )

    arrivals = Arrivals()
    Orphans(
        residents=residents,
        holdings=holdings,
        arrivals=arrivals,
        members=members,
        correspondence=correspondence,
        reception=reception,
    )

    async def load_value(value: EngineValue) -> object:
        return await warehouse.load(value)

    results = ResultLoader(packing=packing, load_value=load_value)
    tasks = Tasks(own=link.uid, results=results, calls=calls)
    barrier = Barrier(
        tasks=tasks, members=members, correspondence=correspondence, reception=reception
    )
    comms = Comms(
        members=members,
        correspondence=correspondence,
        packing=packing,
        reception=reception,
        names=remote_names,
        log=log,
    )
    warehouse = Warehouse(
        link=link,
        packing=packing,
        tasks=tasks,
        members=members,
        correspondence=correspondence,
        reception=reception,
        calls=calls,
    )
    delivery = Delivery(
        correspondence=correspondence,
        packing=packing,
        holdings=holdings,
        arrivals=arrivals,
        link=link,
        reception=reception,
        has_children=barrier.has_children,
        hold=warehouse.hold,
    )
    SharedTasks(
        tasks=tasks,
        residents=residents,
        holdings=holdings,
        delivery=delivery,
        correspondence=correspondence,
        packing=packing,
        reception=reception,
    )
    placing = Placing(
        members=members,
        correspondence=correspondence,
        reception=reception,
        strategy=placement,
        link=link,
        memory_limit=lambda: worker_memory or own_process.memory_limit(),
    )
    arguments = ArgumentPacking(packing=packing, link=link, arrivals=arrivals)
    replacement = Replacement(
        members=members, correspondence=correspondence, reception=reception, log=log
    )
    restarts = ActorRestarts(
        tasks=tasks,
        members=members,
        replacement=replacement,
        placing=placing,
        holdings=holdings,
        correspondence=correspondence,
        reception=reception,
        log=log,
    )
    execution = Execution(threads=threads, profile=profile)
    reports = AttemptReports(correspondence=correspondence, reception=reception)
    pool = Pool(members=members, is_any_expected=lambda: replacement.is_any_expected)
    replacement.notify(pool.give_up)
    codes = FunctionCodes(packing=packing)
    functions = Functions(
        codes=codes,
        tasks=tasks,
        arguments=arguments,
        delivery=delivery,
        pool=pool,
        members=members,
        correspondence=correspondence,
        replacement=replacement,
        reports=reports,
    )
    deadlocks = Deadlocks(correspondence=correspondence, reception=reception)
    results.use(call=functions.call_on_result, watch=deadlocks.watch)
    gate = MemoryGate(own_process=own_process, link=link)
    notices = StartNotices(
        correspondence=correspondence, reception=reception, tasks=tasks, calls=calls
    )
    direct_calls = DirectCalls(
        threads=threads,
        packing=packing,
        delivery=delivery,
        execution=execution,
        profile=profile,
        notices=notices,
        gate=gate,
    )
    FunctionStage(
        codes=codes,
        direct_calls=direct_calls,
        profile=profile,
        lock=threads.new_lock(),
        arguments=arguments,
        execution=execution,
        delivery=delivery,
        reception=reception,
        holdings=holdings,
        gate=gate,
        notices=notices,
        reports=reports,
    )
    loops = Loops(
        tasks=tasks,
        barrier=barrier,
        members=members,
        comms=comms,
        correspondence=correspondence,
        bars=bars,
        replacement=replacement,
    )
    table = ActorTable(
        own=link.uid,
        caller=ActorCalls(
            tasks=tasks,
            arguments=arguments,
            delivery=delivery,
            correspondence=correspondence,
            replacement=replacement,
            comms=comms,
            reports=reports,
            restarts=restarts,
        ),
        holdings=holdings,
        restarts=restarts,
        packing=packing,
    )
    names = ActorNames(
        members=members,
        correspondence=correspondence,
        packing=packing,
        reception=reception,
        table=table,
    )
    actors = Actors(
        tasks=tasks,
        arguments=arguments,
        delivery=delivery,
        members=members,
        placing=placing,
        log=log,
        restarts=restarts,
        names=names,
        table=table,
    )
    runs = MethodRuns(
        arguments=arguments,
        execution=execution,
        delivery=delivery,
        holdings=holdings,
        reports=reports,
        gate=gate,
        notices=notices,
    )
    stage = Stage(
        residents=residents,
        arguments=arguments,
        execution=execution,
        reception=reception,
        holdings=holdings,
        members=members,
        on_named_end=names.free,
        direct_calls=direct_calls,
        new_lock=threads.new_lock,
    )
    CallStage(
        residents=residents,
        arguments=arguments,
        runs=runs,
        reception=reception,
        members=members,
        profile=profile,
        ended=stage.end_if_idle,
    )
    creation = DirectCreation(residents=residents, execution=execution, stage=stage)
    return ProcessServices(
        actor_names=names,
        actor_table=table,
        actors=actors,
        barrier=barrier,
        calls=calls,
        comms=comms,
        correspondence=correspondence,
        functions=functions,
        log=log,
        loops=loops,
        members=members,
        parameters=Parameters(actors=actors, own=link.uid),
        placing=placing,
        profile=profile,
        queues=QueueReport(residents=residents, correspondence=correspondence, reception=reception),
        reception=reception,
        replacement=replacement,
        residents=residents,
        results=results,
        creation=creation,
        stage=stage,
        tasks=tasks,
        warehouse=warehouse,
    )
