"""Sends work to a set of workers and receives their results, twice."""

from coupling_library import Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.O_I: ["work[]"], Operator.S: ["result[]"]})
        seen.ports(instance)
        while instance.reuse_instance():
            for step in range(2):
                give_work(instance, step)
                for slot in range(instance.get_port_length("result")):
                    seen.receive(instance, "result", slot)


def give_work(instance, step: int) -> None:
    for slot in range(instance.get_port_length("work")):
        instance.send("work", Message(float(step), None, {"step": step, "slot": slot}), slot)


if __name__ == "__main__":
    main()
