"""Finds the components that the keys under `resources` refer to.

In v0.2, a key is the name of the root model, followed by the path of a component in it. Some users
omit the model's name, as in v0.1, or write the name of the inner model that contains the component.
Both are accepted if they are unambiguous. MUSCLE3 ignores such keys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from adapters.ymmsl_files.flattening.expansion import Expansion
from adapters.ymmsl_files.flattening.translation import reference, requirements
from adapters.ymmsl_files.reading.documents import Document
from domain.identity import Reference
from domain.model.configuration import ResourceRequirements


class ResourceNames:
    """Finds the components that keys under `resources` refer to.

    Args:
        root: Name of the root model, which is run.
        expansion: That model, expanded.
        models: Names of all models, including those that are not run.
    """

    def __init__(self, root: Reference, expansion: Expansion, models: Iterable[Reference]) -> None:
        self._root = root
        self._leaves = expansion.leaves.keys()
        self._by_short_name: defaultdict[Reference, list[Reference]] = defaultdict(list)
        for path in expansion.leaves:
            for name in dict.fromkeys(_short_names(path, expansion)):
                self._by_short_name[name].append(path)
        used = {root, *(reference(item.model.name) for item in expansion.inner.values())}
        self._unused_models = [name for name in models if name not in used]

    def components(self, key: Reference) -> list[Reference]:
        """Return the paths of the components that a key may refer to.

        Args:
            key: The key as the user wrote it.
        """
        path = key[len(self._root) :] if key.starts_with(self._root) else Reference(())
        if path in self._leaves:
            return [path]
        if self.is_elsewhere(key):
            return []
        return [key] if key in self._leaves else self._by_short_name.get(key, [])

    def is_elsewhere(self, key: Reference) -> bool:
        """Whether a key refers to a component of a model that is not run.

        Args:
            key: The key as the user wrote it.
        """
        return not key.starts_with(self._root) and any(map(key.starts_with, self._unused_models))


def resources_by_component(
    documents: Iterable[Document], names: ResourceNames, warnings: list[str]
) -> dict[Reference, ResourceRequirements]:
    """Return the requirements of each component by path; later documents override earlier ones.

    Args:
        documents: The user's documents.
        names: Finds the components; unknown and ambiguous keys are omitted.
        warnings: Receives warnings.
    """
    result: dict[Reference, ResourceRequirements] = {}
    for document in documents:
        key_of: dict[Reference, Reference] = {}
        for key, value in document.content.resources.items():
            name = reference(key)
            meant = names.components(name)
            if len(meant) != 1:
                continue
            (path,) = meant
            if path in key_of:
                warnings.append(
                    f"{document.label}: under 'resources', '{key_of[path]}' and '{name}' are the"
                    " same component. The last one is used; remove the other one."
                )
            key_of[path] = name
            gpus = document.own.gpus.get(str(name), 0)
            result[path] = replace(requirements(value), gpus=gpus)
    return result


def _short_names(path: Reference, expansion: Expansion) -> Iterator[Reference]:
    """Yield the suffixes of a path, alone and after the name of the model that contains them."""
    for start in range(len(path)):
        yield path[start:]
        around = expansion.inner.get(path[:start])
        if around is not None:
            model = reference(around.model.name)
            yield model + path[start:]
            yield model[-1:] + path[start:]
