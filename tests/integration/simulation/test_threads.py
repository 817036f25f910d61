"""A model that exchanges messages with its peers from several threads concurrently."""

import json
import threading
from pathlib import Path

import ymmsl

from entrypoints.instance import Instance, Message, Operator, run_simulation

STEPS = 300
MODEL = """
ymmsl_version: v0.2
models:
  threads:
    description: A caller that calls two models, each on its own timeline
    components:
      caller:
        description: Has a thread for each
        ports:
          timeline a: {o_i: out_a, s: in_a}
          timeline b: {o_i: out_b, s: in_b}
        implementation: caller
      left: {description: x, ports: {f_init: init, o_f: final}, implementation: doubling}
      right: {description: x, ports: {f_init: init, o_f: final}, implementation: doubling}
    conduits:
      caller.out_a: left.init
      left.final: caller.in_a
      caller.out_b: right.init
      right.final: caller.in_b
"""


def doubling() -> None:
    instance = Instance({Operator.F_INIT: ["init"], Operator.O_F: ["final"]})
    while instance.reuse_instance():
        number = instance.receive("init").data
        instance.send("final", Message(0.0, None, 2 * number))


def test_threads_can_use_different_ports_concurrently(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # The logs of the instances are written there.
    file = tmp_path / "answers.json"

    def caller() -> None:
        ports = {Operator.O_I: ["out_a", "out_b"], Operator.S: ["in_a", "in_b"]}
        instance = Instance(ports)
        answers: dict[str, list[object]] = {"a": [], "b": []}

        def exchange(name: str) -> None:
            for step in range(STEPS):
                instance.send(f"out_{name}", Message(float(step), None, step))
                answers[name].append(instance.receive(f"in_{name}").data)

        while instance.reuse_instance():
            threads = [threading.Thread(target=exchange, args=(name,)) for name in answers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        file.write_text(json.dumps(answers))

    run_simulation(ymmsl.load(MODEL), {"caller": caller, "doubling": doubling})
    doubled = [2 * step for step in range(STEPS)]
    assert json.loads(file.read_text()) == {"a": doubled, "b": doubled}
