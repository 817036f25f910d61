"""Replies with twice the number received: on one timeline until its end, then on the other."""

from coupling_library import Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing():
        instance = Instance(
            {Operator.O_I: ["early_out", "late_out"], Operator.S: ["early_in", "late_in"]}
        )
        while instance.reuse_instance():
            for name in ("early", "late"):
                for _ in range(instance.get_setting("steps", "int")):
                    message = instance.receive(f"{name}_in")
                    answer = Message(message.timestamp, None, 2 * message.data)
                    instance.send(f"{name}_out", answer)


if __name__ == "__main__":
    main()
