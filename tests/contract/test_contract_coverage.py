"""Each interface has one contract, and each implementation is tested against it."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent

PARTS = {
    "Timer": "Scheduler",
    "Outlet": "PeerTransport",
    "Inlet": "PeerTransport",
    "ProgressBar": "ProgressBars",
    "EngineLink": "TaskEngine",
    "Ticket": "TaskEngine",
    "HostEvents": "TaskEngine",
    "RuntimeHost": "TaskEngine",
    "HeadHost": "TaskEngine",
    "HostFactory": "TaskEngine",
}
"""Interfaces that another interface takes or returns, tested by that interface's contract."""

TESTED_WITH = {
    "ScheduledCall": "EventLoop",
    "ManualTimer": "ManualClock",
    "StreamOutlet": "StreamPeerTransport",
    "StreamInlet": "StreamPeerTransport",
    "SingleMessageInlet": "StreamPeerTransport",  # receives with one of its inlets
    "OutboxOutlet": "PullPeerTransport",
    "PullingInlet": "PullPeerTransport",
    "InMemoryOutlet": "InMemoryPeerTransport",
    "InMemoryInlet": "InMemoryPeerTransport",
    "_RichProgressBar": "RichProgressBars",
    "InMemoryProgressBar": "InMemoryProgressBars",
    "RecordingLink": "TestEmbeddedTaskEngine",
    "EmbeddedLink": "TestEmbeddedTaskEngine",
    "Submission": "TestEmbeddedTaskEngine",
    "RuntimeHost": "TestEmbeddedTaskEngine",
    "HeadHost": "TestEmbeddedTaskEngine",
    "ScriptedHost": "TestEmbeddedTaskEngine",
    "ScriptedHead": "TestEmbeddedTaskEngine",
    "ProcessHost": "TestEmbeddedTaskEngine",
    "SimulatedThreads": "PooledTaskThreads",
    "NoBars": "RichProgressBars",
    "SimulatedLink": "TestEmbeddedTaskEngine",
    "SimulatedEngine": "TestEmbeddedTaskEngine",
    "InlineHost": "TestInlineTaskEngine",
}
"""Classes that only another class creates, and the class whose contract test covers them."""


def classes(folder):
    """Return the names of all classes in a folder, each with the names of its bases."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in folder.rglob("*.py"))
    nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return [(node.name, {ast.unparse(base) for base in node.bases}) for node in nodes]


INTERFACES = [
    name for name, bases in classes(REPOSITORY / "application/interfaces") if "Protocol" in bases
]
IMPLEMENTATIONS = [
    (name, interface)
    for folder in ("application", "adapters", "entrypoints", "tests")
    for name, bases in classes(REPOSITORY / folder)
    for interface in sorted(bases & set(INTERFACES))
]
CONTRACTS = [
    (name, bases)
    for folder in (HERE, REPOSITORY / "conjoin" / "testing")
    for name, bases in classes(folder)
    if name.endswith("Contract")
]
TEXTS = [path.read_text(encoding="utf-8") for path in sorted(HERE.rglob("test_*.py"))]


def texts_that_use_the_contract(interface):
    """Return the sources of the modules that use an interface's contract."""
    contract = f"{PARTS.get(interface, interface)}Contract"
    family = {contract, *(name for name, bases in CONTRACTS if contract in bases)}
    return [text for text in TEXTS if family & set(re.findall(r"\w+", text))]


@pytest.mark.parametrize("interface", sorted(set(INTERFACES) - set(PARTS)))
def test_each_interface_has_one_contract(interface):
    assert [name for name, _ in CONTRACTS].count(f"{interface}Contract") == 1


@pytest.mark.parametrize(("name", "interface"), IMPLEMENTATIONS, ids=lambda value: value)
def test_each_implementation_is_tested_against_its_contract(name, interface):
    made = TESTED_WITH.get(name, name)
    assert any(made in text for text in texts_that_use_the_contract(interface))
