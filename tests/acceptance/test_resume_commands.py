"""The commands with which a user creates, lists, verifies and prunes snapshots, and resumes."""

import re
import shutil
from pathlib import Path

import pytest

from tests.support.pages import save_files
from tests.support.snapshot_files import in_cpp_form, make_foreign
from tests.support.workspace import Outcome, Workspace

pytestmark = pytest.mark.slow

COMPLETED, DAMAGED, MISTAKE = 0, 1, 2
STEPS = 4


@pytest.fixture
def saving(workspace: Workspace) -> Workspace:
    """Return the model of docs/checkpointing.md, which saves its state."""
    assert {"macro.py", "micro.py"} <= set(save_files("checkpointing.md", workspace.folder))
    workspace.change("model.ymmsl", "macro.steps: 2", f"macro.steps: {STEPS}")
    workspace.run_dir.rmdir()
    return workspace


def run(saving: Workspace, *arguments: object) -> Outcome:
    """Run the model in a new directory, with a snapshot after each step."""
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


def workflow_snapshots_of(directory: Path) -> list[Path]:
    """Return the workflow snapshots of a run, the oldest first."""
    found = (directory / "snapshots").glob("snapshot_*.ymmsl")
    return sorted(found, key=lambda path: (path.name[:24], len(path.name), path.name))


def snapshot_file(workflow_snapshot: Path, instance: str) -> Path:
    """Return the file of an instance that a workflow snapshot names."""
    match = re.search(
        rf"^  {re.escape(instance)}: '?([^'\n]+)", workflow_snapshot.read_text(), re.MULTILINE
    )
    assert match is not None
    return Path(match[1])


def rewrite(workflow_snapshot: Path, old: str, new: str) -> None:
    """Edit a workflow snapshot as a user does, and remove its checksum."""
    _, _, text = workflow_snapshot.read_text().partition("\n")
    workflow_snapshot.write_text(text.replace(old, new))


def printed_by_macro(directory: Path) -> str:
    return (directory / "instances" / "macro" / "stdout.txt").read_text()


# Checkpoints on the command line ------------------------------------------------------------------


def test_checkpoint_options_are_added_to_the_rules_of_the_files(saving: Workspace):
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
    assert len(workflow_snapshots_of(directory)) >= 2


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "1e-320", "soon"])
def test_invalid_checkpoint_interval_is_rejected(saving: Workspace, value: str):
    outcome = saving.conjoin("run", f"--checkpoint-every-simulation={value}", "model.ymmsl")
    assert outcome.exit_code == MISTAKE
    assert "--checkpoint-every-simulation" in outcome.stderr


# Resuming -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["latest", "directory", "file"])
def test_resumed_run_continues_in_a_new_run_directory(saving: Workspace, what: str):
    directory = first_run(saving)
    sources = {
        "latest": "latest",
        "directory": directory.name,
        "file": workflow_snapshots_of(directory)[-1],
    }
    outcome = run(saving, "--resume", sources[what])
    assert outcome.exit_code == COMPLETED, outcome.text
    assert f"Resuming from {workflow_snapshots_of(directory)[-1]}\n" in outcome.stdout
    (resumed,) = set(run_directories(saving)) - {directory}
    assert "resumed at" in printed_by_macro(resumed)
    assert printed_by_macro(resumed).splitlines()[-1] == printed_by_macro(directory).strip()


def test_latest_is_the_newest_workflow_snapshot_of_all_runs(saving: Workspace):
    first_run(saving)
    assert run(saving, "--resume", "latest").exit_code == COMPLETED
    newest = run_directories(saving)[-1]
    outcome = run(saving, "--resume", "latest", "--dry-run")
    assert f"Resuming from {workflow_snapshots_of(newest)[-1]}\n" in outcome.stdout, outcome.text


def test_latest_is_searched_beside_a_given_run_directory(saving: Workspace):
    directory = first_run(saving)
    place = saving.folder / "elsewhere"
    (place / "second").mkdir(parents=True)
    shutil.copytree(directory, place / "first")
    shutil.rmtree(directory / "snapshots")
    outcome = run(saving, "--resume", "latest", "--run-dir", "elsewhere/second")
    assert outcome.exit_code == COMPLETED, outcome.text
    assert f"Resuming from {workflow_snapshots_of(place / 'first')[-1]}\n" in outcome.stdout


def test_latest_ignores_runs_of_other_models(saving: Workspace):
    first_run(saving)
    text = (saving.folder / "model.ymmsl").read_text()
    saving.write("model.ymmsl", text.replace("\n  pair:", "\n  pai:"))
    for path in run_directories(saving):
        path.rename(path.with_name(path.name.replace("run_pair_", "run_pai_")))
    outcome = run(saving, "--resume", "latest")
    assert outcome.exit_code == MISTAKE
    assert "No workflow snapshot of model 'pai' was found among the runs in" in outcome.stderr


def test_latest_skips_damaged_workflow_snapshots_with_a_warning(saving: Workspace):
    directory = first_run(saving)
    older, newest = workflow_snapshots_of(directory)[-2:]
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
def test_latest_skips_any_damaged_file(saving: Workspace, damage):
    directory = first_run(saving)
    newest = workflow_snapshots_of(directory)[-1]
    for path in (newest, snapshot_file(newest, "macro"), snapshot_file(newest, "micro")):
        data = path.read_bytes()
        path.write_bytes(damage(data))
        outcome = run(saving, "--resume", "latest", "--dry-run")
        assert f"'{path}'" in outcome.text
        path.write_bytes(data)
        whole = [item for item in workflow_snapshots_of(directory) if path not in files_of(item)]
        assert f"Resuming from {whole[-1]}\n" in outcome.stdout, outcome.text


def files_of(workflow_snapshot: Path) -> set[Path]:
    instances = {snapshot_file(workflow_snapshot, name) for name in ("macro", "micro")}
    return {workflow_snapshot, *instances}


def test_altered_workflow_snapshot_is_rejected(saving: Workspace):
    directory = first_run(saving)
    newest = workflow_snapshots_of(directory)[-1]
    newest.write_text(newest.read_text().replace("macro_", "macro_1"))
    check_rejected(saving, directory, str(newest), "its checksum does not match")


def test_damaged_file_is_rejected_and_an_older_sound_one_named(saving: Workspace):
    directory = first_run(saving)
    older, newest = workflow_snapshots_of(directory)[-2:]
    snapshot_file(newest, "macro").unlink()
    outcome = run(saving, "--resume", newest)
    assert outcome.exit_code == MISTAKE
    assert f"Workflow snapshot '{newest}' cannot be resumed from." in outcome.stderr
    assert "there is nothing there" in outcome.stderr
    assert f"The newest older one that is sound is '{older}'." in outcome.stderr
    assert run_directories(saving) == [directory]


def test_all_damaged_workflow_snapshots_are_listed_with_reasons(saving: Workspace):
    directory = first_run(saving)
    for path in directory.glob("instances/macro/snapshots/*.pack"):
        path.write_bytes(b"")
    outcome = run(saving, "--resume", directory.name)
    assert outcome.exit_code == MISTAKE
    assert all(f"- '{path}': " in outcome.stderr for path in workflow_snapshots_of(directory))
    assert "the file is empty" in outcome.stderr


def test_missing_resume_argument_is_rejected(saving: Workspace):
    outcome = run(saving, "--resume", "run_of_last_year")
    assert outcome.exit_code == MISTAKE
    assert (
        "'run_of_last_year' does not exist, so the run cannot be resumed from it." in outcome.stderr
    )


def test_moved_run_directory_can_be_resumed_from(saving: Workspace):
    directory = first_run(saving)
    moved = saving.folder / "kept"
    directory.rename(moved)
    newest = workflow_snapshots_of(moved)[-1]
    notice = f"The run of workflow snapshot '{newest}' was in '{directory}', and has been moved"
    for asked in (["list", moved], ["show", newest], ["verify", moved]):
        outcome = saving.conjoin("snapshots", *asked)
        assert outcome.exit_code == COMPLETED, outcome.text
        assert notice in outcome.stdout
    for number, asked in enumerate((newest, moved)):
        outcome = run(saving, "--resume", asked)
        assert outcome.exit_code == COMPLETED, outcome.text
        assert notice in outcome.stdout
        resumed = run_directories(saving)[number]
        assert printed_by_macro(resumed).splitlines()[-1] == printed_by_macro(moved).strip()


def test_new_run_at_the_old_path_is_not_confused_with_the_moved_run(saving: Workspace):
    directory = first_run(saving)
    printed = printed_by_macro(directory)
    moved = directory.rename(saving.folder / "kept")
    saving.change("macro.py", "step, total = 0, 0.0", "step, total = 0, 1000.0")
    directory.mkdir()
    outcome = run(saving, "--run-dir", directory.name)
    assert outcome.exit_code == COMPLETED, outcome.text
    outcome = run(saving, "--resume", workflow_snapshots_of(moved)[-1])
    assert outcome.exit_code == COMPLETED, outcome.text
    resumed = run_directories(saving)[-1]
    assert printed_by_macro(resumed).splitlines()[-1] == printed.strip()


def test_verify_reads_the_snapshots_of_a_moved_run(saving: Workspace):
    directory = first_run(saving)
    newest = workflow_snapshots_of(directory)[-1]
    name = snapshot_file(newest, "macro").relative_to(directory)
    moved = directory.rename(saving.folder / "kept")
    (moved / name).write_bytes(b"")
    outcome = saving.conjoin("snapshots", "verify", moved)
    assert outcome.exit_code == DAMAGED
    assert f"Snapshot '{moved / name}' cannot be used: the file is empty" in outcome.stdout


def test_symlink_to_a_run_directory_is_not_a_move(saving: Workspace):
    directory = first_run(saving)
    link = saving.folder / "link"
    link.symlink_to(directory)
    outcome = saving.conjoin("snapshots", "verify", link)
    assert outcome.exit_code == COMPLETED
    assert "has been moved" not in outcome.text


# Snapshots of MUSCLE3's libraries -----------------------------------------------------------------


def test_snapshots_in_the_form_of_the_cpp_library_are_resumed_from(saving: Workspace):
    directory = first_run(saving)
    newest = workflow_snapshots_of(directory)[-1]
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
    newest = workflow_snapshots_of(directory)[-1]
    foreign = snapshot_file(newest, "micro")
    make_foreign(foreign)
    warning = f"Snapshot '{foreign}' of 'micro' was written by a library other than Conjoin's"
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
    foreign = snapshot_file(workflow_snapshots_of(first_run(saving))[-1], "micro")
    make_foreign(foreign)
    outcome = run(saving, "--resume", "latest")
    assert outcome.exit_code == DAMAGED
    resumed = run_directories(saving)[-1]
    stderr = (resumed / "instances" / "micro" / "stderr.txt").read_text()
    assert f"Snapshot '{foreign}' cannot be used" in stderr


# Rejected snapshots -------------------------------------------------------------------------------


def check_rejected(saving: Workspace, directory: Path, *texts: str) -> None:
    """Check that resuming is rejected before the start, with --resume and as a file."""
    for asked in (
        ["--resume", workflow_snapshots_of(directory)[-1]],
        [workflow_snapshots_of(directory)[-1]],
    ):
        outcome = run(saving, *asked)
        assert outcome.exit_code == MISTAKE, outcome.text
        assert all(text in outcome.stderr for text in texts), outcome.text
    assert run_directories(saving) == [directory]


def test_snapshot_of_another_model_is_rejected(saving: Workspace):
    directory = first_run(saving)
    text = (saving.folder / "model.ymmsl").read_text()
    saving.write("model.ymmsl", text.replace("\n  pair:", "\n  couple:"))
    check_rejected(
        saving, directory, "The snapshots are of model 'pair', but the model to run is 'couple'"
    )


def test_snapshot_of_another_instance_is_rejected(saving: Workspace):
    directory = first_run(saving)
    newest = workflow_snapshots_of(directory)[-1]
    macro, micro = (str(snapshot_file(newest, name)) for name in ("macro", "micro"))
    rewrite(newest, macro, micro)
    outcome = run(saving, "--resume", newest)
    assert outcome.exit_code == MISTAKE
    assert f"Snapshot '{micro}' is one of 'micro', not of 'macro'." in outcome.stderr


def test_changed_multiplicity_is_rejected(saving: Workspace):
    directory = first_run(saving)
    for name in ("macro", "micro"):
        saving.change(
            "model.ymmsl",
            f"implementation: {name}",
            f"implementation: {name}\n        multiplicity: 2",
        )
    check_rejected(
        saving, directory, "a snapshot of 'macro', but the multiplicity of 'macro' is now [2]"
    )


def test_component_that_became_a_set_is_rejected(saving: Workspace):
    directory = first_run(saving)
    saving.change(
        "model.ymmsl", "implementation: micro", "implementation: micro\n        multiplicity: 2"
    )
    check_rejected(saving, directory, "the multiplicity of 'micro' is now [2]")


def test_renamed_port_is_rejected(saving: Workspace):
    directory = first_run(saving)
    text = (saving.folder / "model.ymmsl").read_text()
    saving.write("model.ymmsl", text.replace("state_out", "state_sent"))
    check_rejected(
        saving,
        directory,
        "port 'state_sent' is connected now, but was not when the snapshot was made",
        "port 'state_out' had passed messages (3), but is now missing or not connected",
    )


def test_inconsistent_snapshots_are_rejected(saving: Workspace):
    directory = first_run(saving)
    oldest, newest = workflow_snapshots_of(directory)[0], workflow_snapshots_of(directory)[-1]
    rewrite(newest, *(str(snapshot_file(path, "micro")) for path in (newest, oldest)))
    check_rejected(saving, directory, "the snapshots do not fit together")


@pytest.mark.parametrize(
    ("program", "old", "new", "text"),
    [
        ("macro.py", "USES_CHECKPOINT_API", "KEEPS_NO_STATE_FOR_NEXT_USE", "which would be lost"),
        ("micro.py", "KEEPS_NO_STATE_FOR_NEXT_USE", "USES_CHECKPOINT_API", "no state of the model"),
    ],
)
def test_instance_rejects_a_snapshot_that_does_not_match_its_flags(
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


def test_instance_without_flags_rejects_a_snapshot_without_a_state(saving: Workspace):
    first_run(saving)
    saving.change("micro.py", ", InstanceFlags.KEEPS_NO_STATE_FOR_NEXT_USE", "")
    outcome = saving.conjoin("run", "--start-all", "--resume", "latest", "model.ymmsl")
    assert outcome.exit_code == DAMAGED
    assert "Instance 'micro' cannot be resumed from" in outcome.text
    assert "it has no state of the model" in outcome.text
    assert "now it passes neither" in outcome.text


# The command conjoin snapshots --------------------------------------------------------------------


def test_workflow_snapshots_are_listed(saving: Workspace):
    directory = first_run(saving)
    outcome = saving.conjoin("snapshots", directory.name)
    assert outcome.exit_code == COMPLETED, outcome.text
    blocks = re.split(r"^(?=/)", outcome.stdout, flags=re.MULTILINE)[1:]
    assert [block.splitlines()[0] for block in blocks] == list(
        map(str, workflow_snapshots_of(directory))
    )
    last = blocks[-1].splitlines()
    assert re.fullmatch(r"  taken \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, \S+ (bytes|KiB), sound", last[1])
    assert re.match(r"  why: simulation_time >= \d", last[2])
    assert re.search(r"macro \d.*micro -", last[3])


def test_list_of_a_run_without_snapshots(saving: Workspace):
    (saving.folder / "empty" / "instances").mkdir(parents=True)
    outcome = saving.conjoin("snapshots", "empty")
    assert (outcome.exit_code, outcome.stdout) == (
        COMPLETED,
        "There are no workflow snapshots in 'empty'.\n",
    )


def test_workflow_snapshot_is_shown(saving: Workspace):
    newest = workflow_snapshots_of(first_run(saving))[-1]
    outcome = saving.conjoin("snapshots", "show", newest)
    assert outcome.exit_code == COMPLETED, outcome.text
    macro, micro = outcome.stdout.splitlines()[-2:]
    assert re.fullmatch(r"macro +\d .* intermediate +.*/macro_\d+\.pack", macro)
    assert re.fullmatch(r"micro +- .* final +.*/micro_\d+\.pack", micro)


def test_verify_finds_damaged_snapshots(saving: Workspace):
    directory = first_run(saving)
    outcome = saving.conjoin("snapshots", "verify", directory.name)
    assert outcome.exit_code == COMPLETED, outcome.text
    assert outcome.stdout == "".join(
        f"{path}: sound\n" for path in workflow_snapshots_of(directory)
    )
    newest = workflow_snapshots_of(directory)[-1]
    damaged = snapshot_file(newest, "macro")
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    for what in (directory.name, newest):
        outcome = saving.conjoin("snapshots", "verify", what)
        assert outcome.exit_code == DAMAGED
        assert f"{newest}: DAMAGED\n  Snapshot '{damaged}' cannot be used" in outcome.stdout


def test_prune_keeps_what_the_newest_workflow_snapshots_need(saving: Workspace):
    directory = first_run(saving)
    kept = workflow_snapshots_of(directory)[-2:]
    needed = {snapshot_file(path, name) for path in kept for name in ("macro", "micro")}
    outcome = saving.conjoin("snapshots", "prune", directory.name, "--keep", 2)
    assert outcome.exit_code == COMPLETED, outcome.text
    assert workflow_snapshots_of(directory) == kept
    left = set(directory.glob("instances/*/snapshots/*.pack"))
    assert needed <= left
    assert left - needed == {path for path in left - needed if is_newer(path, needed)}
    for path in kept:
        assert run(saving, "--resume", path).exit_code == COMPLETED


def is_newer(path: Path, needed: set[Path]) -> bool:
    """Return whether a snapshot is newer than the needed ones of the same instance."""
    return all(number(path) > number(other) for other in needed if other.parent == path.parent)


def number(path: Path) -> int:
    return int(path.stem.rpartition("_")[2])


def test_prune_removes_nothing_if_too_few_are_sound(saving: Workspace):
    directory = first_run(saving)
    before = sorted(directory.rglob("*"))
    outcome = saving.conjoin("snapshots", "prune", directory.name, "--keep", 100)
    assert outcome.exit_code == COMPLETED
    assert "Removed 0 workflow snapshots" in outcome.stdout
    assert sorted(directory.rglob("*")) == before


@pytest.mark.parametrize("action", ["list", "show", "verify", "prune --keep=1"])
def test_missing_run_directory_is_rejected(saving: Workspace, action: str):
    outcome = saving.conjoin("snapshots", *action.split(), "nowhere")
    assert outcome.exit_code == MISTAKE
    assert "'nowhere' does not exist" in outcome.stderr


@pytest.mark.parametrize("action", ["list", "verify", "prune --keep=1"])
def test_directory_that_is_not_a_run_directory_is_rejected(saving: Workspace, action: str):
    outcome = saving.conjoin("snapshots", *action.split(), ".")
    assert outcome.exit_code == MISTAKE
    assert "'.' is not the directory of a run" in outcome.stderr


# Special cases ------------------------------------------------------------------------------------


def test_latest_finds_a_run_directory_named_by_the_user(saving: Workspace):
    (saving.folder / "mine").mkdir()
    assert run(saving, "--run-dir", "mine").exit_code == COMPLETED
    outcome = run(saving, "--resume", "latest")
    assert outcome.exit_code == COMPLETED, outcome.text
    assert f"Resuming from {saving.folder / 'mine'}" in outcome.stdout


def test_ignored_resume_section_causes_a_warning(saving: Workspace):
    newest = workflow_snapshots_of(first_run(saving))[-1]
    outcome = saving.conjoin("run", "--start-all", "--resume", newest, "model.ymmsl", newest)
    assert outcome.exit_code == COMPLETED, outcome.text
    assert "Warning: 'resume:' in the files is ignored" in outcome.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("show", "{run}"), "is a directory. Name one of the workflow snapshots in"),
        (("list", "{run}/snapshots"), "is inside a run directory. Use that directory"),
        (("prune", "{run}", "--keep", "x"), "x is not a valid number of snapshots to keep"),
        (("prune", "{run}", "--keep", "0"), "0 is not a valid number of snapshots to keep"),
    ],
)
def test_wrong_argument_is_rejected_with_advice(
    saving: Workspace, arguments: tuple[str, ...], text: str
):
    directory = first_run(saving)
    outcome = saving.conjoin("snapshots", *(item.format(run=directory) for item in arguments))
    assert outcome.exit_code == MISTAKE
    assert text in outcome.stderr


def test_instance_snapshot_is_not_a_workflow_snapshot(saving: Workspace):
    state = snapshot_file(workflow_snapshots_of(first_run(saving))[-1], "macro")
    outcome = saving.conjoin("snapshots", "show", state)
    assert outcome.exit_code == DAMAGED
    assert "is it the snapshot of an instance?" in outcome.stdout
