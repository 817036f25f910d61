"""The programs that connect to a server of a run, and which of them it trusts.

Our own programs prove their identity with the run's secret. MUSCLE3's cannot. For these, the
operating system reports which user and process a connection belongs to, if it is local.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

MANAGER: Final = "manager"
"""Identity of the manager in a greeting. Those of instances and agents have two words."""

UNNAMED: Final = "program"
"""Identity of a program of the run that is neither; the manager grants it nothing."""

STARTED_FOR: Final = "CONJOIN_STARTED_FOR"
"""Environment variable of every program that an agent starts: the name of its instance."""


def instance_identity(instance: str) -> str:
    """Return the identity that an instance proves in a greeting."""
    return f"instance {instance}"


def agent_identity(node: str) -> str:
    """Return the identity that the agent of a node proves in a greeting."""
    return f"agent {node}"


class Trust(Enum):
    """Which clients are served although they do not prove that they know the secret.

    Attributes:
        SECRET: None.
        STARTED: Programs that the manager started on the same machine, each for its own instance.
        USER: Programs that the same user runs on the same machine.
        NETWORK: Those, and all programs on other machines.
    """

    SECRET = "secret"
    STARTED = "started"
    USER = "user"
    NETWORK = "network"


def trust_between_instances(trust: Trust, *, has_peers_by_hand: bool) -> Trust:
    """Return which clients an instance serves, if the manager serves those of `trust`.

    Args:
        trust: Which clients the manager serves.
        has_peers_by_hand: Whether the user starts a peer of the instance.
    """
    return Trust.STARTED if trust is Trust.USER and not has_peers_by_hand else trust


def trust_for(*, require_secret: bool, trust_network: bool) -> Trust:
    """Return the trust that a user has chosen with two options, of which the first prevails."""
    if require_secret:
        return Trust.SECRET
    return Trust.NETWORK if trust_network else Trust.USER


class Process(NamedTuple):
    """A process, whose id may be reused once it has ended.

    Attributes:
        pid: Its process id.
        started: When it started, in the system's own unit.
    """

    pid: int
    started: int


class Origin(NamedTuple):
    """The origin of a connection.

    Attributes:
        host: Address of the client.
        is_local: Whether the client runs on this machine.
        uid: Id of its user; None if unknown, as for every client on another machine.
        socket: Number that the system has given to its socket; 0 if unknown.
    """

    host: str
    is_local: bool
    uid: int | None = None
    socket: int = 0


def refusal_of(origin: Origin, trust: Trust, *, uid: int) -> str | None:
    """Return why a client without proof is refused; None if it is not.

    Args:
        origin: Where it comes from.
        trust: Which of these clients are served.
        uid: Id of the server's user.
    """
    if trust is Trust.SECRET:
        return (
            "it was refused, because it does not know the secret of this run, which the option"
            " --require-secret requires. MUSCLE3's programs cannot know it; those that use"
            " Conjoin's library read it from the file that CONJOIN_SECRET_FILE names"
        )
    if not origin.is_local and trust is not Trust.NETWORK:
        return (
            "it was refused, because it does not know the secret of this run and connects from"
            " another machine. Set CONJOIN_SECRET_FILE for a program that uses Conjoin's library;"
            " to admit MUSCLE3's programs on other machines, run with --trust-network"
        )
    if origin.is_local and origin.uid != uid:
        user = "an unknown user" if origin.uid is None else f"the user with id {origin.uid}"
        return (
            "it was refused, because it does not know the secret of this run and is a program of"
            f" {user}"
        )
    return None
