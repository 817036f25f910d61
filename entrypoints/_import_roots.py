"""Checks that Python finds Conjoin's import roots, not those of another distribution.

`domain`, `application`, `adapters` and `entrypoints` are common names. A folder of the user may
come first on Python's path, and pip overwrites files without a warning: `pip install adapters`
replaces Conjoin's `adapters/__init__.py`. So each of Conjoin's four `__init__.py` files contains a
marker, which this module looks for without importing the package.

`conjoin` loads this file by its path, without importing `entrypoints`. Therefore this module
imports nothing from Conjoin, and nothing slow, such as pathlib.
"""

import importlib.util
import os
from importlib.machinery import ModuleSpec

IMPORT_ROOTS = ("domain", "application", "adapters", "entrypoints")

_REINSTALL = "from a copy of its repository: pip install --force-reinstall --no-deps ."
_SEPARATE_ENVIRONMENT = "install Conjoin in a separate virtual environment"


def check_import_roots(home: str) -> None:
    """Check that Python would import Conjoin's four roots, all of them from one directory.

    Args:
        home: The directory that contains the four packages.

    Raises:
        ImportError: If one of them is missing, hidden by another package of that name, or
            overwritten by another distribution. The message says what to do.
    """
    for root in IMPORT_ROOTS:
        problem = _problem_of(root, os.path.join(home, root))  # noqa: PTH118
        if problem:
            raise ImportError(problem, name=root, path=os.path.join(home, root))  # noqa: PTH118


def _problem_of(root: str, expected: str) -> str:
    """Describe what is wrong with an import root and how to fix it; empty if it is Conjoin's."""
    spec = _spec_of(root)
    if spec is None:
        home = os.path.dirname(expected)  # noqa: PTH120
        return (
            f"Conjoin is installed in {home}, but its package '{root}' is missing. Install Conjoin"
            f" again, {_REINSTALL}"
        )
    places = [spec.origin or ""]
    if spec.submodule_search_locations is not None:
        places = list(spec.submodule_search_locations)
    if not any(_is_same(place, expected) for place in places):
        return _hidden(root, expected, places[0], spec.origin)
    if spec.origin is None:  # a folder without an __init__.py is a namespace package
        return (
            f"Conjoin's file {os.path.join(expected, '__init__.py')} is missing."  # noqa: PTH118
            f" Uninstalling another distribution that has a package '{root}' removes it. Install"
            f" Conjoin again, {_REINSTALL}"
        )
    if not _has_marker(spec, root):
        return _overwritten(root, spec.origin)
    return ""


def _spec_of(package: str) -> ModuleSpec | None:
    """Find a package without importing it."""
    try:
        return importlib.util.find_spec(package)
    except ValueError:  # The package is loaded, but does not have a spec.
        return None


def _is_same(path: str, expected: str) -> bool:
    return path == expected or os.path.realpath(path) == os.path.realpath(expected)


def _has_marker(spec: ModuleSpec, root: str) -> bool:
    """Look for the marker in a package's `__init__`: in its source or its byte code."""
    assert spec.origin is not None
    read = getattr(spec.loader, "get_data", None)  # also reads from a zip file
    if read is None:
        return True  # Packages of this unusual loader cannot be checked.
    content: bytes = read(spec.origin)
    return f"conjoin-import-root:{root}".encode() in content


def _hidden(root: str, expected: str, place: str, file: str | None) -> str:
    found = (
        f"Conjoin needs its own package '{root}', in {expected}, but Python finds another one of"
        f" that name first, in {place}"
    )
    owners = _owners_of(root, file)
    if owners:
        return (
            f"{found}, which belongs to {_listed(owners)}. Run 'pip uninstall"
            f" {' '.join(owners)}', or {_SEPARATE_ENVIRONMENT}."
        )
    return (
        f"{found}. Rename that one, or start Python in another directory, or take its directory"
        " out of PYTHONPATH."
    )


def _overwritten(root: str, file: str) -> str:
    owners = _owners_of(root, file)
    if not owners:
        return (
            f"{file} is not Conjoin's: another distribution has overwritten it, or it has been"
            f" changed. Install Conjoin again, {_REINSTALL}"
        )
    return (
        f"Conjoin's file {file} was overwritten by {_listed(owners)}, which has a package '{root}'"
        f" too. To keep both, {_SEPARATE_ENVIRONMENT}. Otherwise run 'pip uninstall"
        f" {' '.join(owners)}', then install Conjoin again, {_REINSTALL}"
    )


def _owners_of(root: str, file: str | None) -> dict[str, str]:
    """Return the names and versions of the other distributions that installed a file."""
    if file is None:
        return {}
    # Imported lazily: it takes 20 ms, and only an error needs it.
    from importlib.metadata import distributions

    owners: dict[str, str] = {}
    for distribution in distributions():
        if "Name" not in distribution.metadata:  # what a failed installation may leave behind
            continue
        name = distribution.metadata["Name"]
        if name.lower() == "conjoin":
            continue
        for path in distribution.files or ():
            if path.parts[0] in (root, f"{root}.py") and _is_same(str(path.locate()), file):
                owners[name] = distribution.version
    return owners


def _listed(owners: dict[str, str]) -> str:
    names = [f"the distribution '{name}' {version}" for name, version in owners.items()]
    return " and ".join(names)
