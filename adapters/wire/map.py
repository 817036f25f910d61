"""The protocol between a node agent and the manager: requests, responses, and commands.

MUSCLE3's, with these additions of ours: a report of resources has the memory and the version of
the agent; GET_COMMAND is answered when there is a command, or nothing for a while (a long poll,
which is the heartbeat as well); results give the end of a process as a kind and a value, and are
followed by the node's name; a start command may extend the agent's environment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, TypeAlias

from adapters.wire.packing import brief, pack, unpack
from adapters.wire.requests import parse_request
from domain.errors import ManagerRefused, RemoteProtocolError
from domain.placement.resources import Core, NodeResources
from domain.running.agents import (
    CancelCommand,
    Command,
    ShutdownCommand,
    StartCommand,
)
from domain.running.process_end import (
    Exited,
    Killed,
    NeverStarted,
    NodeLost,
    ProcessEnd,
    ProcessResult,
    from_return_code,
)

_SUCCESS: Final = 0
_ERROR: Final = 1
_PENDING: Final = 2

_START: Final = 1
_CANCEL: Final = 2
_SHUTDOWN: Final = 3


@dataclass(frozen=True)
class ReportResources:
    """Say what a node has to offer; the first thing that an agent says.

    Attributes:
        resources: The node's name, cores and memory.
        version: Version of the agent; empty if it does not say.
    """

    code: ClassVar[int] = 41
    resources: NodeResources
    version: str = ""

    def arguments(self) -> list[object]:
        """Return what follows the type on the wire."""
        cores = sorted(self.resources.cores)
        cpu = [[core.core_id, *sorted(core.hwthreads)] for core in cores]
        values = {"cpu": cpu, "memory": self.resources.memory, "version": self.version}
        return [self.resources.node, values]

    @classmethod
    def parse(cls, arguments: list[Any]) -> ReportResources:
        """Return the request for what follows the type on the wire."""
        node, values = arguments
        memory = values.get("memory")
        resources = NodeResources(
            _text(node),
            frozenset(_core(item) for item in values["cpu"]),
            None if memory is None else _integer(memory),
        )
        return cls(resources, _text(values.get("version", "")))


@dataclass(frozen=True)
class GetCommand:
    """Ask for the next command."""

    code: ClassVar[int] = 42
    node: str

    def arguments(self) -> list[object]:
        """Return what follows the type on the wire."""
        return [self.node]

    @classmethod
    def parse(cls, arguments: list[Any]) -> GetCommand:
        """Return the request for what follows the type on the wire."""
        (node,) = arguments
        return cls(_text(node))


@dataclass(frozen=True)
class ReportResults:
    """Say how processes ended.

    Attributes:
        results: One for each process.
        node: Where they ran; None if the agent does not say.
    """

    code: ClassVar[int] = 43
    results: tuple[ProcessResult, ...]
    node: str | None = None

    def arguments(self) -> list[object]:
        """Return what follows the type on the wire."""
        results = [[result.name, *_end_values(result.end)] for result in self.results]
        return [results, self.node]

    @classmethod
    def parse(cls, arguments: list[Any]) -> ReportResults:
        """Return the request for what follows the type on the wire."""
        results, *rest = arguments
        (node,) = rest or (None,)
        return cls(tuple(_result(item) for item in results), None if node is None else _text(node))


Request: TypeAlias = ReportResources | GetCommand | ReportResults

REQUESTS: Final[Mapping[int, Callable[[list[Any]], Request]]] = {
    ReportResources.code: ReportResources.parse,
    GetCommand.code: GetCommand.parse,
    ReportResults.code: ReportResults.parse,
}


def encode_request(request: Request) -> bytes:
    """Return the bytes of a request."""
    return pack([request.code, *request.arguments()])


def is_request(data: bytes) -> bool:
    """Whether bytes look like a request of this protocol, rather than one of an instance."""
    # a list of fewer than 16 values is one byte, and so is each of our numbers
    return len(data) > 1 and data[1] in REQUESTS


def decode_request(data: bytes) -> Request:
    """Return the request that the bytes stand for.

    Raises:
        RemoteProtocolError: If they stand for none; the text says why.
    """
    return parse_request(data, REQUESTS, sender="an agent")


def encode_accepted() -> bytes:
    """Return the response to a report that was taken note of."""
    return pack([_SUCCESS])


def encode_refused(text: str) -> bytes:
    """Return the response to a request that cannot be carried out."""
    return pack([_ERROR, text])


def encode_command(command: Command | None) -> bytes:
    """Return the response to GET_COMMAND; None if there is nothing to do for now."""
    if command is None:
        return pack([_PENDING])
    return pack([_SUCCESS, pack(_command_values(command))])


def decode_accepted(data: bytes | memoryview) -> None:
    """Check the response to a report.

    Raises:
        ManagerRefused: If the manager did not accept it.
        RemoteProtocolError: If the response makes no sense.
    """
    status, _ = _decode_response(data)
    if status != _SUCCESS:
        msg = "the manager answered a report as if there was something to wait for"
        raise RemoteProtocolError(msg)


def decode_command(data: bytes | memoryview) -> Command | None:
    """Return the command in the response to GET_COMMAND, or None if there is nothing to do.

    Raises:
        ManagerRefused: If the manager does not want this agent.
        RemoteProtocolError: If the response makes no sense.
    """
    status, values = _decode_response(data)
    if status == _PENDING:
        return None
    try:
        (packed,) = values
        return _parse_command(unpack(packed))
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        msg = f"the manager sent a command that makes no sense: {error}"
        raise RemoteProtocolError(msg) from error


def _decode_response(data: bytes | memoryview) -> tuple[int, list[Any]]:
    values = unpack(data)
    if not isinstance(values, list) or not values or values[0] not in (_SUCCESS, _ERROR, _PENDING):
        msg = "the manager's response makes no sense"
        raise RemoteProtocolError(msg)
    if values[0] == _ERROR:
        raise ManagerRefused(str(values[1]) if len(values) > 1 else "refused, without a reason")
    return values[0], values[1:]


def _command_values(command: Command) -> list[object]:
    match command:
        case CancelCommand():
            return [_CANCEL]
        case ShutdownCommand():
            return [_SHUTDOWN]
        case StartCommand():
            return [
                _START,
                command.name,
                _packable(str(command.work_dir)),
                [_packable(arg) for arg in command.args],
                {_packable(name): _packable(value) for name, value in command.env.items()},
                _packable(str(command.stdout)),
                _packable(str(command.stderr)),
                command.extend_env,
            ]


def _parse_command(values: list[Any]) -> Command:
    kind, *arguments = values
    if kind == _CANCEL:
        () = arguments
        return CancelCommand()
    if kind == _SHUTDOWN:
        () = arguments
        return ShutdownCommand()
    if kind != _START:
        msg = f"there is no command {brief(kind)}"
        raise ValueError(msg)
    return _parse_start(arguments)


def _parse_start(arguments: list[Any]) -> StartCommand:
    name, work_dir, args, env, stdout, stderr, *rest = arguments
    (extend_env,) = rest or (False,)
    return StartCommand(
        name=_text(name),
        work_dir=Path(_unpacked(work_dir)),
        args=tuple(map(_unpacked, args)),
        env={_unpacked(key): _unpacked(value) for key, value in env.items()},
        stdout=Path(_unpacked(stdout)),
        stderr=Path(_unpacked(stderr)),
        extend_env=bool(extend_env),
    )


def _packable(text: str) -> str | bytes:
    """Return a path or the like as text if it is proper text, else as the bytes that it is."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")
    return text


def _unpacked(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return _text(value)


def _core(item: list[Any]) -> Core:
    core_id, *hwthreads = item
    return Core(_integer(core_id), frozenset(map(_integer, hwthreads)))


def _result(item: list[Any]) -> ProcessResult:
    name, *end = item
    return ProcessResult(_text(name), _parse_end(end))


def _end_values(end: ProcessEnd) -> list[object]:
    match end:
        case Exited(code):
            return ["exited", code]
        case Killed(signal):
            return ["killed", signal]
        case NeverStarted(reason):
            return ["never_started", reason]
        case NodeLost(reason):
            return ["node_lost", reason]


def _parse_end(values: list[Any]) -> ProcessEnd:
    if len(values) == 1:  # MUSCLE3's form: the return code alone
        return from_return_code(_integer(values[0]))
    kind, value = values
    match kind:
        case "exited":
            return Exited(_integer(value))
        case "killed":
            return Killed(_integer(value))
        case "never_started":
            return NeverStarted(_text(value))
        case "node_lost":
            return NodeLost(_text(value))
    msg = f"a process cannot end in the way {brief(kind)}"
    raise ValueError(msg)


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = f"expected a text, got {brief(value)}"
        raise TypeError(msg)
    return value


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        msg = f"expected a whole number, got {brief(value)}"
        raise TypeError(msg)
    return value
