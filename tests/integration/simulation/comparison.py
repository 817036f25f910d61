"""Run a simulation with MUSCLE3's library or with ours: python comparison.py LIBRARY CASE.

It prints the comparable results: the files that it has written, and its outcome.
"""

import sys
from pathlib import Path

import ymmsl

WHOSE, CASE = sys.argv[1:]
if WHOSE == "libmuscle":
    from libmuscle import Instance, Message
    from libmuscle.runner import run_simulation
    from ymmsl.v0_2 import Operator
else:
    from entrypoints.instance import Instance, Message, Operator, run_simulation

MODEL = """\
ymmsl_version: v0.2
description: A macro model that calls a micro model
models:
  pair:
    description: A macro model that calls a micro model
    components:
      macro: {description: A, ports: {o_i: out, s: in}, implementation: macro}
      micro: {description: B, ports: {f_init: init, o_f: final}, implementation: micro}
    conduits:
      macro.out: micro.init
      micro.final: macro.in
"""


def macro():
    instance = Instance({Operator.O_I: ["out"], Operator.S: ["in"]})
    while instance.reuse_instance():
        instance.send("out", Message(0.0, None, 1))
        print("received", instance.receive("in").data)


def micro():
    instance = Instance({Operator.F_INIT: ["init"], Operator.O_F: ["final"]})
    while instance.reuse_instance():
        message = instance.receive("init")
        if CASE == "failing":
            raise ValueError("oh no")
        instance.send("final", message)


if __name__ == "__main__":
    implementations = {"macro": macro, "micro": micro}
    if CASE == "missing":
        del implementations["micro"]
    try:
        run_simulation(ymmsl.load(MODEL), implementations)  # only ours returns a result
    except (RuntimeError, ValueError) as error:
        kind = RuntimeError if isinstance(error, RuntimeError) else ValueError
        print(kind.__name__, "micro" in str(error))
        if CASE == "missing":
            print("macro" in str(error).split("given")[0])
        # For a failure, MUSCLE3 also names the victim if that happens to end soon enough.
    print(sorted(path.name for path in Path.cwd().glob("muscle3.m*cro.log")))
