import array

from domain.runtime.payloads import Payload


def test_payload_size_includes_the_bytes_of_all_buffers():
    doubles = memoryview(array.array("d", [1.0, 2.0]))
    assert Payload(b"abc", (b"de", doubles)).size == 3 + 2 + 16
