"""The API is that of MUSCLE3: porting a model means changing one import line."""

import inspect
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import ymmsl
from ymmsl import v0_1, v0_2

import entrypoints.instance
from entrypoints.instance import Instance, Message, Settings, run_simulation
from tests.support.muscle3 import require_muscle3
from tests.support.pair import MODEL

FLAG_OF_0_10 = "SKIP_MMSF_SEQUENCE_CHECKS"
QUESTIONS = Path(__file__).resolve().parents[1] / "support" / "port_questions.py"
PROGRAM = Path(__file__).resolve().parents[1] / "support" / "signatures.py"


def api(python, module):
    done = subprocess.run([python, PROGRAM, module], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.muscle3
@pytest.mark.parametrize("part", ["classes", "flags", "constants"])
def test_names_parameters_and_defaults_are_those_of_muscle3(part):
    theirs = api(require_muscle3().python, "libmuscle")
    ours = api(sys.executable, "entrypoints.instance")
    assert ours["flags"].pop(FLAG_OF_0_10) == 16
    assert ours["constants"].pop(FLAG_OF_0_10)
    assert ours[part] == theirs[part]


@pytest.mark.slow
@pytest.mark.muscle3
def test_port_queries_return_the_same_as_in_muscle3(tmp_path):
    answers = {}
    for python, module in (
        (require_muscle3().python, "libmuscle"),
        (sys.executable, "entrypoints.instance"),
    ):
        done = subprocess.run(
            [python, QUESTIONS, module], cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        answers[module] = json.loads(done.stdout)
    assert answers["entrypoints.instance"] == answers["libmuscle"]


@pytest.mark.slow
@pytest.mark.muscle3
def test_message_times_are_converted_as_in_muscle3():
    times = api(sys.executable, "entrypoints.instance")["times"]
    assert times == api(require_muscle3().python, "libmuscle")["times"]


def test_all_public_names_have_docstrings():
    for name in entrypoints.instance.__all__:
        offered = getattr(entrypoints.instance, name)
        assert inspect.getdoc(offered), name
        if inspect.isclass(offered):
            for method, member in inspect.getmembers(offered, inspect.isfunction):
                assert method.startswith("_") or inspect.getdoc(member), f"{name}.{method}"


@pytest.mark.parametrize("library", [v0_1, v0_2], ids=["v0.1", "v0.2"])
def test_operators_and_settings_of_ymmsl_are_accepted(library, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    operator, settings = library.Operator, library.Settings

    def macro():
        instance = Instance({operator.O_I: ["out"], operator.S: ["in"]})
        while instance.reuse_instance():
            overlay = settings({"steps": 9})
            instance.send("out", Message(0.0, None, settings({"a.b": [1.5]}), overlay))
            print(type(instance.receive_with_settings("in").data).__module__)
            print(instance.list_ports()[operator.O_I], operator.S in instance.list_ports())

    def micro():
        instance = Instance({operator.F_INIT: ["init"], operator.O_F: ["final"]})
        while instance.reuse_instance():
            message = instance.receive("init")
            print(instance.get_setting("steps", "int"), message.data["a.b"])
            instance.send("final", message)

    run_simulation(ymmsl.load(MODEL), {"macro": macro, "micro": micro})
    printed = capsys.readouterr().out
    assert "9 [1.5]\n" in printed
    assert "domain.coupling.settings\n" in printed
    assert "['out'] True\n" in printed


def test_grid_like_objects_are_accepted_as_grids(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    class TheirGrid:
        def __init__(self, array, indexes):
            self.array = array
            self.indexes = indexes

    def macro():
        instance = Instance()
        while instance.reuse_instance():
            field = TheirGrid(np.arange(6.0).reshape(2, 3), ["x", "y"])
            instance.send("out", Message(0.0, None, {"field": field}))
            instance.receive("in")

    def micro():
        instance = Instance()
        while instance.reuse_instance():
            grid = instance.receive("init").data["field"]
            print(type(grid).__name__, grid.array.sum(), grid.indexes)
            instance.send("final", Message(0.0))

    run_simulation(MODEL, {"macro": macro, "micro": micro})
    assert capsys.readouterr().out == "Grid 15.0 ['x', 'y']\n"


def test_ymmsl_references_are_accepted_as_setting_names():
    settings = Settings()
    settings[v0_2.Reference("micro[3].k")] = 2
    assert settings["micro[3].k"] == settings[v0_2.Reference("micro[3].k")] == 2
    assert v0_2.Reference("micro[3].k") in settings
    del settings[v0_2.Reference("micro[3].k")]
    assert not settings
    assert Settings({v0_2.Reference("a.b"): 1}) == Settings({"a.b": 1})
