"""The interface through which the proxy of a runtime reaches it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Protocol


class Communications(Protocol):
    """The communications of a process."""

    @property
    def pubsub_port(self) -> int:
        """The TCP port of the monitor's announcements; 0 with Unix sockets."""

    def uid_address(self, uid: str) -> str:
        """Return the address of a connected peer.

        Raises:
            KeyError: It is not connected.
        """

    def uid_port(self, uid: str) -> int:
        """Return the port of a connected peer.

        Raises:
            KeyError: It is not connected.
        """

    def check_remote(self, name: str) -> None:
        """Check that peers may call a name of a runtime.

        Raises:
            AttributeError: They may not.
        """

    def call(
        self, uid: str, name: str, keywords: Mapping[str, object], *, reply: bool
    ) -> Awaitable[object]:
        """Call a remote name of a runtime."""
