"""Addresses a collector may reach, and what robots.txt asks for."""

import asyncio
import socket
from ipaddress import ip_address
from typing import Any

import pytest

from services.projects.fetching.addresses import Origin, is_public, origin_of, resolve
from services.projects.fetching.robots import MAX_DELAY_SECONDS, read_robots
from services.projects.reading.faults import SourceFault
from services.projects.reading.hosts import host_of


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("220.181.38.148", True),
        ("2400:3200::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:220.181.38.148", True),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_only_the_open_internet_is_public(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://user:pw@example.com/",
        "http://example.com:22/",
        "http://example.com:99999/",
        "http:///x",
        "//example.com/",
        f"http://{'例' * 70}.中国/",
        "http://a..中国/",
    ],
)
def test_addresses_that_no_portal_page_has_are_refused(url: str) -> None:
    with pytest.raises(SourceFault, match="address_refused"):
        origin_of(url)


def test_a_name_of_any_script_is_one_host_with_the_name_that_the_network_has() -> None:
    origin = origin_of("http://例子。中国./a")
    assert origin.host == "xn--fsqu00a.xn--fiqs8s"
    assert origin.site == host_of("https://xn--fsqu00a.xn--FIQS8S/")
    assert host_of(f"http://{'例' * 70}.中国/") is None


class _Names:
    """A resolver that answers what a test wants, the next answer each time."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)

    async def __call__(self, *_: Any, **__: Any) -> list[Any]:
        answer = self._answers.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in answer]


async def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    names = _Names(["220.181.38.148", "127.0.0.1"])
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names, raising=False)
    with pytest.raises(SourceFault, match="address_refused"):
        await resolve(Origin("http", "rebind.example.com", 80), private_origin=None)


async def test_the_checked_address_is_the_one_to_connect_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = _Names(["220.181.38.148"], ["127.0.0.1"])
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names, raising=False)
    origin = Origin("http", "rebind.example.com", 80)
    found = await resolve(origin, private_origin=None)
    assert str(found.address) == "220.181.38.148"
    with pytest.raises(SourceFault, match="address_refused"):
        await resolve(origin, private_origin=None)


async def test_a_permission_for_one_private_origin_is_for_no_other() -> None:
    allowed = Origin("http", "127.0.0.1", 8090)
    assert (await resolve(allowed, private_origin=allowed)).origin == allowed
    for other in (Origin("http", "127.0.0.1", 5432), Origin("https", "127.0.0.1", 8090)):
        with pytest.raises(SourceFault, match="address_refused"):
            await resolve(other, private_origin=allowed)


async def test_metadata_services_are_never_portals() -> None:
    metadata = Origin("http", "169.254.169.254", 80)
    with pytest.raises(SourceFault, match="address_refused"):
        await resolve(metadata, private_origin=metadata)


ROBOTS = """\ufeff# comment
User-agent: Baiduspider
Disallow: /

User-agent: OneDoorAudit
User-agent: Googlebot
Allow: /open/data$
Disallow: /open/data
Disallow: /*.do?
Disallow: /search*page
Crawl-delay: 3

User-agent: *
Disallow: /
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", True),
        ("/zwgk/list.htm", True),
        ("/open/data", True),
        ("/open/data/1", False),
        ("/a/query.do?x=1", False),
        ("/a/query.do", True),
        ("/search/a/page/2", False),
        ("/robots.txt", True),
    ],
)
def test_our_own_group_counts_and_its_longest_rule(path: str, allowed: bool) -> None:
    assert read_robots(ROBOTS).allows(f"https://a.gov.cn{path}") is allowed


def test_the_group_for_everybody_counts_where_we_are_not_named() -> None:
    robots = read_robots("User-agent: *\nDisallow: /manage/\nCrawl-delay: 99\n")
    assert not robots.allows("https://a.gov.cn/manage/x")
    assert robots.allows("https://a.gov.cn/")
    assert robots.delay_seconds == MAX_DELAY_SECONDS


@pytest.mark.parametrize(
    "text", ["", "<html>404</html>", "Disallow: /", "User-agent: *\nDisallow:"]
)
def test_no_rule_means_all_is_allowed(text: str) -> None:
    assert read_robots(text).allows("https://a.gov.cn/x")
