"""One of a set of workers, each with different settings."""

from coupling_library import Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.F_INIT: ["work"], Operator.O_F: ["result"]})
        seen.ports(instance)
        while instance.reuse_instance():
            seen.settings(instance, "gain", "offset", "shared")
            message = seen.receive(instance, "work")
            value = message.data["slot"] * instance.get_setting("gain", "float")
            instance.send("result", Message(message.timestamp, None, value))


if __name__ == "__main__":
    main()
