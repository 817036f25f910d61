from application.nodes.agent_timeouts import AgentTimeouts


def test_agent_gets_several_heartbeats_per_timeout() -> None:
    assert AgentTimeouts(silence=30.0).heartbeat == 10.0
