"""RuntimeHosts for the contract of task engines. Engines import this module in their processes."""

import asyncio
import sys
import threading
import time
from pathlib import Path

from application.interfaces.task_engine import EngineLink, HeadHost, RuntimeHost
from domain.runtime.errors import EngineError, HostLost
from domain.runtime.hosts import Host, LossReason
from domain.runtime.payloads import NO_PAYLOAD, EngineValue, Message, Payload

FACTORY = f"{__name__}:create"
DONE = Message("done")


class ScriptedHost(RuntimeHost):
    """Does what each request says."""

    def __init__(self, link: EngineLink, settings: Payload = NO_PAYLOAD) -> None:
        self.link = link
        self.settings = bytes(settings.data)
        self.events: list[str] = []
        self.recorded: list[int] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.held: list[EngineValue] = []

    async def start(self) -> None:
        if self.settings == b"fail to start" and self.link.uid.startswith("worker:0:1"):
            raise ValueError("no licence")
        if self.settings == b"never start" and self.link.uid.startswith("worker:0:1"):
            await asyncio.Event().wait()

    async def stop(self) -> None:
        self.events.append("stopped")

    def host_joined(self, host: Host) -> None:
        self.events.append(f"joined {host.uid}")

    def host_lost(self, uid: str, reason: LossReason) -> None:
        self.events.append(f"lost {uid}")

    async def handle(self, sender: str, request: Message) -> Message:
        action = getattr(self, f"do_{request.kind}", None)
        if action is None:
            raise ValueError(f"unknown kind {request.kind}")
        return await action(sender, request)

    async def do_echo(self, sender, request):
        return Message("echo", {**request.fields, "sender": sender}, request.payload)

    async def do_settings(self, sender, request):
        return Message("settings", payload=Payload(self.settings))

    async def do_is_read_only(self, sender, request):
        views = map(memoryview, request.payload.buffers)
        return Message("answer", {"all": all(view.readonly for view in views)})

    async def do_fail(self, sender, request):
        raise ValueError(request.fields.get("text", "failed"))

    async def do_exit(self, sender, request):
        raise SystemExit(3)

    async def do_reply_with_object(self, sender, request):
        return Message("object", {"field": object()})

    async def do_record(self, sender, request):
        self.recorded.append(request.fields["number"])
        return DONE

    async def do_recorded(self, sender, request):
        return Message("recorded", {"numbers": self.recorded})

    async def do_events(self, sender, request):
        return Message("events", {"events": self.events})

    async def do_wait(self, sender, request):
        """Wait until `open` is requested for the same gate."""
        await self._gate(request).wait()
        return DONE

    async def do_wait_and_put(self, sender, request):
        """Store the payload after `open`, and reply with the value."""
        await self._gate(request).wait()
        reply = await self.do_put(sender, request)
        self.events.append("stored")
        return reply

    async def do_wait_and_record(self, sender, request):
        await self._gate(request).wait()
        return await self.do_record(sender, request)

    async def do_open(self, sender, request):
        self._gate(request).set()
        return DONE

    async def do_mark_and_wait(self, sender, request):
        with open(request.fields["file"], "a") as file:
            file.write("x")
        await asyncio.Event().wait()

    async def do_relay(self, sender, request):
        """Send another request, and report how the call ended."""
        to, kind, *_ = request.fields["to"], request.fields["kind"]
        inner = Message(kind, request.fields.get("fields", {}), request.payload, request.values)
        try:
            reply = await self.link.call(to, inner)
        except HostLost as error:
            return Message("lost", {"uid": error.uid, "events": list(self.events)})
        except EngineError as error:
            return Message("failed", {"error": type(error).__name__})
        finally:
            for value in request.values:
                self.link.release(value)
        return reply

    async def do_put(self, sender, request):
        """Store the payload; reply with the value, and release it at once."""
        value = await self.link.put(request.payload)
        asyncio.get_running_loop().call_soon(self.link.release, value)
        return Message("value", values=(value,))

    async def do_keep(self, sender, request):
        """Keep the values of the message."""
        self.held += request.values
        return DONE

    async def do_fetch(self, sender, request):
        """Return the contents of a value that is in the message, or is kept."""
        (value,) = request.values or self.held
        payload = await self.link.get(value)
        for sent in request.values:
            self.link.release(sent)
        copied = Payload(bytes(payload.data), tuple(map(bytes, payload.buffers)))
        return Message("fetched", payload=copied)

    async def do_measure(self, sender, request):
        """Return the size of a value that is in the message."""
        (value,) = request.values
        payload = await self.link.get(value)
        self.link.release(value)
        return Message("measured", {"size": payload.size})

    async def do_release(self, sender, request):
        while self.held:
            self.link.release(self.held.pop())
        return DONE

    async def do_print(self, sender, request):
        print(request.fields["text"], file=getattr(sys, request.fields["stream"]), flush=True)
        return DONE

    def _gate(self, request) -> asyncio.Event:
        return self.gates.setdefault(request.fields.get("gate", ""), asyncio.Event())


class ScriptedHead(ScriptedHost, HeadHost):
    """Also records the lines of hosts."""

    def __init__(self, link: EngineLink) -> None:
        super().__init__(link)
        self.lines: list[tuple[str, str, str]] = []
        self.reasons: dict[str, LossReason] = {}

    def host_lost(self, uid: str, reason: LossReason) -> None:
        super().host_lost(uid, reason)
        self.reasons[uid] = reason

    def line(self, uid: str, stream: str, text: str) -> None:
        self.lines.append((uid, stream, text))


def create(link: EngineLink, host: Host, settings: Payload) -> RuntimeHost:
    """Create the RuntimeHost of a process."""
    return ScriptedHost(link, settings)


def double(arguments: Message) -> Message:
    """A function to submit."""
    return Message("doubled", {"number": 2 * arguments.fields["number"]})


async def double_slowly(arguments: Message) -> Message:
    """A coroutine function to submit."""
    await asyncio.sleep(0)
    return double(arguments)


async def wait_for_ever(arguments: Message) -> Message:
    """A coroutine function to submit: marks a file, and waits."""
    _mark(arguments)
    await asyncio.Event().wait()
    raise AssertionError


def wait_for_file(arguments: Message) -> Message:
    """A function to submit: marks a file, and waits until another one exists."""
    _mark(arguments)
    while not Path(arguments.fields["until"]).exists():
        time.sleep(0.01)
    return DONE


def raise_error(arguments: Message) -> Message:
    """A function to submit."""
    raise ValueError("submitted")


def name_of_thread(arguments: Message) -> Message:
    """A function to submit."""
    is_main = threading.current_thread() is threading.main_thread()
    return Message("thread", {"is_main": is_main})


def _mark(arguments: Message) -> None:
    with open(arguments.fields["mark"], "w"):
        pass
