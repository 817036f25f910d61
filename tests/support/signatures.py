"""Print the public API of MUSCLE3's library, or of ours, as JSON.

python signatures.py libmuscle|entrypoints.instance
"""

import importlib
import inspect
import json
import sys

import numpy as np

TIMES = (1, True, "1.5", "a", None, [1], 1j, np.int64(1), np.float32(1.5), np.zeros(2))
CLASSES = ("Instance", "Message", "Grid")


def parameters(function):
    """Return names, kinds and defaults of parameters."""
    return [
        (item.name, item.kind.name, None if item.default is item.empty else repr(item.default))
        for item in inspect.signature(function).parameters.values()
    ]


def methods(kind):
    """Return the parameters of the public methods, by name."""
    return {
        name: parameters(member)
        for name, member in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") or name == "__init__"
    }


def time_of(module, value):
    """Return how the time of a message is converted."""
    results = []
    for arguments in ((value,), (0.0, value)):
        try:
            message = module.Message(*arguments)
            time = (message.timestamp, message.next_timestamp)[len(arguments) - 1]
            results.append(f"{type(time).__name__} {time}")
        except ValueError:
            results.append("ValueError")
        except TypeError:
            results.append("TypeError")
    return results


def api(name):
    """Return the public API of a module."""
    module = importlib.import_module(name)
    return {
        "classes": {kind: methods(getattr(module, kind)) for kind in CLASSES},
        "flags": {flag.name: flag.value for flag in module.InstanceFlags},
        "times": [time_of(module, value) for value in TIMES],
        "constants": {
            flag.name: getattr(module, flag.name) == flag for flag in module.InstanceFlags
        },
    }


if __name__ == "__main__":
    print(json.dumps(api(sys.argv[1])))
