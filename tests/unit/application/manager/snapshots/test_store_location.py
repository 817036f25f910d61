"""Parsing of the snapshot store that a user names."""

from pathlib import Path

import pytest

from application.manager.snapshots.store_location import parse_store_location
from domain.errors import ConfigurationError

HERE = Path("/here")


def parse(given, *, open_store=lambda url: None):
    return parse_store_location(given, open_store=open_store, working_directory=HERE)


@pytest.mark.parametrize("given", ["kept", "./kept", "kept/", Path("kept")])
def test_relative_path_starts_in_the_working_directory(given):
    assert parse(given) == "/here/kept"


@pytest.mark.parametrize("given", ["file:///kept/mine", "local:///kept/mine/", "/kept/mine"])
def test_file_url_is_a_directory(given):
    assert parse(given) == "/kept/mine"


def test_path_may_contain_a_colon():
    assert parse("./a:b") == "/here/a:b"
    assert parse(Path("a:b")) == "/here/a:b"


@pytest.mark.parametrize("given", ["s3://bucket/mine/", "sftp://me@there/mine"])
def test_other_url_is_opened_and_returned(given):
    opened = []
    assert parse(given, open_store=opened.append) == given.rstrip("/")
    assert opened == [given]


def test_url_that_cannot_be_opened_is_rejected():
    def fail(url):
        raise OSError(f"unknown protocol in {url}")

    with pytest.raises(ConfigurationError, match="kept in 'x2://y': unknown protocol in x2://y"):
        parse("x2://y", open_store=fail)


@pytest.mark.parametrize("given", ["memory://x", "s3:/b/x", "file://x"])
def test_location_that_cannot_be_a_store_is_rejected(given):
    with pytest.raises(ConfigurationError, match=f"cannot be kept in '{given}'"):
        parse(given)


def test_password_is_not_repeated_in_the_error():
    with pytest.raises(ConfigurationError, match="it contains a password") as caught:
        parse("sftp://me:hush@there/x")
    assert "hush" not in str(caught.value)
