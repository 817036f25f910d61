"""Signals before there is anything to clean up."""

import subprocess
import sys

import pytest

from entrypoints._command_line import early_signals
from entrypoints._command_line.early_signals import REASONS


@pytest.mark.parametrize("number", REASONS)
def test_signal_ends_the_process_with_a_message(number):
    code = f"import {early_signals.__name__} as module; module.end_at_once({int(number)})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{REASONS[number]}\n")
