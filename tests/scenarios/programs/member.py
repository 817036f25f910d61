"""A member of an ensemble, which calls an assistant through a go-between."""

from coupling_library import Instance, Message, Operator
from observations import observing

NAMES = ("x", "y", "label", "flags", "base_only")


def main() -> None:
    with observing() as seen:
        instance = Instance(
            {Operator.O_I: ["question"], Operator.S: ["answer"], Operator.O_F: ["result"]}
        )
        seen.ports(instance)
        while instance.reuse_instance():
            seen.settings(instance, *NAMES)
            for step in range(2):
                instance.send("question", Message(float(step), None, {"step": step}))
                answer = seen.receive(instance, "answer")
            instance.send("result", Message(9.0, None, answer.data))


if __name__ == "__main__":
    main()
