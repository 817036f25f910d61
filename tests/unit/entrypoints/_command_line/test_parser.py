"""Messages about mistyped options."""

import pytest

from entrypoints._command_line.parser import Parser


@pytest.fixture
def parser():
    parser = Parser(prog="conjoin")
    commands = parser.add_subparsers()
    run = commands.add_parser("run")
    run.add_argument("--start-all", action="store_true")
    run.add_argument("--run-dir")
    return parser


def error_of(parser, arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(arguments)
    assert ended.value.code == 2
    usage, _, error = capsys.readouterr().err.partition("\nconjoin run: error: ")
    assert usage.startswith("usage: conjoin run ")
    return error.rstrip("\n")


def test_known_options_are_parsed(parser):
    options = parser.parse_args(["run", "--start-all", "--run-dir=x"])
    assert (options.start_all, options.run_dir) == (True, "x")


@pytest.mark.parametrize(
    ("mistyped", "suggestion"),
    [
        ("--start-al", " Did you mean '--start-all'?"),
        ("--run-dri=x", " Did you mean '--run-dir'?"),
    ],
)
def test_similar_option_is_suggested(parser, capsys, mistyped, suggestion):
    error = error_of(parser, ["run", mistyped], capsys)
    assert error == f"unrecognized arguments: {mistyped}.{suggestion}"


@pytest.mark.parametrize("unknown", ["--typo", "-x", "file"])
def test_argument_without_a_similar_option_has_no_suggestion(parser, capsys, unknown):
    assert error_of(parser, ["run", unknown], capsys) == f"unrecognized arguments: {unknown}"
