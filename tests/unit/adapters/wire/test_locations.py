from hypothesis import given
from hypothesis import strategies as st

from adapters.wire.locations import (
    CONJOIN,
    TCP,
    TcpAddress,
    UnixAddress,
    addresses_in,
    format_location,
    has_scheme,
    is_loopback,
    is_loopback_host,
)

hosts = st.one_of(st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str), st.just("a-b.c"))
tcp = st.builds(TcpAddress, hosts, st.integers(0, 65535))
unix = st.builds(UnixAddress, st.from_regex(r"[a-f0-9-]+", fullmatch=True), st.just("conjoin-12"))


@given(st.lists(tcp | unix, min_size=1))
def test_addresses_round_trip(addresses):
    assert addresses_in([format_location(CONJOIN, addresses)], CONJOIN) == addresses


def test_order_of_addresses_is_kept_over_several_locations():
    found = addresses_in(["tcp:a:1,[::1]:2", "shm:x", "tcp:10.0.0.1:3"], TCP)
    assert found == [TcpAddress("a", 1), TcpAddress("::1", 2), TcpAddress("10.0.0.1", 3)]


def test_invalid_addresses_are_skipped():
    odd = ["", "tcp", "tcp:", "tcp:a", "tcp:a:b", "tcp:a:65536", "tcp:a:-1", "tcp:,,b:1", "x:a:2"]
    assert addresses_in(odd, TCP) == [TcpAddress("b", 1)]


@given(st.lists(st.text()))
def test_arbitrary_locations_raise_no_error(texts):
    for text in (*texts, *(f"tcp:{text}" for text in texts)):
        addresses_in([text], TCP)


def test_scheme_is_found_among_several_locations():
    assert has_scheme(["tcp:a:1", "conjoin:a:1"], CONJOIN)
    assert not has_scheme(["tcp:a:1", "conjoin2:a:1"], CONJOIN)
    assert not has_scheme([], TCP)


def test_host_is_on_loopback():
    assert all(map(is_loopback_host, ["127.0.0.1", "127.3.2.1", "::1"]))
    assert not any(map(is_loopback_host, ["10.0.0.1", "1.127.0.1", "::", "fd00::1", "localhost"]))


def test_location_is_on_loopback_only_if_all_its_addresses_are():
    assert is_loopback("tcp:127.0.0.1:9000")
    assert not is_loopback("tcp:10.0.0.1:9000,127.0.0.1:9000")
    assert not is_loopback("tcp:localhost:9000")
    assert not is_loopback("tcp:")
    assert not is_loopback("conjoin:127.0.0.1:9000")
