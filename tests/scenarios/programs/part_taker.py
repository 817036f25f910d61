"""Receives all parts, however many the sender sends."""

from coupling_library import Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.F_INIT: ["parts[]"], Operator.O_F: ["count"]})
        while instance.reuse_instance():
            seen.ports(instance)
            length = instance.get_port_length("parts")
            seen.note("length", length)
            for slot in range(length):
                message = seen.receive(instance, "parts", slot)
            instance.send("count", Message(message.timestamp, None, length))


if __name__ == "__main__":
    main()
