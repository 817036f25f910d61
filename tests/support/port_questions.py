"""Print, as JSON, the results of the port queries of MUSCLE3's library, or of ours.

python port_questions.py libmuscle|entrypoints.instance
"""

import importlib
import json
import sys
from pathlib import Path

MODEL = """\
ymmsl_version: v0.2
description: A component with ports of every kind
models:
  kinds:
    description: A component with ports of every kind
    components:
      asking:
        description: Asks
        ports: {o_i: [scalar, vector, stretchy, loose, loose_vector], s: [answers]}
        implementation: asking
      one: {description: Answers, ports: {f_init: init, o_f: final}, implementation: quiet}
      more: {description: Waits, ports: {f_init: init}, implementation: quiet, multiplicity: 3}
      parts: {description: Waits, ports: {f_init: init}, implementation: parts}
    conduits:
      asking.scalar: one.init
      one.final: asking.answers
      asking.vector: more.init
      asking.stretchy: parts.init
"""
QUESTIONS = ("is_connected", "is_vector_port", "is_resizable", "get_port_length")
PORTS = ("scalar", "vector", "stretchy", "loose", "loose_vector", "answers", "unknown")


def answer(question, *arguments):
    """Return the answer, or the name of the exception."""
    try:
        return question(*arguments)
    except KeyError:
        return "KeyError"
    except RuntimeError:
        return "RuntimeError"


def asking(library, operator):
    """A model that queries its ports, then continues normally."""
    instance = library.Instance(
        {
            operator.O_I: ["scalar", "vector[]", "stretchy[]", "loose", "loose_vector[]"],
            operator.S: ["answers"],
        }
    )
    while instance.reuse_instance():
        answers = {
            f"{question} {port}": answer(getattr(instance, question), port)
            for question in QUESTIONS
            for port in PORTS
        }
        instance.send("scalar", library.Message(0.0))
        for slot in range(3):
            instance.send("vector", library.Message(0.0), slot)
        instance.set_port_length("stretchy", 1)
        instance.send("stretchy", library.Message(0.0), 0)
        answers["received"] = instance.receive("answers").timestamp
        Path("answers.json").write_text(json.dumps(answers), encoding="utf-8")


def quiet(library, operator, *, init="init"):
    """A model that only receives and replies."""
    final = {} if init.endswith("[]") else {operator.O_F: ["final"]}
    instance = library.Instance({operator.F_INIT: [init], **final})
    while instance.reuse_instance():
        instance.receive("init", 0 if init.endswith("[]") else None)
        if final:
            instance.send("final", library.Message(1.0))


def run(name):
    """Run the model with one of the libraries, and print the answers."""
    library = importlib.import_module(name)
    if name == "libmuscle":
        import ymmsl
        from libmuscle.runner import run_simulation

        operator, model = ymmsl.Operator, ymmsl.load(MODEL)
    else:
        run_simulation, operator, model = library.run_simulation, library.Operator, MODEL
    run_simulation(
        model,
        {
            "asking": lambda: asking(library, operator),
            "quiet": lambda: quiet(library, operator),
            "parts": lambda: quiet(library, operator, init="init[]"),
        },
    )
    print(Path("answers.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    run(sys.argv[1])
