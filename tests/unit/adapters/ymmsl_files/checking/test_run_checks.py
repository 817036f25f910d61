"""Checks of resources, settings, checkpoints and snapshots to resume."""

import re

import pytest

from adapters.ymmsl_files.checking.wiring_checks import unconnected_ports
from adapters.ymmsl_files.source import YmmslConfigurationSource
from domain.model.checkpoint_rules import CheckpointAtRule, CheckpointRangeRule, Checkpoints
from domain.model.configuration import MpiCores, MpiNodes, Threads
from domain.model.containers import Container
from tests.unit.adapters.ymmsl_files.models import (
    MACRO_MICRO,
    NESTED,
    PROGRAM,
    load,
    problem_of,
    problems_of,
    warnings_of,
    whole,
)

MPI_PROGRAM = PROGRAM.replace("true}", "true, execution_model: openmpi}")


def test_resources_are_named_by_model_and_path():
    resources = "resources: {top.outer.fine: {threads: 2}}\n"
    configuration = load(whole(NESTED, PROGRAM, resources))
    assert configuration.resources == {"outer.fine": Threads(2)}


def test_all_kinds_of_resources_are_read():
    resources = "resources:\n  m.macro: {mpi_processes: 3}\n"
    resources += "  m.micro: {nodes: 2, mpi_processes_per_node: 4, threads_per_mpi_process: 5}\n"
    assert load(whole(MACRO_MICRO, MPI_PROGRAM, resources)).resources == {
        "macro": MpiCores(3, 1),
        "micro": MpiNodes(2, 4, 5),
    }


def test_gpus_are_read_with_all_kinds_of_resources():
    resources = "resources:\n  m.macro: {gpus: 3}\n  m.micro:\n    threads: 2\n    gpus: 1\n"
    assert load(whole(MACRO_MICRO, PROGRAM, resources)).resources == {
        "macro": Threads(1, gpus=3),
        "micro": Threads(2, gpus=1),
    }


def test_gpus_in_a_later_document_replace_those_of_an_earlier_one():
    first = whole(MACRO_MICRO, PROGRAM, "resources: {m.macro: {threads: 2, gpus: 3}}\n")
    second = whole("resources: {m.macro: {threads: 4}}\n")
    assert load(first, second).resources == {"macro": Threads(4)}


def test_container_of_a_program_is_read():
    program = PROGRAM.replace("true}", "true, container: /images/p.sif}")
    assert load(whole(MACRO_MICRO, program)).programs["p"].container == Container("/images/p.sif")


@pytest.mark.parametrize(
    ("details", "message"),
    [
        (
            "execution_model: openmpi, container: {image: a, runner: podman}",
            "'p' uses MPI in a container of podman",
        ),
        ("execution_model: manual, container: a.sif", "'p' is started by hand, so its 'container'"),
        ("container: {imaeg: a.sif}", "unknown key 'imaeg'"),
        ("contaner: a.sif", "unknown key 'contaner' in 'programs.p'. Did you mean 'container'?"),
    ],
)
def test_invalid_containers_are_reported(details, message):
    program = PROGRAM.replace("true}", f"true, {details}}}")
    resources = "resources: {m.macro: {mpi_processes: 2}, m.micro: {mpi_processes: 2}}\n"
    uses_mpi = resources if "openmpi" in details else ""
    assert message in problem_of(whole(MACRO_MICRO, program, uses_mpi))


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ("m.micro: {mpi_processes: 2}", "which does not use MPI, but requests MPI processes"),
        ("m.micro: {threads: 0}", "'threads' of 'micro' is 0; it must be 1 or more"),
        (
            "m.micro: {thraeds: 2}",
            "unknown key 'thraeds' in 'resources.m.micro'. Did you mean 'threads",
        ),
    ],
)
def test_invalid_resources_are_reported(resources, message):
    assert message in problem_of(whole(MACRO_MICRO, PROGRAM, f"resources: {{{resources}}}\n"))


@pytest.mark.parametrize(
    ("resources", "hint"),
    [
        ("m.mirco: {threads: 2}", " Did you mean 'm.micro' or 'm.macro'?"),
        ("mirco: {threads: 2}", " Did you mean 'm.micro'? In v0.2, write the name"),
        ("other.micro: {threads: 2}", " Did you mean 'm.micro'? In v0.2, write the name"),
    ],
)
def test_resources_of_a_component_that_does_not_exist_are_a_warning(resources, hint):
    text = whole(MACRO_MICRO, PROGRAM, f"resources: {{{resources}}}\n")
    (warning,) = warnings_of(text)
    name = resources.partition(":")[0]
    expected = f"component '{name}' does not exist, so these resources are not used.{hint}"
    assert expected in warning
    assert load(text).resources == {}


def test_script_may_request_mpi_processes():
    program = PROGRAM.replace("executable: /bin/true", "script: 'mpirun true'")
    text = whole(MACRO_MICRO, program, "resources: {m.micro: {mpi_processes: 2}}\n")
    assert load(text).resources["micro"] == MpiCores(2)


def test_mpi_program_without_mpi_resources_is_rejected():
    first, second = problems_of(whole(MACRO_MICRO, MPI_PROGRAM))
    assert "component 'macro' runs program 'p' with execution model 'openmpi'" in first
    assert "'m.micro: {mpi_processes: 4}'" in second


def test_resources_of_a_model_that_is_not_run_are_ignored():
    text = MACRO_MICRO + "  other: {description: x, components: {}}\n"
    resources = "resources: {other.x: {threads: 3}}\n"
    assert load(whole(text, PROGRAM, resources), model="m").resources == {}


def test_resources_of_an_omitted_component_are_ignored():
    text = MACRO_MICRO.replace("final}, implementation: p", "final}, optional: true")
    assert load(whole(text, PROGRAM, "resources: {m.micro: {threads: 3}}\n")).resources == {}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("drvier.k", "Setting 'drvier.k' is for 'drvier', but no component has that name. Did you"),
        ("outer.corase.k", "'outer.corase', but no component has that name. Did you mean 'outer.c"),
        (
            "outer.coarse[2].k",
            "that does not exist: 'outer.coarse' has multiplicity [2]",
        ),
        ("outer.fine[1][3].k", "'outer.fine' has multiplicity [2, 3]"),
        ("driver[0].k", "'driver' has multiplicity []"),
        ("outer[1].coarse.k", "has an index after 'outer', which is not a component"),
    ],
)
def test_setting_that_no_component_uses_is_a_warning(setting, message):
    (warning,) = warnings_of(whole(NESTED, PROGRAM, f"settings: {{'{setting}': 3}}\n"))
    assert message in warning


@pytest.mark.parametrize(
    "setting",
    [
        "k",
        "driver.k",
        "outer.k",
        "outer.coarse.k",
        "outer.coarse[1].k",
        "outer.fine[1].k",
        "outer.fine[1][2].k",
        "driver.k.part",
    ],
)
def test_setting_that_a_component_uses_is_accepted(setting):
    assert warnings_of(whole(NESTED, PROGRAM, f"settings: {{'{setting}': 3}}\n")) == []


SUPPORTED = PROGRAM.replace(
    "/bin/true}", "/bin/true, supported_settings: {k: {type: float, description: x}}}"
).replace("}}}", "}}}")


@pytest.mark.parametrize(
    ("settings", "bad"),
    [
        ("k: 3.5", None),
        ("k: 3", None),
        ("k: text", "k"),
        ("{k: text, macro.k: 1.0, micro.k: 1.0}", None),
        ("micro.k: text", "micro.k"),
        ("{micro.k: 1.0, k: [1]}", "k"),
    ],
)
def test_supported_settings_are_checked_at_their_location(settings, bad):
    text = whole(
        MACRO_MICRO,
        SUPPORTED,
        f"settings: {settings if settings[0] == '{' else '{' + settings + '}'}\n",
    )
    if bad is None:
        assert load(text)
    else:
        assert all(f": Setting '{bad}' has value" in item for item in problems_of(text))


def test_setting_of_the_wrong_type_for_one_instance_is_reported():
    model = MACRO_MICRO.replace("o_f: final}", "o_f: final}, multiplicity: 3")
    message = problem_of(whole(model, SUPPORTED, "settings: {k: 1.0, 'micro[1].k': true}\n"))
    assert re.fullmatch(
        r"the text given, line \d+: Setting 'micro\[1\].k' has value True.*", message
    )


@pytest.mark.parametrize(
    ("setting", "advice"),
    [
        ("kk: 1.0", "is not among the 'supported_settings' of any component. Did you mean 'k'?"),
        ("micro.kk: 1.0", "is not among the 'supported_settings' of 'micro'. Did you mean 'k'?"),
        ("k: 1.0", None),
        ("macro.k: 1.0", None),
        ("muscle_remote_log_level: debug", None),
    ],
)
def test_setting_that_is_not_supported_causes_a_warning(setting, advice):
    supported = SUPPORTED.replace("supported_settings: {k:", "supported_settings: {k:")
    warnings = warnings_of(whole(MACRO_MICRO, supported, f"settings: {{{setting}}}\n"))
    assert len(warnings) == (advice is not None)
    assert all(str(advice) in text for text in warnings)


def test_setting_of_a_program_that_does_not_declare_its_settings_causes_no_warning():
    assert warnings_of(whole(MACRO_MICRO, PROGRAM, "settings: {kk: 1.0}\n")) == []


def test_float_for_a_supported_integer_is_rejected_with_what_to_write():
    supported = SUPPORTED.replace("type: float", "type: int")
    for problem in problems_of(whole(MACRO_MICRO, supported, "settings: {k: 1e3}\n")):
        assert problem.endswith("declares 'k' as int. Write 1000.")


def test_absurd_multiplicity_is_rejected_at_once():
    model = MACRO_MICRO.replace("o_f: final}", "o_f: final}, multiplicity: [10000, 100000000]")
    problem = problem_of(whole(model, PROGRAM))
    assert "component 'micro' has multiplicity [10000, 100000000]" in problem
    assert "at most 100000 can be run" in problem


def test_errors_in_settings_are_reported_together_with_those_in_models():
    model = MACRO_MICRO.replace("micro.start", "mikro.start")
    problems = problems_of(whole(model, SUPPORTED, "settings: {k: text}\n"))
    assert any("component 'mikro' does not exist" in item for item in problems)
    assert any("Setting 'k' has value 'text'" in item for item in problems)


def test_receiving_port_without_a_conduit_causes_a_warning():
    model = load(whole(MACRO_MICRO.replace("s: in", "s: in other"), PROGRAM)).model
    (warning,) = unconnected_ports(model)
    assert warning.startswith("Port 'other' of component 'macro' receives, but no conduit leads")


def test_checkpoints_are_read():
    text = whole(
        MACRO_MICRO,
        PROGRAM,
        "checkpoints:\n  at_end: true\n  wallclock_time: [{every: 60, stop: 600}]\n"
        "  simulation_time: [{at: [3, 1]}, {every: 0.5, start: 1}]\n",
    )
    assert load(text).checkpoints == Checkpoints(
        at_end=True,
        wallclock_time=(CheckpointRangeRule(60.0, None, 600.0),),
        simulation_time=(CheckpointAtRule((1.0, 3.0)), CheckpointRangeRule(0.5, 1.0)),
    )


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("every: .nan", "'every' of a checkpoint rule must be greater than 0, not nan"),
        ("every: .inf", "'every' of a checkpoint rule must be a finite number, not inf"),
        ("every: 1.0e-320", "'every' of a checkpoint rule is too small"),
        ("every: 1.0, start: .nan", "'start' of a checkpoint rule must be a finite number"),
        ("at: [1.0, .nan]", "'at' of a checkpoint rule must be a finite number, not nan"),
    ],
)
@pytest.mark.parametrize("clock", ["wallclock_time", "simulation_time"])
def test_invalid_checkpoints_are_rejected_with_their_key(clock, rule, message):
    text = whole(MACRO_MICRO, PROGRAM, f"checkpoints: {{{clock}: [{{{rule}}}]}}\n")
    problem = problem_of(text)
    assert f": checkpoints.{clock}: " in problem
    assert message in problem


def test_resume_section_is_read():
    text = whole(MACRO_MICRO, PROGRAM, "resume: {macro: /x/macro_1.pack}\n")
    assert load(text).resume == {"macro": "/x/macro_1.pack"}


@pytest.mark.parametrize(
    "location",
    ["s3://bucket/a/macro_1.pack", "snapshots/macro_1.pack", "/x/s3:/macro_1.pack", "kept:macro_1"],
)
def test_resume_location_is_read_and_written_unchanged(location):
    text = whole(MACRO_MICRO, PROGRAM, f"resume: {{macro: '{location}'}}\n")
    read = load(text)
    assert read.resume == {"macro": location}
    assert load(YmmslConfigurationSource().dump(read)).resume == {"macro": location}
    assert warnings_of(text) == []


def test_resuming_an_unknown_instance_is_a_warning():
    text = whole(MACRO_MICRO, PROGRAM, "resume: {mcaro: /x/macro_1.pack}\n")
    assert "'mcaro', which this model does not have. Did you mean" in warnings_of(text)[0]
