"""A real Jupyter kernel, in a separate process: python -m tests.support.kernel FOLDER.

Runs the cells in `FOLDER/cells.json`, one after the other. A cell in which the kernel must be
interrupted writes the file `FOLDER/interrupt_me` when it is ready. The outcomes of the cells are
printed as JSON.
"""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

INTERRUPT_ME = "interrupt_me"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Cell:
    """The outcome of a cell.

    Attributes:
        text: Its output.
        error: Name of the exception that ended it; empty without an exception.
        message: Message of the exception.
    """

    text: str
    error: str
    message: str


def run_cells(cells: list[str], folder: Path) -> list[Cell]:
    """Run cells in a new kernel, whose working directory is an empty folder.

    Without Jupyter the test is skipped; in CI it fails.
    """
    if os.environ.get("CONJOIN_CI") != "1":
        pytest.importorskip("ipykernel")
        pytest.importorskip("nbclient")
    (folder / "cells.json").write_text(json.dumps(cells))
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.kernel", str(folder)],
        cwd=ROOT,
        env={**os.environ, "IPYTHONDIR": str(folder), "JUPYTER_RUNTIME_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    return [Cell(**cell) for cell in json.loads(done.stdout)]


def main(folder: Path) -> None:
    """Run the cells in a folder."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    cells = json.loads((folder / "cells.json").read_text())
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    client = NotebookClient(
        notebook, timeout=90, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    with client.setup_kernel():
        threading.Thread(target=interrupt, args=(folder, client), daemon=True).start()
        for number, cell in enumerate(notebook.cells):
            try:
                client.execute_cell(cell, number)
            except CellExecutionError:
                continue
    print(json.dumps([outcome(cell.outputs) for cell in notebook.cells]))


def interrupt(folder: Path, client: object) -> None:
    while not (folder / INTERRUPT_ME).exists():
        time.sleep(0.01)
    client.km.provisioner.process.send_signal(2)


def outcome(outputs: list[dict[str, object]]) -> dict[str, object]:
    text = "".join(str(output["text"]) for output in outputs if output["output_type"] == "stream")
    errors = [output for output in outputs if output["output_type"] == "error"]
    error = errors[0] if errors else {"ename": "", "evalue": ""}
    return {"text": text, "error": error["ename"], "message": error["evalue"]}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
