"""A macro model that calls a set of others, and saves its state when due."""

from coupling_library import USES_CHECKPOINT_API, Instance, Message, Operator
from observations import observing

STEPS = 6


def main() -> None:
    with observing() as seen:
        ports = {Operator.O_I: ["state_out[]"], Operator.S: ["state_in[]"]}
        instance = Instance(ports, USES_CHECKPOINT_API)
        while instance.reuse_instance():
            run(instance, seen)


def run(instance, seen) -> None:
    step, total = 0, 1.0
    if instance.resuming():
        step, total = instance.load_snapshot().data
    instance.should_init()
    length = instance.get_port_length("state_out")
    while step < STEPS:
        for slot in range(length):
            instance.send("state_out", Message(float(step), None, total + slot), slot)
        for slot in range(length):
            total += seen.receive(instance, "state_in", slot).data / 7.0
        step += 1
        if instance.should_save_snapshot(float(step)):
            instance.save_snapshot(Message(float(step), None, [step, total]))
    if instance.should_save_final_snapshot():
        instance.save_final_snapshot(Message(float(step), None, [step, total]))


if __name__ == "__main__":
    main()
