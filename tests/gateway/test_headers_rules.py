"""Which headers cross the door, how a request is framed, and who is believed about addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.forwarding.headers import (
    HOP_BY_HOP,
    Proxies,
    content_length,
    framing_fault,
    request_head,
    to_client,
    to_upstream,
)
from shared.errors import Text

TWICE = Text("内容长度写了两次", "the length of the body is given twice")
ONLY_CHUNKED = Text("传输编码只支持 chunked", "only the chunked transfer coding is understood")
ONE_HOST = Text("Host 请求头应恰好一个", "there must be exactly one Host header")
PLAIN = (b"accept", b"text/html")


def named(*names: bytes) -> list[tuple[bytes, bytes]]:
    return [(name, b"1") for name in names]


@pytest.mark.parametrize("name", sorted(HOP_BY_HOP))
def test_headers_of_one_connection_never_cross(name: bytes) -> None:
    headers = [(name, b"1"), PLAIN]
    assert to_upstream(headers, from_proxy=True) == [PLAIN]
    assert to_client(headers) == [PLAIN]


@pytest.mark.parametrize(
    "name",
    [
        *(b"host", b"content-length", b"expect", b"x-request-id", b"traceparent"),
        *(b"x-onedoor-network", b"x-onedoor-network-today"),
    ],
)
def test_what_the_gateway_sets_itself_is_not_passed_on(name: bytes) -> None:
    assert to_upstream([(name, b"1"), PLAIN], from_proxy=True) == [PLAIN]


@pytest.mark.parametrize(
    "name",
    [
        *(b"x-user-id", b"x-forwarded-for", b"x-onedoor-door", b"forwarded", b"x-real-ip"),
        *(b"x-user", b"x-original-url", b"x-rewrite-url", b"x_user_id", b"some_thing"),
    ],
)
def test_only_our_own_proxy_may_say_who_somebody_is(name: bytes) -> None:
    headers = [(name, b"1"), PLAIN]
    assert to_upstream(headers, from_proxy=False) == [PLAIN]
    assert to_upstream(headers, from_proxy=True) == headers


def test_what_connection_names_does_not_cross_either() -> None:
    headers = [
        (b"connection", b"keep-alive,  X-Secret "),
        (b"connection", b"x-other,x-third"),
        *named(b"x-secret", b"x-other", b"x-third", b"x-kept"),
    ]
    assert to_upstream(headers, from_proxy=True) == named(b"x-kept")
    assert to_client(headers) == named(b"x-kept")


@pytest.mark.parametrize("name", [b"server", b"date", b"x-request-id"])
def test_a_client_is_not_told_of_the_server_behind(name: bytes) -> None:
    assert to_client([(name, b"1"), PLAIN]) == [PLAIN]


@pytest.mark.parametrize(
    ("headers", "version", "fault"),
    [
        (named(b"host"), "1.1", None),
        ([], "1.1", ONE_HOST),
        ([], "1.0", None),
        (named(b"host", b"host"), "1.1", ONE_HOST),
        (named(b"host", b"host"), "1.0", ONE_HOST),
        (named(b"host", b"content-length"), "1.1", None),
        (named(b"host", b"content-length", b"content-length"), "1.1", TWICE),
        ([*named(b"host", b"content-length"), (b"transfer-encoding", b"chunked")], "1.1", TWICE),
        ([*named(b"host"), (b"transfer-encoding", b" Chunked ")], "1.1", None),
        ([*named(b"host"), (b"transfer-encoding", b"gzip")], "1.1", ONLY_CHUNKED),
        ([*named(b"host"), (b"transfer-encoding", b"gzip, chunked")], "1.1", ONLY_CHUNKED),
        ([*named(b"host"), *[(b"transfer-encoding", b"chunked")] * 2], "1.1", ONLY_CHUNKED),
    ],
)
def test_framing_that_can_be_read_in_two_ways_is_refused(
    headers: list[tuple[bytes, bytes]], version: str, fault: Text | None
) -> None:
    assert framing_fault(headers, version) == fault


@pytest.mark.parametrize(
    ("value", "length"), [(b"0", 0), (b"12", 12), (b"012", 12), (b"9" * 15, 10**15 - 1)]
)
def test_the_length_announced(value: bytes, length: int) -> None:
    assert content_length([PLAIN, (b"content-length", value)]) == length


def test_no_length_announced_is_none() -> None:
    assert content_length([PLAIN]) is None


@pytest.mark.parametrize("value", [b"", b"+1", b"-1", b"1 2", b"0x1", b"9" * 16])
def test_a_length_that_is_no_number_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match=r"^Content-Length is not a number$"):
        content_length([(b"content-length", value)])


def test_a_head_is_written_line_by_line() -> None:
    assert request_head("GET", b"/a?b", b"here:80", [(b"x", b"1"), (b"y", b"2")]) == (
        b"GET /a?b HTTP/1.1\r\nhost: here:80\r\nx: 1\r\ny: 2\r\n\r\n"
    )


@pytest.mark.parametrize("bad", [b"\r", b"\n", b"\r\n", b"\0"])
@pytest.mark.parametrize("place", ["target", "host", "name", "value"])
def test_no_header_breaks_the_lines(bad: bytes, place: str) -> None:
    def at(where: str) -> bytes:
        return b"a" + bad + b"b" if where == place else b"a"

    with pytest.raises(ValueError, match=r"^a header holds a line break$"):
        request_head("GET", at("target"), at("host"), [(at("name"), at("value"))])


def ours() -> Proxies:
    return Proxies(["10.0.0.0/8", "fd00::/8"])


@pytest.mark.parametrize(
    ("peer", "known"),
    [
        ("10.1.2.3", True),
        ("fd00::1", True),
        ("192.0.2.1", False),
        ("fe80::1", False),
        ("nonsense", False),
        ("", False),
        (None, False),
    ],
)
def test_a_proxy_is_known_by_its_network(peer: str | None, known: bool) -> None:
    assert ours().holds(peer) is known


def test_without_proxies_nobody_is_one() -> None:
    assert Proxies([]).holds("10.1.2.3") is False


@pytest.mark.parametrize(
    ("peer", "chains", "client"),
    [
        ("192.0.2.9", [b"198.51.100.1"], "192.0.2.9"),  # a stranger is not believed
        (None, [b"198.51.100.1"], None),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [b"198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [b"203.0.113.5, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [b"203.0.113.5 , 198.51.100.1 , 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", [b"203.0.113.5", b"198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [b"203.0.113.5", b"10.0.0.2"], "203.0.113.5"),
        ("10.0.0.1", [b"203.0.113.5,, ,"], "203.0.113.5"),
        ("10.0.0.1", [b"10.0.0.2, 10.0.0.3"], "10.0.0.1"),
        ("10.0.0.1", [b"\xe9"], "\xe9"),
    ],
)
def test_the_client_is_the_last_address_that_is_not_ours(
    peer: str | None, chains: list[bytes], client: str | None
) -> None:
    headers = [PLAIN, *((b"x-forwarded-for", chain) for chain in chains)]
    assert ours().client(peer, headers) == client


@given(st.lists(st.tuples(st.sampled_from([b"accept", b"te", b"x-user-id", b"a_b"]), st.binary())))
def test_what_crosses_keeps_its_order_and_its_bytes(headers: list[tuple[bytes, bytes]]) -> None:
    assert to_upstream(headers, from_proxy=False) == [h for h in headers if h[0] == b"accept"]
