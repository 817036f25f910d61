"""The certificate and the private key that all programs of a run derive from its secret.

Both sides of an encrypted connection present this certificate, and accept no other. Nothing but the
secret is distributed: the private key is derived from it, and since Ed25519 signatures are
deterministic, every program creates the same self-signed certificate.

The certificate (RFC 5280, version 1) has no variable part except the public key and the signature,
so it is assembled here from a few DER elements. A library for certificates takes longer to import
than an instance takes to start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

KEY_LABEL: Final = b"conjoin tls key"
"""The private key is the HMAC of this text under the secret."""

_SEQUENCE: Final = 0x30
_SET: Final = 0x31
_INTEGER: Final = 0x02
_BIT_STRING: Final = 0x03
_OCTET_STRING: Final = 0x04
_OBJECT_ID: Final = 0x06
_UTF8: Final = 0x0C
_UTC_TIME: Final = 0x17
_GENERALIZED_TIME: Final = 0x18


def private_key_seed(secret: str) -> bytes:
    """Return the 32 bytes that are the private Ed25519 key of a run."""
    import hmac

    return hmac.digest(secret.encode(), KEY_LABEL, "sha256")


def self_signed_certificate(public_key: bytes, *, sign: Callable[[bytes], bytes]) -> bytes:
    """Return the certificate of a run in DER.

    It is valid from 2000 to 9999, so that wrong clocks do not matter.

    Args:
        public_key: The raw public Ed25519 key, 32 bytes.
        sign: Returns the raw Ed25519 signature of bytes, 64 bytes.
    """
    name = _element(_SEQUENCE, _element(_SET, _element(_SEQUENCE, _COMMON_NAME + _NAME)))
    key = _element(_SEQUENCE, _ED25519 + _bits(public_key))
    body = _element(_SEQUENCE, _SERIAL + _ED25519 + name + _VALIDITY + name + key)
    return _element(_SEQUENCE, body + _ED25519 + _bits(sign(body)))


def private_key_document(seed: bytes) -> bytes:
    """Return a private Ed25519 key in DER (PKCS 8, RFC 8410)."""
    version = _element(_INTEGER, b"\0")
    key = _element(_OCTET_STRING, _element(_OCTET_STRING, seed))
    return _element(_SEQUENCE, version + _ED25519 + key)


def pem(kind: str, der: bytes) -> bytes:
    """Return a DER document in PEM.

    Args:
        kind: What it is, such as `CERTIFICATE` or `PRIVATE KEY`.
        der: The document.
    """
    import base64

    lines = base64.encodebytes(der).decode()
    return f"-----BEGIN {kind}-----\n{lines}-----END {kind}-----\n".encode()


def _element(tag: int, contents: bytes) -> bytes:
    size = len(contents)
    if size < 0x80:
        return bytes([tag, size]) + contents
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + contents


def _bits(contents: bytes) -> bytes:
    unused_bits = b"\0"
    return _element(_BIT_STRING, unused_bits + contents)


_ED25519: Final = _element(_SEQUENCE, _element(_OBJECT_ID, bytes([0x2B, 101, 112])))
_COMMON_NAME: Final = _element(_OBJECT_ID, bytes([0x55, 4, 3]))
_NAME: Final = _element(_UTF8, b"conjoin run")
_SERIAL: Final = _element(_INTEGER, b"\1")
_VALIDITY: Final = _element(
    _SEQUENCE,
    _element(_UTC_TIME, b"000101000000Z") + _element(_GENERALIZED_TIME, b"99991231235959Z"),
)
