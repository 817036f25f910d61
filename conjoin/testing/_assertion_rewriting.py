"""Makes pytest show the values in failed assertions of the contracts.

By default, pytest rewrites assertions in test modules only. Other modules must be registered before
they are imported. They are registered one by one, because pytest warns if a registered package has
been imported already, as `conjoin.testing` has here.
"""

import pkgutil
from pathlib import Path

try:
    import pytest
except ModuleNotFoundError as error:
    msg = "conjoin.testing needs pytest. Install it, or install Conjoin with its extra 'testing'."
    raise ModuleNotFoundError(msg, name="pytest") from error

MODULES = tuple(
    module.name
    for module in pkgutil.iter_modules([str(Path(__file__).parent)])
    if not module.name.startswith("_")
)

pytest.register_assert_rewrite(*(f"conjoin.testing.{module}" for module in MODULES))
