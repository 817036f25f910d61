"""Sends on a resizable port; the setting ``lengths`` has the number of messages of each round.

MUSCLE3 0.11 raises an error if the length differs from that of the previous round.
"""

from coupling_library import Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.O_I: ["parts[]"], Operator.S: ["replies[]"]})
        seen.ports(instance)
        while instance.reuse_instance():
            for step, length in enumerate(instance.get_setting("lengths", "[int]")):
                exchange(instance, seen, step, length)


def exchange(instance, seen, step: int, length: int) -> None:
    instance.set_port_length("parts", length)
    for slot in range(length):
        instance.send("parts", Message(float(step), None, [step, slot]), slot)
    seen.note("length before", instance.get_port_length("replies"))
    seen.receive(instance, "replies", 0)
    replies = instance.get_port_length("replies")
    seen.note("length after", replies)
    for slot in range(1, replies):
        seen.receive(instance, "replies", slot)


if __name__ == "__main__":
    main()
