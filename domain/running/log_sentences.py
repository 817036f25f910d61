"""The sentences in the manager's log from which MUSCLE3's users' tools read the state of a run.

They are MUSCLE3's, and documented as stable in docs/files-of-a-run.md. Tools look at the first and
the last word of each.
"""

from __future__ import annotations

from typing import Final

from domain import version
from domain.identity import Reference
from domain.placement.resources import Resources
from domain.running.process_end import Exited, Killed, ProcessEnd
from domain.version import OWN_VERSION_SUFFIX

VERSION: Final = f"libmuscle version: 0.11.0{OWN_VERSION_SUFFIX}.{version.VERSION}"
FINISHED: Final = "The simulation finished without error."


def planned(instance: Reference, resources: Resources) -> str:
    """Return the sentence about where an instance is placed."""
    places = [
        f"{node.node} (cores {','.join(str(core.core_id) for core in sorted(node.cores))})"
        for node in resources
    ]
    return f"Planned {instance} on {', '.join(places)}"


def instantiating(instance: str) -> str:
    """Return the sentence about an instance whose program is started."""
    return f"Instantiating {instance}"


def registered(instance: str) -> str:
    """Return the sentence about an instance that has registered."""
    return f"Registered instance {instance}"


def deregistered(instance: str) -> str:
    """Return the sentence about an instance that has deregistered."""
    return f"Deregistered instance {instance}"


def exited(instance: str, end: ProcessEnd) -> str:
    """Return the sentence about how the process of an instance ended."""
    match end:
        case Exited(0):
            return f"Instance {instance} finished with exit code 0"
        case Exited(code):
            return f"Instance {instance} quit with exit code {code}"
        case Killed(signal):
            return f"Instance {instance} quit with exit code {-signal}"
        case _:
            return f"Instance {instance} crashed: it {end}"
