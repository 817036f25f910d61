"""Reads which hosts the user named: a list, or a file in TOML."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

from adapters.ssh_agents.hosts import (
    MAX_PORT,
    SshHost,
    parse_host,
    parse_host_list,
    with_unique_names,
)
from domain.errors import ConfigurationError
from domain.suggestions import hint

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SUFFIX: Final = ".toml"
LIST: Final = "hosts"
"""Key of the list of hosts. The other keys beside it are defaults for all of them."""

_Values: TypeAlias = dict[str, object]
_Reader: TypeAlias = Callable[[object], object]
"""Converts the value of a key; raises a ValueError that says what is wanted."""


def read_hosts(text: str) -> tuple[SshHost, ...]:
    """Return the hosts that the user named.

    Args:
        text: The path of a hosts file, which ends in `.toml`, or a list such as
            `a,b,user@c:2222`.

    Raises:
        ConfigurationError: If the file or the list is invalid; the message names all problems.
    """
    if text.endswith(SUFFIX):
        return read_hosts_file(Path(text))
    return parse_host_list(text)


def read_hosts_file(path: Path) -> tuple[SshHost, ...]:
    """Return the hosts in a file.

    Raises:
        ConfigurationError: If the file is invalid; the message names all problems.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # a ValueError may be about TOML or UTF-8
        reason = getattr(error, "strerror", None) or error
        msg = f"The hosts file {path} cannot be read: {reason}"
        raise ConfigurationError(msg) from error
    return _HostsTable(path).read(table)


class _HostsTable:
    """Reads the content of a hosts file, and collects the problems in it.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._problems: list[str] = []

    def read(self, table: Mapping[str, object]) -> tuple[SshHost, ...]:
        """Return the hosts.

        Raises:
            ConfigurationError: If there are problems.
        """
        items = table.get(LIST, [])
        if not isinstance(items, list):
            self._add_problem("", f"'{LIST}' must be a list of hosts, or of tables [[{LIST}]].")
            items = []
        rest = {key: value for key, value in table.items() if key != LIST}
        defaults = self._values(rest, _DEFAULTS, "")
        hosts = [self._host(item, number, defaults) for number, item in enumerate(items, start=1)]
        if self._problems:
            raise ConfigurationError(*self._problems)
        try:
            return with_unique_names([host for host in hosts if host is not None])
        except ConfigurationError as error:
            msg = f"{self._path}: {error}"
            raise ConfigurationError(msg) from None

    def _host(self, item: object, number: int, defaults: _Values) -> SshHost | None:
        table = {"host": item} if isinstance(item, str) else item
        place = f"host number {number}"
        if not isinstance(table, dict):
            self._add_problem(place, "must be a string or a table.")
            return None
        if isinstance(table.get("host"), str):
            place = f"host '{table['host']}'"
        elif "host" not in table:
            self._add_problem(place, "lacks the key 'host'.")
        own = self._values(table, _KEYS, place)
        parsed = own.pop("host", None)
        if not isinstance(parsed, SshHost):
            return None
        given: _Values = {"name": parsed.name, "host": parsed.host}
        given |= {"port": parsed.port} if parsed.port is not None else {}
        given |= {"user": parsed.user} if parsed.user is not None else {}
        environment = {**_variables(defaults), **_variables(own)}
        values = {**defaults, **given, **own, "environment": environment}
        return replace(parsed, **values)  # type: ignore[arg-type]  # the readers check the types

    def _values(
        self, table: Mapping[str, object], readers: Mapping[str, _Reader], place: str
    ) -> _Values:
        """Return the values of the keys in a table that are valid."""
        values: _Values = {}
        for key, value in table.items():
            reader = readers.get(key)
            if reader is None:
                possible = readers if place else [LIST, *readers]
                self._add_problem(place, f"the key '{key}' does not exist.{hint(key, possible)}")
                continue
            try:
                values[key] = reader(value)
            except ValueError as error:
                self._add_problem(place, f"'{key}' must be {error}, not {value!r}.")
        key_file = values.get("key_file")
        if isinstance(key_file, Path):
            values["key_file"] = self._path.parent / key_file
        return values

    def _add_problem(self, place: str, text: str) -> None:
        self._problems.append(
            f"{self._path}: {place}: {text}" if place else f"{self._path}: {text}"
        )


def _variables(values: _Values) -> Mapping[str, str]:
    variables = values.get("environment", {})
    assert isinstance(variables, dict)
    return variables


def _text(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError("a string that is not empty")


def _host(value: object) -> SshHost:
    try:
        return parse_host(_text(value))
    except ConfigurationError:
        raise ValueError("HOST, USER@HOST or USER@HOST:PORT") from None


def _port(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_PORT:
        return value
    raise ValueError(f"a number from 1 to {MAX_PORT}")


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise ValueError("a positive number")


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("true or false")


def _path(value: object) -> Path:
    return Path(_text(value)).expanduser()


def _jump_host(value: object) -> str:
    text = _text(value)
    try:
        for item in text.split(","):
            parse_host(item)
    except ConfigurationError:
        raise ValueError("[USER@]HOST[:PORT], several separated by commas, or 'none'") from None
    return text


def _environment(value: object) -> dict[str, str]:
    if isinstance(value, dict) and all(map(_is_variable, value.items())):
        return value
    raise ValueError('a table of variables with strings, such as { NAME = "value" }')


def _is_variable(item: tuple[str, object]) -> bool:
    name, value = item
    return bool(name) and "=" not in name and isinstance(value, str) and "\0" not in name + value


def _shared_directory(value: object) -> Path | None:
    if value is False:
        return None
    if isinstance(value, str) and Path(value).expanduser().is_absolute():
        return Path(value).expanduser()
    raise ValueError("an absolute path, or false")


_DEFAULTS: Final[Mapping[str, _Reader]] = {
    "port": _port,
    "user": _text,
    "key_file": _path,
    "jump_host": _jump_host,
    "python": _text,
    "environment": _environment,
    "cores": _count,
    "tunnel": _flag,
    "shared_directory": _shared_directory,
}
_KEYS: Final[Mapping[str, _Reader]] = {"host": _host, "name": _text, **_DEFAULTS}
