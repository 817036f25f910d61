"""The protocol between a node agent and the manager: the table of its requests.

This is MUSCLE3's protocol with these extensions of ours:

- a report of resources includes the memory and the GPUs of the node, and the version of the agent;
- GET_COMMAND is a long poll, answered when there is a command or after a timeout, and serves as the
  heartbeat; it may include the load of the node;
- results describe the end of a process by a kind and a value, followed by the node's name;
- a further request reports which processes hang;
- a start command may extend the agent's environment, and contain files for a node that shares none;
- pieces of the output of programs on such nodes are answered when they are stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.wire.map_values import (
    decode_command,
    decode_core,
    decode_piece,
    decode_result,
    encode_command,
    encode_piece,
    encode_result,
)
from adapters.wire.packing import pack, unpack
from adapters.wire.requests import (
    NOTHING,
    Answer,
    Field,
    ReceivedRequest,
    RequestTable,
    Status,
)
from adapters.wire.values import integer, number, optional, text
from application.interfaces.agent_desk import AgentDesk
from domain.placement.resources import Gpu, GpuKind, NodeResources
from domain.running.activity import Activity
from domain.running.agents import Command
from domain.running.nodes import NodeLoad
from domain.running.outputs import OutputPiece
from domain.running.process_end import ProcessResult

REQUESTS: Final[RequestTable[AgentDesk]] = RequestTable("an agent")


@dataclass(frozen=True, slots=True)
class NodeReport:
    """The first report of an agent.

    Attributes:
        resources: The node's name, cores and memory.
        version: Version of the agent; empty if it does not report one.
    """

    resources: NodeResources
    version: str = ""


def _encode_report(report: NodeReport) -> list[object]:
    resources = report.resources
    cpu = [[core.core_id, *sorted(core.hwthreads)] for core in sorted(resources.cores)]
    values: dict[str, object] = {"cpu": cpu, "memory": resources.memory, "version": report.version}
    if resources.gpus:
        values["gpus"] = [[gpu.kind.value, gpu.device] for gpu in resources.gpus]
    return [resources.node, values]


def _decode_report(node: object, values: Any) -> NodeReport:  # noqa: ANN401 - checked here
    resources = NodeResources(
        text(node),
        frozenset(map(decode_core, values["cpu"])),
        optional(integer, values.get("memory")),
        tuple(Gpu(GpuKind(kind), text(device)) for kind, device in values.get("gpus", ())),
    )
    return NodeReport(resources, text(values.get("version", "")))


NODE: Final[Field[str]] = Field(lambda node: [node], text)
OPTIONAL_NODE: Final[Field[str | None]] = Field(
    lambda node: [node], lambda node=None: optional(text, node)
)
REPORT: Final[Field[NodeReport]] = Field(_encode_report, _decode_report, width=2)
RESULTS: Final[Field[Sequence[ProcessResult]]] = Field(
    lambda results: [[encode_result(result) for result in results]],
    lambda results: tuple(map(decode_result, results)),
)


@dataclass(frozen=True, slots=True)
class CommandPoll:
    """An agent's request for the next command.

    Attributes:
        node: Name of the node.
        load: How busy it is; None if that was not measured again.
    """

    node: str
    load: NodeLoad | None = None


def _encode_poll(poll: CommandPoll) -> list[object]:
    if poll.load is None:
        return [poll.node]
    return [poll.node, [poll.load.load, poll.load.memory_used]]


def _decode_poll(node: object, load: Any = None) -> CommandPoll:  # noqa: ANN401 - checked here
    if load is None:
        return CommandPoll(text(node))
    average, memory_used = load
    return CommandPoll(
        text(node), NodeLoad(optional(number, average), optional(integer, memory_used))
    )


POLL: Final[Field[CommandPoll]] = Field(_encode_poll, _decode_poll, width=2)


def _decode_activities(pairs: Any) -> Mapping[str, Activity]:  # noqa: ANN401 - checked here
    return {text(name): Activity(value) for name, value in pairs}


ACTIVITIES: Final[Field[Mapping[str, Activity]]] = Field(
    lambda activities: [[[name, activity.value] for name, activity in activities.items()]],
    _decode_activities,
)


@dataclass(frozen=True, slots=True)
class OutputReport:
    """A piece of the output of a program.

    Attributes:
        piece: The piece.
        node: Name of the node.
    """

    piece: OutputPiece
    node: str


OUTPUT: Final[Field[OutputReport]] = Field(
    lambda report: [encode_piece(report.piece), report.node],
    lambda piece, node: OutputReport(decode_piece(piece), text(node)),
    width=2,
)


def _encode_next(command: Command | None) -> list[object]:
    if command is None:
        return [Status.PENDING]
    return [Status.SUCCESS, pack(encode_command(command))]


def _decode_next(values: list[Any]) -> Command:
    (packed,) = values
    return decode_command(unpack(packed))


COMMAND: Final[Answer[Command | None, Command]] = Answer(_encode_next, _decode_next)
"""The status is PENDING if there is no command."""


@REQUESTS.immediate(41, REPORT, answer=NOTHING)
def report_resources(desk: AgentDesk, report: NodeReport) -> None:
    """Report the resources of a node; the first request of an agent."""
    desk.report_resources(report.resources, version=report.version)


@REQUESTS.deferred(42, POLL, answer=COMMAND)
def get_command(
    desk: AgentDesk, poll: CommandPoll, respond: Callable[[Command | None], None]
) -> None:
    """Request the next command."""
    desk.next_command(poll.node, respond, load=poll.load)


@REQUESTS.immediate(43, RESULTS, OPTIONAL_NODE, answer=NOTHING)
def report_results(desk: AgentDesk, results: Sequence[ProcessResult], node: str | None) -> None:
    """Report how processes ended."""
    desk.report_result(results, node=node)


@REQUESTS.immediate(44, ACTIVITIES, NODE, answer=NOTHING)
def report_activities(desk: AgentDesk, activities: Mapping[str, Activity], node: str) -> None:
    """Report what processes are doing, if that has changed."""
    desk.report_activities(activities, node=node)


@REQUESTS.deferred(45, OUTPUT, answer=NOTHING)
def report_output(desk: AgentDesk, report: OutputReport, respond: Callable[[None], None]) -> None:
    """Report a piece of the output of a program; answered when it is stored."""
    desk.report_output(report.piece, lambda: respond(None), node=report.node)


def node_of(request: ReceivedRequest[AgentDesk]) -> str:
    """Return the node whose agent makes a request; empty if the request does not name it."""
    match request.arguments:
        case [NodeReport(resources=resources)]:
            return resources.node
        case [OutputReport(node=node) | CommandPoll(node=node)]:
            return node
        case [_, str(node)]:
            return node
    return ""


def is_request(data: bytes) -> bool:
    """Whether bytes look like a request of this protocol, not like one of an instance."""
    # the header of a list with fewer than 16 values takes one byte, and so does each code
    return len(data) > 1 and data[1] in REQUESTS
