"""A real object store for tests: an S3 server on this machine.

Server and client are installed on demand, into a folder beside MUSCLE3's. Programs that are started
with `environment` find both.

>>> with running_object_store(folder) as store:
...     workspace.conjoin("run", …, "s3://bucket/mine", environment=store.environment)
...     store.names("bucket")
"""

import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.conditions import wait_until
from tests.support.packages import require_packages
from tests.support.scenario_runs import clean_environment

PACKAGES = ("s3fs", "moto[s3]", "flask", "flask-cors")
_CREDENTIALS = (
    "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/s3/aws4_request, SignedHeaders=host,"
    " Signature=0"
)
"""The server does not check the credentials, but rejects anonymous clients."""

_REQUEST_SECONDS = 30
_GRACE_SECONDS = 10


@dataclass(frozen=True)
class ObjectStore:
    """A running server.

    Attributes:
        url: Its URL.
        environment: Variables that a program needs to access it by `s3://` URLs.
    """

    url: str
    environment: Mapping[str, str]

    def names(self, bucket: str) -> list[str]:
        """Return the names of all objects in a bucket."""
        text = self._request("GET", f"{bucket}?list-type=2&max-keys=1000").decode()
        return re.findall("<Key>(.*?)</Key>", text)

    def read(self, name: str) -> bytes:
        """Return the contents of an object, whose name begins with that of the bucket."""
        return self._request("GET", name)

    def replace(self, name: str, data: bytes) -> None:
        """Replace the contents of an object."""
        self._request("PUT", name, data)

    def remove(self, name: str) -> None:
        """Remove an object."""
        self._request("DELETE", name)

    def _request(self, method: str, name: str, data: "bytes | None" = None) -> bytes:
        url = f"{self.url}/{name}"
        request = urllib.request.Request(url, data, {"Authorization": _CREDENTIALS}, method=method)
        with urllib.request.urlopen(request, timeout=_REQUEST_SECONDS) as response:
            return response.read()


@contextmanager
def running_object_store(folder: Path, *, address: str = "127.0.0.1") -> Iterator[ObjectStore]:
    """Start a server; its log is written to a folder.

    Skips the test if the server cannot be installed, or fails it in CI.

    Args:
        folder: The folder for the log.
        address: The address on which it listens.
    """
    packages = require_packages("object-store", *PACKAGES)
    environment = {**clean_environment(), "PYTHONPATH": str(packages)}
    log = folder / "object_store.log"
    command = [sys.executable, "-m", "moto.server", "-H", address, "-p", "0"]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env=environment, stdout=output, stderr=output) as server,
    ):
        try:
            wait_until(lambda: bool(_urls(log)) or server.poll() is not None)
            assert _urls(log), log.read_text()
            yield ObjectStore(_urls(log)[0], _client_environment(_urls(log)[0], packages))
        finally:
            server.terminate()
            try:
                server.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()


def _urls(log: Path) -> list[str]:
    return re.findall(r"Running on (http://[\d.:]+)", log.read_text())


def _client_environment(url: str, packages: Path) -> dict[str, str]:
    return {
        "PYTHONPATH": str(packages),
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }
