"""Uids of members."""

import pytest

from domain.runtime.uids import indices_of, node_index, plain, role_of, uid_of


@pytest.mark.parametrize(
    ("role", "indices", "life", "uid"),
    [
        ("head", (), "", "head"),
        ("node", 0, "", "node:0"),
        ("worker", (0, 1), "", "worker:0:1"),
        ("worker", (0, 1), "3fa9c2d1", "worker:0:1@3fa9c2d1"),
    ],
)
def test_uid_is_built_from_role_indices_and_life(role, indices, life, uid):
    assert uid_of(role, indices, life=life) == uid


def test_plain_uid_has_no_life():
    assert plain("worker:0:1@3fa9c2d1") == "worker:0:1"


def test_role_of_uid_is_found():
    assert role_of("worker:0:1@3fa9c2d1") == "worker"


@pytest.mark.parametrize(("uid", "indices"), [("head", ()), ("worker:0:1@3fa9c2d1", (0, 1))])
def test_indices_of_uid_are_numbers(uid, indices):
    assert indices_of(uid) == indices


def test_uid_with_a_malformed_index_is_rejected():
    with pytest.raises(ValueError, match="invalid literal"):
        indices_of("worker:first")


@pytest.mark.parametrize(("uid", "index"), [("worker:2:1@1f", 2), ("node:3", 3), ("head", 0)])
def test_node_index_of_a_member(uid, index):
    assert node_index(uid) == index
