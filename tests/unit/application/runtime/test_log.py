"""The log of a run."""

import pytest

from application.runtime.log import RuntimeLog


@pytest.fixture
def written():
    return []


def new_log(written, level):
    return RuntimeLog(uid="head", level=level, sink=lambda *entry: written.append(entry))


@pytest.mark.parametrize(
    ("level", "names"),
    [
        ("debug", ["debug", "perf", "info", "warning", "error"]),
        ("perf", ["perf", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_log_writes_its_level_and_above(written, level, names):
    log = new_log(written, level)
    for name in ("debug", "perf", "info", "warning", "error"):
        getattr(log, name)("text")
    assert [entry[0] for entry in written] == names


def test_warn_is_a_warning(written):
    new_log(written, "info").warn("text")
    assert written == [("warning", "head", "text")]


def test_text_of_another_member_is_written_under_its_uid(written):
    new_log(written, "info").write("info", "worker:0:1", "text")
    assert written == [("info", "worker:0:1", "text")]


def test_unknown_log_level_is_rejected(written):
    with pytest.raises(ValueError, match="'loud' does not exist"):
        new_log(written, "loud")
