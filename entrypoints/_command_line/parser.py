"""A parser for command lines, whose messages help with mistyped options."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from typing_extensions import override

from domain.suggestions import did_you_mean


class Parser(argparse.ArgumentParser):
    """A parser that accepts no abbreviated options, and suggests the option that was meant.

    An abbreviation would change its meaning when another option is added. It reports unknown
    arguments with the usage of its own subcommand; by default, the parent parser reports them, with
    its own usage.
    """

    @override
    def parse_known_args(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        namespace: argparse.Namespace | None = None,
    ) -> tuple[argparse.Namespace, list[str]]:
        self.allow_abbrev = False  # here, because argparse creates the parsers of subcommands
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(self._with_suggestions(unknown))}")
        return known, unknown

    @override
    def _check_value(self, action: argparse.Action, value: object) -> None:
        # argparse has no public place for this
        if action.choices is not None and value not in action.choices:
            names = [str(choice) for choice in action.choices]
            msg = f"'{value}' does not exist.{did_you_mean(value, names)}"
            raise argparse.ArgumentError(action, f"{msg} Choose from {', '.join(names)}.")

    def _with_suggestions(self, unknown: Sequence[str]) -> Iterator[str]:
        for argument in unknown:
            option = argument.partition("=")[0]
            known = self._option_string_actions if option.startswith("--") else ()
            suggestion = did_you_mean(option, known)
            yield f"{argument}.{suggestion}" if suggestion else argument
