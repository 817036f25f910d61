"""Kills what a killed agent has left on a node: `python -m entrypoints.orphans`.

Launchers start it on other machines, and write the secret of the run to its standard input. All
programs of the run have the secret in their environment.
"""

from __future__ import annotations

import sys

from adapters.local_agents.orphans import kill_processes_of_run


def main() -> int:
    """Kill all processes of the run; return the exit code."""
    secret = sys.stdin.readline().strip()
    if not secret:
        return 2
    kill_processes_of_run(secret)
    return 0


if __name__ == "__main__":
    sys.exit(main())
