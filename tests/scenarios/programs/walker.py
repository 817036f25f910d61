"""A component of any shape: its ports are those of the yMMSL file.

Each run receives on every F_INIT port, then takes a number of steps, and then sends on every O_F
port. A step sends on every O_I port and receives on every S port, or the other way around if
``lead`` is "S". The setting ``steps`` has the number of steps, or a list of them for the first,
second, … run, of which the last one applies to all later runs. A message contains the sender's
name, run and step, and a digest of everything that the sender has received, so that a difference
in one instance also appears in those that it sends to. On a port whose name begins with
``settings``, a message contains empty settings.
"""

import hashlib
import json
import os

from coupling_library import Instance, Message, Operator, Settings
from observations import exactly, observing


class Walker:
    """One instance, and the state that it keeps between calls."""

    def __init__(self, instance, seen) -> None:
        self._instance = instance
        self._seen = seen
        self._digest = hashlib.sha256()
        self._time = 0.0
        ports = instance.list_ports()
        self._ports = {operator: sorted(ports.get(operator, [])) for operator in Operator}

    def run(self, number: int, steps: int) -> None:
        self._receive_all(Operator.F_INIT)
        first, second = Operator.O_I, Operator.S
        if self._instance.get_setting("lead", "str", default="O_I") == "S":
            first, second = second, first
        for step in range(steps):
            for operator in (first, second):
                if operator is Operator.O_I:
                    self._send_all(operator, number, step, last=step + 1 == steps)
                else:
                    self._receive_all(operator)
        self._send_all(Operator.O_F, number, steps, last=True)

    def _send_all(self, operator: Operator, number: int, step: int, *, last: bool) -> None:
        self._time += 0.125
        for port in self._ports[operator]:
            for slot in self._slots(port):
                following = None if last else self._time + 0.125
                data = self._data(port, number, step)
                self._instance.send(port, Message(self._time, following, data), slot)

    def _receive_all(self, operator: Operator) -> None:
        for port in self._ports[operator]:
            for slot in self._slots(port):
                if not self._instance.is_connected(port):
                    continue
                message = self._seen.receive(self._instance, port, slot)
                self._digest.update(json.dumps([port, slot, exactly(message)]).encode())

    def _slots(self, port: str) -> "list[int | None]":
        instance = self._instance
        if instance.is_connected(port) and instance.is_vector_port(port):
            return list(range(instance.get_port_length(port)))
        return [None]

    def _data(self, port: str, number: int, step: int) -> object:
        if port.startswith("settings"):
            return Settings()
        name = os.environ["MUSCLE_INSTANCE"]
        return {"from": name, "run": number, "step": step, "seen": self._digest.hexdigest()[:16]}


def main() -> None:
    with observing() as seen:
        instance = Instance()
        seen.ports(instance)
        walker = Walker(instance, seen)
        number = 0
        while instance.reuse_instance():
            steps = instance.get_setting("steps", "[int]", default=[1])
            walker.run(number, steps[min(number, len(steps) - 1)])
            number += 1


if __name__ == "__main__":
    main()
