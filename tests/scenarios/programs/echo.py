"""Sends back what it received."""

from coupling_library import Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.F_INIT: ["in"], Operator.O_F: ["out"]})
        while instance.reuse_instance():
            message = seen.receive(instance, "in")
            instance.send("out", Message(message.timestamp, None, message.data))


if __name__ == "__main__":
    main()
