"""Managers of small models, with in-memory adapters."""

from domain.coupling.messages import Wait
from tests.support.in_memory_services import InMemoryServices
from tests.support.models import configuration

LOOP = "macro o_i -> micro f_init\nmicro o_f -> macro s"
PLACES = ("tcp:a:1",)


def desk_for(text: str = LOOP, **options) -> InMemoryServices:
    return InMemoryServices(configuration(text, **options))


def register(
    desk: InMemoryServices, *names: str, version: str = "0.11.0", ports: tuple = ()
) -> None:
    for name in names:
        desk.desk.register_instance(name, PLACES, ports, version)


def started(**options) -> InMemoryServices:
    desk = desk_for(**options)
    desk.start_run()
    return desk


def live(desk: InMemoryServices, name: str) -> None:
    register(desk, name)
    desk.desk.deregister_instance(name)


def deadlock(desk: InMemoryServices, *waits: Wait) -> None:
    """Report waits that form a cycle, and let each instance confirm its own."""
    for wait in waits:
        desk.desk.waiting_for_receive(wait)
    for _ in range(2):
        for wait in waits:
            desk.desk.is_deadlocked(wait.instance)
