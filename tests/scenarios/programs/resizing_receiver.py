"""Receives a message on each slot; sends one message more than it received."""

from coupling_library import Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.F_INIT: ["parts[]"], Operator.O_F: ["replies[]"]})
        seen.ports(instance)
        while instance.reuse_instance():
            seen.note("length", instance.get_port_length("parts"))
            parts = [
                seen.receive(instance, "parts", slot)
                for slot in range(instance.get_port_length("parts"))
            ]
            reply(instance, parts)


def reply(instance, parts) -> None:
    instance.set_port_length("replies", len(parts) + 1)
    for slot in range(len(parts) + 1):
        instance.send("replies", Message(parts[0].timestamp, None, {"reply": slot}), slot)


if __name__ == "__main__":
    main()
