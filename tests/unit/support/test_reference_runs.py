"""Reference runs of MUSCLE3 alone: a run that hangs is retried, reported, and not cached."""

from pathlib import Path

import pytest

from tests.support.reference_runs import LIMITS, PeerHungError, ReferenceRuns
from tests.support.scenario_runs import ScenarioRun

HUNG = None
TRIES = len(LIMITS)


class Bench:
    """Reference runs whose exit codes are given beforehand."""

    def __init__(self, folder: Path) -> None:
        self.exit_codes: list[int | None] = []
        self.calls: list[tuple[str, dict[str, object]]] = []
        self._folder = folder
        self.runs = ReferenceRuns(self._new_folder, run=self._run)

    def _new_folder(self, name: str) -> Path:
        path = self._folder / f"{name}{len(self.calls)}"
        path.mkdir()
        return path

    def _run(self, scenario: str, **options) -> ScenarioRun:
        self.calls.append((scenario, options))
        return ScenarioRun(
            exit_code=self.exit_codes.pop(0),
            stdout=f"output of try {len(self.calls)}",
            stderr="",
            run_dir=options["tmp_path"],
            results={},
            left_behind=(),
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_reference_run_is_made_once_for_each_scenario_version_and_settings(bench: Bench):
    bench.exit_codes = [0, 1, 0, 0]
    for _ in range(2):
        assert bench.runs("nested").exit_code == 0
        assert bench.runs("misuse", mistake="a").exit_code == 1
        assert bench.runs("misuse", mistake="b").exit_code == 0
        assert bench.runs("nested", "muscle3_0_10").exit_code == 0
    assert [scenario for scenario, _ in bench.calls] == ["nested", "misuse", "misuse", "nested"]


def test_reference_run_is_muscle3_alone_with_a_time_limit(bench: Bench, tmp_path: Path):
    bench.exit_codes = [0]
    bench.runs("misuse", "muscle3_0_10", mistake="a")
    assert bench.calls[0][1] == {
        "manager": "muscle3_0_10",
        "libraries": "muscle3_0_10",
        "tmp_path": tmp_path / "misuse0" / "try0",
        "timeout": LIMITS[0],
        "settings": {"mistake": "a"},
    }


def test_hanging_reference_run_is_retried(bench: Bench):
    bench.exit_codes = [HUNG] * (TRIES - 1) + [0]
    assert bench.runs("multicast").exit_code == 0
    assert bench.runs("multicast").stdout == f"output of try {TRIES}"
    assert [options["timeout"] for _, options in bench.calls] == list(LIMITS)


def test_peer_that_hangs_in_every_attempt_is_reported(bench: Bench):
    bench.exit_codes = [HUNG] * TRIES
    with pytest.raises(PeerHungError) as caught:
        bench.runs("multicast")
    assert str(caught.value).startswith(f"MUSCLE3 alone did not end within 180 s, tries: {TRIES}.")
    assert f"output of try {TRIES}" in str(caught.value)


def test_hanging_reference_run_is_not_cached(bench: Bench):
    bench.exit_codes = [HUNG] * TRIES + [0]
    with pytest.raises(PeerHungError):
        bench.runs("multicast")
    assert bench.runs("multicast").exit_code == 0
