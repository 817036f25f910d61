"""Consistency of the snapshots of two connected instances.

Every message is counted at both ends of its conduit. Two snapshots are consistent if on each
conduit between them the receiver has received

- as many messages as the sender has sent (*strong* consistency), or
- one message more (*weak* consistency). The sender, when resumed, sends that message again, and the
  receiver drops the duplicate.

A filter that passes empty messages while its sender is not called relaxes the second condition; see
`domain.checkpointing.workflow_snapshot_search`.

A start from scratch counts as a snapshot with all counts 0. However, an instance that starts from
scratch may send different messages, so no receiver may already have one of its messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.identity import Reference

T = TypeVar("T")


def safe_get(items: Sequence[T], index: int, default: T) -> T:
    """Return the item at an index, or a default if the index is out of range."""
    return items[index] if 0 <= index < len(items) else default


def calc_consistency(
    num1: int,
    num2: int,
    first_is_sent: bool,
    num2_is_restart: bool,
) -> bool:
    """Return whether the counts at the two ends of a conduit are consistent.

    Args:
        num1: Messages counted at one end.
        num2: Messages counted at the other end.
        first_is_sent: Whether `num1` is the sender's count.
        num2_is_restart: Whether `num2` belongs to an instance that starts from scratch.

    Example:
        >>> calc_consistency(3, 4, True, False), calc_consistency(4, 3, True, False)
        (True, False)
    """
    if num1 == num2:
        return True
    if first_is_sent:
        return num1 + 1 == num2
    return num2 + 1 == num1 and not num2_is_restart


def calc_consistency_list(
    num1: Sequence[int],
    num2: Sequence[int],
    first_is_sent: bool,
    num2_is_restart: bool,
) -> bool:
    """Return whether the counts of two vector ports are consistent in each slot.

    A slot that only one of them has counts 0 at the other. See `calc_consistency` for the
    arguments.
    """
    return all(
        calc_consistency(
            safe_get(num1, slot, 0), safe_get(num2, slot, 0), first_is_sent, num2_is_restart
        )
        for slot in range(max(len(num1), len(num2)))
    )


class Connection(NamedTuple):
    """A conduit, as seen from one of the components that it connects.

    Attributes:
        own_port: Name of this component's port.
        peer_port: Name of the port at the other end.
        is_sending: Whether this component is the sender.
    """

    own_port: str
    peer_port: str
    is_sending: bool


class SnapshotNode:
    """An instance snapshot, and the snapshots of its peers with which it is consistent.

    Args:
        num: Number of the snapshot, from 1; 0 for a start from scratch.
        instance: The instance that made it.
        snapshot: What that instance reported about it.
        peers: The instances with which this one exchanges messages.
        consistent_peers: Snapshots known to be consistent with this one, by instance.
    """

    def __init__(
        self,
        num: int,
        instance: Reference,
        snapshot: SnapshotMetadata,
        peers: Iterable[Reference],
        consistent_peers: dict[Reference, list[SnapshotNode]] | None = None,
    ) -> None:
        self.num = num
        self.instance = instance
        self.snapshot = snapshot
        self.peers = frozenset(peers)
        self.consistent_peers = {} if consistent_peers is None else consistent_peers

    def __repr__(self) -> str:
        return f"SnapshotNode({self.num}, {self.instance})"

    @classmethod
    def from_scratch(cls, instance: Reference, peers: Iterable[Reference]) -> SnapshotNode:
        """Return the node that stands for a start from scratch."""
        return cls(0, instance, FROM_SCRATCH, peers)

    @property
    def is_from_scratch(self) -> bool:
        """Whether this node stands for a start from scratch."""
        return self.num == 0 and not any(map(any, self.snapshot.port_message_counts.values()))

    @property
    def consistent(self) -> bool:
        """Whether each peer has at least one snapshot that is consistent with this one."""
        return all(self.consistent_peers.get(peer) for peer in self.peers)

    def do_consistency_check(
        self, peer_node: SnapshotNode, connections: Iterable[Connection]
    ) -> bool:
        """Return whether a snapshot of a peer is consistent with this one; record it at both.

        Args:
            peer_node: The other snapshot.
            connections: The conduits between the two components, seen from this one.
        """
        agree = all(self._agrees(peer_node, connection) for connection in connections)
        if agree:
            self._record(peer_node)
            peer_node._record(self)
        return agree

    def _agrees(self, peer: SnapshotNode, connection: Connection) -> bool:
        own, other = self._counts_at_both_ends(peer, connection)
        if self.is_from_scratch:
            return calc_consistency_list(other, own, not connection.is_sending, True)
        return calc_consistency_list(own, other, connection.is_sending, peer.is_from_scratch)

    def _counts_at_both_ends(
        self, peer: SnapshotNode, connection: Connection
    ) -> tuple[Sequence[int], Sequence[int]]:
        own = self.snapshot.port_message_counts.get(connection.own_port, ())
        other = peer.snapshot.port_message_counts.get(connection.peer_port, ())
        own_index, peer_index = self.instance.indices, peer.instance.indices
        if len(peer_index) > len(own_index):
            return (safe_get(own, peer_index[-1], 0),), (safe_get(other, 0, 0),)
        if len(peer_index) < len(own_index):
            return (safe_get(own, 0, 0),), (safe_get(other, own_index[-1], 0),)
        return own, other

    def _record(self, peer: SnapshotNode) -> None:
        known = self.consistent_peers.setdefault(peer.instance, [])
        if peer not in known:
            known.append(peer)


FROM_SCRATCH = SnapshotMetadata((), 0.0, float("-inf"), None, {}, True, "")
"""Metadata of the snapshot that stands for a start from scratch."""
