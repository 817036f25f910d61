"""What a user does with snapshots: make, list, verify and prune them, and resume from them."""

import re
import shutil
from pathlib import Path

import pytest

from tests.support.pages import save_files
from tests.support.snapshot_files import in_cpp_form, make_foreign
from tests.support.workspace import Outcome, Workspace

COMPLETED, DAMAGED, MISTAKE = 0, 1, 2
STEPS = 4


@pytest.fixture
def saving(workspace: Workspace) -> Workspace:
    """A model that saves its state: that of the page on checkpoints."""
    assert {"macro.py", "micro.py"} <= set(save_files("checkpointing.md", workspace.folder))
    workspace.change("model.ymmsl", "macro.steps: 2", f"macro.steps: {STEPS}")
    workspace.run_dir.rmdir()
    return workspace


def run(saving: Workspace, *arguments: object) -> Outcome:
    """Run the model in a directory of its own, with a snapshot after each step."""
    return saving.conjoin(
        "run", "--start-all", "--checkpoint-every-simulation", 1, *arguments, "model.ymmsl"
    )


def run_directories(saving: Workspace) -> list[Path]:
    found = saving.folder.glob("run_pair_*")
    return sorted(found, key=lambda path: (len(path.name), path.name))


def first_run(saving: Workspace) -> Path:
    outcome = run(saving)
    assert outcome.exit_code == COMPLETED, outcome.text
    (directory,) = run_directories(saving)
    return directory


def shelf(directory: Path) -> list[Path]:
    """The workflow snapshots of a run, the oldest first."""
    found = (directory / "snapshots").glob("snapshot_*.ymmsl")
    return sorted(found, key=lambda path: (path.name[:24], len(path.name), path.name))


def snapshot_file(workflow_snapshot: Path, instance: str) -> Path:
    """The file of an instance that a workflow snapshot names."""
    match = re.search(
        rf"^  {re.escape(instance)}: '?([^'\n]+)", workflow_snapshot.read_text(), re.MULTILINE
    )
    assert match is not None
    return Path(match[1])


def rewrite(workflow_snapshot: Path, old: str, new: str) -> None:
    """Change a workflow snapshot by hand, as a user who knows that its checksum has to go."""
    _, _, text = workflow_snapshot.read_text().partition("\n")
    workflow_snapshot.write_text(text.replace(old, new))


def printed_by_macro(directory: Path) -> str:
    return (directory / "instances" / "macro" / "stdout.txt").read_text()


# Checkpoints on the command line ------------------------------------------------------------------


def test_checkpoints_of_the_command_line_are_added_to_those_of_the_files(saving: Workspace):
    saving.write(
        "more.ymmsl",
        "ymmsl_version: v0.2\ncheckpoints:\n  simulation_time:\n  - at: [2.0]\n",
    )
    outcome = saving.conjoin(
        "run", "--start-all", "--checkpoint-at-end", "--checkpoint-every-wallclock", 1000,
        "--checkpoint-every-simulation", 3, "model.ymmsl", "more.ymmsl",
    )  # fmt: skip
    assert outcome.exit_code == COMPLETED, outcome.text
    (directory,) = run_directories(saving)
    kept = (directory / "configuration.ymmsl").read_text()
    assert all(text in kept for text in ("at_end: true", "every: 1000", "every: 3", "2.0"))
    assert len(shelf(directory)) >= 2


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "1e-320", "soon"])
def test_a_distance_of_checkpoints_that_makes_no_sense_is_refused(saving: Workspace, value: str):
    outcome = saving.conjoin("run", f"--checkpoint-every-simulation={value}", "model.ymmsl")
    assert outcome.exit_code == MISTAKE
    assert "--checkpoint-every-simulation" in outcome.stderr


# Resuming -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["latest", "directory", "file"])
def test_a_resumed_run_goes_on_in_a_directory_of_its_own(saving: Workspace, what: str):
    directory = first_run(saving)
    sources = {"latest": "latest", "directory": directory.name, "file": shelf(directory)[-1]}
    outcome = run(saving, "--resume", sources[what])
    assert outcome.exit_code == COMPLETED, outcome.text
    assert f"Resuming from {shelf(directory)[-1]}\n" in outcome.stdout
    (resumed,) = set(run_directories(saving)) - {directory}
    assert "resumed at" in printed_by_macro(resumed)
    assert printed_by_macro(resumed).splitlines()[-1] == printed_by_macro(directory).strip()


def test_the_latest_is_that_of_the_newest_run(saving: Workspace):
    first_run(saving)
    assert run(saving, "--resume", "latest").exit_code == COMPLETED
    newest = run_directories(saving)[-1]
    outcome = run(saving, "--resume", "latest", "--dry-run")
    assert f"Resuming from {shelf(newest)[-1]}\n" in outcome.stdout, outcome.text


def test_the_latest_is_looked_for_beside_a_given_run_directory(saving: Workspace):
    directory = first_run(saving)
    place = saving.folder / "elsewhere"
    (place / "second").mkdir(parents=True)
    shutil.copytree(directory, place / "first")
    shutil.rmtree(directory / "snapshots")
    outcome = run(saving, "--resume", "latest", "--run-dir", "elsewhere/second")
    assert outcome.exit_code == COMPLETED, outcome.text
    assert f"Resuming from {shelf(place / 'first')[-1]}\n" in outcome.stdout


def test_runs_of_another_model_are_none_of_our_business(saving: Workspace):
    first_run(saving)
    text = (saving.folder / "model.ymmsl").read_text()
    saving.write("model.ymmsl", text.replace("\n  pair:", "\n  pai:"))
    for path in run_directories(saving):
        path.rename(path.with_name(path.name.replace("run_pair_", "run_pai_")))
    outcome = run(saving, "--resume", "latest")
    assert outcome.exit_code == MISTAKE
    assert "There is no workflow snapshot of model 'pai' among the runs in" in outcome.stderr


def test_latest_passes_over_what_is_damaged_and_says_so(saving: Workspace):
    directory = first_run(saving)
    older, newest = shelf(directory)[-2:]
    damaged = snapshot_file(newest, "macro")
    damaged.write_bytes(damaged.read_bytes()[:-10])
    outcome = run(saving, "--resume", "latest")
    assert outcome.exit_code == COMPLETED, outcome.text
    assert f"Warning: Workflow snapshot '{newest}' is newer" in outcome.stdout
    assert f"Snapshot '{damaged}' cannot be used" in outcome.stdout
    assert f"Resuming from {older}\n" in outcome.stdout


def cut_in_half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def with_a_bit_flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.slow
@pytest.mark.parametrize("damage", [cut_in_half, with_a_bit_flipped])
def test_whichever_file_is_damaged_only_what_is_whole_is_offered(saving: Workspace, damage):
    directory = first_run(saving)
    newest = shelf(directory)[-1]
    for path in (newest, snapshot_file(newest, "macro"), snapshot_file(newest, "micro")):
        data = path.read_bytes()
        path.write_bytes(damage(data))
        outcome = run(saving, "--resume", "latest", "--dry-run")
        assert f"'{path}'" in outcome.text
        path.write_bytes(data)
        whole = [item for item in shelf(directory) if path not in files_of(item)]
        assert f"Resuming from {whole[-1]}\n" in outcome.stdout, outcome.text


def files_of(workflow_snapshot: Path) -> set[Path]:
    instances = {snapshot_file(workflow_snapshot, name) for name in ("macro", "micro")}
    return {workflow_snapshot, *instances}


def test_a_workflow_snapshot_that_was_changed_is_refused_in_both_ways(saving: Workspace):
    directory = first_run(saving)
    newest = shelf(directory)[-1]
    newest.write_text(newest.read_text().replace("macro_", "macro_1"))
    check_refused(saving, directory, str(newest), "its checksum is another")


def test_a_damaged_file_is_refused_and_an_older_sound_one_is_named(saving: Workspace):
    directory = first_run(saving)
    older, newest = shelf(directory)[-2:]
    snapshot_file(newest, "macro").unlink()
    outcome = run(saving, "--resume", newest)
    assert outcome.exit_code == MISTAKE
    assert f"Workflow snapshot '{newest}' cannot be resumed from." in outcome.stderr
    assert "there is nothing there" in outcome.stderr
    assert f"The newest older one that is sound is '{older}'." in outcome.stderr
    assert run_directories(saving) == [directory]


def test_when_all_are_damaged_each_is_named_with_the_reason(saving: Workspace):
    directory = first_run(saving)
    for path in directory.glob("instances/macro/snapshots/*.pack"):
        path.write_bytes(b"")
    outcome = run(saving, "--resume", directory.name)
    assert outcome.exit_code == MISTAKE
    assert all(f"- '{path}': " in outcome.stderr for path in shelf(directory))
    assert "the file is empty" in outcome.stderr


def test_what_is_not_there_cannot_be_resumed_from(saving: Workspace):
    outcome = run(saving, "--resume", "run_of_last_year")
    assert outcome.exit_code == MISTAKE
    assert "There is no 'run_of_last_year' to resume from." in outcome.stderr


def test_a_run_directory_can_be_moved(saving: Workspace):
    directory = first_run(saving)
    moved = saving.folder / "kept"
    directory.rename(moved)
    newest = shelf(moved)[-1]
    remark = f"The run of workflow snapshot '{newest}' was in '{directory}', and has been moved"
    for asked in (["list", moved], ["show", newest], ["verify", moved]):
        outcome = saving.conjoin("snapshots", *asked)
        assert outcome.exit_code == COMPLETED, outcome.text
        assert remark in outcome.stdout
    for number, asked in enumerate((newest, moved)):
        outcome = run(saving, "--resume", asked)
        assert outcome.exit_code == COMPLETED, outcome.text
        assert remark in outcome.stdout
        resumed = run_directories(saving)[number]
        assert printed_by_macro(resumed).splitlines()[-1] == printed_by_macro(moved).strip()


def test_another_run_at_the_old_place_is_not_taken_for_the_one_that_was_moved(saving: Workspace):
    directory = first_run(saving)
    printed = printed_by_macro(directory)
    moved = directory.rename(saving.folder / "kept")
    saving.change("macro.py", "step, total = 0, 0.0", "step, total = 0, 1000.0")
    directory.mkdir()
    outcome = run(saving, "--run-dir", directory.name)
    assert outcome.exit_code == COMPLETED, outcome.text
    outcome = run(saving, "--resume", shelf(moved)[-1])
    assert outcome.exit_code == COMPLETED, outcome.text
    resumed = run_directories(saving)[-1]
    assert printed_by_macro(resumed).splitlines()[-1] == printed.strip()


def test_what_is_with_a_moved_workflow_snapshot_is_verified(saving: Workspace):
    directory = first_run(saving)
    newest = shelf(directory)[-1]
    name = snapshot_file(newest, "macro").relative_to(directory)
    moved = directory.rename(saving.folder / "kept")
    (moved / name).write_bytes(b"")
    outcome = saving.conjoin("snapshots", "verify", moved)
    assert outcome.exit_code == DAMAGED
    assert f"Snapshot '{moved / name}' cannot be used: the file is empty" in outcome.stdout


def test_a_link_to_a_run_directory_is_no_move(saving: Workspace):
    directory = first_run(saving)
    link = saving.folder / "link"
    link.symlink_to(directory)
    outcome = saving.conjoin("snapshots", "verify", link)
    assert outcome.exit_code == COMPLETED
    assert "has been moved" not in outcome.text


# Snapshots of MUSCLE3's libraries ----------------------------------------------------------------


def test_snapshots_in_the_form_of_the_cpp_library_are_resumed_from(saving: Workspace):
    directory = first_run(saving)
    newest = shelf(directory)[-1]
    for name in ("macro", "micro"):
        path = snapshot_file(newest, name)
        path.write_bytes(in_cpp_form(path.read_bytes()))
    outcome = run(saving, "--resume", newest)
    assert outcome.exit_code == COMPLETED, outcome.text
    assert "Warning" not in outcome.text
    (resumed,) = set(run_directories(saving)) - {directory}
    assert "resumed at" in printed_by_macro(resumed)
    assert printed_by_macro(resumed).splitlines()[-1] == printed_by_macro(directory).strip()


def test_foreign_snapshot_that_cannot_be_decoded_is_a_warning(saving: Workspace):
    directory = first_run(saving)
    newest = shelf(directory)[-1]
    foreign = snapshot_file(newest, "micro")
    make_foreign(foreign)
    warning = f"Snapshot '{foreign}' of 'micro' was written by another library than Conjoin's"
    for asked in (["--resume", newest], ["--resume", "latest"], [newest]):
        outcome = run(saving, "--dry-run", *asked)
        assert outcome.exit_code == COMPLETED, outcome.text
        assert outcome.text.count(warning) == 1
        assert "new_in_0_12" in outcome.text
    for action in ("verify", "show"):
        outcome = saving.conjoin("snapshots", action, newest)
        assert outcome.exit_code == COMPLETED, outcome.text
        assert warning in outcome.stdout
    assert re.search(rf"^micro +- +- +unknown .*{foreign}$", outcome.stdout, re.MULTILINE)


def test_undecodable_snapshot_fails_the_instance_that_must_read_it(saving: Workspace):
    foreign = snapshot_file(shelf(first_run(saving))[-1], "micro")
    make_foreign(foreign)
    outcome = run(saving, "--resume", "latest")
    assert outcome.exit_code == DAMAGED
    resumed = run_directories(saving)[-1]
    stderr = (resumed / "instances" / "micro" / "stderr.txt").read_text()
    assert f"Snapshot '{foreign}' cannot be used" in stderr


# What does not fit --------------------------------------------------------------------------------


def check_refused(saving: Workspace, directory: Path, *texts: str) -> None:
    """Check that resuming is refused before anything starts, in both ways of asking for it."""
    for asked in (["--resume", shelf(directory)[-1]], [shelf(directory)[-1]]):
        outcome = run(saving, *asked)
        assert outcome.exit_code == MISTAKE, outcome.text
        assert all(text in outcome.stderr for text in texts), outcome.text
    assert run_directories(saving) == [directory]


def test_a_snapshot_of_another_model_is_refused(saving: Workspace):
    directory = first_run(saving)
    text = (saving.folder / "model.ymmsl").read_text()
    saving.write("model.ymmsl", text.replace("\n  pair:", "\n  couple:"))
    check_refused(saving, directory, "The snapshots are of model 'pair', and not of 'couple'")


def test_a_snapshot_of_another_instance_is_refused(saving: Workspace):
    directory = first_run(saving)
    newest = shelf(directory)[-1]
    macro, micro = (str(snapshot_file(newest, name)) for name in ("macro", "micro"))
    rewrite(newest, macro, micro)
    outcome = run(saving, "--resume", newest)
    assert outcome.exit_code == MISTAKE
    assert f"Snapshot '{micro}' is one of 'micro', not of 'macro'." in outcome.stderr


def test_a_changed_multiplicity_is_refused(saving: Workspace):
    directory = first_run(saving)
    for name in ("macro", "micro"):
        saving.change(
            "model.ymmsl",
            f"implementation: {name}",
            f"implementation: {name}\n        multiplicity: 2",
        )
    check_refused(
        saving, directory, "a snapshot of 'macro', and the multiplicity of 'macro' is [2] now"
    )


def test_a_component_that_became_a_set_is_refused(saving: Workspace):
    directory = first_run(saving)
    saving.change(
        "model.ymmsl", "implementation: micro", "implementation: micro\n        multiplicity: 2"
    )
    check_refused(saving, directory, "the multiplicity of 'micro' is [2] now")


def test_a_renamed_port_is_refused(saving: Workspace):
    directory = first_run(saving)
    text = (saving.folder / "model.ymmsl").read_text()
    saving.write("model.ymmsl", text.replace("state_out", "state_sent"))
    check_refused(
        saving,
        directory,
        "port 'state_sent' is connected now, and was not there",
        "port 'state_out' had passed messages (3), and is not there or not connected now",
    )


def test_snapshots_of_different_moments_are_refused(saving: Workspace):
    directory = first_run(saving)
    oldest, newest = shelf(directory)[0], shelf(directory)[-1]
    rewrite(newest, *(str(snapshot_file(path, "micro")) for path in (newest, oldest)))
    check_refused(saving, directory, "the snapshots do not belong together")


@pytest.mark.parametrize(
    ("program", "old", "new", "text"),
    [
        ("macro.py", "USES_CHECKPOINT_API", "KEEPS_NO_STATE_FOR_NEXT_USE", "which would be lost"),
        ("micro.py", "KEEPS_NO_STATE_FOR_NEXT_USE", "USES_CHECKPOINT_API", "no state of the model"),
    ],
)
def test_flags_that_do_not_fit_the_snapshot_are_refused_by_the_instance(
    saving: Workspace, program: str, old: str, new: str, text: str
):
    directory = first_run(saving)
    saving.change(program, old, new)
    outcome = run(saving, "--resume", "latest")
    assert outcome.exit_code == DAMAGED
    resumed = run_directories(saving)[-1]
    name = program.removesuffix(".py")
    stderr = (resumed / "instances" / name / "stderr.txt").read_text()
    assert text in stderr
    assert f"Instance '{name}' cannot be resumed from '{directory}" in outcome.text


def test_a_model_that_says_nothing_any_more_is_not_resumed_without_a_state(saving: Workspace):
    first_run(saving)
    saving.change("micro.py", ", InstanceFlags.KEEPS_NO_STATE_FOR_NEXT_USE", "")
    outcome = saving.conjoin("run", "--start-all", "--resume", "latest", "model.ymmsl")
    assert outcome.exit_code == DAMAGED
    assert "Instance 'micro' cannot be resumed from" in outcome.text
    assert "said it keeps none" in outcome.text
    assert "does not say so any more" in outcome.text


# Looking after snapshots --------------------------------------------------------------------------


def test_workflow_snapshots_are_listed(saving: Workspace):
    directory = first_run(saving)
    outcome = saving.conjoin("snapshots", directory.name)
    assert outcome.exit_code == COMPLETED, outcome.text
    blocks = re.split(r"^(?=/)", outcome.stdout, flags=re.MULTILINE)[1:]
    assert [block.splitlines()[0] for block in blocks] == list(map(str, shelf(directory)))
    last = blocks[-1].splitlines()
    assert re.fullmatch(r"  taken \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, \S+ (bytes|KiB), sound", last[1])
    assert re.match(r"  why: simulation_time >= \d", last[2])
    assert re.search(r"macro \d.*micro -", last[3])


def test_a_run_without_snapshots_says_so(saving: Workspace):
    (saving.folder / "empty").mkdir()
    outcome = saving.conjoin("snapshots", "empty")
    assert (outcome.exit_code, outcome.stdout) == (
        COMPLETED,
        "There is no workflow snapshot in 'empty'.\n",
    )


def test_one_workflow_snapshot_is_shown(saving: Workspace):
    newest = shelf(first_run(saving))[-1]
    outcome = saving.conjoin("snapshots", "show", newest)
    assert outcome.exit_code == COMPLETED, outcome.text
    macro, micro = outcome.stdout.splitlines()[-2:]
    assert re.fullmatch(r"macro +\d .* intermediate +.*/macro_\d+\.pack", macro)
    assert re.fullmatch(r"micro +- .* final +.*/micro_\d+\.pack", micro)


def test_what_is_damaged_is_found(saving: Workspace):
    directory = first_run(saving)
    outcome = saving.conjoin("snapshots", "verify", directory.name)
    assert outcome.exit_code == COMPLETED, outcome.text
    assert outcome.stdout == "".join(f"{path}: sound\n" for path in shelf(directory))
    newest = shelf(directory)[-1]
    damaged = snapshot_file(newest, "macro")
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    for what in (directory.name, newest):
        outcome = saving.conjoin("snapshots", "verify", what)
        assert outcome.exit_code == DAMAGED
        assert f"{newest}: DAMAGED\n  Snapshot '{damaged}' cannot be used" in outcome.stdout


def test_what_is_old_is_removed_and_what_is_kept_can_be_resumed_from(saving: Workspace):
    directory = first_run(saving)
    kept = shelf(directory)[-2:]
    needed = {snapshot_file(path, name) for path in kept for name in ("macro", "micro")}
    outcome = saving.conjoin("snapshots", "prune", directory.name, "--keep", 2)
    assert outcome.exit_code == COMPLETED, outcome.text
    assert shelf(directory) == kept
    left = set(directory.glob("instances/*/snapshots/*.pack"))
    assert needed <= left
    assert left - needed == {path for path in left - needed if is_newer(path, needed)}
    for path in kept:
        assert run(saving, "--resume", path).exit_code == COMPLETED


def is_newer(path: Path, needed: set[Path]) -> bool:
    """Whether a snapshot is newer than all that are needed of the same instance."""
    return all(number(path) > number(other) for other in needed if other.parent == path.parent)


def number(path: Path) -> int:
    return int(path.stem.rpartition("_")[2])


def test_nothing_is_removed_where_too_few_are_sound(saving: Workspace):
    directory = first_run(saving)
    before = sorted(directory.rglob("*"))
    outcome = saving.conjoin("snapshots", "prune", directory.name, "--keep", 100)
    assert outcome.exit_code == COMPLETED
    assert "Removed 0 workflow snapshots" in outcome.stdout
    assert sorted(directory.rglob("*")) == before


@pytest.mark.parametrize("action", ["list", "show", "verify", "prune --keep=1"])
def test_snapshots_of_what_is_not_there_are_a_mistake(saving: Workspace, action: str):
    outcome = saving.conjoin("snapshots", *action.split(), "nowhere")
    assert outcome.exit_code == MISTAKE
    assert "there is no 'nowhere'" in outcome.stderr


# What is easily overlooked ------------------------------------------------------------------------


def test_the_latest_run_may_have_a_directory_that_the_user_named(saving: Workspace):
    (saving.folder / "mine").mkdir()
    assert run(saving, "--run-dir", "mine").exit_code == COMPLETED
    outcome = run(saving, "--resume", "latest")
    assert outcome.exit_code == COMPLETED, outcome.text
    assert f"Resuming from {saving.folder / 'mine'}" in outcome.stdout


def test_what_the_files_say_about_resuming_is_not_passed_over_in_silence(saving: Workspace):
    newest = shelf(first_run(saving))[-1]
    outcome = saving.conjoin("run", "--start-all", "--resume", newest, "model.ymmsl", newest)
    assert outcome.exit_code == COMPLETED, outcome.text
    assert "Warning: The files say in 'resume:' what to resume from" in outcome.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("show", "{run}"), "is a directory: name one of the workflow snapshots in"),
        (("list", "{run}/snapshots"), "is in the directory of a run; give that"),
        (("prune", "{run}", "--keep", "x"), "x is no number of snapshots to keep"),
        (("prune", "{run}", "--keep", "0"), "0 is no number of snapshots to keep"),
    ],
)
def test_snapshots_are_looked_for_in_the_right_place(
    saving: Workspace, arguments: tuple[str, ...], text: str
):
    directory = first_run(saving)
    outcome = saving.conjoin("snapshots", *(item.format(run=directory) for item in arguments))
    assert outcome.exit_code == MISTAKE
    assert text in outcome.stderr


def test_a_snapshot_of_an_instance_is_no_workflow_snapshot(saving: Workspace):
    state = snapshot_file(shelf(first_run(saving))[-1], "macro")
    outcome = saving.conjoin("snapshots", "show", state)
    assert outcome.exit_code == DAMAGED
    assert "the snapshot of an instance is no workflow snapshot" in outcome.stdout
