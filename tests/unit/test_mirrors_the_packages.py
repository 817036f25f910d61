"""tests/unit mirrors the packages, so that the test of a module is easy to find.

The test of `adapters/sqlite/schema.py` is `tests/unit/adapters/sqlite/test_schema.py`. Modules that
contain only declarations (interfaces, plain values) need none.
"""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("conjoin", "domain", "application", "adapters", "entrypoints")

_WIRING = "wiring: tested as users see it, in tests/acceptance and tests/integration"
_SHELL_TEXT = "shell text, which must be run by bash to be tested: see tests/contract/scripts"
_NODE = "tested through the reported resources, in test_node_inspector"
_KEEPER = "its interface is tested in tests/contract/agents"
_SSH = "needs an SSH server: see tests/contract/agents/test_ssh_agent_launcher.py"
_DISPLAYS = "all displays are tested together, in test_displays"
_ENGINE = "tested with real processes, in tests/contract and tests/integration/task_engine"
_PICKLES = "tested in tests/contract/test_pickler.py"
_AS_WRITTEN = "tested with users' files: an error in a file involves several modules"

_RUNTIME = "tested by programs that use it, in tests/integration/runtime"

EXCEPTIONS = {
    "conjoin/testing/": "contract tests, which tests/contract runs for all adapters",
    "adapters/in_memory/": "doubles promise no more than the contract that they are held to",
    "adapters/processes/cgroups.py": _NODE,
    "adapters/processes/topology.py": _NODE,
    "adapters/processes/end_watch.py": _KEEPER,
    "adapters/processes/process_keeper.py": _KEEPER,
    "adapters/run_scripts/environments.py": _SHELL_TEXT,
    "adapters/run_scripts/launch_commands.py": _SHELL_TEXT,
    "adapters/run_scripts/writer.py": _SHELL_TEXT,
    **dict.fromkeys(
        (
            f"application/runtime/{name}.py"
            for name in (
                "actor_array",
                "actor_calls",
                "actor_names",
                "actor_proxy",
                "actor_record",
                "actor_restarts",
                "actor_table",
                "actor_work",
                "actors",
                "barrier",
                "call_stage",
                "context",
                "delivery",
                "direct_creation",
                "directory",
                "process_services",
                "execution",
                "function_stage",
                "functions",
                "identity",
                "joining",
                "loop_attempts",
                "loop_item",
                "loop_run",
                "method_runs",
                "outcomes",
                "process_host",
                "parameter",
                "parameter_root",
                "recording_link",
                "reference",
                "resident_actor",
                "results",
                "running_task",
                "shared_tasks",
                "start_notices",
                "stage",
                "task",
                "task_names",
                "task_runs",
                "tasks",
                "warehouse",
                "wiring",
            )
        ),
        _RUNTIME,
    ),
    **dict.fromkeys(
        (
            f"entrypoints/_runtime/{name}.py"
            for name in (
                "active_run",
                "facade",
                "layout",
                "new_runtime",
                "profile_file",
                "session",
                "worker_host",
            )
        ),
        _WIRING,
    ),
    "entrypoints/runtime.py": _WIRING,
    "adapters/inline/engine.py": "all that it promises is in tests/contract",
    "adapters/inline/link.py": "all that it promises is in tests/contract",
    "adapters/processes/own_process.py": "all that it promises is in tests/contract",
    "adapters/threads/task_threads.py": "all that it promises is in tests/contract",
    **dict.fromkeys(
        (
            f"adapters/ssh_agents/{name}.py"
            for name in (
                "connections",
                "host_check",
                "host_keys",
                "launcher",
                "remote_agent",
            )
        ),
        _SSH,
    ),
    "adapters/wire/map_values.py": "tested with the requests and commands they are in, in test_map",
    **dict.fromkeys(
        (
            "adapters/processes/manager_process.py",
            "adapters/system/model_threads.py",
            "adapters/threads/worker.py",
        ),
        "all that it promises is in tests/contract",
    ),
    **dict.fromkeys(
        (
            f"adapters/embedded/{name}.py"
            for name in (
                "answers",
                "engine",
                "exchange",
                "fleet",
                "functions",
                "handlers",
                "held_values",
                "host_process",
                "leftovers",
                "link",
                "message_packing",
                "parcels",
                "run_places",
                "submissions",
                "usage_report",
                "value_keeper",
            )
        ),
        _ENGINE,
    ),
    **dict.fromkeys(
        (
            f"adapters/segments/{name}.py"
            for name in ("mappings", "segment", "segment_pool", "spill_files")
        ),
        "tested in tests/contract/test_segment_pool.py",
    ),
    **dict.fromkeys(
        (
            "adapters/unix_sockets/host_transport.py",
            "adapters/unix_sockets/outgoing.py",
        ),
        "tested in tests/contract/test_host_transport.py",
    ),
    "adapters/pickling/culprit.py": _PICKLES,
    "adapters/pickling/pickler.py": _PICKLES,
    "adapters/pickling/by_value.py": "tested with functions, in tests/integration/simulation",
    "adapters/tcp/report_sender.py": "tested by what reaches a manager, in test_manager_link",
    "adapters/terminal/display.py": _DISPLAYS,
    "adapters/terminal/live_panel.py": _DISPLAYS,
    "adapters/terminal/loop_bars.py": "all that it promises is in tests/contract",
    "adapters/terminal/plain_progress.py": _DISPLAYS,
    **dict.fromkeys(
        (
            f"adapters/ymmsl_files/reading/{name}.py"
            for name in ("expectations", "expected_ports", "file_rules", "scalars")
        ),
        "tested with broken files, in test_value_problems",
    ),
    "adapters/ymmsl_files/reading/program_folders.py": _AS_WRITTEN,
    **dict.fromkeys(
        (
            f"adapters/ymmsl_files/{name}.py"
            for name in (
                "reading/arguments",
                "reading/imports",
                "reading/keys",
                "reading/origins",
                "reading/reading_errors",
                "checking/model_checks",
                "checking/setting_checks",
                "checking/wiring_checks",
                "flattening/conduits",
                "flattening/expansion",
                "flattening/timeline_errors",
                "flattening/timeline_matches",
                "flattening/timelines",
                "flattening/translation",
            )
        ),
        _AS_WRITTEN,
    ),
    **dict.fromkeys(
        (
            f"entrypoints/{name}.py"
            for name in (
                "_command_line/manual_start",
                "_command_line/checkpoint_arguments",
                "_command_line/command",
                "_command_line/run_display",
                "_command_line/snapshots_command",
                "_instance/instance_wiring",
                "_manager/manager_api",
                "_manager/run_input",
                "_manager/local_checks",
                "_manager/opening",
                "_simulation/function_programs",
                "_simulation/function_runner",
                "_simulation/simulation",
                "_snapshots/snapshot_wiring",
                "_runtime/engines",
                "agent",
                "containers/manager",
                "instance",
                "worker",
            )
        ),
        _WIRING,
    ),
}
"""Modules, or folders of them, that have no test at the mirrored place, and why."""


def modules():
    """Return all modules, by their paths in the repository."""
    return [
        path.relative_to(REPOSITORY)
        for package in PACKAGES
        for path in sorted((REPOSITORY / package).rglob("*.py"))
    ]


def has_logic(source):
    """Whether any function of a module has a body."""
    return any(
        any(not _is_constant(statement) for statement in node.body)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def _is_constant(statement):
    """Whether it is a docstring, or `...`."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def test_of(module):
    """Return the path of the test of a module."""
    return REPOSITORY / "tests" / "unit" / module.parent / f"test_{module.stem}.py"


test_of.__test__ = False  # type: ignore[attr-defined]


def exception_for(module):
    """Return the exception that applies to a module, if any."""
    path = module.as_posix()
    return next((item for item in EXCEPTIONS if path == item or path.startswith(item)), None)


def without_test():
    """Return the modules that have logic and no test at the mirrored place."""
    return [
        module
        for module in modules()
        if not test_of(module).exists()
        and module.name != "__init__.py"
        and has_logic((REPOSITORY / module).read_text(encoding="utf-8"))
    ]


def test_each_module_with_logic_has_its_test_at_the_mirrored_place():
    missing = [str(module) for module in without_test() if exception_for(module) is None]
    assert missing == [], "write a test at the mirrored place, or an exception with its reason"


def test_each_listed_exception_is_still_needed():
    used = {exception_for(module) for module in without_test()}
    assert sorted(set(EXCEPTIONS) - used) == []


def test_each_test_at_a_mirrored_place_has_its_package():
    folders = {
        path.parent.relative_to(REPOSITORY / "tests" / "unit")
        for package in PACKAGES
        for path in (REPOSITORY / "tests" / "unit" / package).rglob("test_*.py")
    }
    assert [str(folder) for folder in sorted(folders) if not (REPOSITORY / folder).is_dir()] == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"""Only words."""', False),
        ("LIMIT = 3", False),
        ("class A(Protocol):\n    def f(self): ...", False),
        ('class A(Protocol):\n    def f(self):\n        """Does it."""', False),
        ("class A:\n    x: int", False),
        ("def f():\n    return 1", True),
        ('async def f():\n    """Does it."""\n    await g()', True),
        ("class A:\n    def f(self):\n        self.x = 1", True),
    ],
)
def test_module_with_statements_has_logic(source, expected):
    assert has_logic(source) is expected
