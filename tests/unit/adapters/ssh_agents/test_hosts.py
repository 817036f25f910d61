"""Tests of hosts that are named on the command line."""

import sys

import pytest

from adapters.ssh_agents.hosts import SshHost, parse_host, parse_host_list
from domain.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "host", "user", "port"),
    [
        ("a", "a", None, None),
        ("node-1.cluster.org", "node-1.cluster.org", None, None),
        ("me@a", "a", "me", None),
        ("a:2222", "a", None, 2222),
        ("me@10.0.0.7:65535", "10.0.0.7", "me", 65535),
        ("me@[fe80::1]:22", "fe80::1", "me", 22),
        (" a ", "a", None, None),
    ],
)
def test_host_with_user_and_port_is_parsed(text, host, user, port):
    assert parse_host(text) == SshHost(name=host, host=host, user=user, port=port)


@pytest.mark.parametrize("text", ["", "@a", "a:", "a:b", "a:0", "a:65536", "a b", "me@", "a:1:2"])
def test_malformed_host_is_rejected(text):
    with pytest.raises(ConfigurationError, match="is not a host: write HOST"):
        parse_host(text)


def test_host_list_is_parsed_in_order():
    hosts = parse_host_list("b, a,,user@c:2222,")
    assert [host.name for host in hosts] == ["b", "a", "c"]
    assert hosts[2].port == 2222


def test_host_without_python_uses_the_managers_interpreter():
    assert parse_host("a").python == sys.executable


@pytest.mark.parametrize("text", ["", " , "])
def test_empty_host_list_is_rejected(text):
    with pytest.raises(ConfigurationError, match="no hosts"):
        parse_host_list(text)


def test_duplicate_host_is_rejected():
    with pytest.raises(ConfigurationError, match="'a' is listed twice"):
        parse_host_list("a,b,a")
