"""A macro and a micro model: the smallest simulation, as yMMSL and as functions."""

import sys

from entrypoints.instance import Instance, Message, Operator

_MODEL = """\
ymmsl_version: v0.2
description: A macro model that calls a micro model
models:
  pair:
    description: A macro model that calls a micro model
    components:
      macro:
        description: Goes through time
        ports:
          o_i: {sends}
          s: {receives}
        implementation: macro
      micro:
        description: Answers
        ports:
          f_init: init
          o_f: final
        implementation: micro
    conduits:
      macro.{sends}: micro.init
      micro.final: macro.{receives}
"""


def model_with_ports(*, sends: str, receives: str) -> str:
    """Return the model without settings and programs; the arguments name the ports of `macro`."""
    return _MODEL.format(sends=sends, receives=receives)


MODEL = model_with_ports(sends="out", receives="in") + "settings:\n  steps: 3\n"

IMPORTS = "from entrypoints.instance import Instance, Message, Operator\n"

MACRO = """\
instance = Instance({Operator.O_I: ["out"], Operator.S: ["in"]})
while instance.reuse_instance():
    for step in range(instance.get_setting("steps", "int")):
        instance.send("out", Message(float(step), None, step))
        print("received", instance.receive("in").data)
"""

MICRO = """\
instance = Instance({Operator.F_INIT: ["init"], Operator.O_F: ["final"]})
while instance.reuse_instance():
    message = instance.receive("init")
    instance.send("final", Message(message.timestamp, None, message.data * 2))
"""


def with_programs(*, macro: str = MACRO, micro: str = MICRO) -> str:
    """Return the model with programs made of some Python code."""
    text = MODEL + "programs:\n"
    for name, code in (("macro", macro), ("micro", micro)):
        lines = "".join(f"      {line}\n" for line in (IMPORTS + code).splitlines())
        text += f"  {name}:\n    description: A test's\n    script: |\n"
        text += f"      #!{sys.executable}\n{lines}"
    return text


def macro() -> None:
    """Send numbers, and print the replies."""
    instance = Instance({Operator.O_I: ["out"], Operator.S: ["in"]})
    while instance.reuse_instance():
        for step in range(instance.get_setting("steps", "int")):  # type: ignore[call-overload]
            instance.send("out", Message(float(step), None, step))
            print("received", instance.receive("in").data)


def micro() -> None:
    """Reply with twice the number."""
    instance = Instance({Operator.F_INIT: ["init"], Operator.O_F: ["final"]})
    while instance.reuse_instance():
        message = instance.receive("init")
        instance.send("final", Message(message.timestamp, None, message.data * 2))
