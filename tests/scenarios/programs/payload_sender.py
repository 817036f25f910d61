"""Sends every payload, and takes each back."""

from coupling_library import Instance, Message, Operator
from observations import observing
from payloads import payloads


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.O_I: ["out"], Operator.S: ["back"]})
        while instance.reuse_instance():
            for number, (name, data) in enumerate(payloads().items()):
                seen.note("sending", name)
                instance.send("out", Message(float(number), None, data))
                seen.receive(instance, "back")


if __name__ == "__main__":
    main()
