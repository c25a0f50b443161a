"""A portal's day as a web archive: what it was asked, what it answered, readable without us."""

import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from sqlalchemy import URL
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from services.projects.collecting.models import RunKind
from services.projects.export_warc import export
from shared import clock
from tests import support
from tests.conftest import Headers
from tests.projects.collecting_world import Desk, serving
from tests.projects.evidence_archive import SEEN_AT, Archive
from tests.projects.unruly_portal import UnrulyPortal, listing
from tests.provoking import provokes
from tests.support import Tokens


class Kept(NamedTuple):
    """A record of an archive."""

    kind: str
    fields: Mapping[str, str]
    line: str
    http: Mapping[str, str]
    body: bytes


def records(archive: bytes) -> list[Kept]:
    found = []
    for record in ArchiveIterator(BytesIO(archive)):
        http = record.http_headers
        kept = Kept(
            record.rec_type,
            dict(record.rec_headers.headers),
            http.statusline if http else "",
            {name.lower(): value for name, value in http.headers} if http else {},
            record.content_stream().read(),
        )
        found.append(kept)
    return found


def address_of(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def is_valid(path: Path) -> bool:
    """By the check of the archives' own tool: it reads every record and compares its digests."""
    return bool(Checker(SimpleNamespace(inputs=[str(path)], verbose=True)).process_all() == 0)


@pytest.fixture
async def walked(desk: Desk) -> Any:
    """A portal of one page that was walked twice, and said the second time that all is as before;
    what it was asked.
    """
    portal_id, portal = f"t-{uuid4().hex[:10]}", UnrulyPortal()
    portal.pages["/list"] = listing("/a?id=1|建议书批复|2026-03-02")
    portal.pages["/a"] = "<p>批复</p>"
    async with serving(portal) as address:
        await desk.portal(portal_id, f"{address}/list")
        for _ in range(2):
            await desk.collect(portal_id, RunKind.FULL)
    return portal_id, portal, address


async def test_an_archive_holds_what_was_asked_and_answered(
    desk: Desk, walked: Any, bus: NatsServer, tokens: Tokens, tmp_path: Path
) -> None:
    portal_id, portal, address = walked
    target = tmp_path / "day.warc.gz"
    settings = support.settings_for(
        "projects", address_of(desk.engine_url), bus, tokens, evidence_dir=desk.folder
    )

    count = await export(settings, portal_id, clock.today(clock.now()), target)

    assert is_valid(target)
    info, *others = records(target.read_bytes())
    assert info.kind == "warcinfo"
    assert {each.fields["WARC-Warcinfo-ID"] for each in others} == {info.fields["WARC-Record-ID"]}
    answers = [each for each in others if each.kind != "request"]
    assert len(answers) == count
    assert [(each.kind, each.line, each.body) for each in answers][:2] == [
        ("response", "200 OK", portal.pages["/list"].encode()),
        ("response", "200 OK", b"<p>\xe6\x89\xb9\xe5\xa4\x8d</p>"),
    ]
    [again] = [each for each in answers if each.kind == "revisit"]
    assert again.fields["WARC-Refers-To"] == answers[0].fields["WARC-Record-ID"]
    assert again.fields["WARC-Refers-To-Date"] == answers[0].fields["WARC-Date"]
    assert again.fields["WARC-Payload-Digest"] == answers[0].fields["WARC-Payload-Digest"]
    asked = [each for each in others if each.kind == "request"]
    assert [each.fields["WARC-Concurrent-To"] for each in asked] == [
        each.fields["WARC-Record-ID"] for each in answers
    ]
    assert {each.fields["WARC-Target-URI"] for each in asked} == {
        f"{address}/list",
        f"{address}/a?id=1",
    }
    received = [headers for _, headers in portal.asked]
    assert all(each.http in received for each in asked)
    assert "if-none-match" in asked[-1].http


async def test_an_archive_holds_every_redirect_on_the_way(
    desk: Desk, bus: NatsServer, tokens: Tokens, tmp_path: Path
) -> None:
    portal_id, portal = f"t-{uuid4().hex[:10]}", UnrulyPortal(redirect_to="/away/b?x=1")
    portal.pages["/list"] = listing("/away/a|建议书批复|2026-03-02")
    portal.when_asked["/away/b"] = lambda: setattr(portal, "redirect_to", "/docs/a")
    portal.when_asked["/docs/a"] = lambda: setattr(portal, "redirect_to", "/nothing")
    portal.pages["/docs/a"] = f"<h1>建议书批复</h1><p>{uuid4()}</p>"
    async with serving(portal) as address:
        await desk.portal(portal_id, f"{address}/list")
        await desk.collect(portal_id, RunKind.FULL)
    target = tmp_path / "day.warc.gz"
    settings = support.settings_for(
        "projects", address_of(desk.engine_url), bus, tokens, evidence_dir=desk.folder
    )

    await export(settings, portal_id, clock.today(clock.now()), target)

    assert is_valid(target)
    found = records(target.read_bytes())[3:]
    paths = ["/away/a", "/away/b?x=1", "/docs/a"]
    assert [
        (each.kind, each.fields["WARC-Target-URI"].removeprefix(address)) for each in found
    ] == [(kind, path) for path in paths for kind in ("response", "request")]
    answers = found[::2]
    assert [each.line[:3] for each in answers] == ["307", "307", "200"]
    assert [each.http.get("location") for each in answers] == [*paths[1:], None]
    [kept] = await desk.rows(
        "SELECT id, redirects FROM capture WHERE chain = :id AND redirects IS NOT NULL",
        id=portal_id,
    )
    view = (await desk.client.get(f"/api/v1/evidence/{kept['id']}")).json()
    assert [led["url"].removeprefix(address) for led in view["redirects"]] == paths[:2]


async def test_a_capture_of_before_requests_were_kept_has_none(
    archive: Archive, evidence_urls: Urls, bus: NatsServer, tokens: Tokens, tmp_path: Path
) -> None:
    await archive.capture("p", b"<p>one</p>")
    await archive.capture("p", b"<p>tomorrow</p>", days=1)
    target = tmp_path / "day.warc.gz"
    settings = support.settings_for(
        "projects", evidence_urls.service, bus, tokens, evidence_dir=archive.folder
    )

    assert await export(settings, "p", SEEN_AT.date(), target) == 1

    assert is_valid(target)
    found = [(each.kind, each.body) for each in records(target.read_bytes())[1:]]
    assert found == [("response", b"<p>one</p>")]
    assert [name for name in os.listdir(tmp_path) if name.endswith(".draft")] == []


@provokes("get_evidence_warc", "not-found", "evidence-damaged")
async def test_a_capture_is_a_slice_that_stands_by_itself(
    desk: Desk, walked: Any, as_: Headers, tmp_path: Path
) -> None:
    portal_id, portal, _ = walked
    [again] = await desk.rows(
        "SELECT id, sha256 FROM capture WHERE chain = :id AND status = 304", id=portal_id
    )
    path = f"/api/v1/evidence/{again['id']}.warc.gz"

    answer = await desk.client.get(path)

    assert answer.headers["content-type"] == "application/warc"
    target = tmp_path / "slice.warc.gz"
    target.write_bytes(answer.content)
    assert is_valid(target)
    found = records(answer.content)
    kinds = ["warcinfo", "response", "request", "revisit", "request"]
    assert [each.kind for each in found] == kinds
    assert found[1].body == portal.pages["/list"].encode()

    sha256 = again["sha256"]
    (desk.folder / sha256[:2] / sha256[2:4] / sha256).unlink()
    damaged = await desk.client.get(path)
    assert (damaged.status_code, damaged.json()["type"]) == (409, "/problems/evidence-damaged")
    await desk.do("UPDATE capture SET is_public = false WHERE id = :id", id=again["id"])
    hidden = await desk.client.get(path, headers=as_("citizen"))
    assert (hidden.status_code, hidden.json()["type"]) == (404, "/problems/not-found")
