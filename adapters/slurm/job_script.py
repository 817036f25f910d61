"""Writes the script of a Slurm job that runs a simulation, and continues it in further jobs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.errors import ConfigurationError

_TIME: Final = re.compile(r"\d+|\d+:\d\d|\d+:\d\d:\d\d|\d+-\d+(:\d\d){0,2}", re.ASCII)

_SCRIPT: Final = """\
#!/bin/bash
{options}

# Runs model '{model}' on {nodes}. Submit it once, with sbatch. It submits itself again
# until the simulation is complete, as long as each job makes progress.
# Add here what makes the command conjoin available, if the job does not have your environment.

snapshots() {{ ls {run_directories}/snapshots/*.ymmsl 2>/dev/null | wc -l; }}
state() {{ squeue -h -j "$SLURM_JOB_ID" -o %T; }}

known=$(snapshots)
resume=()
if [ "$known" -gt 0 ]; then
    resume=(--resume latest)
    known=$((known + 1))  # a resumed run starts with a copy of what it is resumed from
fi

{command} "${{resume[@]}}" &
trap "kill -TERM $!" TERM  # scancel --batch --signal=TERM: continue in another job
wait $!  # a signal ends this too
wait $!
code=$?

# 75: the run was stopped from outside, and can be resumed
if [ $code -eq 75 ] && [ "$(snapshots)" -gt "$known" ] && [ "$(state)" = RUNNING ]; then
    exec sbatch "$0"
fi
exit $code
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobScript:
    """A job that runs a simulation.

    Attributes:
        model: Name of the model.
        files: The yMMSL files.
        nodes: Number of nodes.
        cores_per_node: Number of cores of each node.
        gpus_per_node: Number of GPUs of each node.
        time: Time limit, in Slurm's notation; None for the default of the partition.
        name: Name of the job; None for that of the model.
        save_time: Seconds before the end of the job for which the instances may save; None to stop
            without saving.
        chooses_model: Whether the files describe several models.
        more_options: More options for sbatch.
    """

    model: str
    files: Sequence[str]
    nodes: int
    cores_per_node: int
    gpus_per_node: int = 0
    time: str | None = None
    name: str | None = None
    save_time: float | None = None
    chooses_model: bool = False
    more_options: Sequence[str] = ()

    def text(self) -> str:
        """Return the script.

        Raises:
            ConfigurationError: If an option is invalid.
        """
        return _SCRIPT.format(
            options="\n".join(f"#SBATCH {option}" for option in self._options()),
            model=self.model,
            nodes=f"{self.nodes} node{'' if self.nodes == 1 else 's'}",
            run_directories=f"run_{self.model}_*",
            command=shlex.join(self._command()),
        )

    def _options(self) -> list[str]:
        if self.time is not None and not _TIME.fullmatch(self.time):
            msg = (
                f"'{self.time}' is not a time limit (--time): write MINUTES, HOURS:MINUTES:SECONDS"
                " or DAYS-HOURS."
            )
            raise ConfigurationError(msg)
        for option in self.more_options:
            if not option.startswith("-") or "\n" in option:
                msg = f"'{option}' is not an option of sbatch, such as --partition=NAME."
                raise ConfigurationError(msg)
        return [
            f"--job-name={shlex.quote(self.name or self.model)}",
            f"--nodes={self.nodes}",
            f"--ntasks-per-node={self.cores_per_node}",
            *([f"--gpus-per-node={self.gpus_per_node}"] if self.gpus_per_node else []),
            *([f"--time={self.time}"] if self.time is not None else []),
            *self.more_options,
        ]

    def _command(self) -> list[str]:
        return [
            *("conjoin", "run", "--start-all"),
            *(
                ["--checkpoint-on-term", f"{self.save_time:g}"]
                if self.save_time is not None
                else []
            ),
            *(["--model", self.model] if self.chooses_model else []),
            *self.files,
        ]
