"""The command `conjoin logs`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from domain.errors import ConfigurationError
from entrypoints._command_line.argument_types import positive_count
from entrypoints._command_line.command import COMPLETED, Command
from entrypoints._command_line.console import print_text
from entrypoints._command_line.echo import chosen_instances

LOG: Final = "muscle3_manager.log"
OUTPUTS: Final = ("stdout.txt", "stderr.txt")
MOST_LINES: Final = 10_000
"""Lines that are printed by default, so that a huge file is never read as a whole."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_dir", metavar="RUN_DIR", help="the directory of a run")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="components or instances whose output to print (default: print the log of the run)",
    )
    parser.add_argument(
        "-n",
        "--lines",
        type=positive_count,
        default=MOST_LINES,
        metavar="N",
        help="print only the last lines of each file (default: %(default)s)",
    )


def _run(options: argparse.Namespace) -> int:
    """Print the log of a run, or the output of some of its instances.

    Raises:
        ConfigurationError: If it is not the directory of a run, or has no such instance.
    """
    from adapters.filesystem.last_lines import last_lines

    run_dir = _checked(Path(options.run_dir))
    files = _files(run_dir, options.names)
    texts = {path: last_lines(path, options.lines) for path in files}
    shown = {path: text for path, text in texts.items() if text}
    for path, text in shown.items():
        if len(files) > 1:
            print_text(f"==> {path.relative_to(run_dir)} <==")
        print_text(text)
    if not shown:
        print_text(f"There is no output in {run_dir}.")
    return COMPLETED


def _checked(run_dir: Path) -> Path:
    if (run_dir / LOG).exists() or (run_dir / "instances").is_dir():
        return run_dir
    what = "not the directory of a run" if run_dir.is_dir() else "not a directory"
    msg = f"'{run_dir}' is {what}. Name a run directory, such as run_<model>_<date>_<time>."
    raise ConfigurationError(msg)


def _files(run_dir: Path, names: list[str]) -> list[Path]:
    if not names:
        return [run_dir / LOG]
    folder = run_dir / "instances"
    instances = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    chosen = chosen_instances(names, instances)
    return [folder / instance / output for instance in chosen for output in OUTPUTS]


LOGS: Final = Command(
    "logs",
    "print the log of a run, or the output of an instance",
    "Print the log of a run; with the name of a component or an instance, print its output.",
    _add_arguments,
    _run,
    mistake="Nothing was printed",
)
