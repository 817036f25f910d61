"""Suggests data to send in place of objects that cannot be sent."""

from __future__ import annotations

from typing import Final

POSSIBLE: Final = (
    "Send None, numbers, strings, bytes, numpy arrays, Grids, Settings, or lists and dictionaries"
    " of these."
)

_BY_TYPE: Final = {
    "set": "sorted({})",
    "frozenset": "sorted({})",
    "datetime": "{}.isoformat()",
    "date": "{}.isoformat()",
    "time": "{}.isoformat()",
    "timedelta": "{}.total_seconds()",
    "Timestamp": "{}.isoformat()",
    "Decimal": "float({})",
    "Fraction": "float({})",
    "UUID": "str({})",
    "PosixPath": "str({})",
    "generator": "list({})",
    "map": "list({})",
    "filter": "list({})",
    "zip": "list({})",
    "range": "list({})",
    "deque": "list({})",
    "dict_keys": "list({})",
    "dict_values": "list({})",
    "array": "list({})",
    "SimpleNamespace": "vars({})",
}
"""Expressions by the name of the type, because importing the types would take time."""

_BY_ATTRIBUTE: Final = (
    ("detach", "{}.detach().cpu().numpy()"),  # PyTorch
    ("to_numpy", "{}.to_numpy()"),  # pandas, xarray, polars
    ("toarray", "{}.toarray()"),  # sparse matrices of SciPy
    ("__array__", "numpy.asarray({})"),
    ("__dataclass_fields__", "dataclasses.asdict({})"),
    ("__members__", "{}.value"),
    ("model_dump", "{}.model_dump()"),  # pydantic
    ("tolist", "{}.tolist()"),
    ("items", "dict({})"),
)


def alternative_to(value: object, path: str) -> str:
    """Return what to write in place of a value that cannot be sent, as a sentence.

    Args:
        value: The value.
        path: Python expression for it; any other text gives the possible types only.
    """
    kind = type(value)
    form = next((_BY_TYPE[base.__name__] for base in kind.__mro__ if base.__name__ in _BY_TYPE), "")
    if not form:
        form = next((form for name, form in _BY_ATTRIBUTE if hasattr(kind, name)), "")
    if not form or callable(value) or not path.startswith("data"):
        return POSSIBLE
    return f"Send {form.replace('{}', path)}."
