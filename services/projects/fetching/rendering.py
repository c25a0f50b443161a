"""Pages that scripts fill, as a rendering service of the operator's shows them.

No browser runs here. A service beside this one, named by a setting, opens an address, runs what
stands there, and answers with the page as it is then, as Rendertron, prerender, Splash and others
do. What the page's scripts ask for is asked for by that service, so it must not reach the own
network.
"""

import asyncio
import hashlib
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

import httpx

from services.projects.fetching.bodies import ACCEPTED_ENCODINGS, read_body
from services.projects.fetching.fetcher import Fetched, Fetcher
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.readers import RENDERED_BY, RENDERED_FROM
from services.projects.settings import ProjectsSettings
from shared.clock import now


class RendererDown(OSError):
    """The rendering service cannot be had: no portal is to blame for it."""


@dataclass(frozen=True)
class Renderer:
    """`address` of the service, in which `{url}` is where the page's address goes."""

    address: str
    seconds: float = 30.0
    body_bytes: int = 5_000_000

    async def shown(self, fetcher: Fetcher, page: Fetched) -> Fetched:
        """The page that was fetched, as it is once its scripts have run.

        Raises SourceFault where the service cannot show it, and RendererDown. It opens the page
        anew, so that is done in the portal's turn, as any request.
        """
        async with fetcher.in_turn(page.final_url):
            try:
                async with asyncio.timeout(self.seconds):
                    body = await self._rendered(page.final_url)
            except (httpx.TimeoutException, TimeoutError) as error:
                raise SourceFault(Fault.TIMEOUT, "while it was rendered") from error
            except httpx.HTTPError as error:
                raise RendererDown(type(error).__name__) from error
        headers = {
            "content-type": "text/html; charset=utf-8",
            RENDERED_BY: urlsplit(self.address).netloc,
            RENDERED_FROM: hashlib.sha256(page.body).hexdigest(),
        }
        return replace(page, body=body, headers=headers, fetched_at=now(), rendered_from=page)

    async def _rendered(self, url: str) -> bytes:
        """UTF-8, whatever the service answers in."""
        where = self.address.replace("{url}", quote(url, safe=""))
        sent = {"Accept": "text/html", "Accept-Encoding": ACCEPTED_ENCODINGS}
        async with (
            httpx.AsyncClient(timeout=self.seconds, trust_env=False) as client,
            client.stream("GET", where, headers=sent) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise SourceFault(Fault.UNREADABLE, f"rendered with status {answer.status_code}")
            packed = answer.headers.get("content-encoding", "")
            body = await read_body(answer.aiter_raw(), encoding=packed, limit=self.body_bytes)
            return body.decode(answer.charset_encoding or "utf-8", "replace").encode()


def renderer_of(settings: ProjectsSettings) -> Renderer | None:
    """The rendering service of the settings; None: pages are read as they are fetched."""
    return Renderer(settings.renderer_url) if settings.renderer_url else None
