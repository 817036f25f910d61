"""Has pytest show the values in the contracts' assertions when one of them fails.

pytest does that by itself for test modules only. For other modules it has to be asked before they
are imported, and each has to be named: it warns when a package is named that is loaded already, as
`conjoin.testing` is here.
"""

try:
    import pytest
except ModuleNotFoundError as error:
    msg = "conjoin.testing needs pytest. Install it, or install Conjoin with its extra 'testing'."
    raise ModuleNotFoundError(msg, name="pytest") from error

MODULES = (
    "agent_bench",
    "agent_launcher",
    "clock",
    "conditions",
    "event_sink",
    "logbook",
    "profile_store",
    "run_script_writer",
    "snapshot_store",
)

pytest.register_assert_rewrite(*(f"conjoin.testing.{module}" for module in MODULES))
