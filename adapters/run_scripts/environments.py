"""Shell text that sets up a program's base environment, modules, virtualenv and directory.

Bash runs all of it, in the script that starts the program.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final

from adapters.run_scripts.quoting import expanded
from domain.model.configuration import BaseEnv

KEPT_AT_LOGIN: Final = "HOME|USER|LOGNAME|SHELL|TERM|SLURM*|CONJOIN_*"
"""Variables that a login shell would also have, or that tie a program to its job and run."""

_START_LOGIN_SHELL: Final = f"""\
# restart as a login shell, unless this is one already: the process id stays the same
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
# a non-interactive shell may lack the module command
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


_NOT_PASSED_ON: Final = (
    "_|PWD|OLDPWD|SHLVL|HOSTNAME|TMPDIR|DISPLAY|SSH_*|OMPI_*|PMIX_*|PMI_*|SLURM*|PBS_*|LSB_*"
)
"""Variables that describe a node or a process, or that the launcher sets itself."""

_COLLECT_EXPORTS: Final = """\
# the launcher passes no other variables on to processes on other nodes
conjoin_exports=()
for name in $(compgen -e); do
    case "$name" in
        {not_passed_on}|*[!A-Za-z0-9_]*) ;;
        *) conjoin_exports+=({option} "$name") ;;
    esac
done
"""

EXPORTS: Final = '"${conjoin_exports[@]}"'
"""Shell text for the options that `collect_exports` has collected."""


def base_environment(base: BaseEnv) -> list[str]:
    """Return shell text that sets up the base environment, before everything else."""
    match base:
        case BaseEnv.MANAGER:
            return []
        case BaseEnv.CLEAN:
            return [_FIND_MODULE_COMMAND, _PURGE_MODULES, _LEAVE_VIRTUAL_ENVIRONMENT]
        case BaseEnv.LOGIN:
            return [_START_LOGIN_SHELL]


def load_modules(modules: Sequence[str]) -> list[str]:
    """Return shell text that loads environment modules, or exits and names the one that failed."""
    if not modules:
        return []
    return [_FIND_MODULE_COMMAND, *map(_load_module, modules)]


def activate(virtual_env: str | None) -> list[str]:
    """Return shell text that replaces the active virtual environment with another one."""
    if virtual_env is None:
        return []
    return [
        # the path may refer to the active environment: expand it before deactivating that
        f"conjoin_venv={expanded(virtual_env)}",
        _LEAVE_VIRTUAL_ENVIRONMENT,
        _ACTIVATE,
    ]


def change_directory(directory: str) -> str:
    """Return shell text that changes to a directory, or exits."""
    return f"cd -- {shlex.quote(directory)} || exit 1"


def collect_exports(option: str) -> list[str]:
    """Return shell text that collects options to pass on all variables; none without an option."""
    if not option:
        return []
    return [_COLLECT_EXPORTS.format(not_passed_on=_NOT_PASSED_ON, option=option)]


def _load_module(name: str) -> str:
    word = expanded(name)
    return f"module load {word} || {{ echo module {word} could not be loaded >&2; exit 1; }}"
