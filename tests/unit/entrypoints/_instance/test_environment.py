"""The instance options of a program, from its arguments and environment."""

import pytest

from domain.errors import ConfigurationError
from domain.identity import Reference
from entrypoints._instance.environment import DEFAULT_MANAGER, read_environment

NAMED = {"MUSCLE_INSTANCE": "micro[3]"}


def test_environment_variables_are_sufficient():
    found = read_environment(["p"], {**NAMED, "MUSCLE_MANAGER": "tcp:a:1", "CONJOIN_SECRET": "s"})
    assert found == (Reference("micro[3]"), "tcp:a:1", None, "s")


def test_manager_location_defaults_to_that_of_muscle3():
    assert read_environment(["p"], NAMED).manager == DEFAULT_MANAGER


def test_arguments_take_precedence_and_are_removed_from_argv():
    argv = ["p", "--mine", "--muscle-instance=a", "--muscle-manager=tcp:b:2", "x"]
    argv += ["--muscle-log-file=/log", "--muscle-instance=b"]
    found = read_environment(argv, {**NAMED, "MUSCLE_MANAGER": "tcp:a:1"})
    assert found == (Reference("b"), "tcp:b:2", "/log", None)
    assert argv == ["p", "--mine", "x"]


def test_program_name_is_not_an_argument():
    argv = ["--muscle-instance=a"]
    assert read_environment(argv, NAMED).instance == Reference("micro[3]")
    assert argv == ["--muscle-instance=a"]


@pytest.mark.parametrize(
    "location", ["localhost:9000", "foo:bar", "tcp:localhost", "tcp:localhost:x", "localhost"]
)
def test_invalid_manager_location_is_rejected_with_an_example(location):
    says = rf"'{location}' is not a manager location\. .* such as tcp:localhost:9000"
    with pytest.raises(ConfigurationError, match=says):
        read_environment(["p", f"--muscle-manager={location}"], NAMED)
    with pytest.raises(ConfigurationError, match=says):
        read_environment(["p"], {**NAMED, "MUSCLE_MANAGER": location})


@pytest.mark.parametrize("environ", [{}, {"MUSCLE_INSTANCE": ""}])
def test_missing_instance_name_is_reported_with_advice(environ):
    with pytest.raises(ConfigurationError, match=r"pass --muscle-instance=<name> or set"):
        read_environment(["p"], environ)


def test_invalid_instance_name_is_rejected():
    with pytest.raises(ConfigurationError, match=r"The name of the instance is invalid: .*a b"):
        read_environment(["p"], {"MUSCLE_INSTANCE": "a b"})


def test_secret_can_be_read_from_a_file(tmp_path):
    path = tmp_path / "secret"
    path.write_text("s3cret\n")
    environ = {**NAMED, "CONJOIN_SECRET_FILE": str(path)}
    assert read_environment(["p"], environ).secret == "s3cret"
    assert read_environment(["p"], {**environ, "CONJOIN_SECRET": "first"}).secret == "first"


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_unreadable_secret_file_is_named_by_its_variable(tmp_path, content):
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="that CONJOIN_SECRET_FILE names cannot be read"):
        read_environment(["p"], {**NAMED, "CONJOIN_SECRET_FILE": str(path)})
