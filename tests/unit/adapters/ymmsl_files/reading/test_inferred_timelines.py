"""The timelines that are inferred for v0.1 files."""

from domain.model.configuration import Configuration
from tests.unit.adapters.ymmsl_files.models import load, problem_of, warnings_of

LOCKSTEP = """
    prey: {implementation: p, ports: {o_i: out, s: in}}
    predator: {implementation: p, ports: {o_i: out, s: in}}
    third: {implementation: p, ports: {s: in}}
  conduits:
    prey.out: predator.in
    predator.out: [prey.in, third.in]
"""
OUTPUTS = """
    sim: {implementation: p, ports: {o_i: [boundary, state, log], s: forces}}
    micro: {implementation: p, ports: {f_init: init, o_f: final}}
    view: {implementation: p, ports: {f_init: in}}
    monitor: {implementation: p, ports: {s: in}}
  conduits:
    sim.boundary: micro.init
    micro.final: sim.forces
    sim.state: view.in
    sim.log: monitor.in
"""
NESTED = """
    macro: {implementation: p, ports: {o_i: out, s: in}}
    meso: {implementation: p, ports: {f_init: init, o_i: out, s: in, o_f: final}}
    micro: {implementation: p, ports: {f_init: init, o_f: final}}
  conduits:
    macro.out: meso.init
    meso.out: micro.init
    micro.final: meso.in
    meso.final: macro.in
"""
SHARED = """
    sim: {implementation: p, ports: {o_i: [boundary, state, log], s: forces}}
    micro: {implementation: p, ports: {f_init: init, o_f: final}}
    view: {implementation: p, ports: {f_init: [in1, in2]}}
  conduits:
    sim.boundary: micro.init
    micro.final: sim.forces
    sim.state: view.in1
    sim.log: view.in2
"""
FINAL_TO_STEPS = """
    a: {implementation: p, ports: {o_f: out}}
    b: {implementation: p, ports: {s: in}}
  conduits: {a.out: b.in}
"""


def old(body: str) -> str:
    """Return a v0.1 file with these components and conduits."""
    head = f"ymmsl_version: v0.1\nmodel:\n  name: m\n  components:{body}"
    return f"{head}implementations:\n  p: {{executable: /bin/true}}\n"


def annotations(configuration: Configuration) -> dict[str, str]:
    """Return the timelines of the ports that have one."""
    return {
        f"{component.name}.{port.name}": port.timeline
        for component in configuration.model.components.values()
        for port in component.ports.values()
        if port.timeline
    }


def test_lockstep_components_get_matching_timelines():
    configuration = load(old(LOCKSTEP))
    assert configuration.model.matching_timelines == (("prey", "predator", "third"),)
    assert annotations(configuration) == {}


def test_outputs_without_an_answer_get_timelines_of_their_own():
    configuration = load(old(OUTPUTS))
    assert annotations(configuration) == {"sim.state": "state", "sim.log": "log"}
    assert configuration.model.components["view"].timeline == "sim.state:view"
    assert configuration.model.matching_timelines == (("sim.log", "monitor"),)


def test_inferred_timelines_are_a_warning():
    (warning,) = warnings_of(old(LOCKSTEP))
    assert "as in MUSCLE3 0.10, 'prey' and 'predator' take the same steps" in warning
    assert "conjoin convert" in warning
    assert "'sim.state' may be sent less often than the other" in warnings_of(old(OUTPUTS))[0]


def test_ports_with_an_answer_get_no_timeline():
    configuration = load(old(NESTED))
    assert configuration.model.matching_timelines == ()
    assert annotations(configuration) == {}


def test_two_outputs_to_the_same_component_share_a_timeline():
    assert annotations(load(old(SHARED))) == {"sim.state": "state", "sim.log": "state"}


def test_first_of_several_outputs_without_other_steps_keeps_its_timeline():
    body = OUTPUTS.replace("    sim.boundary: micro.init\n    micro.final: sim.forces\n", "")
    assert annotations(load(old(body))) == {"sim.log": "log"}


def test_mismatch_that_cannot_be_inferred_is_rejected_with_the_advice_to_convert():
    message = problem_of(old(FINAL_TO_STEPS))
    assert "conduit 'a.out: b.in' joins timeline ':' to timeline 'b'" in message
    assert "You may need to add a repeater ('pad' or 'repeat') filter." in message
    assert "first convert it to v0.2, with 'conjoin convert the text given NEW_FILE'" in message
