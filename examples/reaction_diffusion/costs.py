"""The cost of coupling, from the profile of a run."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

TIMES = """
    SELECT type, start_time / 1e9, stop_time / 1e9 FROM all_events
    WHERE instance = ? AND type IN ('SEND', 'RECEIVE') ORDER BY start_time
"""


@dataclass(frozen=True)
class Costs:
    """How long a run took, and for what.

    Attributes:
        exchanges: How often the macro model sent a message and received an answer.
        total: Seconds from the first message to the last one.
        computing: Seconds of these in which one of the models computed.
    """

    exchanges: int
    total: float
    computing: float

    @property
    def coupling(self) -> float:
        """Seconds in which no model computed: messages were sent, or on their way."""
        return self.total - self.computing

    def text(self) -> str:
        """Return the costs in words."""
        each = 1000.0 * self.coupling / self.exchanges
        return (
            f"{2 * self.exchanges} messages were exchanged in {self.total:.1f} s."
            f" An exchange, there and back, took {each:.2f} ms."
            f" {100.0 * self.coupling / self.total:.0f} % of the time was spent coupling,"
            " the rest computing."
        )


def costs_of(profile: Path, *, macro: str, micro: str) -> Costs:
    """Return the costs of a macro and a micro model that take turns.

    Args:
        profile: `performance.sqlite` in the run directory.
        macro: The instance that sends, and then waits for an answer.
        micro: The instance that answers.
    """
    with closing(sqlite3.connect(profile)) as database:
        of_macro = list(database.execute(TIMES, [macro]))
        of_micro = list(database.execute(TIMES, [micro]))
    answers = [stop for kind, _, stop in of_macro if kind == "RECEIVE"]
    total = answers[-1] - of_macro[0][1]
    return Costs(len(answers), total, computing_time(of_macro) + computing_time(of_micro))


def computing_time(events: list[tuple[str, float, float]]) -> float:
    """Return the seconds between receiving a message and sending the next one."""
    return sum(
        later[1] - earlier[2]
        for earlier, later in pairwise(events)
        if (earlier[0], later[0]) == ("RECEIVE", "SEND")
    )
