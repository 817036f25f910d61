"""Writes a v0.1 file as a v0.2 file, with its timelines."""

from __future__ import annotations

from typing import Any

import yaml
import ymmsl
from ymmsl import v0_1

from adapters.ymmsl_files.flattening.translation import ports
from adapters.ymmsl_files.reading.arguments import programs_with_shell_text
from adapters.ymmsl_files.reading.documents import Document, read_documents
from adapters.ymmsl_files.reading.merge import merged
from adapters.ymmsl_files.reading.own_keys import CONTAINER, GPUS
from adapters.ymmsl_files.writing.configuration_file import YmmslDumper, ports_by_operator
from domain.errors import ConfigurationError
from domain.model.containers import Container


def converted(source: object, warnings: list[str]) -> str:
    """Return the contents of a v0.2 file that means the same as a v0.1 file.

    Args:
        source: The path or the contents of a v0.1 file.
        warnings: Receives warnings.

    Raises:
        ConfigurationError: If the file is invalid, or not a v0.1 file.
    """
    documents, problems = read_documents([source], warnings)
    if problems:
        raise ConfigurationError(*problems)
    (document,) = documents
    if not isinstance(document.content, v0_1.PartialConfiguration):
        raise ConfigurationError(f"{document.label}: this is a v0.2 file already.")
    configuration = merged(documents, warnings)
    content: dict[str, Any] = yaml.safe_load(ymmsl.dump(configuration))
    as_text = programs_with_shell_text(documents, configuration.programs.values(), ())
    for name, program in content.get("programs", {}).items():
        args = configuration.programs[name].args or []
        if args:
            program["args"] = " ".join(args) if name in as_text else list(args)
    for model in configuration.models.values():
        components = content["models"][str(model.name)]["components"]
        for component in model.components.values():
            # ymmsl omits the ports without a timeline if others have one
            components[str(component.name)]["ports"] = ports_by_operator(ports(component.ports))
    _strip_descriptions(content)
    _add_own_keys(content, document)
    warnings.append(f"{document.label}: comments are not converted.")
    return yaml.dump(content, Dumper=YmmslDumper, sort_keys=False, allow_unicode=True, width=100)


def _strip_descriptions(node: dict[str, Any]) -> None:
    """Remove the line break that ymmsl appends to each description."""
    for key, value in node.items():
        if isinstance(value, dict):
            _strip_descriptions(value)
        elif key == "description":
            node[key] = value.rstrip("\n")


def _add_own_keys(content: dict[str, Any], document: Document) -> None:
    for name, container in document.own.containers.items():
        content["programs"][name][CONTAINER] = _container(container)
    for name, gpus in document.own.gpus.items():
        for key, requirements in content.get("resources", {}).items():
            if key == name or key.endswith(f".{name}"):
                requirements[GPUS] = gpus


def _container(container: Container) -> dict[str, object]:
    result: dict[str, object] = {"image": container.image, "runner": container.runner.value}
    return {**result, "options": list(container.options)} if container.options else result
