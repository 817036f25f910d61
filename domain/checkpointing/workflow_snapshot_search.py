"""Finds the instance snapshots that make up the newest workflow snapshot, incrementally.

Choose one snapshot for each instance; x(i) is the number of the one chosen for instance i. Such a
choice is called a *cut*. The counts of an instance only ever grow, so each conduit puts two bounds
on a cut, both of the form

    need(x(i)) <= have(x(j))

    sender i, receiver j: everything sent must have been received: need = sent, have = received;
    receiver i, sender j: at most one message more: need = received, have = sent + 1 (if j starts
    from scratch: 0).

A conduit with a reducing filter differs while its sender waits to be called and the sender's
callers go on: for each of their iterations the filter passes an empty message, which no snapshot of
the sender counts. However, the snapshots of the callers hold the milestones that cause the empty
messages. When the milestones are sent again, so are the empty messages, and the receiver drops the
duplicates. Therefore the bound applies only to the messages received up to the last one that was
not empty. So that the receiver is not ahead of the callers either, it may have received at most one
message more than the passes that they have started.

As need and have only grow, the cuts that satisfy all bounds form a lattice: taking the newer
snapshot of each instance from two such cuts gives another. Hence there is a newest cut, it only
ever moves forward, and it contains the snapshot that made it move. Older snapshots are never needed
again.

To move the cut forward, each instance has a *target*: its oldest snapshot beyond the cut. If the
cut does not satisfy a bound on the target of i, then i can only move if j moves. Either j cannot
move before it makes another snapshot, or j waits for another instance in turn, and so on. If that
chain leads back to i, these instances can only move together: they become one group. Within a
group, a target that does not satisfy the bounds of the others never will, and is dropped. A group
whose bounds are all satisfied moves, and is split into its instances again.

Each bound is checked once per target, smaller groups are merged into larger ones, and each snapshot
becomes a target at most once. So the average cost of a new snapshot is that of checking its own
conduits, regardless of the number of snapshots and instances.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import product, zip_longest
from typing import NamedTuple, TypeAlias

from domain.checkpointing.consistency import FROM_SCRATCH, safe_get
from domain.checkpointing.instance_snapshot import SnapshotMetadata, filled_port, reduced_port
from domain.checkpointing.workflow_snapshot import RegisteredSnapshot, WorkflowSnapshot
from domain.coupling.conduits import Conduit
from domain.coupling.filters import filters_of
from domain.coupling.peers import peer_endpoint, slots_between
from domain.identity import Reference
from domain.model.configuration import Model
from domain.model.topology import Topology

Count: TypeAlias = int | tuple[int, ...]
"""Messages counted at one end: one number, or one per slot if all slots have the same peer."""


class _End(NamedTuple):
    """One end of a conduit, before it is linked to the other.

    Attributes:
        track: The instance.
        ports: Keys of its count; the first one that a snapshot has is used.
        slot: The slot; None if the port does not distribute over several peers.
        is_bound: Whether the count at the other end puts a bound on this one.
    """

    track: _Track
    ports: tuple[str, ...]
    slot: int | None
    is_bound: bool = True


class _Link:
    """One end of a conduit between two instances.

    Attributes:
        peer: The instance at the other end.
        ports: Keys of this end's count; the first one that a snapshot has is used.
        is_sending: Whether this end sends.
        is_bound: Whether the other end puts a bound on this one.
        slot: The slot at this end, if its slots have different peers.
        is_whole: Whether all slots of the port have this peer.
        place: Index of this link among those of its instance.
        mirror: Index of the opposite link among those of the peer.
    """

    __slots__ = (
        "is_bound",
        "is_sending",
        "is_whole",
        "mirror",
        "peer",
        "place",
        "ports",
        "slot",
    )

    def __init__(
        self,
        peer: _Track,
        end: _End,
        *,
        is_sending: bool,
        is_whole: bool,
        place: int,
        mirror: int,
    ) -> None:
        self.peer = peer
        self.ports = end.ports
        self.is_sending = is_sending
        self.is_bound = end.is_bound
        self.slot = end.slot or 0
        self.is_whole = is_whole
        self.place = place
        self.mirror = mirror

    def count(self, metadata: SnapshotMetadata) -> Count:
        """Return the messages that a snapshot counted at this end."""
        counts: Sequence[int] = ()
        for port in self.ports:
            if port in metadata.port_message_counts:
                counts = metadata.port_message_counts[port]
                break
        if self.is_whole and len(counts) > 1:
            return tuple(counts)
        return safe_get(counts, self.slot, 0)

    def is_satisfied(self, need: Count, node: _Node) -> bool:
        """Return whether a snapshot at the other end satisfies the bound of one at this end."""
        have = node.counts[self.mirror]
        extra = 0 if self.is_sending or node.snapshot.number == 0 else 1
        if isinstance(need, int) and isinstance(have, int):
            return need <= have + extra
        return all(
            few <= many + extra
            for few, many in zip_longest(_each_slot(need), _each_slot(have), fillvalue=0)
        )


class _Node(NamedTuple):
    """A snapshot, and its count for each link of its instance."""

    snapshot: RegisteredSnapshot
    counts: list[Count]


class _Track:
    """The snapshots of one instance, and how far the cut has got among them.

    Attributes:
        instance: Name of the instance.
        links: Its ends of the conduits.
        cut: Its snapshot in the newest cut.
        beyond: Its newer snapshots, the oldest first. The first is the target.
        newest: The counts of its newest snapshot.
        reduced_ports: Keys under which it counts the messages that passed its filters.
        group: The instances that it can only move together with.
        watchers: The groups that wait for it to move.
    """

    __slots__ = (
        "beyond",
        "cut",
        "group",
        "instance",
        "links",
        "newest",
        "reduced_ports",
        "watchers",
    )

    def __init__(self, instance: Reference) -> None:
        self.instance = instance
        self.links: list[_Link] = []
        self.reduced_ports: set[str] = set()
        self.beyond: deque[_Node] = deque()
        self.group = _Group([self])
        self.watchers: list[_Group] = []
        self.start_from_scratch()

    def start_from_scratch(self) -> None:
        """Move the cut to the start from scratch."""
        snapshot = RegisteredSnapshot(self.instance, 0, FROM_SCRATCH)
        self.cut = _Node(snapshot, [0] * len(self.links))
        self.newest: list[Count] = self.cut.counts

    def counts_reduced_messages(self, metadata: SnapshotMetadata) -> bool:
        """Return whether a snapshot counts the messages that passed this instance's filters.

        MUSCLE3's library does not count them. Without the counts, consistency cannot be determined.
        """
        return self.reduced_ports <= metadata.port_message_counts.keys()

    def bounds(self) -> list[tuple[_Track, _Link]]:
        """Return the bounds to check for a new target."""
        return [(self, link) for link in self.links if link.is_bound and link.peer is not self]

    @property
    def is_at_beginning(self) -> bool:
        """Whether the instance starts from scratch in the newest cut."""
        return self.cut.snapshot.number == 0


class _Group:
    """Instances that can only move together, or a single instance.

    Attributes:
        tracks: The instances; empty once the group has been dissolved.
        unchecked: Bounds not yet known to be satisfied.
        waits_for: The instance that must move before this group can, or, if it belongs to the
            group, must make another snapshot; None while that is not yet determined.
    """

    __slots__ = ("tracks", "unchecked", "waits_for")

    def __init__(self, tracks: list[_Track]) -> None:
        self.tracks = tracks
        self.unchecked: list[tuple[_Track, _Link]] = []
        self.waits_for: _Track | None = None


class WorkflowSnapshotSearch:
    """Keeps track of the newest workflow snapshot.

    Args:
        topology: The model, and the peers of each of its instances.
        unchecked: Instances whose snapshots cannot be read. Any snapshot of a peer is assumed to be
            consistent with theirs.
    """

    def __init__(self, topology: Topology, *, unchecked: Collection[Reference] = ()) -> None:
        model = topology.model
        self._model_name = str(model.name)
        self._tracks = {instance: _Track(instance) for instance in model.instances()}
        self._unchecked = frozenset(unchecked)
        self._join(topology)
        for track in self._tracks.values():
            track.start_from_scratch()
            track.group.waits_for = track

    def add(
        self, instance: Reference, number: int, metadata: SnapshotMetadata
    ) -> WorkflowSnapshot | None:
        """Add an instance snapshot; return the newest workflow snapshot if it completes one.

        Args:
            instance: The instance that made it.
            number: Its number, from 1 and increasing.
            metadata: What the instance reported about it.

        Raises:
            KeyError: If the model has no such instance.
        """
        track = self._tracks[instance]
        if not track.counts_reduced_messages(metadata):
            return None
        snapshot = RegisteredSnapshot(instance, number, metadata)
        node = _Node(snapshot, [link.count(metadata) for link in track.links])
        if not _is_consistent_with_itself(track, node):
            return None
        if _any_decreased(track.newest, node.counts):
            self._restart(track)
        track.newest = node.counts
        track.beyond.append(node)
        if len(track.beyond) > 1 or track.group.waits_for is not track:
            return None  # it waits for another instance, and not for this snapshot
        track.group.unchecked += track.bounds()
        return self._newest() if self._settle([track.group]) else None

    def __len__(self) -> int:
        """Return the number of snapshots in memory, including those of the newest cut."""
        return sum(
            len(track.beyond) + (not track.is_at_beginning) for track in self._tracks.values()
        )

    def _newest(self) -> WorkflowSnapshot:
        tracks = self._tracks.values()
        return WorkflowSnapshot(
            self._model_name,
            tuple(track.cut.snapshot for track in tracks if not track.is_at_beginning),
            tuple(track.instance for track in tracks if track.is_at_beginning),
        )

    def _settle(self, groups: list[_Group]) -> bool:
        """Move groups as far as they can; return whether any moved."""
        moved = False
        waiting = deque(groups)
        for group in groups:
            group.waits_for = None
        while waiting:
            group = waiting.popleft()
            while group.tracks and group.unchecked:
                following = _check_one(group)
                if following is None:
                    break
                group = following
            if group.tracks and not group.unchecked:
                moved = True
                for woken in _move(group):
                    woken.waits_for = None
                    waiting.append(woken)
        return moved

    def _restart(self, track: _Track) -> None:
        """Drop the snapshots of an instance whose counts have become lower.

        How its new snapshots relate to the older ones of its peers is unknown, so the newest cut is
        determined again from the start.
        """
        track.beyond.clear()
        for other in self._tracks.values():
            if other is not track and not other.is_at_beginning:
                other.beyond.appendleft(other.cut)
            other.start_from_scratch()
            other.watchers = []
            other.group = _Group([other])
            other.group.waits_for = other
            if other.beyond:
                other.newest = other.beyond[-1].counts
                other.group.unchecked = other.bounds()
        self._settle([other.group for other in self._tracks.values() if other.beyond])

    def _join(self, topology: Topology) -> None:
        model = topology.model
        for conduit in model.conduits:
            pacing = topology.pacing_conduit(conduit)
            for start, end in self._ends(conduit, model):
                if not (self._is_checked(start) and self._is_checked(end)):
                    continue
                if pacing is None:
                    _join_ends(start, end)
                else:
                    _join_paced(start, end, conduit, self._paces(pacing, model, start))

    def _is_checked(self, end: _End) -> bool:
        return end.track.instance not in self._unchecked

    def _ends(self, conduit: Conduit, model: Model) -> Iterator[tuple[_End, _End]]:
        """Yield the two ends of a conduit, for each slot of each instance."""
        sender = model.components[conduit.sending_component]
        receiver = model.components[conduit.receiving_component]
        reduces = filters_of(conduit).reduces
        port = reduced_port(conduit) if reduces else conduit.sending_port
        slots = slots_between(sender.multiplicity, receiver.multiplicity)
        for instance in sender.instances():
            track = self._tracks[instance]
            if reduces:
                track.reduced_ports.add(port)
            for slot in [None] if slots is None else range(slots):
                peer = peer_endpoint(instance, slot, receiver.name, receiver.multiplicity, "p")
                yield (
                    _End(track, (port,), slot),
                    _End(self._tracks[peer.instance], (conduit.receiving_port,), peer.slot),
                )

    def _paces(self, pacing: Conduit, model: Model, start: _End) -> Iterator[_End]:
        """Yield the ends that count the passes pacing a filter; see `Topology.pacing_conduit`."""
        caller = model.components[pacing.receiving_component]
        shared = start.track.instance.indices[: len(caller.multiplicity)]
        for rest in product(*map(range, caller.multiplicity[len(shared) :])):
            track = self._tracks[caller.name + (*shared, *rest)]
            pace = _End(track, (pacing.receiving_port,), 0, is_bound=False)
            if self._is_checked(pace):
                yield pace


def _join_paced(start: _End, end: _End, conduit: Conduit, paces: Iterable[_End]) -> None:
    """Join the ends of a conduit with a filter that also passes messages that were never sent."""
    # MUSCLE3's library does not count non-empty messages separately: assume that none was empty
    filled = (filled_port(conduit), conduit.receiving_port)
    _join_ends(start, end._replace(is_bound=False))
    _join_ends(start._replace(is_bound=False), end._replace(ports=filled))
    for pace in paces:
        _join_ends(pace, end._replace(slot=end.slot or 0))


def _join_ends(start: _End, end: _End) -> None:
    sender, receiver = start.track, end.track
    is_whole = start.slot is None and end.slot is None
    place = len(sender.links)
    mirror = len(receiver.links) + (sender is receiver)
    sender.links.append(
        _Link(receiver, start, is_sending=True, is_whole=is_whole, place=place, mirror=mirror)
    )
    receiver.links.append(
        _Link(sender, end, is_sending=False, is_whole=is_whole, place=mirror, mirror=place)
    )


def _check_one(group: _Group) -> _Group | None:
    """Check one bound of a group.

    Returns:
        The group to continue with, which is a new one after a merge; None if this group must wait.
    """
    track, link = group.unchecked[-1]
    peer = link.peer
    need = track.beyond[0].counts[link.place]
    if link.is_satisfied(need, peer.cut):
        group.unchecked.pop()
        return group
    if peer.group is group:
        return _raise_target(group, link, need)
    chain = _chain_back(peer.group, group)
    if chain:
        return _merged([group, *chain])
    group.waits_for = peer
    peer.watchers.append(group)
    return None


def _raise_target(group: _Group, link: _Link, need: Count) -> _Group | None:
    """Drop the targets of a member that do not satisfy the bound of another member."""
    peer = link.peer
    dropped = False
    while peer.beyond and not link.is_satisfied(need, peer.beyond[0]):
        peer.beyond.popleft()
        dropped = True
    if not peer.beyond:
        group.waits_for = peer
        return None
    group.unchecked.pop()
    if dropped:
        group.unchecked += peer.bounds()
    return group


def _chain_back(first: _Group, last: _Group) -> list[_Group]:
    """Return the chain of groups that wait for each other, from the first up to the last.

    Returns:
        The chain without the last group; empty if it does not lead there.
    """
    chain = [first]
    while True:
        waits_for = chain[-1].waits_for
        if waits_for is None or waits_for.group is chain[-1]:
            return []
        if waits_for.group is last:
            return chain
        chain.append(waits_for.group)


def _merged(groups: list[_Group]) -> _Group:
    """Merge several groups into one, and return it."""
    largest = max(groups, key=lambda group: len(group.tracks))
    for group in groups:
        if group is largest:
            continue
        for track in group.tracks:
            track.group = largest
        largest.tracks += group.tracks
        largest.unchecked += group.unchecked
        group.tracks = []
    largest.waits_for = None
    return largest


def _move(group: _Group) -> list[_Group]:
    """Move the cut to the targets of a group; return the groups that can perhaps move now."""
    tracks, group.tracks = group.tracks, []
    result = []
    for track in tracks:
        track.cut = track.beyond.popleft()
        track.group = _Group([track])
        track.group.waits_for = track
        if track.beyond:
            track.group.unchecked = track.bounds()
            result.append(track.group)
    for track in tracks:
        result += track.watchers
        track.watchers = []
    return result


def _is_consistent_with_itself(track: _Track, node: _Node) -> bool:
    """Return whether the counts of each conduit from an instance to itself are consistent."""
    return all(
        link.is_satisfied(node.counts[link.place], node)
        for link in track.links
        if link.is_bound and link.peer is track
    )


def _any_decreased(before: list[Count], now: list[Count]) -> bool:
    """Return whether any count has decreased."""
    return any(
        old > new
        if isinstance(old, int) and isinstance(new, int)
        else any(
            few > many for few, many in zip_longest(_each_slot(old), _each_slot(new), fillvalue=0)
        )
        for old, new in zip(before, now, strict=True)
    )


def _each_slot(count: Count) -> tuple[int, ...]:
    return (count,) if isinstance(count, int) else count
