"""Builds the configuration that a manager runs from the user's input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, final

from adapters.ymmsl_files.source import YmmslConfigurationSource
from application.manager.snapshots.resume_choice import ResumeChoice
from application.manager.snapshots.snapshot_stores import SnapshotStores
from domain.coupling.settings import Settings, plain_settings
from domain.model.checkpoint_rules import Checkpoints
from domain.model.configuration import Configuration
from entrypoints._snapshots.snapshot_wiring import resume_check, resume_chooser

UNUSED_RESUME: Final = "'resume:' in the files is ignored, because --resume takes precedence."


@final
class RunInput:
    """A configuration that can be run, and warnings about it.

    Args:
        sources: The sources, as passed to `Manager`.
        model: Name of the model to run, if there are several.
        settings: Settings that replace or extend those in the sources.
        resume: What to resume from; overrides the sources.
        checkpoints: When to make snapshots, in addition to the rules in the sources.
        run_dir: The run directory, if the user chose one.
        stores: The stores that hold the snapshots.
        programs_required: Whether each component must have a program.

    Attributes:
        configuration: The flat configuration.
        choice: The workflow snapshot that `resume` selected.

    Raises:
        ConfigurationError: If the configuration cannot be run; the message says why.
        InconsistentSnapshot: If it cannot be resumed from those snapshots; the message says why.
        UsageError: If the sources have an unsupported type.
    """

    def __init__(
        self,
        sources: object,
        *,
        model: str | None,
        settings: Settings,
        resume: str | Path | None,
        checkpoints: Checkpoints | None,
        run_dir: Path | None,
        stores: SnapshotStores,
        programs_required: bool,
    ) -> None:
        self._source = YmmslConfigurationSource(
            programs_required=programs_required, manual_components=not programs_required
        )
        self._has_unused_resume = False
        self._unchecked: Sequence[str] = ()
        self.choice: ResumeChoice | None = None
        loaded = self._load(sources, model, settings)
        self.configuration = replace(loaded, settings=plain_settings(loaded.settings))
        if resume is None:
            self._unchecked = resume_check(stores).check(self.configuration)
        else:
            self._resume(resume, run_dir, stores)
        if checkpoints:
            joined = self.configuration.checkpoints.joined_with(checkpoints)
            self.configuration = replace(self.configuration, checkpoints=joined)

    @property
    def warnings(self) -> Sequence[str]:
        """Warnings about the configuration; they do not prevent a run."""
        passed_over = self.choice.warnings() if self.choice else []
        unused = [UNUSED_RESUME] if self._has_unused_resume else []
        # choosing the workflow snapshot has checked the same snapshots already
        unchecked = [text for text in self._unchecked if text not in passed_over]
        return [*self._source.warnings, *passed_over, *unchecked, *unused]

    def dump(self) -> str:
        """Return the configuration as the text of a yMMSL file."""
        return self._source.dump(self.configuration)

    def _load(self, sources: object, model: str | None, settings: Settings) -> Configuration:
        if isinstance(sources, Configuration):
            return replace(sources, settings=sources.settings.updated_with(settings))
        is_list = isinstance(sources, Sequence) and not isinstance(sources, (str, bytes))
        given = list(sources) if is_list else [sources]  # type: ignore[call-overload]
        return self._source.load(given, model=model, settings=settings)

    def _resume(self, resume: str | Path, run_dir: Path | None, stores: SnapshotStores) -> None:
        model = str(self.configuration.model.name)
        choice = resume_chooser(stores).choose(resume, model=model, run_dir=run_dir)
        stored = choice.snapshot.stored
        self.choice = choice
        self._has_unused_resume = bool(self.configuration.resume)
        self.configuration = replace(
            self.configuration, resume=stored.resume, resume_origin=stored.origin
        )
        self._unchecked = resume_check(stores).check(self.configuration)
