"""The sentences that MUSCLE3's users' tools read in the manager's log."""

import pytest

from domain.identity import Reference
from domain.placement.resources import Core, NodeResources, Resources
from domain.running import log_sentences
from domain.running.process_end import Exited, Killed, NeverStarted


@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        (Exited(0), "Instance a[1] finished with exit code 0"),
        (Exited(3), "Instance a[1] quit with exit code 3"),
        (Killed(9), "Instance a[1] quit with exit code -9"),
        (
            NeverStarted("no such file"),
            "Instance a[1] crashed: it could not be started: no such file",
        ),
    ],
)
def test_exit_code_is_the_last_word_of_the_sentence(end, sentence):
    assert log_sentences.exited("a[1]", end) == sentence


def test_planned_instance_is_the_second_word():
    cores = frozenset(Core(number, frozenset({number})) for number in (1, 0))
    resources = Resources((NodeResources("n0", cores), NodeResources("n1", cores)))
    sentence = log_sentences.planned(Reference("a"), resources)
    assert sentence == "Planned a on n0 (cores 0,1), n1 (cores 0,1)"


def test_version_is_the_last_word():
    assert log_sentences.VERSION.startswith("libmuscle version: 0.11.0+conjoin.")
