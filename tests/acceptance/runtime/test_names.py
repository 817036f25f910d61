"""The names of a runtime, of its proxy, and of the module: one table says what each is."""

import inspect
from dataclasses import dataclass

import pytest

import entrypoints.runtime as runtime_module
from application.runtime.runtime_proxy import RuntimeProxy
from entrypoints._runtime.facade import REMOTE_NAMES, Runtime

PROPERTY, CALL, AWAITED, STATIC = "property", "call", "awaited", "static"


@dataclass(frozen=True)
class Name:
    """What a name of the runtime is.

    Attributes:
        name: The name.
        kind: A property, a call, an awaited call, or a static call.
        arguments: Its arguments, as in a signature; `sender_id` is not among them.
        is_remote: Whether peers may call it; the runtime fills in `sender_id`.
    """

    name: str
    kind: str
    arguments: str = ""
    is_remote: bool = False

    def __str__(self):
        return self.name


NAMES = [
    Name("address", PROPERTY),
    Name("port", PROPERTY),
    Name("pubsub_port", PROPERTY),
    Name("nodes", PROPERTY),
    Name("workers", PROPERTY),
    Name("num_nodes", PROPERTY),
    Name("num_workers", PROPERTY),
    Name("is_head", PROPERTY),
    Name("is_monitor", PROPERTY),
    Name("is_node", PROPERTY),
    Name("is_warehouse", PROPERTY),
    Name("is_worker", PROPERTY),
    Name("ps_process", PROPERTY),
    Name("get_head", CALL),
    Name("get_monitor", CALL),
    Name("get_node", CALL, "uid=None"),
    Name("get_worker", CALL, "uid=None"),
    Name("get_nodes", CALL),
    Name("get_workers", CALL),
    Name("get_warehouse", CALL),
    Name("get_local_warehouse", CALL),
    Name("get_comms", CALL),
    Name("get_event_loop", CALL, "asyncio_loop=None"),
    Name("get_zmq_context", CALL),
    Name("put", AWAITED, "obj, publish=False, reply=False"),
    Name("get", AWAITED, "uid, cache=True"),
    Name("drop", AWAITED, "uid"),
    Name(
        "async_for",
        CALL,
        "*iterables, safe=True, timeout=None, max_await=None, ordered=True, progress=False,"
        " newcomers=False",
    ),
    Name("barrier", AWAITED, "timeout=None"),
    Name("cpu_load", CALL, is_remote=True),
    Name("memory_limit", CALL, is_remote=True),
    Name("fits_in_memory", CALL, "nbytes", is_remote=True),
    Name("inc_committed_mem", CALL, "nbytes", is_remote=True),
    Name("dec_committed_mem", CALL, "nbytes", is_remote=True),
    Name("inc_pending_tasks", CALL, is_remote=True),
    Name("dec_pending_tasks", CALL, is_remote=True),
    Name("inc_running_tasks", CALL, is_remote=True),
    Name("dec_running_tasks", CALL, is_remote=True),
    Name("init", AWAITED, "**kwargs"),
    Name("init_warehouse", AWAITED, "indices=(), uid=None, warehouse_memory=None"),
    Name("init_tessera", AWAITED, "cls, uid, args=(), **kwargs", is_remote=True),
    Name("init_task", AWAITED, "task, uid", is_remote=True),
    Name("cmd", AWAITED, "cmd", is_remote=True),
    Name("register", CALL, "obj"),
    Name("needs_registering", CALL, "obj_type, obj_uid"),
    Name("deregister", CALL, "obj"),
    Name("inc_ref", CALL, "uid, type", is_remote=True),
    Name("dec_ref", CALL, "uid, type", is_remote=True),
    Name("dec_refs", CALL, "msgs", is_remote=True),
    Name("hand", AWAITED, "address, port", is_remote=True),
    Name("shake", CALL, "network", is_remote=True),
    Name("connect", CALL, "uid, address, port", is_remote=True),
    Name("disconnect", CALL, "uid", is_remote=True),
    Name("proxy", STATIC, "name=None, indices=(), uid=None"),
    Name("proxy_from_uid", CALL, "uid, proxy=None"),
    Name("remove_proxy_from_uid", CALL, "uid, proxy=None"),
    Name("maintenance", AWAITED),
    Name("maintenance_queue", CALL, "fun"),
    Name("maintenance_msg", CALL, "method, msg"),
    Name("log_debug", CALL, "buf", is_remote=True),
    Name("log_info", CALL, "buf", is_remote=True),
    Name("log_perf", CALL, "buf", is_remote=True),
    Name("log_warning", CALL, "buf", is_remote=True),
    Name("log_error", CALL, "buf", is_remote=True),
    Name("raise_exception", CALL, "exc", is_remote=True),
    Name("set_comms", CALL, "address=None, port=None"),
    Name("set_logger", CALL),
    Name("set_profiler", CALL),
    Name("request_profile", CALL, is_remote=True),
    Name("recv_profile", CALL, "profiler_update", is_remote=True),
    Name("send_profile", AWAITED),
    Name("stop", AWAITED, is_remote=True),
    Name("wait", CALL, "wait=False"),
    # Further names
    Name("uid", PROPERTY),
    Name("name", PROPERTY),
    Name("indices", PROPERTY),
    Name("logger", PROPERTY),
    Name("mode", PROPERTY),
    Name("select_worker", AWAITED, is_remote=True),
    Name("map", CALL, "f, items, in_flight=None, ordered=True"),
    Name("executor", CALL),
    Name("actor", AWAITED, "name"),
    Name("batch", CALL),
    Name("submit", CALL, "f, /, *args, **kwargs"),
    Name("wait_for_workers", AWAITED, "n, timeout=None"),
    Name("usage", AWAITED),
    Name("capabilities", PROPERTY),
    Name("scale", AWAITED, "n"),
    Name("on_change", CALL, "callback"),
]

PROXY_NAMES = ["uid", "name", "indices", "address", "port", "pubsub_port", "comms"]

COMMS_NAMES = ["address", "port", "pubsub_port", "uid_address", "uid_port"]

MODULE_NAMES = [
    "run",
    "init",
    "stop",
    "interactive",
    "runtime",
    "logger",
    "tessera",
    "Runtime",
    "RuntimeProxy",
    "by_reference",
    "TaskError",
    "RemoteError",
    "DependencyError",
    "MultiError",
    "RuntimeDisconnectedError",
    "CancelledError",
    "TimeoutError",
    "MemoryOverflowError",
    "SerialisationError",
]


def descriptor(name):
    """Return what the class has under a name."""
    return inspect.getattr_static(Runtime, name)


def plain_signature(function):
    """Return the arguments of a function without types, `self` and `sender_id`."""
    parameters = inspect.signature(function).parameters.values()
    kept = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in parameters
        if parameter.name not in ("self", "sender_id")
    ]
    return str(inspect.Signature(kept))[1:-1]


@pytest.mark.parametrize("entry", NAMES, ids=str)
def test_runtime_has_the_name(entry):
    found = descriptor(entry.name)
    wrapped = getattr(found, "__wrapped__", None)
    if entry.kind == PROPERTY:
        assert wrapped is None
        assert hasattr(type(found), "__get__")
        return
    function = found.__func__ if entry.kind == STATIC else wrapped
    assert inspect.iscoroutinefunction(function) is (entry.kind == AWAITED)
    assert plain_signature(function).removeprefix("/, ") == entry.arguments.replace(
        "=(), ", "=(), "
    )


def test_remote_names_are_exactly_those_of_the_table():
    assert {entry.name for entry in NAMES if entry.is_remote} == REMOTE_NAMES


@pytest.mark.parametrize("entry", [entry for entry in NAMES if entry.is_remote], ids=str)
def test_remote_name_has_its_sender_filled_in(entry):
    function = descriptor(entry.name).__wrapped__
    first = [name for name in inspect.signature(function).parameters if name != "self"][:1]
    counters = ("_mem", "_tasks", "_load", "_limit", "_in_memory")
    assert first == ["sender_id"] or entry.name.endswith(counters) or entry.name == "fits_in_memory"


@pytest.mark.parametrize("name", PROXY_NAMES)
def test_runtime_proxy_has_the_name(name):
    assert isinstance(inspect.getattr_static(RuntimeProxy, name), property)


def test_runtime_proxy_takes_its_documented_arguments():
    expected = "name=None, indices=(), uid=None, comms=None"
    assert plain_signature(RuntimeProxy) == expected


@pytest.mark.parametrize("name", MODULE_NAMES)
def test_module_exports_the_name(name):
    assert name in runtime_module.__all__
    assert getattr(runtime_module, name) is not None
