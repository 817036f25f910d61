"""Runs an ensemble twice: sends each member its settings, and receives the results."""

from coupling_library import Instance, Message, Operator, Settings
from observations import observing

ROUNDS = 2


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.O_I: ["parameters[]"], Operator.S: ["results[]"]})
        seen.ports(instance)
        while instance.reuse_instance():
            for number in range(ROUNDS):
                send_parameters(instance, number)
                receive_results(instance, seen)


def send_parameters(instance, number: int) -> None:
    for slot in range(instance.get_port_length("parameters")):
        sample = Settings(
            {"x": number + slot / 4, "member.label": f"{number}/{slot}", "flags": True}
        )
        if slot == 1:
            sample["member[1].x"] = 99.0
            sample["assistant.x"] = -1.0
        instance.send("parameters", Message(float(number), None, sample), slot)


def receive_results(instance, seen) -> None:
    for slot in range(instance.get_port_length("results")):
        message = instance.receive_with_settings("results", slot)
        seen.received("results", slot, message)


if __name__ == "__main__":
    main()
