"""The programs in the documentation of the library and of embedding run as written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.kernel import run_cells
from tests.support.packages import require_packages
from tests.support.pages import code_blocks, save_files

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

BIN = Path(sys.executable).parent


@pytest.fixture
def kitchen(tmp_path, monkeypatch):
    """A folder with the model of the first page."""
    save_files("getting-started.md", tmp_path)
    monkeypatch.setenv("KITCHEN", str(tmp_path))
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def python(folder, *arguments):
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def embedding(kitchen):
    names = save_files("embedding.md", kitchen)
    assert names == ["run.py", "watch.py", "loop.py", "server.py", "test_heater.py"]
    return kitchen


def test_shortest_example_runs(embedding):
    assert python(embedding, "run.py") == "It worked.\n"


def test_example_of_an_event_callback_receives_events(embedding):
    printed = python(embedding, "watch.py")
    assert "pot was started on a node\n" in printed
    assert "heater exited with code 0\n" in printed


def test_example_of_two_runs_in_one_event_loop_runs(embedding):
    assert python(embedding, "loop.py") == "[True, True]\n"


CLIENT = """
import json, time
from fastapi.testclient import TestClient
from server import app

with TestClient(app) as client:
    number = client.post("/runs", json={"pot.steps": 20}).json()
    result = client.get(f"/runs/{number}/result").json()
    states = client.get(f"/runs/{number}").json()
    wrong = client.post("/runs", json={"nonsense name": 1.0})
    long = client.post("/runs", json={"pot.steps": 10**9}).json()
    client.delete(f"/runs/{long}")
    stopped = client.get(f"/runs/{long}/result").json()
    left = client.post("/runs", json={"pot.steps": 10**9}).json()
print(json.dumps([result, states, wrong.status_code, stopped]))
"""


def test_web_application_example_runs_simulations(embedding, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(require_packages("web", "fastapi>=0.110", "httpx>=0.27")))
    (embedding / "client.py").write_text(CLIENT)
    result, states, wrong, stopped = json.loads(python(embedding, "-W", "ignore", "client.py"))
    assert result == {"succeeded": True, "cause": ""}
    assert states == {"pot": "finished", "heater": "finished"}
    assert wrong == 422
    assert stopped == {"succeeded": False, "cause": "The run was stopped by a request."}


def test_notebook_cells_run(embedding):
    blocks = code_blocks("embedding.md", "python")
    first = next(number for number, block in enumerate(blocks) if "boiling_point" in block)
    cells = run_cells(blocks[first : first + 2], embedding)
    assert [cell.message for cell in cells] == ["", ""]
    assert cells[1].text == "It boils at 110.0 degrees\n"


def test_example_of_a_model_test_passes(embedding):
    assert "1 passed" in python(embedding, "-m", "pytest", "-q", "test_heater.py")


def test_output_of_the_instance_library_example_matches_the_page(tmp_path):
    program = tmp_path / "page.py"
    program.write_text("\n".join(code_blocks("instance-library.md", "python")))
    assert python(tmp_path, program) == "".join(code_blocks("instance-library.md", "text"))


def test_options_of_the_guide_on_embedding_exist():
    (block,) = (text for text in code_blocks("embedding.md", "python") if "ManagerOptions(" in text)
    found: dict[str, object] = {}
    exec(block, found)
    assert found["options"].checkpoints.save_time == 120.0


@pytest.fixture
def project(kitchen, installed):
    """A project that has an adapter, and uses Conjoin installed from its wheel."""
    names = save_files("adapters.md", kitchen)
    assert names == ["json_profiles.py", "run.py", "test_json_profiles.py"]

    def python(*arguments):
        return installed.run(*arguments, cwd=kitchen, timeout=280, KITCHEN=str(kitchen))

    return kitchen, python


def test_adapter_of_another_project_is_used(project):
    folder, python = project
    assert python("run.py").returncode == 0
    lines = [json.loads(line) for line in (folder / "profile.jsonl").read_text().splitlines()]
    assert {line["instance"] for line in lines} == {"pot", "heater"}
    assert any("cores" in line for line in lines)
    assert any(line.get("event", {}).get("event_type") == "SEND" for line in lines)


def test_adapter_of_another_project_passes_its_contract(project):
    _, python = project
    done = python("-m", "pytest", "-q", "-W", "error", "test_json_profiles.py")
    assert "6 passed" in done.stdout


def test_contract_reports_a_broken_promise_with_the_values(project):
    folder, python = project
    adapter = folder / "json_profiles.py"
    correct = "for event in events:"
    adapter.write_text(adapter.read_text().replace(correct, "for event in events[:1]:"))
    done = python("-m", "pytest", "-q", "test_json_profiles.py")
    assert "test_events_are_kept_in_order_for_each_instance" in done.stdout
    assert "Differing items:" in done.stdout


def test_types_of_an_adapter_are_checked_against_its_interface(project):
    _, python = project
    done = python("-m", "mypy", "--strict", "json_profiles.py")
    assert done.stdout.startswith("Success"), done.stdout
