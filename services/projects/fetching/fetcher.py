"""One polite, guarded reader for one portal: of its host alone, slowly, within limits."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from types import TracebackType
from typing import Self
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx

from services.projects.fetching.addresses import Destination, Origin, origin_of, resolve
from services.projects.fetching.bodies import ACCEPTED_ENCODINGS, read_body
from services.projects.fetching.robots import (
    AGENT,
    ALLOW_ALL,
    MAX_BYTES,
    Robots,
    read_robots,
)
from services.projects.reading.faults import Fault, OtherHost, SourceFault
from services.projects.reading.hosts import host_of
from services.projects.reading.rule import Posted
from shared.clock import now

_REDIRECTS = (301, 302, 303, 307, 308)
_ASKED_THE_SAME_WAY = (307, 308)
"""Redirects after which a form is sent again; after the others its answer is fetched."""
_ROBOTS_REDIRECTS = 5
_TOO_OFTEN = 429
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
    rendered_from: "Fetched | None" = None
    """Of what a rendering service made of a page: the page itself."""
    redirects: "tuple[Fetched, ...]" = ()
    """What answered on the way to `final_url`, in the order in which each led to the next."""

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
    """Fetches pages of the host on which a portal's list begins, whose turn the caller has.

    Wherever an address comes from, no other host is asked, but for a robots.txt that stands there.
    `allow_private`: whether `start_url` may be on a private address.
    """

    start_url: str
    allow_private: bool = False
    limits: Limits = field(default_factory=Limits)
    _clients: dict[Origin, httpx.AsyncClient] = field(default_factory=dict)
    _robots: dict[Origin, Robots] = field(default_factory=dict)
    _left_at: dict[str, float] = field(default_factory=dict)

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
        self,
        url: str,
        validators: Validators | None = None,
        *,
        limit: int | None = None,
        posted: Posted | None = None,
    ) -> Fetched:
        """The page at `url`, redirects followed and each one checked. Raises SourceFault.

        `limit` in bytes, where it may be larger than a page. `posted`: what is sent there, of which
        the fragment of `url` says how it differs from page to page.
        """
        known, form = validators or Validators(), posted
        seen: list[str] = []
        where = urldefrag(url).url if posted else url
        led: list[Fetched] = []
        while where not in seen and len(seen) <= self.limits.redirects:
            seen.append(where)
            origin = self._own_origin(where)
            if not (await self._robots_of(origin)).allows(where):
                raise SourceFault(Fault.ROBOTS_DISALLOW, urlsplit(where).path[:200])
            most = limit or self.limits.body_bytes
            answer = await self._ask(origin, where, known, limit=most, posted=form)
            if answer.status not in _REDIRECTS:
                return replace(_usable(answer, url), redirects=tuple(led))
            led.append(answer)
            where = _led_to(where, answer.headers.get("location", ""))
            form = form if answer.status in _ASKED_THE_SAME_WAY else None
        raise SourceFault(Fault.REDIRECT_LOOP, f"{len(seen)} redirects")

    def _own_origin(self, url: str) -> Origin:
        """Raises SourceFault(address_refused) for what is not on the portal's own host."""
        origin = origin_of(url)
        if origin.site != host_of(self.start_url):
            raise OtherHost(url, origin.site)
        return origin

    async def _robots_of(self, origin: Origin) -> Robots:
        if origin not in self._robots:
            self._robots[origin] = await self._read_robots(origin)
        return self._robots[origin]

    async def _read_robots(self, origin: Origin) -> Robots:
        """None there: all is allowed. One that cannot be had: nothing may be read (RFC 9309).

        It counts wherever redirects lead, also on another host (2.3.1.2); what leads on is none.
        """
        where = f"{origin.scheme}://{origin.authority}/robots.txt"
        for _ in range(1 + _ROBOTS_REDIRECTS):
            answer = await self._ask(origin_of(where), where, Validators(), limit=MAX_BYTES)
            if answer.status not in _REDIRECTS:
                break
            where = _led_to(where, answer.headers.get("location", ""))
        if answer.status >= 500 or answer.status == _TOO_OFTEN:
            fault = Fault.BLOCKED if answer.status == _TOO_OFTEN else Fault.SERVER_ERROR
            raise SourceFault(fault, f"robots.txt: status {answer.status}")
        if answer.status != 200:
            return ALLOW_ALL
        return read_robots(answer.body.decode("utf-8", "replace"))

    async def _ask(
        self,
        origin: Origin,
        url: str,
        validators: Validators,
        *,
        limit: int,
        posted: Posted | None = None,
    ) -> Fetched:
        private = origin_of(self.start_url) if self.allow_private else None
        try:
            async with self._in_turn(origin):
                async with asyncio.timeout(self.limits.connect_seconds):
                    destination = await resolve(origin, private_origin=private)
                request = self._request(destination, url, validators, posted)
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

    def _request(
        self, to: Destination, url: str, validators: Validators, posted: Posted | None
    ) -> httpx.Request:
        """A request to the checked address itself: the name is not looked up a second time."""
        target = httpx.URL(url).copy_with(host=str(to.address))
        headers = {
            "Host": to.origin.authority,
            "User-Agent": f"{AGENT}/1.0 (disclosure audit; obeys robots.txt)",
            "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1",
            "Accept-Encoding": ACCEPTED_ENCODINGS,
            **validators.headers(),
            **(posted.headers if posted else {}),
        }
        extensions = {"sni_hostname": to.origin.host}
        method, body = ("POST", posted.body) if posted else ("GET", None)
        return self._client(to.origin).build_request(
            method, target, content=body, headers=headers, extensions=extensions
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

    @asynccontextmanager
    async def in_turn(self, url: str) -> AsyncIterator[None]:
        """Whatever asks the host of `url` for more than it was asked for here: at its pace."""
        async with self._in_turn(self._own_origin(url)):
            yield

    @asynccontextmanager
    async def _in_turn(self, origin: Origin) -> AsyncIterator[None]:
        delay = self._robots.get(origin, ALLOW_ALL).delay_seconds
        pause = max(self.limits.interval_seconds, delay)
        left_at = self._left_at.get(origin.site)
        if left_at is not None:
            await asyncio.sleep(max(0.0, left_at + pause - time.monotonic()))
        try:
            yield
        finally:
            # From the answer on: a host that takes long for one has enough to do.
            self._left_at[origin.site] = time.monotonic()


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


def _led_to(where: str, location: str) -> str:
    """Where a redirect leads; whatever a stranger writes there may be no address."""
    try:
        return urljoin(where, location)
    except ValueError as error:
        raise SourceFault(Fault.UNREACHABLE, "a redirect to no address") from error
