import pytest

from domain.running.clients import (
    MANAGER,
    UNNAMED,
    Origin,
    Trust,
    agent_identity,
    instance_identity,
    refusal_of,
    trust_between_instances,
    trust_for,
)

OURS = Origin("127.0.0.1", is_local=True, uid=1000, socket=5)
ANOTHER_USERS = OURS._replace(uid=65534)
OF_AN_UNKNOWN_USER = OURS._replace(uid=None)
FAR = Origin("10.0.0.9", is_local=False)


@pytest.mark.parametrize(
    ("origin", "trust", "reason"),
    [
        (OURS, Trust.SECRET, "--require-secret"),
        (OURS, Trust.STARTED, None),
        (ANOTHER_USERS, Trust.STARTED, "the user with id 65534"),
        (FAR, Trust.STARTED, "--trust-network"),
        (OURS, Trust.USER, None),
        (OURS, Trust.NETWORK, None),
        (ANOTHER_USERS, Trust.SECRET, "--require-secret"),
        (ANOTHER_USERS, Trust.USER, "the user with id 65534"),
        (ANOTHER_USERS, Trust.NETWORK, "the user with id 65534"),
        (OF_AN_UNKNOWN_USER, Trust.USER, "an unknown user"),
        (OF_AN_UNKNOWN_USER, Trust.NETWORK, "an unknown user"),
        (FAR, Trust.SECRET, "--require-secret"),
        (FAR, Trust.USER, "--trust-network"),
        (FAR, Trust.NETWORK, None),
    ],
)
def test_client_without_proof_is_refused_unless_it_is_trusted(origin, trust, reason):
    refusal = refusal_of(origin, trust, uid=1000)
    if reason is None:
        assert refusal is None
    else:
        assert reason in refusal


def test_client_of_root_is_refused_by_another_user():
    assert refusal_of(OURS._replace(uid=0), Trust.USER, uid=1000) is not None


def test_required_secret_prevails_over_a_trusted_network():
    assert trust_for(require_secret=True, trust_network=True) is Trust.SECRET
    assert trust_for(require_secret=False, trust_network=True) is Trust.NETWORK
    assert trust_for(require_secret=False, trust_network=False) is Trust.USER


def test_instance_serves_programs_that_the_manager_started_unless_a_peer_is_started_by_hand():
    assert trust_between_instances(Trust.USER, has_peers_by_hand=False) is Trust.STARTED
    assert trust_between_instances(Trust.USER, has_peers_by_hand=True) is Trust.USER


@pytest.mark.parametrize("trust", [Trust.SECRET, Trust.NETWORK])
def test_instance_serves_the_programs_that_the_user_has_chosen(trust):
    assert trust_between_instances(trust, has_peers_by_hand=False) is trust


def test_no_name_of_an_instance_or_node_gives_the_identity_of_another():
    identities = {identity("manager") for identity in (agent_identity, instance_identity)} | {
        MANAGER,
        UNNAMED,
    }
    assert len(identities) == 4
