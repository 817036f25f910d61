"""The arguments of `conjoin run`."""

import argparse

import pytest

from entrypoints._command_line.run_command import RUN


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [([], None), (["--oversubscribe"], True), (["--no-oversubscribe"], False)],
)
def test_launcher_decides_on_oversubscription_unless_the_user_does(arguments, chosen):
    parser = argparse.ArgumentParser()
    RUN.add_arguments(parser)
    assert parser.parse_args([*arguments, "model.ymmsl"]).oversubscribe is chosen
