"""The requests and notices between the head and its hosts."""

from __future__ import annotations

from typing import Final

from domain.runtime.payloads import Message

HELLO: Final = "engine:hello"
"""From a new host: its process ID.

The reply contains the settings of its RuntimeHost, and the hosts that were lost before."""

READY: Final = "engine:ready"
"""From a host that handles requests."""

FAILED: Final = "engine:failed"
"""From a host that could not start: why."""

STOP: Final = "engine:stop"
"""To a host: stop, reply and end."""

EXPECT: Final = "engine:expect"
"""To all hosts: a host is being started, and may send frames."""

JOINED: Final = "engine:joined"
"""To all hosts: a host handles requests."""

LOST: Final = "engine:lost"
"""To all hosts: a host is gone."""

OK: Final = Message("engine:ok")
