"""Replies to requests, which carry its settings as an overlay."""

from coupling_library import Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.F_INIT: ["question"], Operator.O_F: ["answer"]})
        while instance.reuse_instance():
            seen.settings(instance, "x", "y", "label", "flags")
            message = seen.receive(instance, "question")
            answer = {**message.data, "x": instance.get_setting("x", "float")}
            instance.send("answer", Message(message.timestamp, None, answer))


if __name__ == "__main__":
    main()
