"""TLS between the programs of a run on different machines.

Importing `ssl` and `cryptography` takes longer than joining a run on one machine, so import this
module only when a connection to or from another machine is expected.
"""

from __future__ import annotations

import hmac
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from adapters.wire import run_certificate
from domain.errors import RemoteProtocolError

_OTHER_SECRET = (
    "the other side does not know the secret of this run: does it belong to another run, or was"
    " CONJOIN_SECRET set by hand?"
)


@final
@dataclass(frozen=True, slots=True)
class RunEncryption:
    """The encryption of the connections between the programs of a run.

    Attributes:
        certificate: The certificate that both sides must present, in DER.
        client: Settings of the side that connects.
        server: Settings of the side that accepts.
    """

    certificate: bytes
    client: ssl.SSLContext
    server: ssl.SSLContext


@lru_cache(maxsize=8)
def run_encryption(secret: str) -> RunEncryption:
    """Return the encryption of the run with a secret."""
    seed = run_certificate.private_key_seed(secret)
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public_key = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    certificate = run_certificate.self_signed_certificate(public_key, sign=key.sign)
    chain = run_certificate.pem("CERTIFICATE", certificate) + run_certificate.pem(
        "PRIVATE KEY", run_certificate.private_key_document(seed)
    )
    with _private_file(chain) as path:
        return RunEncryption(
            certificate,
            _context(ssl.PROTOCOL_TLS_CLIENT, certificate, path),
            _context(ssl.PROTOCOL_TLS_SERVER, certificate, path),
        )


def _context(protocol: int, certificate: bytes, chain: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the certificate belongs to the run, not to a machine
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=certificate)
    context.load_cert_chain(chain)
    if protocol == ssl.PROTOCOL_TLS_SERVER:
        context.num_tickets = 0  # no session is resumed, and tickets would be unexpected input
    return context


@contextmanager
def _private_file(contents: bytes) -> Iterator[Path]:
    """Yield the path of a file that only this user can read, because `ssl` reads keys from files.

    It is in memory where the system has such files, and is removed in any case.
    """
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("conjoin-key", os.MFD_CLOEXEC)
        with open(descriptor, "wb", buffering=0) as file:
            file.write(contents)
            yield Path(f"/proc/self/fd/{descriptor}")
        return
    import tempfile

    with tempfile.NamedTemporaryFile(buffering=0) as file:
        file.write(contents)
        yield Path(file.name)


@final
class EncryptedChannel:
    """One side of an encrypted connection, without the socket. Not thread-safe.

    The driver passes received bytes to `received`, and then calls `proceed` until `is_open`, later
    `read_into`. It sends the bytes that `data_to_send` returns after each call of another method.

    Args:
        encryption: The run's encryption.
        is_server: Whether this side has accepted the connection.

    Attributes:
        is_open: Whether the handshake has succeeded.
    """

    def __init__(self, encryption: RunEncryption, *, is_server: bool) -> None:
        self._certificate = encryption.certificate
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        context = encryption.server if is_server else encryption.client
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=is_server)
        self.is_open = False

    @property
    def has_unread(self) -> bool:
        """Whether data have been received that were not decrypted and returned yet."""
        return bool(self._incoming.pending or self._tls.pending())

    def received(self, data: bytes | memoryview) -> None:
        """Take over bytes that have been received."""
        self._incoming.write(data)

    def data_to_send(self) -> bytes:
        """Remove and return the bytes to send now."""
        return self._outgoing.read()

    def proceed(self) -> None:
        """Continue the handshake as far as the received bytes allow.

        Raises:
            RemoteProtocolError: If the other side does not know the secret or does not use TLS.
        """
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLCertVerificationError as error:
            raise RemoteProtocolError(_OTHER_SECRET) from error
        except ssl.SSLError as error:
            raise RemoteProtocolError(_failed_handshake(error)) from error
        presented = self._tls.getpeercert(binary_form=True) or b""
        if not hmac.compare_digest(presented, self._certificate):
            raise RemoteProtocolError(_OTHER_SECRET)
        self.is_open = True

    def read_into(self, buffer: memoryview) -> int:
        """Decrypt as much as has been received and fits; return the number of bytes.

        Raises:
            RemoteProtocolError: If the other side refuses our certificate.
            OSError: If the received bytes have been changed or truncated on their way.
        """
        total = 0
        try:
            while total < len(buffer):
                got = self._read(buffer[total:])
                if not got:
                    break  # the other side sends nothing more
                total += got
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            if "ALERT" in (error.reason or ""):
                raise RemoteProtocolError(_failed_handshake(error)) from error
            raise
        return total

    def _read(self, buffer: memoryview) -> int:
        # typeshed does not know that a memoryview will do, nor that the result is a number then
        return int(self._tls.read(len(buffer), buffer))  # type: ignore[call-overload, unused-ignore]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt bytes, which `data_to_send` then returns. The channel must be open."""
        view = memoryview(data)
        written = self._tls.write(view)
        while written < len(view):
            # each call makes one record, of at most 16 kB
            written += self._tls.write(view[written:])


def _failed_handshake(error: ssl.SSLError) -> str:
    reason = error.reason or str(error)
    if "ALERT" in reason:
        return (
            f"the other side ended the encrypted connection ({reason}): does it belong to another"
            " run, or was CONJOIN_SECRET set by hand?"
        )
    return f"the other side does not encrypt the connection as this side does ({reason})"
