"""Tests of hosts files."""

import dataclasses
import re
from pathlib import Path

import pytest

from adapters.ssh_agents.hosts import SshHost
from adapters.ssh_agents.hosts_file import read_hosts
from domain.errors import ConfigurationError

GUIDE = (Path(__file__).resolve().parents[4] / "docs" / "workstations.md").read_text()


@pytest.fixture
def hosts_file(tmp_path):
    def write(text):
        path = tmp_path / "hosts.toml"
        path.write_text(text)
        return str(path)

    return write


def problems_of(path):
    with pytest.raises(ConfigurationError) as caught:
        read_hosts(path)
    assert all(problem.startswith(f"{path}: ") for problem in caught.value.problems)
    return [problem.removeprefix(f"{path}: ") for problem in caught.value.problems]


def test_text_without_the_suffix_is_a_host_list():
    assert [host.name for host in read_hosts("a,b")] == ["a", "b"]


def test_names_alone_make_a_hosts_file(hosts_file):
    hosts = read_hosts(hosts_file('hosts = ["a", "me@b:2222"]'))
    assert hosts == (
        SshHost(name="a", host="a"),
        SshHost(name="b", host="b", user="me", port=2222),
    )


def test_every_key_of_a_host_is_read(hosts_file):
    (host,) = read_hosts(
        hosts_file(
            """
            [[hosts]]
            host = "10.0.0.7"
            name = "fast"
            port = 2222
            user = "me"
            key_file = "/keys/id"
            jump_host = "you@gate:22,second"
            python = "/opt/bin/python"
            environment = { A = "1", B = "two words" }
            cores = 8
            tunnel = true
            shared_directory = "/shared"
            """
        )
    )
    assert host == SshHost(
        name="fast",
        host="10.0.0.7",
        port=2222,
        user="me",
        key_file=Path("/keys/id"),
        jump_host="you@gate:22,second",
        python="/opt/bin/python",
        environment={"A": "1", "B": "two words"},
        cores=8,
        tunnel=True,
        shared_directory=Path("/shared"),
    )


def test_keys_beside_the_list_are_defaults(hosts_file):
    first, second = read_hosts(
        hosts_file(
            """
            user = "all"
            cores = 2
            environment = { A = "1", B = "1" }
            [[hosts]]
            host = "a"
            [[hosts]]
            host = "me@b"
            cores = 4
            environment = { B = "2" }
            """
        )
    )
    assert (first.user, first.cores, first.environment) == ("all", 2, {"A": "1", "B": "1"})
    assert (second.user, second.cores, second.environment) == ("me", 4, {"A": "1", "B": "2"})


def test_key_file_is_relative_to_the_hosts_file(hosts_file, tmp_path):
    (host,) = read_hosts(hosts_file('hosts = ["a"]\nkey_file = "keys/id"'))
    assert host.key_file == tmp_path / "keys" / "id"


def test_key_file_may_be_in_the_home_directory(hosts_file):
    (host,) = read_hosts(hosts_file('hosts = ["a"]\nkey_file = "~/id"'))
    assert host.key_file == Path("~/id").expanduser()


def test_host_without_shared_files_is_read(hosts_file):
    (host,) = read_hosts(hosts_file('hosts = ["a"]\nshared_directory = false'))
    assert host.shared_directory is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('hosts = ["a"]\nusr = "me"', "the key 'usr' does not exist. Did you mean 'user'?"),
        ('host_list = ["a"]', "the key 'host_list' does not exist. Did you mean 'hosts'?"),
        (
            '[[hosts]]\nhost = "a"\nkeyfile = "b"',
            "host 'a': the key 'keyfile' does not exist. Did you mean 'key_file'?",
        ),
        (
            '[[hosts]]\nhost = "a"\nport = "22"',
            "host 'a': 'port' must be a number from 1 to 65535, not '22'.",
        ),
        ('[[hosts]]\nhost = "a"\ncores = 0', "host 'a': 'cores' must be a positive number, not 0."),
        (
            '[[hosts]]\nhost = "a"\ntunnel = "yes"',
            "host 'a': 'tunnel' must be true or false, not 'yes'.",
        ),
        (
            '[[hosts]]\nhost = "a"\nenvironment = { A = 1 }',
            (
                "host 'a': 'environment' must be a table of variables with strings, such as"
                " { NAME = \"value\" }, not {'A': 1}."
            ),
        ),
        (
            '[[hosts]]\nhost = "a"\nshared_directory = "here"',
            "host 'a': 'shared_directory' must be an absolute path, or false, not 'here'.",
        ),
        ("hosts = [3]", "host number 1: must be a string or a table."),
        ('[[hosts]]\nname = "a"', "host number 1: lacks the key 'host'."),
        ('hosts = "a"', "'hosts' must be a list of hosts, or of tables [[hosts]]."),
        ("hosts = []", "There are no hosts: name at least one."),
    ],
)
def test_problem_in_a_hosts_file_names_file_and_key(hosts_file, text, problem):
    assert problems_of(hosts_file(text)) == [problem]


def test_all_problems_of_a_hosts_file_are_reported(hosts_file):
    path = hosts_file('cores = true\n[[hosts]]\nhost = "a b"\nport = 0')
    assert len(problems_of(path)) == 3


def test_duplicate_name_in_a_hosts_file_is_rejected(hosts_file):
    (problem,) = problems_of(hosts_file('hosts = ["a", "b:1", "b:2"]'))
    assert "'b' is listed twice" in problem


def test_same_host_may_have_several_names(hosts_file):
    text = '[[hosts]]\nhost = "a"\nname = "one"\n[[hosts]]\nhost = "a"\nname = "two"'
    assert [host.name for host in read_hosts(hosts_file(text))] == ["one", "two"]


def test_missing_hosts_file_is_reported():
    with pytest.raises(ConfigurationError, match=r"/no/hosts\.toml cannot be read: No such file"):
        read_hosts("/no/hosts.toml")


def test_malformed_hosts_file_is_reported_with_the_line(hosts_file):
    with pytest.raises(ConfigurationError, match=r"cannot be read: .*line 2"):
        read_hosts(hosts_file("cores = 1\nhosts = a\n"))


def test_hosts_file_in_the_guide_is_valid(hosts_file):
    text = GUIDE.split("```toml\n")[1].split("```")[0]
    anna, bert = read_hosts(hosts_file(text))
    assert anna.python == "/opt/conjoin/bin/python"
    assert (bert.name, bert.cores, bert.tunnel) == ("bert", 8, True)


def test_guide_lists_all_keys_of_a_hosts_file():
    documented = set(re.findall(r"^\| `(\w+)` \|", GUIDE, flags=re.MULTILINE))
    assert documented == {field.name for field in dataclasses.fields(SshHost)}
