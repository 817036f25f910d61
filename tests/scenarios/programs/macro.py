"""A macro model that calls a micro model three times, with plain data of every kind."""

from coupling_library import Instance, Message, Operator
from observations import observing

STEPS = 3


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.O_I: ["state_out"], Operator.S: ["state_in"]})
        seen.ports(instance)
        while instance.reuse_instance():
            seen.settings(instance, "k", "name", "flag", "count", "row", "table", "absent")
            run(instance, seen)


def run(instance, seen) -> None:
    state = {"x": 0.1, "nothing": None, "yes": True, "n": -5, "big": 2**40, "raw": b"\x00\xff"}
    for step in range(STEPS):
        now = step * 0.1
        later = now + 0.1 if step + 1 < STEPS else None
        instance.send("state_out", Message(now, later, state))
        state["x"] += 1.0  # the message must contain the value from before this change
        answer = seen.receive(instance, "state_in")
        state = {**answer.data, "text": "größer", "list": [1, [2.5, "three"], (4, 5)]}


if __name__ == "__main__":
    main()
