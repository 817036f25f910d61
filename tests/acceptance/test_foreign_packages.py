"""Other distributions that overwrite one of Conjoin's four import roots.

PyPI has packages of all four names. These tests build such wheels and really install them.
"""

import pytest

from tests.support.installations import Environment, foreign_wheel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOTS = ("domain", "application", "adapters", "entrypoints")
IMPORT = "from conjoin import Instance, Operator; print(Operator.F_INIT.name)"
WORKING_OUTPUT = "F_INIT\n"


@pytest.fixture
def environment(tmp_path):
    return Environment(tmp_path / "environment")


@pytest.fixture(params=ROOTS)
def root(request):
    return request.param


@pytest.fixture
def foreign(root, tmp_path):
    """A wheel whose package has the name of one of ours, and cannot be imported here."""
    files = {
        f"{root}/__init__.py": "import torch\n",
        f"{root}/their_own.py": "",
    }
    return foreign_wheel(tmp_path, f"foreign_{root}", "1.3.0", files)


def error_of(environment, program, folder):
    """Run a program that fails; return the last line of its traceback."""
    done = environment.run("-c", program, cwd=folder)
    assert done.returncode == 1, done.stdout
    return done.stderr.splitlines()[-1]


def output_of(environment, program, folder):
    done = environment.run("-c", program, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_wheel_that_overwrites_a_root_is_named_and_the_advice_works(
    environment, wheel, root, foreign, tmp_path
):
    environment.install(wheel)
    environment.install(foreign)
    file = environment.site_packages / root / "__init__.py"
    line = error_of(environment, IMPORT, tmp_path)
    assert line.startswith(
        f"ImportError: Conjoin's file {file} was overwritten by the distribution 'foreign_{root}'"
        f" 1.3.0, which has a package '{root}' too."
    )
    assert f"Otherwise run 'pip uninstall foreign_{root}', then install Conjoin again" in line
    if root != "entrypoints":
        assert error_of(environment, "import entrypoints.instance", tmp_path) == line

    environment.uninstall(f"foreign_{root}")
    line = error_of(environment, IMPORT, tmp_path)
    assert line.startswith(f"ImportError: Conjoin's file {file} is missing.")

    environment.install("--force-reinstall", wheel)
    assert output_of(environment, IMPORT, tmp_path) == WORKING_OUTPUT


def test_wheel_installed_before_ours_does_no_harm_until_it_is_uninstalled(
    environment, wheel, root, foreign, tmp_path
):
    environment.install(foreign)
    environment.install(wheel)
    assert output_of(environment, IMPORT, tmp_path) == WORKING_OUTPUT

    environment.uninstall(f"foreign_{root}")
    file = environment.site_packages / root / "__init__.py"
    line = error_of(environment, IMPORT, tmp_path)
    assert line.startswith(f"ImportError: Conjoin's file {file} is missing.")
    assert f"Uninstalling another distribution that has a package '{root}' removes it." in line


@pytest.mark.parametrize("root", ["entrypoints"], indirect=True)
def test_commands_report_an_overwritten_root(environment, wheel, foreign, root, tmp_path):
    environment.install(wheel)
    environment.install(foreign)
    for command in (["-m", "conjoin", "--version"], [environment.python.parent / "conjoin"]):
        done = environment.run(*command, cwd=tmp_path)
        assert done.returncode == 1
        assert "was overwritten by the distribution 'foreign_entrypoints' 1.3.0" in done.stderr
        assert "torch" not in done.stderr


def test_user_folder_that_hides_a_root_is_reported(installed, root, tmp_path):
    theirs = tmp_path / root
    theirs.mkdir()
    (theirs / "__init__.py").touch()
    line = error_of(installed, IMPORT, tmp_path)
    assert line.startswith(f"ImportError: Conjoin needs its own package '{root}', in ")
    assert f"another one of that name first, in {theirs.resolve()}. Rename that one" in line
