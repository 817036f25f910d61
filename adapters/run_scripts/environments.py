"""Shell text for what a program's own environment is put on top of, and for modules and the like.

Everything here is run by bash, in the script that starts a program.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final

from adapters.run_scripts.quoting import expanded
from domain.model.configuration import BaseEnv

KEPT_AT_LOGIN: Final = "HOME|USER|LOGNAME|SHELL|TERM|SLURM*|CONJOIN_*"
"""What a login shell would know as well, and what ties the program to its job and its run."""

_START_LOGIN_SHELL: Final = f"""\
# become a login shell, unless this is it: the process id stays the same
if [ "${{CONJOIN_LOGIN_SHELL-}}" != "$$" ]; then
    for name in $(compgen -e); do
        case "$name" in
            {KEPT_AT_LOGIN}) ;;
            *) unset "$name" 2>/dev/null ;;
        esac
    done
    export CONJOIN_LOGIN_SHELL=$$
    if [ -r /etc/environment ]; then set -a; . /etc/environment; set +a; fi
    exec /bin/bash --login "$0"
fi
unset CONJOIN_LOGIN_SHELL
"""

_FIND_MODULE_COMMAND: Final = """\
# a shell that runs a script may not have been told of the module command
if ! type module >/dev/null 2>&1; then
    for file in "${MODULESHOME-}/init/bash" "${LMOD_PKG-}/init/bash" \\
            /etc/profile.d/modules.sh /etc/profile.d/lmod.sh /etc/profile.d/z00_lmod.sh; do
        if [ -r "$file" ]; then . "$file"; break; fi
    done
fi
"""

_PURGE_MODULES: Final = """\
if type module >/dev/null 2>&1; then module purge; fi
"""

_LEAVE_VIRTUAL_ENVIRONMENT: Final = """\
if [ -n "${VIRTUAL_ENV-}" ]; then
    PATH=":$PATH:"
    PATH="${PATH//":$VIRTUAL_ENV/bin:"/:}"
    PATH="${PATH#:}"
    PATH="${PATH%:}"
    unset VIRTUAL_ENV VIRTUAL_ENV_PROMPT
fi
"""

_ACTIVATE: Final = """\
. "$conjoin_venv/bin/activate" || {
    echo "virtual environment $conjoin_venv could not be activated" >&2
    exit 1
}
"""


def base_environment(base: BaseEnv) -> list[str]:
    """Return what makes the environment that everything else is put on top of."""
    match base:
        case BaseEnv.MANAGER:
            return []
        case BaseEnv.CLEAN:
            return [_FIND_MODULE_COMMAND, _PURGE_MODULES, _LEAVE_VIRTUAL_ENVIRONMENT]
        case BaseEnv.LOGIN:
            return [_START_LOGIN_SHELL]


def load_modules(modules: Sequence[str]) -> list[str]:
    """Return what loads environment modules, or gives up with a word on which one failed."""
    if not modules:
        return []
    return [_FIND_MODULE_COMMAND, *map(_load_module, modules)]


def activate(virtual_env: str | None) -> list[str]:
    """Return what replaces the active virtual environment by another one."""
    if virtual_env is None:
        return []
    return [
        # the path may refer to the active environment, so expand it before leaving that
        f"conjoin_venv={expanded(virtual_env)}",
        _LEAVE_VIRTUAL_ENVIRONMENT,
        _ACTIVATE,
    ]


def change_directory(directory: str) -> str:
    """Return what goes to a directory, or gives up."""
    return f"cd -- {shlex.quote(directory)} || exit 1"


def _load_module(name: str) -> str:
    word = expanded(name)
    return f"module load {word} || {{ echo module {word} could not be loaded >&2; exit 1; }}"
