"""Loading and dumping whole configurations."""

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.ymmsl_files.source import YmmslConfigurationSource
from domain.coupling.conduits import Conduit, ConduitFilter
from domain.coupling.ports import Operator, Port
from domain.coupling.settings import Settings
from domain.errors import ConfigurationError
from domain.identity import Reference
from domain.model.checkpoint_rules import CheckpointAtRule, CheckpointRangeRule, Checkpoints
from domain.model.configuration import (
    BaseEnv,
    Component,
    Configuration,
    ExecutionModel,
    KeepsStateForNextUse,
    Model,
    MpiCores,
    MpiNodes,
    Program,
    Threads,
)
from domain.model.containers import Container, ContainerRunner
from domain.model.shell_words import YMMSL_DIR


def component(name: str, program: str, *ports: Port, **details: object) -> Component:
    by_name = {port.name: port for port in ports}
    return Component(Reference(name), by_name, Reference(program), **details)  # type: ignore[arg-type]


def with_folder_variable(configuration: Configuration) -> Configuration:
    """Return a configuration in which each program has the variable that loading adds."""
    variable = {YMMSL_DIR: str(Path.cwd())}
    programs = {
        name: replace(item, env=variable | dict(item.env))
        for name, item in configuration.programs.items()
    }
    return replace(configuration, programs=programs)


def everything() -> Configuration:
    """Return a configuration that uses every feature."""
    components = [
        component("setup", "script", Port("mesh", Operator.O_F), timeline="setup"),
        component(
            "outer.macro",
            "macro",
            Port("out", Operator.O_I, "steps"),
            Port("in", Operator.S, "steps"),
            Port("overlay", Operator.O_I, "others"),
            timeline="outer.macro",
            description="Calls the micro model\nfor each step",
        ),
        component(
            "outer.micro",
            "micro",
            Port("start", Operator.F_INIT),
            Port("mesh", Operator.F_INIT),
            Port("end", Operator.O_F),
            multiplicity=(3,),
            timeline="outer.macro.steps:outer.micro",
        ),
        component(
            "peer", "by_hand", Port("side", Operator.O_I), multiplicity=(2, 2), timeline="peer"
        ),
    ]
    conduits = (
        Conduit(Reference("setup.mesh"), Reference("outer.micro.mesh"), (ConduitFilter.REPEAT,)),
        Conduit(Reference("outer.macro.out"), Reference("outer.micro.start")),
        Conduit(Reference("outer.micro.end"), Reference("outer.macro.in")),
    )
    programs = [
        Program(
            Reference("script"),
            script="#!/bin/sh\n\necho hello\n",
            container=Container("/images/script.sif", options=("--nv", "a b")),
        ),
        Program(
            Reference("macro"),
            executable="/opt/macro model",
            args='-n $MUSCLE_THREADS "a b"',
            env={"+LD_LIBRARY_PATH": ":/x", "N": "3"},
            modules=("gcc/12", "openmpi"),
            virtual_env="/opt/venv",
            base_env=BaseEnv.CLEAN,
            execution_model=ExecutionModel.OPENMPI,
            can_share_resources=False,
            keeps_state_for_next_use=KeepsStateForNextUse.HELPFUL,
            ports={
                "out": Port("out", Operator.O_I, "steps"),
                "in": Port("in", Operator.S, "steps"),
                "overlay": Port("overlay", Operator.O_I, "others"),
            },
        ),
        Program(
            Reference("micro"),
            executable="/opt/micro",
            args=("a b", "$HOME", "*", "3"),
            container=Container("micro:1.2", ContainerRunner.PODMAN),
        ),
        Program(Reference("by_hand"), execution_model=ExecutionModel.MANUAL),
    ]
    return Configuration(
        Model(
            Reference("whole"),
            {item.name: item for item in components},
            conduits,
            (("peer", "setup"),),
        ),
        {item.name: item for item in programs},
        Settings(
            {"a": 1, "b": 2.5, "c": "1", "d": True, "outer.e": [1, 2], "f": [[1.0], [2.0]], "g": ""}
        ),
        {
            Reference("outer.macro"): MpiNodes(2, 4, 3),
            Reference("outer.micro"): Threads(2, gpus=1),
            Reference("peer"): MpiCores(4, 2),
        },
        Checkpoints(
            at_end=True,
            wallclock_time=(CheckpointRangeRule(600.0, 0.0, 6000.0), CheckpointAtRule((1.0, 2.5))),
            simulation_time=(CheckpointRangeRule(0.5),),
        ),
        {Reference("outer.micro[1]"): "/run/snapshots/x_1.pack"},
        "All\nfeatures",
    )


@pytest.fixture
def source() -> YmmslConfigurationSource:
    return YmmslConfigurationSource()


def test_dumped_configuration_can_be_loaded(source):
    configuration = everything()
    assert source.load([source.dump(configuration)]) == with_folder_variable(configuration)


def test_model_can_be_selected_by_name(source):
    configuration = everything()
    loaded = source.load([source.dump(configuration)], model="whole")
    assert loaded == with_folder_variable(configuration)


def test_unknown_model_is_rejected_by_name(source):
    with pytest.raises(ConfigurationError, match="Model 'hole' does not exist"):
        source.load([source.dump(everything())], model="hole")


def test_empty_list_of_sources_is_rejected(source):
    with pytest.raises(ConfigurationError):
        source.load([])


@pytest.mark.parametrize("nonsense", [3, None, "nonsense\n", b"bytes"])
def test_invalid_source_is_rejected(nonsense, source):
    with pytest.raises(ConfigurationError):
        source.load([nonsense])


def test_program_gets_the_folder_of_the_file_that_defines_it(source, tmp_path):
    model, programs = tmp_path / "model.ymmsl", tmp_path / "codes" / "programs.ymmsl"
    programs.parent.mkdir()
    model.write_text(
        "ymmsl_version: v0.2\nmodels:\n  m:\n    description: m\n    components:\n"
        "      a: {description: a, ports: {}, implementation: p}\n"
        "      b: {description: b, ports: {}, implementation: q}\n"
    )
    programs.write_text(
        "ymmsl_version: v0.2\nprograms:\n"
        "  p: {description: p, executable: python, args: $YMMSL_DIR/p.py}\n"
        "  q: {description: q, executable: python, env: {YMMSL_DIR: /mine}}\n"
    )
    loaded = source.load([model, programs]).programs
    assert loaded[Reference("p")].env == {YMMSL_DIR: str(programs.parent)}
    assert loaded[Reference("q")].env == {YMMSL_DIR: "/mine"}
    assert source.warnings == []


def test_program_of_an_imported_file_gets_the_folder_of_that_file(source, tmp_path, monkeypatch):
    monkeypatch.setenv("YMMSL_PATH", str(tmp_path / "lib"))
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "codes.ymmsl").write_text(
        "ymmsl_version: v0.2\nprograms:\n  p: {description: p, executable: python}\n"
    )
    loaded = source.load(
        [
            (
                "ymmsl_version: v0.2\nimports:\n- from codes import implementation p\nmodels:\n"
                "  m:\n    description: m\n    components:\n"
                "      a: {description: a, ports: {}, implementation: p}\n"
            )
        ]
    )
    (program,) = loaded.programs.values()
    assert program.env == {YMMSL_DIR: str(tmp_path / "lib")}


MODEL_WITH_SETTINGS = """
ymmsl_version: v0.2
models:
  m: {description: m, components: {a: {description: a, ports: {}, implementation: a}}}
programs:
  a: {executable: python}
settings: {a.dt: 0.1, steps: 3}
"""


def test_settings_of_the_caller_replace_and_extend_those_of_the_sources():
    source = YmmslConfigurationSource()
    loaded = source.load([MODEL_WITH_SETTINGS], settings=Settings({"a.dt": 0.5, "x": True}))
    assert loaded.settings == Settings({"a.dt": 0.5, "steps": 3, "x": True})


def test_settings_of_the_caller_for_an_unknown_component_cause_a_warning():
    source = YmmslConfigurationSource()
    source.load([MODEL_WITH_SETTINGS], settings=Settings({"aa.dt": 0.5}))
    (warning,) = source.warnings
    assert "no component has that name. Did you mean 'a'?" in warning
