"""What a program is told from the outside about the instance that it is."""

import pytest

from domain.errors import ConfigurationError
from domain.identity import Reference
from entrypoints._instance.environment import DEFAULT_MANAGER, read_environment

NAMED = {"MUSCLE_INSTANCE": "micro[3]"}


def test_the_environment_is_enough():
    found = read_environment(["p"], {**NAMED, "MUSCLE_MANAGER": "tcp:a:1", "CONJOIN_SECRET": "s"})
    assert found == (Reference("micro[3]"), "tcp:a:1", None, "s")


def test_without_a_manager_it_is_where_muscle3s_is():
    assert read_environment(["p"], NAMED).manager == DEFAULT_MANAGER


def test_arguments_win_and_are_taken_away_from_the_program():
    argv = ["p", "--mine", "--muscle-instance=a", "--muscle-manager=tcp:b:2", "x"]
    argv += ["--muscle-log-file=/log", "--muscle-instance=b"]
    found = read_environment(argv, {**NAMED, "MUSCLE_MANAGER": "tcp:a:1"})
    assert found == (Reference("b"), "tcp:b:2", "/log", None)
    assert argv == ["p", "--mine", "x"]


def test_the_programs_own_name_is_no_argument():
    argv = ["--muscle-instance=a"]
    assert read_environment(argv, NAMED).instance == Reference("micro[3]")
    assert argv == ["--muscle-instance=a"]


@pytest.mark.parametrize(
    "location", ["localhost:9000", "foo:bar", "tcp:localhost", "tcp:localhost:x", "localhost"]
)
def test_a_location_that_is_none_is_told_at_once_with_one_that_is(location):
    says = rf"'{location}' is not a manager location\. .* such as tcp:localhost:9000"
    with pytest.raises(ConfigurationError, match=says):
        read_environment(["p", f"--muscle-manager={location}"], NAMED)
    with pytest.raises(ConfigurationError, match=says):
        read_environment(["p"], {**NAMED, "MUSCLE_MANAGER": location})


@pytest.mark.parametrize("environ", [{}, {"MUSCLE_INSTANCE": ""}])
def test_a_program_that_does_not_know_who_it_is_is_told_how_to_start_it(environ):
    with pytest.raises(ConfigurationError, match=r"pass --muscle-instance=<name> or set"):
        read_environment(["p"], environ)


def test_a_name_that_is_none_is_told():
    with pytest.raises(ConfigurationError, match=r"The name of the instance is invalid: .*a b"):
        read_environment(["p"], {"MUSCLE_INSTANCE": "a b"})


def test_the_secret_may_be_in_a_file(tmp_path):
    path = tmp_path / "secret"
    path.write_text("s3cret\n")
    environ = {**NAMED, "CONJOIN_SECRET_FILE": str(path)}
    assert read_environment(["p"], environ).secret == "s3cret"
    assert read_environment(["p"], {**environ, "CONJOIN_SECRET": "first"}).secret == "first"


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_cannot_be_read_is_named_by_its_variable(tmp_path, content):
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="that CONJOIN_SECRET_FILE names cannot be read"):
        read_environment(["p"], {**NAMED, "CONJOIN_SECRET_FILE": str(path)})
