"""Shells complete the commands and options of `conjoin`."""

import argparse
import shlex
import subprocess

import pytest

from entrypoints._command_line.completion_command import completion_script


@pytest.fixture
def commands():
    run = argparse.ArgumentParser(description="Run a simulation.")
    run.add_argument("files", nargs="+")
    run.add_argument("--start-all", action="store_true")
    run.add_argument("--launcher", choices=("auto", "srun"))
    snapshots = argparse.ArgumentParser(description="Show snapshots.")
    actions = snapshots.add_subparsers()
    actions.add_parser("list")
    actions.add_parser("prune").add_argument("--keep")
    return {"run": run, "snapshots": snapshots}


def completed(commands, *words):
    """Return what bash offers for the last word of a command line."""
    line = " ".join(map(shlex.quote, ["conjoin", *words]))
    script = (
        f"{completion_script('bash', commands)}\n"
        f'COMP_WORDS=({line}); COMP_CWORD={len(words)}; _conjoin; echo "${{COMPREPLY[@]}}"'
    )
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert not done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ([""], ["run", "snapshots"]),
        (["r"], ["run"]),
        (["run", "--st"], ["--start-all"]),
        (["run", "--launcher", ""], ["auto", "srun"]),
        (["run", "--launcher", "s"], ["srun"]),
        (["run", "model"], []),
        (["snapshots", ""], ["list", "prune"]),
        (["snapshots", "prune", "--k"], ["--keep"]),
        (["unknown", "--x"], []),
    ],
)
def test_bash_completion_offers_commands_options_and_choices(commands, words, offered):
    assert completed(commands, *words) == offered


def test_zsh_completion_is_that_of_bash(commands):
    script = completion_script("zsh", commands)
    assert script.startswith("autoload -U +X bashcompinit && bashcompinit\n")
    assert script.endswith(completion_script("bash", commands))


def test_fish_completion_has_commands_options_and_choices(commands):
    lines = completion_script("fish", commands).splitlines()
    assert "complete -c conjoin -n __fish_use_subcommand -f -a run -d 'Run a simulation.'" in lines
    seen = "complete -c conjoin -n '__fish_seen_subcommand_from run'"
    assert f"{seen} -l start-all" in lines
    assert f"{seen} -x -l launcher -a 'auto srun'" in lines
