"""The certificate that all programs of a run derive from its secret."""

import datetime as dt
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

from adapters.wire import run_certificate

SECRET = "a secret of this test"

RECORDED = "62e0976e66388cf6bfa08b2b8319dff99e7827dbe6217b156d454c0a26dcbce7"
"""SHA-256 of the certificate: programs with other versions of all libraries must create it too."""


def private_key(secret=SECRET):
    return Ed25519PrivateKey.from_private_bytes(run_certificate.private_key_seed(secret))


def certificate(secret=SECRET):
    key = private_key(secret)
    public_key = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return run_certificate.self_signed_certificate(public_key, sign=key.sign)


def test_certificate_is_signed_by_its_own_key():
    parsed = x509.load_der_x509_certificate(certificate())
    parsed.verify_directly_issued_by(parsed)
    assert parsed.public_key() == private_key().public_key()


def test_certificate_is_valid_whatever_the_clock_of_a_machine_shows():
    parsed = x509.load_der_x509_certificate(certificate())
    assert parsed.not_valid_before_utc == dt.datetime(2000, 1, 1, tzinfo=dt.timezone.utc)
    assert parsed.not_valid_after_utc.year == 9999


def test_certificate_is_the_recorded_one():
    assert hashlib.sha256(certificate()).hexdigest() == RECORDED


def test_certificate_is_the_same_for_the_same_secret_only():
    assert certificate() == certificate()
    assert certificate() != certificate("another secret")


def test_private_key_document_contains_the_seed():
    seed = run_certificate.private_key_seed(SECRET)
    document = run_certificate.private_key_document(seed)
    for parsed in (
        load_der_private_key(document, password=None),
        load_pem_private_key(run_certificate.pem("PRIVATE KEY", document), password=None),
    ):
        assert parsed.public_key() == private_key().public_key()


def test_secret_is_not_the_private_key():
    secret = "s" * 32
    assert run_certificate.private_key_seed(secret) != secret.encode()
