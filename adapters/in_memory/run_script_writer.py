"""A run script writer that writes no files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import final

from application.interfaces.run_script_writer import RunScriptWriter, ScriptOrder


@final
class InMemoryRunScriptWriter(RunScriptWriter):
    """Records its orders."""

    def __init__(self) -> None:
        self.scripts: dict[Path, ScriptOrder] = {}
        """The order of each call, by the path of the script."""

    def write(self, order: ScriptOrder) -> Path:
        path = order.directory / "run_script.sh"
        self.scripts[path] = replace(order, environment=dict(order.environment))
        return path
