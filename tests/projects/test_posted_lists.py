"""Platforms that give their list for a POST: walked like any other, and kept with what was sent."""

import io
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from warcio.archiveiterator import ArchiveIterator

from services.projects.collecting.models import RunState
from services.projects.evidence import service as evidence
from services.projects.evidence.verifying import StoredEvidence, verify
from tests.conftest import Headers
from tests.projects.collecting_world import Desk, serving

RULE = {
    "kind": "json_api",
    "list": {
        "items": "rows", "title": "title", "address": "/a/{id}", "total": "total", "size": 2,
    },
    "pager": {"kind": "page", "parameter": "query.page"},
    "post": {"body": {"query": {"page": 1, "size": 2}}},
}  # fmt: skip


class Platform:
    """Lists three entries, two a page, to who posts for them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes]] = []
        self.moved = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        self.asked.append((request.method, request.url.path, await request.body()))
        await self._answer(*self.asked[-1])(scope, receive, send)

    def _answer(self, method: str, path: str, body: bytes) -> Response:
        if path.startswith("/a/"):
            return PlainTextResponse(f"<p>第{path[3:]}号</p>", media_type="text/html")
        if path == "/list" and self.moved:
            return RedirectResponse("/there", self.moved)
        if path not in ("/list", "/there") or method != "POST":
            return PlainTextResponse("-", 404)
        first = 2 * json.loads(body)["query"]["page"] - 1
        rows = [{"id": n, "title": f"第{n}号"} for n in range(first, min(first + 2, 4))]
        return JSONResponse({"rows": rows, "total": 3})


@pytest.fixture
async def platform(desk: Desk) -> AsyncIterator[tuple[Platform, str]]:
    served, portal_id = Platform(), f"t-{uuid4().hex[:10]}"
    async with serving(served) as address:
        await desk.portal(portal_id, f"{address}/list", rule=RULE)
        yield served, portal_id


async def test_each_page_is_posted_for_and_a_whole_walk_proves_absence(
    desk: Desk, platform: tuple[Platform, str], as_: Headers
) -> None:
    served, portal_id = platform
    run = await desk.collect(portal_id)
    assert (run.state, run.pages, run.items) == (RunState.FINISHED, 2, 3)
    assert run.proves_absence
    pages = [json.loads(body)["query"] for how, _, body in served.asked if how == "POST"]
    assert pages == [{"page": n, "size": 2} for n in (1, 2, 1)]
    path = f"/api/v1/portals/{portal_id}/runs:dry-run"
    tried = (await desk.client.post(path, headers=as_("auditor"))).json()
    assert (tried["entries"], tried["detail"]["fault"]) == (2, None)


async def test_what_was_sent_is_evidence(desk: Desk, platform: tuple[Platform, str]) -> None:
    _, portal_id = platform
    await desk.collect(portal_id)
    second = "SELECT id FROM capture WHERE chain = :id AND url LIKE '%#query.page=2'"
    [row] = await desk.rows(second, id=portal_id)
    archive = await desk.client.get(f"/api/v1/evidence/{row['id']}.warc.gz")
    asked = [
        (each.http_headers.protocol, each.content_stream().read())
        for each in ArchiveIterator(io.BytesIO(archive.content))
        if each.rec_type == "request"
    ]
    assert asked == [("POST", b'{"query":{"page":2,"size":2}}')]
    async with desk.sessions() as session:
        capture = await evidence.visible(session, row["id"], None)
        posted = await evidence.posted(desk.files, capture)
        assert posted == asked[0][1]
        found = await verify(StoredEvidence(session, desk.files))
        assert not [fault for fault in found.faults if fault.where.startswith(portal_id)]
        sha256 = capture.request_headers or {}
        assert sha256["Content-Digest"].startswith("sha-256=:")


@pytest.mark.parametrize(("status", "state"), [(307, RunState.FINISHED), (302, RunState.FAILED)])
async def test_a_redirect_is_posted_to_only_where_it_says_so(
    desk: Desk, platform: tuple[Platform, str], status: int, state: RunState
) -> None:
    served, portal_id = platform
    served.moved = status
    assert (await desk.collect(portal_id)).state is state
