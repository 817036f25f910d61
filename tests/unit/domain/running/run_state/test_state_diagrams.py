"""The document with the diagrams of the state machines is up to date."""

import runpy
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parents[5] / "docs"


def test_diagrams_show_the_tables(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    drawn = runpy.run_path(str(DOCS / "make_state_diagrams.py"))["page"]()
    assert (DOCS / "run-states.md").read_text() == drawn, "run docs/make_state_diagrams.py"
