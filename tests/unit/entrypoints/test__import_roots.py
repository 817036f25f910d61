"""The check that the four import roots are Conjoin's, in trees that imitate an installation."""

import py_compile
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from entrypoints._import_roots import IMPORT_ROOTS, check_import_roots

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Copy the `__init__.py` of each root to a directory that is first on Python's path."""
    home = tmp_path / "site-packages"
    for root in IMPORT_ROOTS:
        (home / root).mkdir(parents=True)
        shutil.copy(REPOSITORY / root / "__init__.py", home / root)
    search_path(home, monkeypatch)
    return home


def search_path(folder, monkeypatch):
    others = [place for place in sys.path if Path(place).resolve() != REPOSITORY]
    monkeypatch.setattr(sys, "path", [str(folder), *others])
    for root in IMPORT_ROOTS:  # otherwise Python returns the packages that are already loaded
        monkeypatch.delitem(sys.modules, root, raising=False)


def distribute(home, name, version, *files):
    """Add the metadata of a distribution that installed some files."""
    metadata = home / f"{name}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (metadata / "RECORD").write_text("".join(f"{file},,\n" for file in files))


def problem(home):
    with pytest.raises(ImportError) as caught:
        check_import_roots(str(home))
    return str(caught.value)


def test_own_import_roots_are_accepted(installed):
    check_import_roots(str(installed))


def test_missing_root_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    for root in IMPORT_ROOTS:
        monkeypatch.delitem(sys.modules, root)
    assert problem(tmp_path).startswith(
        f"Conjoin is installed in {tmp_path}, but its package 'domain' is missing. Install Conjoin"
        " again, from a copy of its repository: pip install --force-reinstall"
    )


@pytest.mark.parametrize("root", IMPORT_ROOTS)
def test_folder_that_hides_a_root_is_reported(root, installed, tmp_path, monkeypatch):
    theirs = tmp_path / "project" / root
    theirs.mkdir(parents=True)
    (theirs / "__init__.py").touch()
    search_path(theirs.parent, monkeypatch)
    assert problem(installed) == (
        f"Conjoin needs its own package '{root}', in {installed / root}, but Python finds another"
        f" one of that name first, in {theirs}. Rename that one, or start Python in another"
        " directory, or take its directory out of PYTHONPATH."
    )


def test_module_that_hides_a_root_is_reported_with_its_distribution(
    installed, tmp_path, monkeypatch
):
    theirs = tmp_path / "other" / "entrypoints.py"
    theirs.parent.mkdir()
    theirs.touch()
    distribute(theirs.parent, "entrypoints", "0.4.2", "entrypoints.py")
    search_path(theirs.parent, monkeypatch)
    assert problem(installed).endswith(
        f"first, in {theirs}, which belongs to the distribution 'entrypoints' 0.4.2. Run 'pip"
        " uninstall entrypoints', or install Conjoin in a separate virtual environment."
    )


def test_folder_without_init_elsewhere_is_ignored(installed, tmp_path, monkeypatch):
    (tmp_path / "project" / "domain").mkdir(parents=True)
    search_path(tmp_path / "project", monkeypatch)
    check_import_roots(str(installed))


@pytest.mark.parametrize("root", IMPORT_ROOTS)
def test_overwritten_root_is_reported_with_its_distribution(root, installed):
    file = installed / root / "__init__.py"
    file.write_text("raise SystemExit('this must not be imported')")
    distribute(installed, "conjoin", "0.1.0", f"{root}/__init__.py")
    distribute(installed, "Foreign-Package", "1.3.0", f"{root}/__init__.py", f"{root}/more.py")
    distribute(installed, "innocent", "1.0", "innocent/__init__.py", f"innocent/{root}/__init__.py")
    assert problem(installed) == (
        f"Conjoin's file {file} was overwritten by the distribution 'Foreign-Package' 1.3.0, which"
        f" has a package '{root}' too. To keep both, install Conjoin in a separate virtual"
        " environment. Otherwise run 'pip uninstall Foreign-Package', then install Conjoin again,"
        " from a copy of its repository: pip install --force-reinstall --no-deps ."
    )


def test_all_distributions_that_may_have_overwritten_a_root_are_named(installed):
    (installed / "domain" / "__init__.py").write_text("")
    for name in ("one", "two"):
        distribute(installed, name, "1.0", "domain/__init__.py")
    found = problem(installed)
    assert "'one' 1.0" in found
    assert "'two' 1.0" in found


def test_overwritten_root_of_no_distribution_is_reported(installed):
    file = installed / "adapters" / "__init__.py"
    file.write_text("")
    (installed / "broken-1.0.dist-info").mkdir()
    assert problem(installed).startswith(f"{file} is not Conjoin's: another distribution has")


def test_missing_init_of_a_root_is_reported(installed):
    file = installed / "adapters" / "__init__.py"
    file.unlink()
    assert problem(installed).startswith(
        f"Conjoin's file {file} is missing. Uninstalling another distribution that has a package"
        " 'adapters' removes it. Install Conjoin again, "
    )


def test_error_has_the_name_and_place_of_the_root(installed):
    (installed / "adapters" / "__init__.py").write_text("")
    with pytest.raises(ImportError) as caught:
        check_import_roots(str(installed))
    assert (caught.value.name, caught.value.path) == ("adapters", str(installed / "adapters"))


def test_byte_code_without_source_is_accepted(installed):
    for root in IMPORT_ROOTS:
        source = installed / root / "__init__.py"
        py_compile.compile(str(source), cfile=str(source.with_suffix(".pyc")), doraise=True)
        source.unlink()
    check_import_roots(str(installed))


def test_zip_file_is_accepted(installed, tmp_path, monkeypatch):
    archive = tmp_path / "conjoin.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for root in IMPORT_ROOTS:
            file.write(installed / root / "__init__.py", f"{root}/__init__.py")
    search_path(archive, monkeypatch)
    check_import_roots(str(archive))
