"""A micro model: receives a state, adds to its x, and sends it back."""

from coupling_library import Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.F_INIT: ["init"], Operator.O_F: ["final"]})
        seen.ports(instance)
        while instance.reuse_instance():
            seen.settings(instance, "k")
            message = seen.receive(instance, "init")
            state = dict(message.data)
            state["x"] += instance.get_setting("k", "float", default=0.5)
            instance.send("final", Message(message.timestamp + 0.01, None, state))


if __name__ == "__main__":
    main()
