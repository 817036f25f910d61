"""The command `conjoin hosts`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.wording import counted, without_controls
from entrypoints._command_line.command import COMPLETED, FAILED, Command, add_host_key_policy
from entrypoints._command_line.console import print_text

if TYPE_CHECKING:
    from adapters.ssh_agents.host_check import HostReport

GAP: Final = "  "


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="host_command", required=True, metavar="COMMAND")
    check = commands.add_parser(
        "check",
        help="check whether programs can be run on hosts over SSH",
        description="Check for each host: the SSH connection, Python, the version of Conjoin, the"
        " clock, the shared directory, and whether it reaches this machine.",
    )
    check.add_argument(
        "hosts", metavar="HOSTS", help="a hosts file (*.toml), or a list such as a,b,user@c:2222"
    )
    add_host_key_policy(check)


def _run(options: argparse.Namespace) -> int:
    """Check hosts, and print a table; return the exit code: 1 if there are problems.

    Raises:
        ConfigurationError: If the hosts or the SSH configuration are invalid.
    """
    from entrypoints._manager.launcher_choice import importing_ssh

    with importing_ssh():
        from adapters.ssh_agents.host_check import CHECKS, SshHostCheck
        from adapters.ssh_agents.hosts_file import read_hosts

    check = SshHostCheck(
        read_hosts(options.hosts),
        directory=Path.cwd(),
        accept_new_host_keys=options.accept_new_host_keys,
    )
    reports = check.run()
    rows = [[item.name, *(item.results.get(name, "-") for name in CHECKS)] for item in reports]
    print_text(format_table([["host", *CHECKS], *rows]))
    return _print_problems(reports)


def _print_problems(reports: Sequence[HostReport]) -> int:
    problems = [
        _sentence(f"Host '{report.name}': {without_controls(problem)}")
        for report in reports
        for problem in report.problems
    ]
    if not problems:
        print_text(f"Programs can be run on {counted(len(reports), 'host')}.")
        return COMPLETED
    print_text("\n".join(["", *problems]))
    return FAILED


def _sentence(text: str) -> str:
    return text if text.endswith(("?", ".", "!")) else f"{text}."


def format_table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as text, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


HOSTS: Final = Command(
    "hosts",
    "check hosts that are reached over SSH",
    "Check hosts: 'conjoin hosts check hosts.toml'.",
    _add_arguments,
    _run,
)
