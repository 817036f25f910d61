"""Prints the public API of MUSCLE3's library, or of ours, as JSON.

python signatures.py libmuscle|entrypoints.instance
"""

import importlib
import inspect
import json
import sys

CLASSES = ("Instance", "Message", "Grid")


def parameters(function):
    """Names, kinds and defaults."""
    return [
        (item.name, item.kind.name, None if item.default is item.empty else repr(item.default))
        for item in inspect.signature(function).parameters.values()
    ]


def methods(kind):
    """The parameters of the public methods, by name."""
    return {
        name: parameters(member)
        for name, member in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") or name == "__init__"
    }


def api(name):
    """The public API of a module."""
    module = importlib.import_module(name)
    return {
        "classes": {kind: methods(getattr(module, kind)) for kind in CLASSES},
        "flags": {flag.name: flag.value for flag in module.InstanceFlags},
        "constants": {
            flag.name: getattr(module, flag.name) == flag for flag in module.InstanceFlags
        },
    }


if __name__ == "__main__":
    print(json.dumps(api(sys.argv[1])))
