"""The checksum line of workflow snapshot files."""

import pytest

from adapters.ymmsl_files.checksum import check_unaltered, with_checksum
from domain.errors import ConfigurationError

TEXT = "resume:\n  macro: é\n"


def test_matching_checksum_is_accepted():
    check_unaltered(with_checksum(TEXT))


def test_checksum_is_a_comment_before_the_text():
    comment, _, rest = with_checksum(TEXT).partition("\n")
    assert comment.startswith("#")
    assert rest == TEXT


@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: text.replace("é", "e")])
def test_altered_text_is_rejected_with_advice(change):
    with pytest.raises(
        ConfigurationError, match=r"its checksum does not match.*remove its first line"
    ):
        check_unaltered(change(with_checksum(TEXT)))


@pytest.mark.parametrize("text", ["", TEXT, f"# a comment\n{TEXT}"])
def test_text_without_a_checksum_is_accepted(text):
    check_unaltered(text)
