"""A link to an engine without an engine, for unit tests of services."""

import asyncio

from adapters.in_memory.clock import ManualClock
from adapters.pickling.pickler import CloudPickler
from application.runtime.comms import Comms
from application.runtime.correspondence import Correspondence
from application.runtime.log import RuntimeLog
from application.runtime.members import Members
from application.runtime.packing import Packing
from application.runtime.reception import Reception
from domain.runtime.hosts import LossKind, LossReason
from domain.runtime.payloads import Message

KILLED = LossReason(LossKind.KILLED, "was killed by signal 9 (SIGKILL)", signal=9)


class ScriptedLink:
    """Answers each request with what a test has prepared.

    Attributes:
        requests: All requests, as (host, message).
        answers: What `call` returns or raises, by kind of request; a future is awaited.
        used: What `usage` returns.
    """

    def __init__(self, uid="head"):
        self.uid = uid
        self.capabilities = frozenset()
        self.requests = []
        self.answers = {}
        self.used = {}

    async def call(self, host, request, *, timeout=None):
        """Record a request, and answer it."""
        self.requests.append((host, request))
        answer = self.answers.get(request.kind, Message("ok"))
        if isinstance(answer, asyncio.Future):
            answer = await answer
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def usage(self):
        """Return what a test has prepared."""
        return self.used


class Parts:
    """Services that many others need, on a scripted link."""

    def __init__(self, uid="head", names=frozenset()):
        self.link = ScriptedLink(uid)
        self.written = []
        self.log = RuntimeLog(
            uid=uid, level="debug", sink=lambda *entry: self.written.append(entry)
        )
        self.packing = Packing(pickler=CloudPickler())
        self.correspondence = Correspondence(link=self.link)
        self.members = Members(correspondence=self.correspondence)
        self.reception = Reception(packing=self.packing)
        self.comms = Comms(
            members=self.members,
            correspondence=self.correspondence,
            packing=self.packing,
            reception=self.reception,
            names=frozenset(names),
            log=self.log,
        )
        self.clock = ManualClock()

    def connect(self, *uids):
        """Add members."""
        for uid in uids:
            self.members.connect(uid)
