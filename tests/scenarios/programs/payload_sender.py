"""Sends and receives back each payload; the largest only if the setting ``large`` is true."""

from coupling_library import Instance, Message, Operator
from observations import observing
from payloads import LARGE, payloads


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.O_I: ["out"], Operator.S: ["back"]})
        while instance.reuse_instance():
            large = instance.get_setting("large", "bool")
            for number, (name, data) in enumerate(payloads().items()):
                if name in LARGE and not large:
                    continue
                seen.note("sending", name)
                instance.send("out", Message(float(number), None, data))
                seen.receive(instance, "back")


if __name__ == "__main__":
    main()
