"""One polite, guarded reader for one portal: one connection a host, slowly, within limits."""

import asyncio
import ssl
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx

from services.projects.fetching.addresses import (
    Destination,
    Origin,
    origin_of,
    resolve,
)
from services.projects.fetching.bodies import ACCEPTED_ENCODINGS, read_body
from services.projects.fetching.robots import (
    AGENT,
    ALLOW_ALL,
    MAX_BYTES,
    Robots,
    read_robots,
)
from services.projects.reading.faults import Fault, SourceFault
from shared.clock import now

_REDIRECTS = (301, 302, 303, 307, 308)
_BLOCKED = (401, 403, 405, 407, 412, 418, 429, 451, 521)
_KEPT_HEADERS = ("content-type", "date", "etag", "last-modified", "server", "location")


@dataclass(frozen=True)
class Limits:
    """How much one fetch may cost us, and how often one may ask."""

    body_bytes: int = 5_000_000
    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    total_seconds: float = 20.0
    redirects: int = 5
    interval_seconds: float = 1.0


@dataclass(frozen=True)
class Validators:
    """What makes a request conditional."""

    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> dict[str, str]:
        pairs = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True)
class Fetched:
    """An answer as received; `not_modified` has no body."""

    url: str
    final_url: str
    status: int
    headers: dict[str, str]
    body: bytes
    fetched_at: datetime
    request_headers: dict[str, str] | None = None

    @property
    def not_modified(self) -> bool:
        return self.status == 304

    @property
    def last_modified_at(self) -> datetime | None:
        try:
            moment = parsedate_to_datetime(self.headers["last-modified"])
        except (KeyError, ValueError):
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass
class Fetcher:
    """Fetches pages of one portal. `private_origin`: see `addresses.resolve`."""

    private_origin: Origin | None = None
    limits: Limits = field(default_factory=Limits)
    _clients: dict[Origin, httpx.AsyncClient] = field(default_factory=dict)
    _robots: dict[Origin, Robots] = field(default_factory=dict)
    _left_at: dict[Origin, float] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for client in self._clients.values():
            await client.aclose()

    @property
    def pause_seconds(self) -> float:
        """The longest pause that is kept between two requests, as far as is known by now."""
        delays = [robots.delay_seconds for robots in self._robots.values()]
        return max([self.limits.interval_seconds, *delays])

    async def get(
        self, url: str, validators: Validators | None = None, *, limit: int | None = None
    ) -> Fetched:
        """The page at `url`, redirects followed and each one checked. Raises SourceFault.

        `limit` in bytes, where it may be larger than a page.
        """
        known = validators or Validators()
        seen: list[str] = []
        where = url
        while where not in seen and len(seen) <= self.limits.redirects:
            seen.append(where)
            origin = origin_of(where)
            if not (await self._robots_of(origin)).allows(where):
                raise SourceFault(Fault.ROBOTS_DISALLOW, urlsplit(where).path[:200])
            most = limit or self.limits.body_bytes
            answer = await self._ask(origin, where, known, limit=most)
            if answer.status not in _REDIRECTS:
                return _usable(answer, url)
            where = _led_to(where, answer.headers.get("location", ""))
        raise SourceFault(Fault.REDIRECT_LOOP, f"{len(seen)} redirects")

    async def _robots_of(self, origin: Origin) -> Robots:
        if origin not in self._robots:
            self._robots[origin] = await self._read_robots(origin)
        return self._robots[origin]

    async def _read_robots(self, origin: Origin) -> Robots:
        """None there: all is allowed. One that cannot be had: nothing may be read (RFC 9309)."""
        where = f"{origin.scheme}://{_authority(origin)}/robots.txt"
        answer = await self._ask(origin, where, Validators(), limit=MAX_BYTES)
        if answer.status >= 500:
            raise SourceFault(Fault.SERVER_ERROR, f"robots.txt: status {answer.status}")
        if answer.status != 200:
            return ALLOW_ALL
        return read_robots(answer.body.decode("utf-8", "replace"))

    async def _ask(
        self, origin: Origin, url: str, validators: Validators, *, limit: int
    ) -> Fetched:
        await self._wait_turn(origin)
        try:
            async with asyncio.timeout(self.limits.connect_seconds):
                destination = await resolve(origin, private_origin=self.private_origin)
            request = self._request(destination, url, validators)
            async with asyncio.timeout(self.limits.total_seconds):
                response = await self._client(origin).send(request, stream=True)
                try:
                    return await _received(response, url, limit)
                finally:
                    await response.aclose()
        except (httpx.TimeoutException, TimeoutError) as error:
            raise SourceFault(Fault.TIMEOUT, type(error).__name__) from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise SourceFault(Fault.UNREACHABLE, type(error).__name__) from error
        finally:
            # From the answer on: a host that takes long for one has enough to do.
            self._left_at[origin] = time.monotonic()

    def _request(self, to: Destination, url: str, validators: Validators) -> httpx.Request:
        """A request to the checked address itself: the name is not looked up a second time."""
        target = httpx.URL(url).copy_with(host=str(to.address))
        headers = {
            "Host": _authority(to.origin),
            "User-Agent": f"{AGENT}/1.0 (disclosure audit; obeys robots.txt)",
            "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1",
            "Accept-Encoding": ACCEPTED_ENCODINGS,
            **validators.headers(),
        }
        extensions = {"sni_hostname": to.origin.host}
        return self._client(to.origin).build_request(
            "GET", target, headers=headers, extensions=extensions
        )

    def _client(self, origin: Origin) -> httpx.AsyncClient:
        if origin not in self._clients:
            self._clients[origin] = httpx.AsyncClient(
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
                timeout=httpx.Timeout(
                    self.limits.read_seconds, connect=self.limits.connect_seconds
                ),
                verify=_tls(),
                follow_redirects=False,
                trust_env=False,
            )
        return self._clients[origin]

    async def _wait_turn(self, origin: Origin) -> None:
        delay = self._robots.get(origin, ALLOW_ALL).delay_seconds
        pause = max(self.limits.interval_seconds, delay)
        left_at = self._left_at.get(origin)
        if left_at is not None:
            await asyncio.sleep(max(0.0, left_at + pause - time.monotonic()))


@cache
def _tls() -> ssl.SSLContext:
    """One context for all portals: reading the certificate authorities takes 20 ms."""
    return ssl.create_default_context()


async def _received(response: httpx.Response, url: str, limit: int) -> Fetched:
    announced = response.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > limit:
        raise SourceFault(Fault.TOO_LARGE, f"announces {announced[:15]} bytes")
    body = await read_body(
        response.aiter_raw(), encoding=response.headers.get("content-encoding", ""), limit=limit
    )
    headers = {k: v[:500] for k, v in response.headers.items() if k in _KEPT_HEADERS}
    sent = {name.title(): value[:500] for name, value in response.request.headers.items()}
    return Fetched(url, url, response.status_code, headers, body, now(), sent)


def _usable(answer: Fetched, asked: str) -> Fetched:
    """The answer under the address first asked for; raises SourceFault for one that is no page."""
    if answer.status in (404, 410):
        raise SourceFault(Fault.GONE, f"status {answer.status}")
    if answer.status in _BLOCKED:
        raise SourceFault(Fault.BLOCKED, f"status {answer.status}")
    if answer.status not in (200, 304):
        raise SourceFault(Fault.SERVER_ERROR, f"status {answer.status}")
    return replace(answer, url=asked)


def _authority(origin: Origin) -> str:
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    usual = {"http": 80, "https": 443}[origin.scheme]
    return host if origin.port == usual else f"{host}:{origin.port}"


def _led_to(where: str, location: str) -> str:
    """The address that a redirect leads to; whatever a stranger writes there may be none."""
    try:
        return urljoin(where, location)
    except ValueError as error:
        raise SourceFault(Fault.UNREACHABLE, "a redirect to no address") from error
