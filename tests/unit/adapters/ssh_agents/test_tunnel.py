"""The end of a connection through a tunnel.

Tests with an SSH server are in tests/contract/agents.
"""

from unittest.mock import Mock

import paramiko
import pytest

from adapters.ssh_agents.tunnel import _Connection


@pytest.mark.parametrize("error", [EOFError(), OSError("gone"), paramiko.SSHException("gone")])
def test_connection_ends_without_an_error_if_the_ssh_connection_is_lost(error: Exception):
    channel = Mock(paramiko.Channel)
    channel.close.side_effect = error
    _Connection(channel, []).run()
    channel.close.assert_called_once_with()
