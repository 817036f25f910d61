"""Whose a request is."""

import pytest

from adapters.tcp.request_router import RequestRouter
from adapters.wire import map as agent_protocol
from adapters.wire import mmp

OF_AN_AGENT = agent_protocol.encode_request(agent_protocol.GetCommand("node1"))
OF_AN_INSTANCE = mmp.encode_request(mmp.GetSettings())


class Desk:
    """Notes what it is asked for."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        def call(*args, **kwargs):
            self.calls.append(name)
            raise LookupError

        return call


@pytest.mark.parametrize(
    ("request_", "calls"),
    [(OF_AN_AGENT, ([], ["next_command"])), (OF_AN_INSTANCE, (["get_settings"], []))],
    ids=["agent", "instance"],
)
def test_a_request_comes_to_the_desk_that_it_is_for(request_, calls):
    instances, agents = Desk(), Desk()
    router = RequestRouter()
    router.connect(instances=instances, agents=agents)
    with pytest.raises(LookupError):
        router.handle(request_, lambda response: None)
    assert (instances.calls, agents.calls) == calls


def test_only_agents_requests_need_the_secret():
    assert RequestRouter.needs_secret(OF_AN_AGENT)
    assert not RequestRouter.needs_secret(OF_AN_INSTANCE)
    assert not RequestRouter.needs_secret(b"rubbish")
