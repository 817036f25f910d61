"""Domain values in the protocol between a node agent and the manager."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from adapters.wire.packing import brief
from adapters.wire.values import binary, integer, text
from domain.placement.resources import Core
from domain.running.agents import CancelCommand, Command, ShutdownCommand, StartCommand
from domain.running.outputs import OutputPiece
from domain.running.process_end import (
    Exited,
    Killed,
    NeverStarted,
    NodeLost,
    ProcessEnd,
    ProcessResult,
    from_return_code,
)

_START: Final = 1
_CANCEL: Final = 2
_SHUTDOWN: Final = 3


def encode_command(command: Command) -> list[object]:
    """Return a command as a list."""
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
                _encode_files(command.files),
            ]


def decode_command(values: list[Any]) -> Command:
    """Return the command for a list.

    Raises:
        ValueError: If the kind of command is unknown.
        TypeError: If an argument has the wrong type.
    """
    kind, *arguments = values
    if kind == _CANCEL:
        () = arguments
        return CancelCommand()
    if kind == _SHUTDOWN:
        () = arguments
        return ShutdownCommand()
    if kind != _START:
        msg = f"unknown command {brief(kind)}"
        raise ValueError(msg)
    return _decode_start(arguments)


def _decode_start(arguments: list[Any]) -> StartCommand:
    name, work_dir, args, env, stdout, stderr, *rest = arguments
    extend_env = rest[0] if rest else False
    files = rest[1] if len(rest) > 1 else None
    return StartCommand(
        name=text(name),
        work_dir=Path(_unpacked(work_dir)),
        args=tuple(map(_unpacked, args)),
        env={_unpacked(key): _unpacked(value) for key, value in env.items()},
        stdout=Path(_unpacked(stdout)),
        stderr=Path(_unpacked(stderr)),
        extend_env=bool(extend_env),
        files=_decode_files(files),
    )


def _encode_files(files: Mapping[Path, bytes] | None) -> list[object] | None:
    if files is None:
        return None
    return [[_packable(str(path)), data] for path, data in files.items()]


def _decode_files(pairs: list[Any] | None) -> Mapping[Path, bytes] | None:
    if pairs is None:
        return None
    return {Path(_unpacked(path)): binary(data) for path, data in pairs}


def encode_piece(piece: OutputPiece) -> list[object]:
    """Return a piece of the output of a program as a list."""
    return [piece.process, piece.is_error, piece.offset, piece.data]


def decode_piece(values: list[Any]) -> OutputPiece:
    """Return the piece for a list.

    Raises:
        TypeError: If a value has the wrong type.
        ValueError: If there is another number of values, or the offset is negative.
    """
    process, is_error, offset, data = values
    if integer(offset) < 0:
        msg = "the offset is negative"
        raise ValueError(msg)
    return OutputPiece(text(process), bool(is_error), offset, binary(data))


def _packable(text: str) -> str | bytes:
    """Return a path or argument as a string if it is valid UTF-8, otherwise as bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")
    return text


def _unpacked(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return text(value)


def decode_core(item: list[Any]) -> Core:
    """Return the core with this number and these numbers of hardware threads.

    Raises:
        TypeError: If one of them is not an integer.
    """
    core_id, *hwthreads = item
    return Core(integer(core_id), frozenset(map(integer, hwthreads)))


def encode_result(result: ProcessResult) -> list[object]:
    """Return the name of a process and how it ended, as a list."""
    return [result.name, *_encode_end(result.end)]


def decode_result(item: list[Any]) -> ProcessResult:
    """Return the result for a list.

    Raises:
        ValueError: If the way in which the process ended is unknown.
        TypeError: If a value has the wrong type.
    """
    name, *end = item
    return ProcessResult(text(name), _decode_end(end))


def _encode_end(end: ProcessEnd) -> list[object]:
    match end:
        case Exited(code):
            return ["exited", code]
        case Killed(signal):
            return ["killed", signal]
        case NeverStarted(reason):
            return ["never_started", reason]
        case NodeLost(reason):
            return ["node_lost", reason]


def _decode_end(values: list[Any]) -> ProcessEnd:
    if len(values) == 1:  # MUSCLE3's form: only the return code
        return from_return_code(integer(values[0]))
    kind, value = values
    match kind:
        case "exited":
            return Exited(integer(value))
        case "killed":
            return Killed(integer(value))
        case "never_started":
            return NeverStarted(text(value))
        case "node_lost":
            return NodeLost(text(value))
    msg = f"unknown end of a process: {brief(kind)}"
    raise ValueError(msg)
