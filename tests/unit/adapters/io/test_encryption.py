"""Encrypted connections without sockets: bytes in, bytes out."""

import os
import ssl
import tempfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from adapters.io.encryption import EncryptedChannel, run_encryption
from adapters.wire import run_certificate
from domain.errors import RemoteProtocolError

SECRET = "a secret of this test"
OPEN_FILES = Path("/proc/self/fd")
MARKER = b"a marker in the plain text"


def pair(client_secret=SECRET, server_secret=SECRET):
    return (
        EncryptedChannel(run_encryption(client_secret), is_server=False),
        EncryptedChannel(run_encryption(server_secret), is_server=True),
    )


def pass_on(source, target, *, piece=None):
    """Pass the data of a channel to the other one, in pieces of some size; return them."""
    data = source.data_to_send()
    for start in range(0, len(data), piece or max(1, len(data))):
        target.received(data[start : start + (piece or len(data))])
        if not target.is_open:
            target.proceed()
    return data


def shake_hands(client, server, *, piece=None):
    client.proceed()
    while not (client.is_open and server.is_open):
        pass_on(client, server, piece=piece)
        pass_on(server, client, piece=piece)


def read_all(channel):
    buffer = memoryview(bytearray(100_000))
    return bytes(buffer[: channel.read_into(buffer)])


@pytest.mark.parametrize("piece", [None, 1, 100])
def test_both_sides_with_the_secret_exchange_data(piece):
    client, server = pair()
    shake_hands(client, server, piece=piece)
    for source, target in ((client, server), (server, client)):
        source.write(MARKER * 2000)
        assert MARKER not in pass_on(source, target, piece=piece)
        assert read_all(target) == MARKER * 2000


def test_incomplete_record_yields_nothing_until_the_rest_arrives():
    client, server = pair()
    shake_hands(client, server)
    client.write(MARKER)
    data = client.data_to_send()
    server.received(data[:-1])
    assert read_all(server) == b""
    assert not server.has_unread
    server.received(data[-1:])
    assert read_all(server) == MARKER


def test_channel_reports_that_more_is_left_than_fits_a_buffer():
    client, server = pair()
    shake_hands(client, server)
    client.write(MARKER)
    pass_on(client, server)
    buffer = memoryview(bytearray(10))
    assert server.read_into(buffer) == 10
    assert server.has_unread
    assert read_all(server) == MARKER[10:]
    assert not server.has_unread


def test_server_with_another_secret_is_refused():
    client, server = pair(server_secret="another secret")
    with pytest.raises(RemoteProtocolError, match="does not know the secret of this run"):
        shake_hands(client, server)
    with pytest.raises(RemoteProtocolError, match="belong to another run"):
        pass_on(client, server)


def test_client_without_a_certificate_is_refused():
    _, server = pair()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    stranger = context.wrap_bio(incoming, outgoing)
    with pytest.raises(ssl.SSLWantReadError):
        stranger.do_handshake()
    server.received(outgoing.read())
    server.proceed()
    incoming.write(server.data_to_send())
    stranger.do_handshake()
    server.received(outgoing.read())
    with pytest.raises(RemoteProtocolError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        server.proceed()


def test_client_with_another_secret_that_checks_nothing_is_refused():
    _, server = pair()
    other = run_encryption("another secret of a client that checks nothing")
    other.client.verify_mode = ssl.CERT_NONE
    client = EncryptedChannel(other, is_server=False)
    client.proceed()
    pass_on(client, server)
    client.received(server.data_to_send())
    with pytest.raises(RemoteProtocolError):
        client.proceed()  # the certificate is compared as well
    with pytest.raises(RemoteProtocolError, match="does not know the secret of this run"):
        pass_on(client, server)


def test_another_certificate_with_the_key_of_the_run_is_refused(monkeypatch):
    client, server = pair()
    monkeypatch.setattr(client, "_certificate", client._certificate[:-1] + b"?")
    with pytest.raises(RemoteProtocolError, match="does not know the secret of this run"):
        shake_hands(client, server)


def test_old_version_of_tls_is_refused():
    _, server = pair()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing).do_handshake()
    server.received(outgoing.read())
    with pytest.raises(RemoteProtocolError, match="does not encrypt the connection"):
        server.proceed()


def test_server_that_does_not_use_tls_is_refused():
    client, _ = pair()
    client.proceed()
    client.received(b"\0" * 8)
    with pytest.raises(RemoteProtocolError, match="does not encrypt the connection"):
        client.proceed()


def test_changed_byte_fails_the_connection():
    client, server = pair()
    shake_hands(client, server)
    client.write(MARKER)
    data = bytearray(client.data_to_send())
    data[-1] ^= 1
    server.received(data)
    with pytest.raises(OSError, match=r"(?i)bad.record.mac"):
        read_all(server)


def test_repeated_record_fails_the_connection():
    client, server = pair()
    shake_hands(client, server)
    client.write(MARKER)
    data = client.data_to_send()
    server.received(data)
    assert read_all(server) == MARKER
    server.received(data)
    with pytest.raises(OSError, match=r"(?i)bad.record.mac"):
        read_all(server)


def test_private_key_is_not_left_in_a_file(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = len(list(OPEN_FILES.iterdir()))
    run_encryption("the secret of a run that leaves no key behind")
    assert len(list(OPEN_FILES.iterdir())) == before
    assert list(tmp_path.iterdir()) == []


def test_private_key_is_readable_by_its_user_only_if_it_must_be_in_a_file(monkeypatch, tmp_path):
    monkeypatch.delattr(os, "memfd_create")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    modes = []

    def load(_context, path):
        modes.append(Path(path).stat().st_mode & 0o777)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", load)
    run_encryption("the secret of a run on a system without files in memory")
    assert modes == [0o600, 0o600]
    assert list(tmp_path.iterdir()) == []


def test_encryption_is_derived_once_for_each_secret():
    assert run_encryption(SECRET) is run_encryption(SECRET)
    assert run_encryption(SECRET).certificate != run_encryption("another secret").certificate


def test_certificate_presented_is_that_of_the_secret():
    key = Ed25519PrivateKey.from_private_bytes(run_certificate.private_key_seed(SECRET))
    public_key = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    expected = run_certificate.self_signed_certificate(public_key, sign=key.sign)
    assert run_encryption(SECRET).certificate == expected
