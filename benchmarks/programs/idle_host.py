"""A RuntimeHost that does nothing: what remains is the cost of the engine."""

from domain.runtime.payloads import Message


class IdleHost:
    def __init__(self, link=None, host=None, settings=None):
        pass

    async def start(self):
        pass

    async def stop(self):
        pass

    def host_joined(self, host):
        pass

    def host_lost(self, uid, reason):
        pass

    def line(self, uid, stream, text):
        pass

    async def handle(self, _sender, request):
        return Message("done", {}, request.payload)
