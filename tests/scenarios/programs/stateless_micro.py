"""A micro model that keeps no state, so that its snapshots are implicit."""

from coupling_library import KEEPS_NO_STATE_FOR_NEXT_USE, Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        ports = {Operator.F_INIT: ["init"], Operator.O_F: ["final"]}
        instance = Instance(ports, KEEPS_NO_STATE_FOR_NEXT_USE)
        while instance.reuse_instance():
            message = seen.receive(instance, "init")
            instance.send("final", Message(message.timestamp + 0.5, None, message.data + 1.0))


if __name__ == "__main__":
    main()
