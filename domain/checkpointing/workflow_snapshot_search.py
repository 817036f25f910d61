"""Finds the snapshots that together make a workflow snapshot, without searching.

Let x(i) be the number of the snapshot that is chosen for instance i, its place in the *cut*. The
counts of an instance only ever grow, so each conduit puts two bounds on a cut, both of the form

    need(x(i)) <= have(x(j))

    sender i, receiver j: all that was sent must have been received, need = sent, have = received;
    receiver i, sender j: at most one message more: need = received, have = sent + 1 (from
    scratch: 0).

A conduit with a reducing filter is another matter where the sender waits to be called while its
callers go on: for each of their iterations the filter passes an empty message, and no snapshot of
the sender tells. But its callers' snapshots hold what makes it do so, the milestones, and when they
are sent to it again, so are the empty messages, and the receiver drops those that it has. So only
what the receiver has received up to the last message that was not empty must be at most one more
than was sent. And lest it be ahead of the callers, it may have received at most one message more
than these have begun passes.

With need and have growing, the cuts that keep to all bounds form a lattice: of two of them, the one
with the newer snapshot of each instance is one too. So there is a newest cut, it only ever moves
forward, and it contains the snapshot by which it moved. What is older is never needed again.

To move it forward, each instance has a *target*: its oldest snapshot beyond the cut. A bound on
the target of i that the cut does not satisfy means: i can only move if j moves. Either j cannot
move until it makes another snapshot, or j waits for somebody in turn, and so on. If that chain
leads back to i, then these instances can only move together: they become one group. Within a group,
a target that does not satisfy the bounds of the others never will, and is dropped. A group of which
all bounds are satisfied moves, and falls apart into its instances.

Every bound is looked at once for each target, groups are merged small into large, and each
snapshot becomes a target once at most. So the cost of a new snapshot is, on average, that of
looking at its own conduits, however many snapshots and instances there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import product, zip_longest
from typing import NamedTuple, TypeAlias

from domain.checkpointing.consistency import FROM_SCRATCH, safe_get
from domain.checkpointing.instance_snapshot import (
    RegisteredSnapshot,
    SnapshotMetadata,
    WorkflowSnapshot,
    filled_port,
    reduced_port,
)
from domain.coupling.conduits import Conduit
from domain.coupling.filters import filters_of
from domain.coupling.peers import peer_endpoint, slots_between
from domain.identity import Reference
from domain.model.configuration import Model
from domain.model.topology import Topology

Count: TypeAlias = int | tuple[int, ...]
"""Messages counted at one end: a number, or one for each slot if all go to the same instance."""


class _End(NamedTuple):
    """Where a conduit begins or ends.

    Attributes:
        track: At whom.
        ports: Under which names it is counted there; that counts that a snapshot has first.
        slot: The slot there; None if there is just one way.
        is_bound: Whether what is counted there is bound by what is at the other end.
    """

    track: _Track
    ports: tuple[str, ...]
    slot: int | None
    is_bound: bool = True


class _Link:
    """One end of a conduit between two instances.

    Attributes:
        peer: Who is at the other end.
        ports: Under which names this end is counted; that of them counts that a snapshot has first.
        is_sending: Whether it is we who send.
        is_bound: Whether there is a bound on us here.
        slot: The slot on this side, if it is one of several that go to different peers.
        is_whole: Whether all slots of the port go to this peer.
        place: At which place it is among the links of its instance.
        mirror: At which place the other end is among those of the peer.
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

    def count(self, snapshot: SnapshotMetadata) -> Count:
        """Return what a snapshot counted at this end."""
        counts: Sequence[int] = ()
        for port in self.ports:
            if port in snapshot.port_message_counts:
                counts = snapshot.port_message_counts[port]
                break
        if self.is_whole and len(counts) > 1:
            return tuple(counts)
        return safe_get(counts, self.slot, 0)

    def is_satisfied(self, need: Count, node: _Node) -> bool:
        """Whether a snapshot at the other end satisfies the bound of one at this end."""
        have = node.counts[self.mirror]
        extra = 0 if self.is_sending or node.state.number == 0 else 1
        if isinstance(need, int) and isinstance(have, int):
            return need <= have + extra
        return all(
            few <= many + extra
            for few, many in zip_longest(_each_slot(need), _each_slot(have), fillvalue=0)
        )


class _Node(NamedTuple):
    """A snapshot, and what it counted at each link of its instance."""

    state: RegisteredSnapshot
    counts: list[Count]


class _Track:
    """An instance on its way.

    Attributes:
        instance: Its name.
        links: Its ends of the conduits.
        cut: Its snapshot in the newest cut.
        beyond: Its snapshots that are newer, oldest first. The first is the target.
        newest: The counts of its newest snapshot.
        reduced_ports: Under which names it counts what its filters let pass.
        group: Those with which it can only move together.
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
        """Put the cut at the very beginning."""
        state = RegisteredSnapshot(self.instance, 0, FROM_SCRATCH)
        self.cut = _Node(state, [0] * len(self.links))
        self.newest: list[Count] = self.cut.counts

    def counts_what_it_reduces(self, snapshot: SnapshotMetadata) -> bool:
        """Whether a snapshot says what has passed the filters on this side.

        MUSCLE3's library does not. Without that, nobody knows with what it is consistent.
        """
        return self.reduced_ports <= snapshot.port_message_counts.keys()

    def bounds(self) -> list[tuple[_Track, _Link]]:
        """Return all that is to be checked for a new target."""
        return [(self, link) for link in self.links if link.is_bound and link.peer is not self]

    @property
    def is_at_beginning(self) -> bool:
        """Whether it has no snapshot in the newest cut."""
        return self.cut.state.number == 0


class _Group:
    """Instances that can only move together, or a single one.

    Attributes:
        tracks: Who they are; empty once the group is no more.
        unchecked: Bounds not yet known to be satisfied.
        waits_for: Who has to move, or, if it is one of them, to make another snapshot, before
            this group can move; None while that is to be found out.
    """

    __slots__ = ("tracks", "unchecked", "waits_for")

    def __init__(self, tracks: list[_Track]) -> None:
        self.tracks = tracks
        self.unchecked: list[tuple[_Track, _Link]] = []
        self.waits_for: _Track | None = None


class WorkflowSnapshotSearch:
    """Knows the newest workflow snapshot.

    Args:
        topology: The model, and who is whose peer in it.
        unchecked: Instances of which no snapshot can be read. Any snapshot of a peer is taken to be
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
        self, instance: Reference, number: int, snapshot: SnapshotMetadata
    ) -> WorkflowSnapshot | None:
        """Take note of a new snapshot; return the newest workflow snapshot if it completes one.

        Args:
            instance: Who made it.
            number: Its number, from 1 and growing.
            snapshot: What is known about it.

        Raises:
            KeyError: If there is no such instance.
        """
        track = self._tracks[instance]
        if not track.counts_what_it_reduces(snapshot):
            return None
        state = RegisteredSnapshot(instance, number, snapshot)
        node = _Node(state, [link.count(snapshot) for link in track.links])
        if not _agrees_with_itself(track, node):
            return None
        if _goes_back(track.newest, node.counts):
            self._begin_again(track)
        track.newest = node.counts
        track.beyond.append(node)
        if len(track.beyond) > 1 or track.group.waits_for is not track:
            return None  # it waits for something else than its own next snapshot
        track.group.unchecked += track.bounds()
        return self._newest() if self._settle([track.group]) else None

    def __len__(self) -> int:
        """Return how many snapshots are being kept, those of the newest cut among them."""
        return sum(
            len(track.beyond) + (not track.is_at_beginning) for track in self._tracks.values()
        )

    def _newest(self) -> WorkflowSnapshot:
        tracks = self._tracks.values()
        return WorkflowSnapshot(
            self._model_name,
            tuple(track.cut.state for track in tracks if not track.is_at_beginning),
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

    def _begin_again(self, track: _Track) -> None:
        """Forget the snapshots of an instance that counts from a lower number than before.

        Nothing is known of how its snapshots relate to those of its peers that are older, so the
        newest cut is found anew.
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
        """Yield where a conduit begins and ends, for each slot of each instance."""
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
        """Yield where the passes are counted that pace a filter; see `Topology.pacing_conduit`."""
        caller = model.components[pacing.receiving_component]
        shared = start.track.instance.indices[: len(caller.multiplicity)]
        for rest in product(*map(range, caller.multiplicity[len(shared) :])):
            track = self._tracks[caller.name + (*shared, *rest)]
            pace = _End(track, (pacing.receiving_port,), 0, is_bound=False)
            if self._is_checked(pace):
                yield pace


def _join_paced(start: _End, end: _End, conduit: Conduit, paces: Iterable[_End]) -> None:
    """Join the ends of a conduit with a filter that also passes what nobody has sent."""
    # MUSCLE3's library does not count what was not empty, so there all is taken for that
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
        The group to go on with, which is another one if they were merged; None if this one must
        wait.
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
    """Drop the targets of a member that do not satisfy the bound of another one."""
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
    """Return the groups that wait for each other from the first up to the last, without that.

    Returns:
        Nothing, if the chain does not lead there.
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
    """Make one group of several, and return it."""
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
    """Move the cut to the targets of a group; return the groups that may be able to move now."""
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


def _agrees_with_itself(track: _Track, node: _Node) -> bool:
    """Whether the counts at both ends of each conduit from an instance to itself agree."""
    return all(
        link.is_satisfied(node.counts[link.place], node)
        for link in track.links
        if link.is_bound and link.peer is track
    )


def _goes_back(before: list[Count], now: list[Count]) -> bool:
    """Whether any count is lower than it was."""
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
