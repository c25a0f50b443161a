"""A portal that does everything a portal can do wrong, one folder a fault."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse

HTML = "text/html; charset=utf-8"
MEGABYTE = b"x" * 1_000_000


def listing(*names: str, extra: str = "") -> str:
    """A list page of entries `names` of the form `address|title|date`."""
    rows = ""
    for name in names:
        href, title, day = name.split("|")
        rows += f'<li><a href="{href}">{title}</a><span>{day}</span></li>'
    return f"<html><body><ul>{rows}</ul>{extra}</body></html>"


def table(rows: Sequence[Sequence[str]], *, heads: Sequence[str]) -> str:
    """A table of records under a row of heads."""
    lines = ("".join(f"<td>{cell}</td>" for cell in line) for line in [heads, *rows])
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


@dataclass
class UnrulyPortal:
    """Serves `pages`, of HTML unless `types` says else, and `statuses`; a first folder such as
    /slow/ is a fault. A page may be one of a path with its query.
    """

    pages: dict[str, str | bytes] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    robots: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    redirect_to: str = ""
    redirects: dict[str, str] = field(default_factory=dict)
    """Where paths lead."""
    anything_else: str | None = None
    """What every address answers at which there is nothing."""
    when_asked: dict[str, Callable[[], Awaitable[None] | None]] = field(default_factory=dict)
    """What happens, once, just before a path is answered."""
    megabytes_sent: int = 0
    """Of what it announces to be huge."""

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked if path != "/robots.txt"]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        self.asked.append((request.url.path, dict(request.headers)))
        await (await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path, query = request.url.path, request.url.query
        if f"{path}?{query}" in self.pages:
            path = f"{path}?{query}"
        if path in self.when_asked:
            happening = self.when_asked.pop(path)()
            if happening is not None:
                await happening
        if path in self.redirects:
            return RedirectResponse(self.redirects[path])
        if path in self.statuses:
            return PlainTextResponse("-", self.statuses[path])
        if path == "/robots.txt":
            return PlainTextResponse(self.robots, 200 if self.robots else 404)
        if path in self.pages:
            return self._page(request, path)
        fault = getattr(self, "_" + path.strip("/").partition("/")[0].replace("-", "_"), None)
        if fault is None and self.anything_else is not None:
            return Response(self.anything_else, headers={"Content-Type": HTML})
        return await fault(request) if fault else PlainTextResponse("-", 404)

    def _page(self, request: Request, path: str) -> Response:
        page = self.pages[path]
        body = page.encode() if isinstance(page, str) else page
        etag = f'"{hash(body)}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304)
        kind = self.types.get(path, HTML)
        return Response(body, headers={"ETag": etag, "Content-Type": kind})

    async def _error(self, request: Request) -> Response:
        return PlainTextResponse("boom", 500)

    async def _forbidden(self, request: Request) -> Response:
        return PlainTextResponse("no", 403)

    async def _loop(self, request: Request) -> Response:
        there = "/loop/b" if request.url.path == "/loop/a" else "/loop/a"
        return RedirectResponse(there)

    async def _chain(self, request: Request) -> Response:
        number = int(request.url.path.rpartition("/")[2] or 0)
        return RedirectResponse(f"/chain/{number + 1}")

    async def _away(self, request: Request) -> Response:
        return RedirectResponse(self.redirect_to)

    async def _huge(self, request: Request) -> Response:
        async def stream() -> AsyncIterator[bytes]:
            for _ in range(200):
                yield MEGABYTE
                await asyncio.sleep(0)

        return StreamingResponse(stream(), media_type=HTML)

    async def _announced(self, request: Request) -> Response:
        async def stream() -> AsyncIterator[bytes]:
            for _ in range(300):
                self.megabytes_sent += 1
                yield MEGABYTE
                await asyncio.sleep(0.01)

        headers = {"Content-Length": str(300 * len(MEGABYTE))}
        return StreamingResponse(stream(), media_type="application/pdf", headers=headers)

    async def _bomb(self, request: Request) -> Response:
        body = gzip.compress(MEGABYTE * 50)
        return Response(body, headers={"Content-Encoding": "gzip", "Content-Type": HTML})

    async def _slow(self, request: Request) -> Response:
        await asyncio.sleep(1.5)
        return PlainTextResponse("late")

    async def _drip(self, request: Request) -> Response:
        async def stream() -> AsyncIterator[bytes]:
            for _ in range(60):
                yield b"."
                await asyncio.sleep(0.05)

        return StreamingResponse(stream(), media_type=HTML)

    async def _garbled(self, request: Request) -> Response:
        return Response("重点项目建设公示列表".encode("utf-16-le") * 40, media_type="text/html")

    async def _empty(self, request: Request) -> Response:
        return Response("<html><body><p>改版了</p></body></html>", media_type=HTML)
