"""The first line of the files that we write to resume from."""

import pytest

from adapters.ymmsl_files.checksum import check_unaltered, with_checksum
from domain.errors import ConfigurationError

TEXT = "resume:\n  macro: é\n"


def test_what_was_written_is_unaltered():
    check_unaltered(with_checksum(TEXT))


def test_the_text_follows_a_comment():
    comment, _, rest = with_checksum(TEXT).partition("\n")
    assert comment.startswith("#")
    assert rest == TEXT


@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: text.replace("é", "e")])
def test_what_was_altered_is_refused_with_what_to_do(change):
    with pytest.raises(ConfigurationError, match=r"its checksum is another.*remove its first line"):
        check_unaltered(change(with_checksum(TEXT)))


@pytest.mark.parametrize("text", ["", TEXT, f"# a comment\n{TEXT}"])
def test_what_has_no_checksum_is_taken_as_it_is(text):
    check_unaltered(text)
