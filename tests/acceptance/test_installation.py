"""Conjoin as it is installed, and what Python says when a folder gets in its way."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("domain", "application", "adapters", "entrypoints")
OTHERS = PACKAGES[:-1]


def python(interpreter, program, folder):
    """Run a program in a folder, which comes first on Python's path."""
    return subprocess.run(
        [interpreter, "-c", program], cwd=folder, capture_output=True, text=True, timeout=60
    )


def installed(folder, *, editable):
    """Install Conjoin without what it needs; return the interpreter."""
    venv.create(folder, with_pip=True)
    interpreter = folder / "bin" / "python"
    what = ["--editable", REPOSITORY] if editable else [REPOSITORY]
    command = [interpreter, "-m", "pip", "install", "--quiet", "--no-deps", *what]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    return interpreter


@pytest.fixture(scope="module")
def normal(tmp_path_factory):
    return installed(tmp_path_factory.mktemp("normal"), editable=False)


@pytest.fixture(scope="module")
def editable(tmp_path_factory):
    return installed(tmp_path_factory.mktemp("editable"), editable=True)


@pytest.fixture
def this():
    """The interpreter that runs the tests, with whatever installation it has."""
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
def test_all_four_packages_are_found_together(interpreter, tmp_path):
    program = (
        "import adapters, application, domain, entrypoints, pathlib;"
        "print({pathlib.Path(p.__file__).parent.parent"
        " for p in (adapters, application, domain, entrypoints)}.__len__())"
    )
    done = python(interpreter, program, tmp_path)
    assert (done.stdout, done.stderr) == ("1\n", "")


@each_installation
@pytest.mark.parametrize("package", OTHERS)
def test_a_package_of_the_same_name_is_reported_with_both_places(interpreter, package, tmp_path):
    theirs = tmp_path / package
    theirs.mkdir()
    (theirs / "__init__.py").touch()
    done = python(interpreter, "import entrypoints", tmp_path)
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith(f"ImportError: Conjoin needs its own package '{package}', in ")
    assert f"another one of that name first, in {theirs.resolve()}. Rename that one" in line


@each_installation
@pytest.mark.parametrize("package", OTHERS)
def test_a_module_of_the_same_name_is_reported(interpreter, package, tmp_path):
    (tmp_path / f"{package}.py").touch()
    done = python(interpreter, "import entrypoints", tmp_path)
    assert f"needs its own package '{package}'" in done.stderr
    assert f"first, in {tmp_path.resolve() / package}.py. Rename that one" in done.stderr


@each_installation
@pytest.mark.parametrize("package", OTHERS)
def test_a_folder_that_is_no_package_is_in_nobodys_way(interpreter, package, tmp_path):
    (tmp_path / package).mkdir()
    assert python(interpreter, "import entrypoints", tmp_path).returncode == 0


def test_a_package_that_is_missing_is_reported(tmp_path):
    (tmp_path / "entrypoints").mkdir()
    source = (REPOSITORY / "entrypoints" / "__init__.py").read_text()
    (tmp_path / "entrypoints" / "__init__.py").write_text(source)
    command = [sys.executable, "-I", "-S", "-c", "import sys; sys.path.insert(0, '.');"]
    command[-1] += "import entrypoints"
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    line = done.stderr.splitlines()[-1]
    assert line.startswith(f"ImportError: Conjoin is installed in {tmp_path.resolve()}, but its")
    assert "'domain' is not there. Install it again" in line


@pytest.mark.slow
def test_an_editable_installation_is_hidden_by_the_package_of_pypi_as_the_page_says(editable):
    (packages,) = editable.parent.parent.glob("lib/python*/site-packages")
    hiding = packages / "entrypoints.py"
    hiding.touch()
    try:
        done = subprocess.run(
            [editable.parent / "conjoin", "--version"], capture_output=True, text=True, timeout=60
        )
    finally:
        hiding.unlink()
    kind, _, text = done.stderr.splitlines()[-1].partition(": ")
    assert kind == "ModuleNotFoundError"
    assert f"`{text}`" in (REPOSITORY / "docs" / "troubleshooting.md").read_text()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_packages_say_that_they_have_types(package):
    assert (REPOSITORY / package / "py.typed").exists()


@pytest.mark.slow
def test_a_normal_installation_has_the_types_and_the_program(normal, tmp_path):
    program = (
        "import entrypoints, pathlib;"
        "home = pathlib.Path(entrypoints.__file__).parent.parent;"
        "print(*sorted(p.parent.name for p in home.glob('*/py.typed')))"
    )
    done = python(normal, program, tmp_path)
    assert set(PACKAGES) <= set(done.stdout.split())
    assert (normal.parent / "conjoin").exists()


def test_the_check_imports_nothing_of_the_other_packages(this, tmp_path):
    program = f"import entrypoints, sys;print([name for name in {OTHERS} if name in sys.modules])"
    assert python(this, program, tmp_path).stdout == "[]\n"
