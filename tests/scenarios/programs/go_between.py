"""Forwards messages with their overlays, which it does not apply to itself."""

from coupling_library import DONT_APPLY_OVERLAY, Instance, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        ports = {Operator.F_INIT: ["incoming"], Operator.O_F: ["outgoing"]}
        instance = Instance(ports, DONT_APPLY_OVERLAY)
        while instance.reuse_instance():
            seen.settings(instance, "x", "y")
            message = instance.receive_with_settings("incoming")
            seen.received("incoming", None, message)
            instance.send("outgoing", message)


if __name__ == "__main__":
    main()
