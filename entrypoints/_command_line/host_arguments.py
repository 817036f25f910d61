"""The arguments of `conjoin hosts`."""

from __future__ import annotations

import argparse


def add_host_commands(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of `conjoin hosts`."""
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
    check.add_argument(
        "--accept-new-host-keys",
        action="store_true",
        help="accept the SSH host keys of hosts that are not among the known hosts",
    )
