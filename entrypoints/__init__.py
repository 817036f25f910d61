"""Where everything is wired together: what a user imports and starts.

Conjoin's four packages have common names. So that nobody has to guess at the cause when a folder
`domain` of their own comes first on Python's path, this looks whether the others stand beside it.
"""

import importlib.util
import os

_OTHERS = ("domain", "application", "adapters")


def _place_of(package: str) -> "str | None":
    """Return the directory or file from which a package would be imported, not importing it."""
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:  # It was imported in a way that does not say from where.
        return None
    if spec is None:
        return None
    if spec.origin is not None:
        # pathlib would be a slow import
        folder, file = os.path.split(spec.origin)
        return folder if file == "__init__.py" else spec.origin
    return next(iter(spec.submodule_search_locations or ()), None)


def _check_that_others_are_beside() -> None:
    """Look for Conjoin's other packages.

    Raises:
        ImportError: If one is missing, or another one of that name is found first.
    """
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    for package in _OTHERS:
        place = _place_of(package)
        expected = os.path.join(home, package)  # noqa: PTH118
        if place is None:
            msg = (
                f"Conjoin is installed in {home}, but its package '{package}' is not there. Install"
                " it again, from a copy of its repository: pip install --force-reinstall ."
            )
            raise ImportError(msg, name=package, path=expected)
        if os.path.realpath(place) != os.path.realpath(expected):
            msg = (
                f"Conjoin needs its own package '{package}', in {expected}, but Python finds"
                f" another one of that name first, in {place}. Rename that one, or start Python"
                " in another directory, or take its directory out of PYTHONPATH."
            )
            raise ImportError(msg, name=package, path=place)


_check_that_others_are_beside()
