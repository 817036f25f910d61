from domain.runtime.hosts import HostPlan, LossKind, LossReason


def test_name_of_a_host_contains_its_role_and_indices():
    assert HostPlan("worker", (0, 1)).name == "worker:0:1"
    assert HostPlan("monitor").name == "monitor"


def test_loss_reason_is_shown_as_its_description():
    assert str(LossReason(LossKind.EXITED, "exited with code 3", exit_code=3)) == (
        "exited with code 3"
    )
