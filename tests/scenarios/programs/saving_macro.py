"""The macro model with checkpoints."""

from coupling_library import USES_CHECKPOINT_API, Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        ports = {Operator.O_I: ["state_out"], Operator.S: ["state_in"]}
        instance = Instance(ports, USES_CHECKPOINT_API)
        while instance.reuse_instance():
            run(instance, seen)


def run(instance, seen) -> None:
    step, total = 0, 0.0
    resuming = instance.resuming()
    seen.note("resuming", resuming)
    if resuming:
        step, total = seen.received("(snapshot)", None, instance.load_snapshot()).data
    seen.note("should_init", instance.should_init())
    while step < 4:
        instance.send("state_out", Message(float(step), None, total))
        total += seen.receive(instance, "state_in").data
        step += 1
        due = instance.should_save_snapshot(float(step))
        seen.note("should_save_snapshot", step, due)
        if due:
            instance.save_snapshot(Message(float(step), None, [step, total]))
    if instance.should_save_final_snapshot():
        seen.note("final snapshot", total)
        instance.save_final_snapshot(Message(float(step), None, [step, total]))


if __name__ == "__main__":
    main()
