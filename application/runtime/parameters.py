"""Creates parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from application.runtime.actor_proxy import ActorProxy
from application.runtime.actors import Actors
from application.runtime.object_state import state_of
from application.runtime.parameter import Parameter, ParameterLink, connect, parameter_class
from application.runtime.parameter_root import ParameterRoot
from domain.runtime.hosts import HEAD
from domain.runtime.options import CreationOptions


class Parameters:
    """Creates the parameters of this process, with their roots.

    Args:
        actors: Creates the roots.
        own: Uid of this process.
    """

    def __init__(self, *, actors: Actors, own: str) -> None:
        self._actors = actors
        self._own = own
        self._created = 0

    def create(
        self,
        cls: type,
        args: tuple[object, ...],
        keywords: Mapping[str, object],
        *,
        is_local: bool,
        is_cached: bool,
    ) -> Parameter:
        """Create a local object, and its root.

        Args:
            cls: The class.
            args: Its positional arguments.
            keywords: Its keyword arguments.
            is_local: Whether the root is in this process, instead of beside the head.
            is_cached: Whether the node keeps the state that travels in arguments.

        Raises:
            TypeError: The class defines a name that parameters need.
            SerialisationError: The object cannot be pickled.
        """
        kind: Any = parameter_class(cls)
        item: Parameter = kind(*args, **keywords)
        self._created += 1
        options = CreationOptions(
            runtime=self._own if is_local else HEAD,
            uid=f"{cls.__name__.lower()}:{self._own}:parameter:{self._created}",
        )
        root = self._actors.create(ParameterRoot, (cls, state_of(item, cls)), {}, options)
        assert isinstance(root, ActorProxy)
        connect(item, ParameterLink(cls, root, own=self._own, is_cached=is_cached))
        return item
