"""The command `conjoin convert`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from domain.errors import ConfigurationError
from entrypoints._command_line.command import COMPLETED, Command
from entrypoints._command_line.console import print_error, print_text


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the v0.1 file; - reads stdin")
    parser.add_argument(
        "output",
        metavar="NEW_FILE",
        nargs="?",
        default="-",
        help="write the v0.2 file here; it must not exist (default: standard output)",
    )


def _run(options: argparse.Namespace) -> int:
    """Write a v0.1 file as a v0.2 file.

    Raises:
        ConfigurationError: If the file is invalid, or the new one cannot be written.
    """
    from adapters.ymmsl_files.writing.converted_file import converted

    warnings: list[str] = []
    source = options.file if options.file == "-" else Path(options.file)
    text = converted(source, warnings)
    for warning in warnings:
        print_error(f"Warning: {warning}")  # standard output may be the file
    if options.output == "-":
        print_text(text.rstrip("\n"))
        return COMPLETED
    try:
        with Path(options.output).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        msg = f"'{options.output}' exists already. Give another name, or remove that file."
        raise ConfigurationError(msg) from None
    except OSError as error:
        msg = f"'{options.output}' cannot be written: {error.strerror}."
        raise ConfigurationError(msg) from None
    return COMPLETED


CONVERT: Final = Command(
    "convert",
    "write a v0.1 file as a v0.2 file",
    "Write a yMMSL v0.1 file as a v0.2 file, with the timelines that it needs.",
    _add_arguments,
    _run,
    mistake="This cannot be converted",
)
