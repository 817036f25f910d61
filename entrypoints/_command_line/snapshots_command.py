"""The command `conjoin snapshots` and its actions."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.errors import ConfigurationError
from domain.suggestions import did_you_mean
from entrypoints._command_line.command import Command
from entrypoints._command_line.console import print_text

if TYPE_CHECKING:
    from application.manager.snapshots.examined_snapshots import (
        ExaminedSnapshot,
        ExaminedWorkflowSnapshot,
    )
    from application.manager.snapshots.run_snapshots import RunSnapshots

SOUND: Final = 0
DAMAGED: Final = 1
LIST: Final = "list"

_FILES_OF_A_RUN: Final = (
    "snapshots",
    "instances",
    "configuration.ymmsl",
    "muscle3_manager.log",
)
"""Each run directory, ours or MUSCLE3's, has at least one of these."""

_KILO: Final = 1024


def with_list_inserted(arguments: Sequence[str]) -> list[str]:
    """Return the command line with the action `list` inserted if it names no action.

    Example:
        >>> with_list_inserted(["snapshots", "run_kitchen_20261120_224839"])
        ['snapshots', 'list', 'run_kitchen_20261120_224839']
    """
    result = list(arguments)
    is_bare = result[:1] == ["snapshots"] and len(result) > 1
    if is_bare and not _is_action(result[1]) and not result[1].startswith("-"):
        result.insert(1, LIST)
    return result


def _is_action(word: str) -> bool:
    """Return whether a word is an action, or looks like a misspelt one."""
    is_similar = bool(did_you_mean(word, _ACTIONS)) and not Path(word).exists()
    return word in _ACTIONS or is_similar


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser(
        LIST,
        help="list the workflow snapshots of a run; short form: 'conjoin snapshots RUN_DIR'",
        description="List the workflow snapshots of a run, the oldest first.",
    )
    listing.add_argument("run_dir", metavar="RUN_DIR", help="the directory of a run")
    show = actions.add_parser(
        "show",
        help="show the contents of a workflow snapshot",
        description="Show the contents of a workflow snapshot.",
    )
    show.add_argument("file", metavar="FILE", help="a workflow snapshot")
    verify = actions.add_parser(
        "verify",
        help="check whether snapshots are sound",
        description="Read snapshots, and report damaged ones. The exit code is 1 if there are any.",
    )
    verify.add_argument(
        "path", metavar="RUN_DIR|FILE", help="the directory of a run, or one workflow snapshot"
    )
    prune = actions.add_parser(
        "prune",
        help="remove old snapshots",
        description="Remove all but the newest sound workflow snapshots of a run, and the instance"
        " snapshots that no other workflow snapshot needs.",
    )
    prune.add_argument("run_dir", metavar="RUN_DIR", help="the directory of a run")
    prune.add_argument(
        "--keep",
        required=True,
        type=_count,
        metavar="N",
        help="how many sound workflow snapshots to keep",
    )


def _run(options: argparse.Namespace) -> int:
    """Run the command, and return the exit code.

    Raises:
        ConfigurationError: If the file or directory does not exist, or cannot be used.
    """
    try:
        return _ACTIONS[options.action](options)
    except OSError as error:
        raise ConfigurationError(f"the snapshots are not accessible: {error}") from error


def _list(options: argparse.Namespace) -> int:
    found = list(_snapshots_of_run(options.run_dir).newest_first())
    if not found:
        print_text(f"There are no workflow snapshots in '{options.run_dir}'.")
    for snapshot in reversed(found):
        _print_lines(_summary(snapshot))
    return SOUND


def _show(options: argparse.Namespace) -> int:
    path = _existing(options.file)
    if path.is_dir():
        msg = f"'{path}' is a directory. Name one of the workflow snapshots in {path}/snapshots."
        raise ConfigurationError(msg)
    snapshot = _of_file(path)
    _print_lines([*_summary(snapshot), "", *_table(snapshot)])
    return SOUND if snapshot.is_sound else DAMAGED


def _verify(options: argparse.Namespace) -> int:
    path = _existing(options.path)
    found = _snapshots_of_run(path).newest_first() if path.is_dir() else [_of_file(path)]
    all_sound = True
    for snapshot in reversed(list(found)):
        all_sound = all_sound and snapshot.is_sound
        _print_lines([f"{snapshot.location}: {_verdict(snapshot)}", *_comments(snapshot)])
    return SOUND if all_sound else DAMAGED


def _prune(options: argparse.Namespace) -> int:
    done = _snapshots_of_run(options.run_dir, prunes=True).prune(keep=options.keep)
    _print_lines(f"removed {location}" for location in (*done.workflow_snapshots, *done.snapshots))
    print_text(
        f"Removed {len(done.workflow_snapshots)} workflow snapshots and {len(done.snapshots)}"
        f" instance snapshots ({_in_bytes(done.size)}); {done.kept} workflow snapshots are left."
    )
    return SOUND


_ACTIONS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    LIST: _list,
    "show": _show,
    "verify": _verify,
    "prune": _prune,
}


def _snapshots_of_run(name: str | Path, *, prunes: bool = False) -> RunSnapshots:
    from entrypoints._snapshots.snapshot_wiring import run_snapshots, snapshot_stores

    path = _existing(name)
    if not path.is_dir():
        msg = f"'{path}' is not a directory. Name a run directory."
        raise ConfigurationError(msg)
    if path.name == "snapshots" and not (path / "snapshots").is_dir():
        msg = f"'{path}' is inside a run directory. Use that directory: '{path.parent}'."
        raise ConfigurationError(msg)
    if not any((path / name).exists() for name in _FILES_OF_A_RUN):
        msg = (
            f"'{path}' is not the directory of a run: it has neither snapshots nor other files of a"
            " run. Name a run directory, such as run_<model>_<date>_<time>."
        )
        raise ConfigurationError(msg)
    return run_snapshots(path, stores=snapshot_stores(), prunes=prunes)


def _of_file(path: Path) -> ExaminedWorkflowSnapshot:
    from entrypoints._snapshots.snapshot_wiring import snapshot_stores, snapshots_beside

    return snapshots_beside(path, stores=snapshot_stores()).examine(str(path))


def _existing(name: str | Path) -> Path:
    path = Path(name)
    if not path.exists():
        msg = f"'{path}' does not exist."
        raise ConfigurationError(msg)
    return path


def _summary(snapshot: ExaminedWorkflowSnapshot) -> list[str]:
    times = ", ".join(f"{item.instance} {_time(item.timestamp)}" for item in snapshot.snapshots)
    taken = snapshot.stored.taken or "at an unknown time"
    return [
        snapshot.location,
        f"  taken {taken}, {_in_bytes(snapshot.size)}, {_verdict(snapshot)}",
        f"  why: {', '.join(snapshot.triggers) or 'unknown'}",
        f"  simulated time: {times or 'unknown'}",
        *_comments(snapshot),
    ]


def _table(snapshot: ExaminedWorkflowSnapshot) -> list[str]:
    rows = [("Instance", "t", "Wallclock time", "Type", "Size", "File")]
    rows += [
        (
            str(item.instance),
            _time(item.timestamp),
            _time(item.wallclock_time),
            _type(item),
            _in_bytes(item.size),
            item.location,
        )
        for item in snapshot.snapshots
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _type(snapshot: ExaminedSnapshot) -> str:
    if snapshot.problem:
        return "damaged"
    if snapshot.remark:
        return "unknown"
    return "final" if snapshot.is_final else "intermediate"


def _verdict(snapshot: ExaminedWorkflowSnapshot) -> str:
    return "sound" if snapshot.is_sound else "DAMAGED"


def _comments(snapshot: ExaminedWorkflowSnapshot) -> list[str]:
    return [f"  {text}" for text in (*snapshot.problems, *snapshot.remarks)]


def _time(value: float) -> str:
    # implicit snapshots have no simulation time
    return "-" if math.isnan(value) else f"{value:g}"


def _in_bytes(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if size < _KILO:
            return f"{size:.3g} {unit}" if unit != "bytes" else f"{size} bytes"
        size /= _KILO
    return f"{size:.3g} GiB"


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        msg = f"{text} is not a valid number of snapshots to keep: it must be at least 1"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print_text(line)


SNAPSHOTS: Final = Command(
    "snapshots",
    "list, show, verify and remove snapshots",
    "Manage the snapshots of a run: 'conjoin snapshots RUN_DIR' lists them.",
    _add_arguments,
    _run,
)
