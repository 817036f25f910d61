"""An installed Conjoin, and the error message when a user's folder hides one of its packages."""

import shutil
import subprocess
import sys
from importlib.metadata import PathDistribution

import pytest

from tests.support.installations import REPOSITORY, Environment, foreign_wheel

PACKAGES = ("conjoin", "domain", "application", "adapters", "entrypoints")
OTHERS = PACKAGES[1:-1]


def python(interpreter, program, folder):
    """Run a program in a folder that comes first on Python's path."""
    return subprocess.run(
        [interpreter, "-c", program], cwd=folder, capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def normal(installed):
    return installed.python


@pytest.fixture(scope="module")
def editable_environment(tmp_path_factory):
    environment = Environment(tmp_path_factory.mktemp("editable"))
    environment.install_from_source("--editable", REPOSITORY)
    return environment


@pytest.fixture
def editable(editable_environment):
    return editable_environment.python


@pytest.fixture
def this():
    """The interpreter that runs the tests, with its installation of Conjoin."""
    return sys.executable


each_installation = pytest.mark.parametrize(
    "installation",
    [
        "this",
        pytest.param("normal", marks=pytest.mark.slow),
        pytest.param("editable", marks=pytest.mark.slow),
    ],
)


@pytest.fixture
def interpreter(request, installation):
    return request.getfixturevalue(installation)


@each_installation
def test_all_packages_are_found_in_one_directory(interpreter, tmp_path):
    program = (
        f"import {', '.join(PACKAGES)}, pathlib;"
        f"print(len({{pathlib.Path(p.__file__).parent.parent for p in ({', '.join(PACKAGES)})}}))"
    )
    done = python(interpreter, program, tmp_path)
    assert (done.stdout, done.stderr) == ("1\n", "")


@each_installation
@pytest.mark.parametrize("package", OTHERS)
def test_package_of_the_same_name_is_reported_with_both_places(interpreter, package, tmp_path):
    theirs = tmp_path / package
    theirs.mkdir()
    (theirs / "__init__.py").touch()
    done = python(interpreter, "import entrypoints", tmp_path)
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith(f"ImportError: Conjoin needs its own package '{package}', in ")
    assert f"another one of that name first, in {theirs.resolve()}. Rename that one" in line


@each_installation
@pytest.mark.parametrize("package", [*OTHERS, "entrypoints"])
def test_module_of_the_same_name_is_reported(interpreter, package, tmp_path):
    (tmp_path / f"{package}.py").touch()
    done = python(interpreter, "import conjoin", tmp_path)
    assert f"needs its own package '{package}'" in done.stderr
    assert f"first, in {tmp_path.resolve() / package}.py. Rename that one" in done.stderr


@each_installation
@pytest.mark.parametrize("package", [*OTHERS, "entrypoints"])
def test_folder_without_init_of_the_same_name_is_ignored(interpreter, package, tmp_path):
    (tmp_path / package).mkdir()
    assert python(interpreter, "import conjoin, entrypoints", tmp_path).returncode == 0


def test_missing_package_is_reported(tmp_path):
    shutil.copytree(REPOSITORY / "entrypoints", tmp_path / "entrypoints")
    command = [sys.executable, "-I", "-S", "-c", "import sys; sys.path.insert(0, '.');"]
    command[-1] += "import entrypoints"
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    line = done.stderr.splitlines()[-1]
    assert line.startswith(f"ImportError: Conjoin is installed in {tmp_path.resolve()}, but its")
    assert "'domain' is missing. Install Conjoin again" in line


@pytest.mark.slow
def test_module_from_pypi_that_hides_an_editable_installation_is_named(
    editable_environment, tmp_path
):
    theirs = foreign_wheel(tmp_path, "entrypoints", "0.4.2", {"entrypoints.py": ""})
    editable_environment.install(theirs)
    try:
        done = editable_environment.run(
            editable_environment.python.parent / "conjoin", "--version", cwd=tmp_path
        )
    finally:
        editable_environment.uninstall("entrypoints")
    line = done.stderr.splitlines()[-1]
    assert line.startswith("ImportError: Conjoin needs its own package 'entrypoints', in ")
    assert "which belongs to the distribution 'entrypoints' 0.4.2" in line
    assert "'pip uninstall entrypoints'" in line


@pytest.mark.parametrize(
    ("hiding", "program"),
    [
        ("conjoin.py", "from conjoin import Instance"),
        ("conjoin/__init__.py", "from conjoin import Instance"),
        ("entrypoints/__init__.py", "from entrypoints.instance import Instance"),
        ("entrypoints.py", "from entrypoints.instance import Instance"),
    ],
)
def test_message_about_a_hidden_package_is_in_the_guide(hiding, program, this, tmp_path):
    file = tmp_path / hiding
    file.parent.mkdir(exist_ok=True)
    file.touch()
    line = python(this, program, tmp_path).stderr.splitlines()[-1]
    message = line.partition(": ")[2].partition(" (")[0]
    guide = (REPOSITORY / "docs" / "troubleshooting.md").read_text()
    (row,) = (row for row in guide.splitlines() if row.startswith("|") and f"`{hiding}`" in row)
    assert f"| `{program}` | `{message}` |" in row


@pytest.mark.parametrize("package", PACKAGES)
def test_package_declares_that_it_is_typed(package):
    assert (REPOSITORY / package / "py.typed").exists()


@pytest.mark.slow
def test_wheel_contains_the_types_the_command_and_the_extras(installed, tmp_path):
    assert {path.parent.name for path in installed.site_packages.glob("*/py.typed")} == {*PACKAGES}
    (metadata,) = installed.site_packages.glob("conjoin-*.dist-info")
    extras = PathDistribution(metadata).metadata.get_all("Provides-Extra")
    assert {"fsspec", "ssh", "testing"} <= set(extras)
    for command in (["-m", "conjoin"], [installed.python.parent / "conjoin"]):
        done = installed.run(*command, "--version", cwd=tmp_path)
        assert done.stdout == "conjoin 0.1.0\n", done.stderr


@pytest.mark.parametrize("package", ["entrypoints", "conjoin"])
def test_check_imports_none_of_the_other_packages(package, this, tmp_path):
    program = f"import {package}, sys;print([name for name in {OTHERS} if name in sys.modules])"
    assert python(this, program, tmp_path).stdout == "[]\n"
