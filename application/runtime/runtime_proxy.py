"""The proxies of the runtimes of other members."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from application.runtime.communications import Communications
from application.runtime.context import surroundings
from domain.runtime.uids import indices_of, role_of, uid_of


class RuntimeProxy:
    """Calls the remote names of a runtime, with keyword arguments only.

    With `reply=True` the await returns the value, or raises the error. Without, it returns when
    the request is sent.

    Args:
        name: Its role, if there is no uid.
        indices: Its indices, or its one index.
        uid: Its uid.
        comms: The communications that reach it; by default those of the running code.

    Raises:
        ValueError: Without name and uid.
    """

    def __init__(
        self,
        name: str | None = None,
        indices: int | tuple[int, ...] = (),
        uid: str | None = None,
        comms: Communications | None = None,
    ) -> None:
        if uid is None:
            if name is None:
                msg = "A proxy needs a name or a uid"
                raise ValueError(msg)
            uid = uid_of(name, indices)
        self._uid = uid
        self._comms = comms
        self.subprocess: object = None

    def __repr__(self) -> str:
        return f"<RuntimeProxy {self._uid}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RuntimeProxy) and other.uid == self._uid

    def __hash__(self) -> int:
        return hash(self._uid)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        """Return what calls a remote name.

        Raises:
            AttributeError: Peers may not call it.
        """
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Callable[..., Awaitable[object]]:
        """Return what calls a remote name.

        Raises:
            AttributeError: Peers may not call it.
        """
        self.comms.check_remote(name)
        return RemoteName(self, name)

    @property
    def uid(self) -> str:
        """The uid of the runtime."""
        return self._uid

    @property
    def name(self) -> str:
        """Its role."""
        return role_of(self._uid)

    @property
    def indices(self) -> tuple[int, ...]:
        """Its indices."""
        return indices_of(self._uid)

    @property
    def comms(self) -> Communications:
        """The communications that reach it.

        Raises:
            KeyError: There are none, outside of a run.
        """
        if self._comms is not None:
            return self._comms
        found = surroundings()
        if found is None:
            raise KeyError(self._uid)
        return found.comms

    @property
    def address(self) -> str:
        """Its host name or IP address.

        Raises:
            KeyError: It is not connected.
        """
        return self.comms.uid_address(self._uid)

    @property
    def port(self) -> int:
        """Its TCP port; 0 with Unix sockets.

        Raises:
            KeyError: It is not connected.
        """
        return self.comms.uid_port(self._uid)

    @property
    def pubsub_port(self) -> int:
        """The TCP port of the monitor's announcements; 0 with Unix sockets.

        Raises:
            KeyError: It is not connected.
        """
        self.comms.uid_port(self._uid)
        return self.comms.pubsub_port


class RemoteName:
    """A remote name of a runtime, which can be called."""

    def __init__(self, proxy: RuntimeProxy, name: str) -> None:
        self._proxy = proxy
        self._name = name

    def __call__(self, *, reply: bool = False, **keywords: object) -> Awaitable[object]:
        """Call it."""
        return self._proxy.comms.call(self._proxy.uid, self._name, keywords, reply=reply)
