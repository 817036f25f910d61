"""Encodes hosts and the reasons of their loss as plain values."""

from __future__ import annotations

from domain.errors import RemoteProtocolError
from domain.runtime.hosts import Host, HostPlan, LossKind, LossReason
from domain.runtime.payloads import Plain


def host_to_plain(host: Host) -> list[Plain]:
    """Return a host as plain values."""
    plan = host.plan
    return [
        host.uid,
        plan.role,
        list(plan.indices),
        plan.threads,
        plan.memory,
        plan.gpus,
        plan.node,
        host.pid,
    ]


def host_from_plain(items: object) -> Host:
    """Return the host that plain values describe.

    Raises:
        RemoteProtocolError: If they do not describe one.
    """
    match items:
        case [
            str(uid),
            str(role),
            list(indices),
            int(threads),
            int() | None as memory,
            int(gpus),
            int(node),
            int() | None as pid,
        ] if all(isinstance(index, int) for index in indices):
            plan = HostPlan(role, tuple(indices), threads, memory, gpus, node)
            return Host(uid, plan, pid)
    msg = "received an invalid host"
    raise RemoteProtocolError(msg)


def reason_to_plain(reason: LossReason) -> list[Plain]:
    """Return the reason of a loss as plain values."""
    return [
        reason.kind.value,
        reason.text,
        reason.exit_code,
        reason.signal,
        list(reason.last_lines),
    ]


def reason_from_plain(items: object) -> LossReason:
    """Return the reason of a loss that plain values describe.

    Raises:
        RemoteProtocolError: If they do not describe one.
    """
    match items:
        case [str(kind), str(text), int() | None as code, int() | None as number, list(lines)]:
            try:
                return LossReason(LossKind(kind), text, code, number, tuple(map(str, lines)))
            except ValueError as error:
                raise RemoteProtocolError(str(error)) from error
    msg = "received an invalid reason"
    raise RemoteProtocolError(msg)
