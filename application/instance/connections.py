"""The ports of an instance, with the services that use them."""

from __future__ import annotations

from typing import NamedTuple

from application.instance.communicator import Communicator
from application.instance.port_table import PortTable
from application.instance.receiver import Receiver


class Connections(NamedTuple):
    """The ports of an instance, and the services that send and receive on them.

    Attributes:
        ports: All ports.
        communicator: Sends and receives messages.
        receiver: Receives messages ahead.
    """

    ports: PortTable
    communicator: Communicator
    receiver: Receiver
