"""Draws the state machines of a run from their tables: python docs/make_state_diagrams.py."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
PAGE: Final = HERE / "run-states.md"

sys.path.insert(0, str(HERE.parent))

from domain.running.run_state import (  # noqa: E402
    instance_life,
    lost_connections,
    run_phases,
    saving,
)

INTRODUCTION: Final = """# The states of a run

The manager decides with four small state machines what happens in a run. Each is a table in a
module of `domain/running/run_state/`, which also explains it. This page is generated from the
tables: `python docs/make_state_diagrams.py`.
"""
MACHINES: Final = (
    ("An instance", instance_life),
    ("The run", run_phases),
    ("An instance that the user started and that lost its connection", lost_connections),
    ("Saving before the run is stopped", saving),
)


def page() -> str:
    """Return the page with all diagrams."""
    parts = [INTRODUCTION]
    for title, module in MACHINES:
        source = module.__name__.replace(".", "/")
        first, *_ = module.TRANSITIONS
        states, steps = _enums(module.TRANSITIONS)
        parts.append(
            f"\n## {title}\n\nThe table is in `{source}.py`.\n\n```mermaid\n"
            + "\n".join(_diagram(module.TRANSITIONS, first))
            + "\n```\n\n"
            + "\n".join(filter(None, (_meanings(states), _meanings(steps))))
        )
    return "".join(parts)


def _enums(table: Mapping[Enum, Mapping[Enum, Enum]]) -> tuple[list[Enum], list[Enum]]:
    steps = {step: None for row in table.values() for step in row}
    order = list(type(next(iter(steps))))
    return list(table), sorted(steps, key=order.index)


def _diagram(table: Mapping[Enum, Mapping[Enum, Enum]], first: Enum) -> Iterator[str]:
    yield "stateDiagram-v2"
    yield f"    [*] --> {first.name}"
    for state, row in table.items():
        together: dict[Enum, list[str]] = {}
        for step, after in row.items():
            together.setdefault(after, []).append(step.name)
        for after, names in together.items():
            yield f"    {state.name} --> {after.name}: {', '.join(names)}"
        if not row:
            yield f"    {state.name} --> [*]"


def _meanings(members: list[Enum]) -> str:
    lines = [f"- `{member.name}`: {member.value}\n" for member in members]
    are_obvious = all(item.value == item.name.lower().replace("_", " ") for item in members)
    return "" if are_obvious else "".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
