"""Checks the installation before any of Conjoin's four import roots is imported."""

import os
from importlib.machinery import PathFinder
from importlib.util import module_from_spec


def check_installation() -> None:
    """Run the check of `entrypoints/_import_roots.py`.

    The file is loaded by its path: importing it as part of `entrypoints` would run the
    `__init__.py` of another distribution if that has overwritten ours.

    Raises:
        ImportError: If an import root is missing or not Conjoin's. The message says what to do.
    """
    # pathlib would be a slow import
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    folder = os.path.join(home, "entrypoints")  # noqa: PTH118
    spec = PathFinder.find_spec("_import_roots", [folder])
    if spec is None or spec.loader is None:
        msg = (
            f"Conjoin is installed in {home}, but its package 'entrypoints' is missing or"
            " incomplete. Install Conjoin again, from a copy of its repository: pip install"
            " --force-reinstall --no-deps ."
        )
        raise ImportError(msg, name="entrypoints", path=folder)
    checks = module_from_spec(spec)
    spec.loader.exec_module(checks)
    checks.check_import_roots(home)
