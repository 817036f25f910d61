"""Checks a host, on that host.

The source of this module is sent there. So it runs without Conjoin, and with Python 3.7.
"""

from __future__ import annotations

import json
import socket
import sys
import time

TIMEOUT = 5.0
"""Seconds for the manager to answer at one of its addresses."""


def main(arguments: str) -> None:
    """Print the results of the checks, as JSON.

    Args:
        arguments: The arguments of `report`, as JSON.
    """
    print(json.dumps(report(**json.loads(arguments))))  # noqa: T201 - read by the manager


def report(locations: list[tuple[str, int]], token: str, shared: str | None) -> dict[str, object]:
    """Return the results of the checks. Where these are texts, an empty text means success.

    Args:
        locations: Addresses and ports where the manager answers with the token.
        token: A random text.
        shared: A file of the manager that contains the token; None if it shares no files.
    """
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "version": _version(),
        "time": time.time(),
        "file": None if shared is None else _read_and_answer(shared, token),
        "manager": _connect(locations, token),
    }


def _version() -> str:
    try:
        from domain.version import VERSION
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is the answer
        return f"none: {error}"
    return VERSION


def _read_and_answer(path: str, token: str) -> str:
    """Read a file of the manager, and write one for it; return what is wrong."""
    try:
        with open(path) as file:
            if file.read() != token:
                return "the file has another content here"
        with open(path + ".answer", "w") as file:
            file.write(token)
    except OSError as error:
        return str(error)
    return ""


def _connect(locations: list[tuple[str, int]], token: str) -> str:
    """Connect to the manager; return what is wrong."""
    problems = []
    for host, port in locations:
        try:
            with socket.create_connection((host, port), TIMEOUT) as sock:
                received = sock.recv(len(token)).decode()
        except OSError as error:
            problems.append(f"{host}:{port}: {error}")
            continue
        if received == token:
            return ""
        problems.append(f"{host}:{port}: another program answers")
    return "; ".join(problems) or "it has no address"


if __name__ == "__main__":
    main(sys.argv[1])
