"""Which loop has borrowed which worker.

Parallel loops can be nested: an item of a loop can run another loop. All loops inside of one
outermost loop share its workers. A loop borrows the worker of its outer item, which that item does
not use meanwhile, and workers that no other of these loops has borrowed.
"""

from __future__ import annotations

from collections.abc import Iterable


class WorkerLending:
    """Lends workers to an outermost loop, and to the loops inside of its items."""

    def __init__(self) -> None:
        self._shares: list[WorkerShare] = []
        self._borrowed: set[str] = set()

    def join(self, workers: Iterable[str], *, outer: str | None = None) -> WorkerShare:
        """Return the share of a loop that begins.

        Args:
            workers: The workers that are alive.
            outer: The worker of its outer item, if it is nested.
        """
        share = WorkerShare(self._borrowed, workers, outer)
        self._shares.append(share)
        return share

    def leave(self, share: WorkerShare) -> None:
        """Take back all workers of a loop that has ended. Idempotent."""
        if share in self._shares:
            self._shares.remove(share)
            share.return_all()

    def by_need(self) -> list[WorkerShare]:
        """Return the shares in the order in which they may borrow: those without a worker first.

        Otherwise a loop inside of an item, which has only lost workers, could wait for long.
        """
        return sorted(self._shares, key=lambda share: share.has_borrowed)


class WorkerShare:
    """The workers that one loop may borrow, and those that it has borrowed.

    Args:
        borrowed: The workers that loops of the same outermost loop have borrowed, without those
            of their outer items.
        workers: The workers that it may borrow.
        outer: The worker of its outer item.
    """

    def __init__(self, borrowed: set[str], workers: Iterable[str], outer: str | None) -> None:
        self._borrowed = borrowed
        self._workers = list(workers)
        self._outer = outer
        self._own: set[str] = set()

    @property
    def has_workers(self) -> bool:
        """Whether any worker that it may borrow is alive."""
        return bool(self._workers)

    @property
    def has_borrowed(self) -> bool:
        """Whether it has borrowed a worker."""
        return bool(self._own)

    def free(self) -> str | None:
        """Return a worker that it can borrow now; None if there is none."""
        for worker in self._workers:
            if worker in self._own:
                continue
            if worker == self._outer or worker not in self._borrowed:
                return worker
        return None

    def borrow(self, worker: str) -> None:
        """Borrow a worker that is free."""
        self._own.add(worker)
        if worker != self._outer:
            self._borrowed.add(worker)

    def give_back(self, worker: str) -> None:
        """Give a worker back."""
        self._own.discard(worker)
        if worker != self._outer:
            self._borrowed.discard(worker)

    def return_all(self) -> None:
        """Give all workers back."""
        for worker in list(self._own):
            self.give_back(worker)

    def add_worker(self, worker: str) -> None:
        """Add a worker that has joined."""
        if worker not in self._workers:
            self._workers.append(worker)

    def remove_worker(self, worker: str) -> None:
        """Remove a worker that is lost. Ignored if it is unknown."""
        if worker in self._workers:
            self._workers.remove(worker)
