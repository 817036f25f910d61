"""Tests of the use of the user's SSH configuration."""

import getpass
from pathlib import Path

import pytest

from adapters.ssh_agents.hosts import SshHost, parse_host
from adapters.ssh_agents.ssh_config import SshConfiguration
from domain.errors import ConfigurationError


@pytest.fixture
def configured(tmp_path):
    def write(text):
        path = tmp_path / "config"
        path.write_text(text)
        return SshConfiguration(path)

    return write


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "id"
    path.touch()
    return path


def test_missing_configuration_leaves_the_defaults(tmp_path):
    route = SshConfiguration(tmp_path / "none").route_to(parse_host("a"))
    assert route.jumps == ()
    assert (route.target.host, route.target.port) == ("a", 22)
    assert route.target.user == getpass.getuser()
    assert route.target.key_files == ()
    assert Path("~/.ssh/known_hosts").expanduser() in route.target.known_hosts


def test_configured_host_is_used(configured, key):
    text = f"Host a\n HostName 10.0.0.7\n Port 2222\n User me\n IdentityFile {key}\n"
    target = configured(text + " IdentitiesOnly yes\n").route_to(parse_host("a")).target
    assert (target.host, target.port, target.user) == ("10.0.0.7", 2222, "me")
    assert target.key_files == (str(key),)
    assert target.only_these_keys
    assert target.known_as == "10.0.0.7"


def test_values_of_the_host_take_precedence(configured, key):
    host = SshHost(name="a", host="a", user="you", port=23, key_file=key)
    text = "Host a\n Port 2222\n User me\n IdentityFile /etc/hostname\n"
    target = configured(text).route_to(host).target
    assert (target.port, target.user, target.key_files) == (23, "you", (str(key),))


def test_configured_key_that_does_not_exist_is_skipped(configured):
    assert configured("IdentityFile /no/key").route_to(parse_host("a")).target.key_files == ()


def test_missing_key_file_of_a_host_is_an_error(configured):
    host = SshHost(name="a", host="a", key_file=Path("/no/key"))
    with pytest.raises(ConfigurationError, match="key file /no/key of the host 'a' does not exist"):
        configured("").route_to(host)


def test_known_hosts_files_and_alias_are_configured(configured):
    text = "HostKeyAlias b\nUserKnownHostsFile /mine /other\nGlobalKnownHostsFile none\n"
    target = configured(text).route_to(parse_host("a")).target
    assert target.known_as == "b"
    assert target.known_hosts == (Path("/mine"), Path("/other"))


def test_configured_jump_hosts_are_used_in_order(configured):
    text = "Host a\n ProxyJump me@gate:23,inner\nHost inner\n HostName 10.0.0.8\n"
    jumps = configured(text).route_to(parse_host("a")).jumps
    assert [(jump.host, jump.port) for jump in jumps] == [("gate", 23), ("10.0.0.8", 22)]
    assert jumps[0].user == "me"


def test_jump_host_of_a_host_takes_precedence(configured):
    host = SshHost(name="a", host="a", jump_host="other")
    (jump,) = configured("Host a\n ProxyJump gate\n").route_to(host).jumps
    assert jump.host == "other"


def test_jump_host_none_is_a_direct_connection(configured):
    host = SshHost(name="a", host="a", jump_host="none")
    assert configured("Host a\n ProxyJump gate\n").route_to(host).jumps == ()


def test_jump_host_that_needs_a_jump_host_gets_it(configured):
    text = "Host a\n ProxyJump gate\nHost gate\n ProxyJump outer\n"
    jumps = configured(text).route_to(parse_host("a")).jumps
    assert [jump.host for jump in jumps] == ["outer", "gate"]


def test_jump_hosts_in_a_circle_are_an_error(configured):
    with pytest.raises(ConfigurationError, match="in a circle"):
        configured("Host *\n ProxyJump gate\n").route_to(parse_host("a"))


def test_proxy_command_is_an_error(configured):
    with pytest.raises(ConfigurationError, match="ProxyCommand for the host 'a'"):
        configured("Host a\n ProxyCommand nc %h %p\n").route_to(parse_host("a"))


def test_malformed_configuration_is_an_error(configured):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        configured("Host\n")


def test_malformed_port_is_an_error(configured):
    with pytest.raises(ConfigurationError, match="cannot be used for the host 'a'"):
        configured("Port many\n").route_to(parse_host("a"))
