"""The part of cloudpickle that Conjoin uses."""

import io
import pickle
from collections.abc import Callable
from types import ModuleType
from typing import Any

def dumps(obj: object, protocol: int | None = ...) -> bytes: ...
def register_pickle_by_value(module: ModuleType) -> None: ...
def unregister_pickle_by_value(module: ModuleType) -> None: ...

class Pickler(pickle.Pickler):
    def __init__(
        self,
        file: io.BytesIO,
        protocol: int | None = ...,
        buffer_callback: Callable[[pickle.PickleBuffer], object] | None = ...,
    ) -> None: ...
    def reducer_override(self, obj: object) -> Any: ...
