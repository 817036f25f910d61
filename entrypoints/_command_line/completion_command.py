"""The command `conjoin completion`."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from entrypoints._command_line.command import COMPLETED, Command
from entrypoints._command_line.console import print_text

SHELLS: Final = ("bash", "zsh", "fish")
_BASH: Final = """\
_conjoin() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}" words=""
    if [ "$COMP_CWORD" -eq 1 ]; then
        words={commands}
    else
        case "${{COMP_WORDS[1]}} $previous" in
{choices}
        *)
            # other arguments than options are completed as files
            case "$current" in
            -*)
                case "${{COMP_WORDS[1]}}" in
{options}
                esac
                ;;
            esac
            ;;
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _conjoin conjoin
"""
_ZSH: Final = "autoload -U +X bashcompinit && bashcompinit\n"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, help="the shell")


def _run(options: argparse.Namespace) -> int:
    """Print the script that completes commands and options in a shell."""
    print_text(completion_script(options.shell, options.commands))
    return COMPLETED


def completion_script(shell: str, commands: Mapping[str, argparse.ArgumentParser]) -> str:
    """Return a script that completes command lines.

    Args:
        shell: One of SHELLS.
        commands: The parsers of the commands, by name.
    """
    if shell == "fish":
        return "\n".join(_fish_lines(commands))
    script = _bash_script(commands)
    return f"{_ZSH}{script}" if shell == "zsh" else script


def _bash_script(commands: Mapping[str, argparse.ArgumentParser]) -> str:
    choices, options = [], []
    for name, parser in commands.items():
        for after, words in _choices(name, parser):
            choices.append(f'        "{name} {after}") words={_quoted(words)} ;;')
        options.append(f"                {name}) words={_quoted(_options(parser))} ;;")
    return _BASH.format(
        commands=_quoted(list(commands)), choices="\n".join(choices), options="\n".join(options)
    )


def _choices(name: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield each word of a command that few words can follow, and these words."""
    for action in parser._actions:
        if action.choices is not None:
            words = [str(choice) for choice in action.choices]
            for option in action.option_strings or [name]:
                yield option, words


def _options(parser: argparse.ArgumentParser) -> list[str]:
    own = [option for option in parser._option_string_actions if option.startswith("--")]
    inner = [
        option
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for choice in action.choices.values()
        for option in _options(choice)
    ]
    return list(dict.fromkeys([*own, *inner]))


def _fish_lines(commands: Mapping[str, argparse.ArgumentParser]) -> Iterator[str]:
    for name, parser in commands.items():
        text = shlex.quote(_first_line(parser.description or ""))
        yield f"complete -c conjoin -n __fish_use_subcommand -f -a {name} -d {text}"
        seen = f"-n '__fish_seen_subcommand_from {name}'"
        for after, words in _choices(name, parser):
            option = f" -x -l {after[2:]}" if after.startswith("--") else " -f"
            if after.startswith("--") or after == name:
                yield f"complete -c conjoin {seen}{option} -a {_quoted(words)}"
        for option in _options(parser):
            yield f"complete -c conjoin {seen} -l {option[2:]}"


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _quoted(words: Sequence[str]) -> str:
    return shlex.quote(" ".join(words))


COMPLETION: Final = Command(
    "completion",
    "print a script that completes commands and options in your shell",
    "Print a script that completes commands and options. For bash, add this to ~/.bashrc:"
    ' eval "$(conjoin completion bash)"',
    _add_arguments,
    _run,
)
