"""The table of what may be at each place in a file of each version of yMMSL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import yaml

from adapters.ymmsl_files.reading import expectations as expect
from adapters.ymmsl_files.reading.expectations import Check, Problem
from adapters.ymmsl_files.reading.expected_ports import OPERATORS, expect_ports
from adapters.ymmsl_files.reading.keys import keys_of
from adapters.ymmsl_files.reading.scalars import ValueKind, described, value_kind


@dataclass(frozen=True)
class Rule:
    """The values and keys that one place in a file may have.

    Attributes:
        check: Checks the value there.
        inside: The rules for keys below it.
        each: The rule for all other keys, or for the elements of a list.
        required: The keys that it must have, each with an example.
    """

    check: Check
    inside: Mapping[str, Rule] = field(default_factory=dict)
    each: Rule | None = None
    required: Mapping[str, str] = field(default_factory=dict)


def _text(example: str) -> Rule:
    return Rule(expect.text(example))


def _ports() -> Rule:
    names = Rule(expect.port_names)
    return Rule(expect_ports, dict.fromkeys(OPERATORS, names))


def _component(required: Mapping[str, str]) -> Rule:
    sizes = expect.either(
        expect.whole_number("multiplicity: 10"), "a whole number, or a list", "multiplicity: 10"
    )
    inside = {
        "name": Rule(expect.name("name: macro")),
        "ports": _ports(),
        "description": _text("description: what it does"),
        "implementation": Rule(expect.name("implementation: my_program")),
        "optional": Rule(expect.boolean("optional: true")),
        "multiplicity": Rule(sizes),
    }
    example = "{description: …, ports: {…}, implementation: my_program}"
    return Rule(expect.mapping(example), inside, None, required)


def _conduits() -> Rule:
    receiver = expect.either(expect.conduit_receiver, "a port", "macro.out: micro.in")
    return Rule(expect.section("conduits: {macro.out: micro.in}"), {}, Rule(receiver))


def _programs() -> Rule:
    words = expect.either(expect.text("args: [-x, '4']"), "text or a list", "args: [-x, '4']")
    modules = expect.either(expect.text("modules: [gcc]"), "text or a list", "modules: [gcc]")
    script = expect.either(expect.text("echo"), "text", "script: |")
    inside = {
        "name": Rule(expect.name("name: my_program")),
        "description": _text("description: what it does"),
        "ports": _ports(),
        "supported_settings": _supported_settings(),
        "base_env": Rule(expect.one_of("manager", "clean", "login")),
        "modules": Rule(modules),
        "virtual_env": _text("virtual_env: /home/me/venv"),
        "env": Rule(expect.section("env: {OMP_NUM_THREADS: 4}"), {}, Rule(expect.environment)),
        "execution_model": Rule(
            expect.one_of("direct", "openmpi", "intelmpi", "srunmpi", "manual")
        ),
        "executable": _text("executable: python"),
        "args": Rule(words),
        "script": Rule(script),
        "can_share_resources": Rule(expect.boolean("can_share_resources: true")),
        "keeps_state_for_next_use": Rule(expect.one_of("necessary", "helpful", "no")),
    }
    example = "my_program: {executable: python, args: $YMMSL_DIR/model.py}"
    return Rule(expect.named_parts(example), {}, Rule(expect.mapping(example), inside))


def _supported_settings() -> Rule:
    return Rule(
        expect.section("supported_settings: {dt: float}"),
        {},
        Rule(expect.setting_type, {"type": Rule(expect.setting_type)}),
    )


def _shared() -> dict[str, Rule]:
    counts = {
        key: Rule(expect.whole_number(f"{key}: 4"))
        for key in (
            "threads",
            "mpi_processes",
            "threads_per_mpi_process",
            "nodes",
            "mpi_processes_per_node",
        )
    }
    example = "macro: {threads: 4}"
    resources = Rule(expect.named_parts(example), {}, Rule(_requirements, counts))
    times = {
        "at": Rule(expect.rule_times),
        "every": Rule(expect.number("every: 10")),
        "start": Rule(expect.number("start: 0")),
        "stop": Rule(expect.number("stop: 100")),
    }
    rules = Rule(expect.list_of("[{every: 10}, {at: [5]}]"), {}, Rule(_checkpoint_rule, times))
    checkpoints = Rule(
        expect.section("checkpoints: {simulation_time: [{every: 10}]}"),
        {
            "at_end": Rule(expect.boolean("at_end: true")),
            "wallclock_time": rules,
            "simulation_time": rules,
        },
    )
    resume_example = "resume: {macro: /path/to/snapshot.pack}"
    return {
        "description": _text("description: what it simulates"),
        "settings": Rule(expect.section("settings: {macro.dt: 0.1}")),
        "resources": resources,
        "checkpoints": checkpoints,
        "resume": Rule(expect.section(resume_example), {}, _text("/path/to/snapshot.pack")),
    }


def _requirements(node: yaml.Node) -> Iterator[Problem]:
    if value_kind(node) is not ValueKind.MAPPING:
        number = str(getattr(node, "value", "")) if value_kind(node) is ValueKind.INT else "4"
        wanted = "a mapping of names to values"
        advice = f"Write '{{threads: {number}}}'."
        what = f"must be {wanted}, but it is {described(node)}. {advice}"
        yield Problem(node, what, is_wrong_kind=True)
        return
    present = keys_of(node)
    if not present & {"threads", "mpi_processes", "nodes", "gpus"}:
        yield Problem(
            node,
            "does not set how many cores. Write 'threads: 4' or 'mpi_processes: 4'.",
            may_follow=True,
        )
    elif "threads" in present and present - {"threads", "gpus", "name"}:
        other = min(present - {"threads", "gpus", "name"})
        yield Problem(
            node,
            f"sets both 'threads' and '{other}'. Remove one of them: '{other}' is for programs with"
            " MPI.",
            may_follow=True,
        )
    elif "nodes" in present and "mpi_processes_per_node" not in present:
        yield Problem(
            node,
            "sets 'nodes' alone. Add, for example, 'mpi_processes_per_node: 4'.",
            may_follow=True,
        )


def _checkpoint_rule(node: yaml.Node) -> Iterator[Problem]:
    if value_kind(node) is not ValueKind.MAPPING:
        advice = "Write '{every: 10}' or '{at: [10, 20]}'."
        what = f"must be a rule, but it is {described(node)}. {advice}"
        yield Problem(node, what, is_wrong_kind=True)
        return
    present = keys_of(node)
    if not present & {"every", "at"}:
        yield Problem(
            node,
            "has neither 'every' nor 'at'. Write '{every: 10}' or '{at: [10]}'.",
            may_follow=True,
        )
    elif "at" in present and len(present) > 1:
        other = min(present - {"at"})
        yield Problem(node, f"has both 'at' and '{other}'. Write them as two rules in the list.")


def _version_1() -> Rule:
    component = _component({})
    by_name = Rule(_component_or_implementation, component.inside)
    model = Rule(
        expect.mapping("model: {name: my_model, components: {…}}"),
        {
            "name": Rule(expect.name("name: my_model")),
            "components": Rule(expect.named_parts("macro: my_program"), {}, by_name),
            "conduits": _conduits(),
        },
        None,
        {"name": "name: my_model"},
    )
    programs = _programs()
    return Rule(
        expect.mapping("ymmsl_version: v0.1"),
        {"model": model, "implementations": programs, **_shared()},
    )


def _component_or_implementation(node: yaml.Node) -> Iterator[Problem]:
    if value_kind(node) not in (ValueKind.MAPPING, ValueKind.EMPTY):
        yield from expect.name("macro: my_program")(node)


def _version_2() -> Rule:
    component = _component(
        {"description": "description: what it does", "ports": "ports: {o_i: out, s: in}"}
    )
    timelines = expect.either(expect.text("macro: micro"), "timelines", "macro: micro")
    model = Rule(
        expect.mapping("my_model: {components: {…}}"),
        {
            "name": Rule(expect.name("name: my_model")),
            "description": _text("description: what it simulates"),
            "ports": _ports(),
            "supported_settings": _supported_settings(),
            "components": Rule(expect.named_parts("macro: {…}"), {}, component),
            "conduits": _conduits(),
            "matching_timelines": Rule(
                expect.section("matching_timelines: {macro: micro}"), {}, Rule(timelines)
            ),
        },
    )
    imports = Rule(
        expect.list_of("imports: [from module import implementation name]"),
        {},
        Rule(expect.import_statement),
    )
    custom = expect.section("custom_implementations: {my_model.micro: my_program}")
    return Rule(
        expect.mapping("ymmsl_version: v0.2"),
        {
            "imports": imports,
            "models": Rule(expect.named_parts("models: {my_model: {…}}"), {}, model),
            "custom_implementations": Rule(custom, {}, Rule(_name_or_nothing)),
            "programs": _programs(),
            **_shared(),
        },
    )


def _name_or_nothing(node: yaml.Node) -> Iterator[Problem]:
    if value_kind(node) is not ValueKind.EMPTY:
        yield from expect.name("my_program")(node)


ROOTS: Final = {"v0.1": _version_1(), "v0.2": _version_2()}
