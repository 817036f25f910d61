"""Makes a different number of parts in each run, on a port whose length it sets."""

from coupling_library import Instance, Message, Operator
from observations import observing

LENGTHS = (2, 3, 1)


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.F_INIT: ["start"], Operator.O_F: ["parts[]"]})
        number = 0
        while instance.reuse_instance():
            seen.ports(instance)
            message = seen.receive(instance, "start")
            send_parts(instance, message.timestamp, LENGTHS[number])
            seen.note("length", instance.get_port_length("parts"))
            number += 1


def send_parts(instance, timestamp: float, length: int) -> None:
    instance.set_port_length("parts", length)
    for slot in range(length):
        instance.send("parts", Message(timestamp, None, {"part": slot, "of": length}), slot)


if __name__ == "__main__":
    main()
