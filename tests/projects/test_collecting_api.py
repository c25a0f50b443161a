"""Portals, rules, runs and evidence over HTTP."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.projects.evidence.service import seal_days
from shared import clock
from shared.web.security_headers import PAGE_POLICY
from tests import support
from tests.conftest import Headers
from tests.projects import make
from tests.projects.collecting_world import PLAIN_RULE, Desk, serving
from tests.projects.proofs import root_from
from tests.projects.unruly_portal import UnrulyPortal, listing
from tests.provoking import provokes
from tests.support import Connect


@pytest.fixture
async def shop(desk: Desk) -> AsyncIterator[tuple[UnrulyPortal, str, str]]:
    """A portal with two items, its address, and the id it is registered under, with a rule."""
    portal, portal_id = UnrulyPortal(), f"t-{uuid4().hex[:10]}"
    portal.pages["/list"] = listing("/a|甲工程公示|2026-01-05", "/b|乙工程公示|2026-01-06")
    portal.pages["/a"] = (
        '<meta name="PubDate" content="2026-01-05 09:00"><p>发布时间：2026-01-05 09:00</p>'
        "<p>项目统一代码：2605-359900-44-05-523645</p>"
    )
    portal.pages["/b"] = "<p>乙</p>"
    async with serving(portal) as address:
        await desk.portal(portal_id, f"{address}/list")
        yield portal, address, portal_id


def order(**changes: Any) -> dict[str, Any]:
    return {
        "name": "测试栏目",
        "unit_code": "C01",
        "start_url": "https://www.example.gov.cn/zdxm/index.htm",
        **changes,
    }


@provokes("put_portal", "state-conflict")
async def test_a_portal_is_registered_and_changed_by_its_version(
    desk: Desk, shop: Any, as_: Headers
) -> None:
    path, admin = f"/api/v1/portals/t-{uuid4().hex[:10]}", as_("admin")
    made = await desk.client.put(path, json=order(), headers=admin)
    assert (made.status_code, made.json()["health"]) == (200, "unknown")
    assert made.json()["host"] == "www.example.gov.cn"
    moved = order(every_minutes=60, version=1, start_url="https://xxgk.example.gov.cn:8443/list")
    changed = await desk.client.put(path, json=moved, headers=admin)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert changed.json()["host"] == "xxgk.example.gov.cn:8443"
    stale = await desk.client.put(path, json=order(version=1), headers=admin)
    assert (stale.status_code, stale.json()["version"]) == (409, 2)
    assert (await desk.client.get(path, headers=as_("auditor"))).json()["every_minutes"] == 60


async def test_of_those_who_register_one_portal_at_once_one_does_and_the_others_read_what_to_do(
    desk: Desk, shop: Any, as_: Headers
) -> None:
    path = f"/api/v1/portals/t-{uuid4().hex[:10]}"
    answers = await asyncio.gather(
        *(desk.client.put(path, json=order(), headers=as_("admin", "*")) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["type"], refused["version"]) == ("/problems/state-conflict", 1)
    assert "版本" in refused["detail"]


@provokes("get_portal", "not-found")
@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"start_url": "ftp://a.gov.cn/index"}, "/body/start_url"),
        ({"start_url": "http://me:pw@a.gov.cn/"}, "/body/start_url"),
        ({"start_url": "http://a.gov.cn/中文"}, "/body/start_url"),
        ({"every_minutes": 0}, "/body/every_minutes"),
        ({"unit_code": "NOBODY"}, "/body/unit_code"),
        ({"colour": "red"}, "/body/colour"),
    ],
)
async def test_a_wrong_portal_is_refused_by_field(
    desk: Desk, shop: Any, as_: Headers, changes: dict[str, Any], pointer: str
) -> None:
    path = f"/api/v1/portals/t-{uuid4().hex[:10]}"
    answer = await desk.client.put(path, json=order(**changes), headers=as_("admin"))
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert (await desk.client.get(path, headers=as_("admin"))).status_code == 404


@pytest.mark.parametrize("role", ["auditor", "officer", "citizen", None])
async def test_only_an_administrator_changes_portals(
    desk: Desk, shop: Any, as_: Headers, role: str | None
) -> None:
    headers = as_(role, "*") if role else {}
    path = f"/api/v1/portals/{shop[2]}"
    for answer in (
        await desk.client.put(path, json=order(version=1), headers=headers),
        await desk.client.put(f"{path}/rule", json=dict(PLAIN_RULE), headers=headers),
    ):
        assert answer.status_code == (403 if role else 401)


async def test_a_run_is_ordered_and_its_progress_read(desk: Desk, shop: Any, as_: Headers) -> None:
    path = f"/api/v1/portals/{shop[2]}/runs"
    started = await desk.client.post(path, headers=as_("auditor", "*"))
    assert (started.status_code, started.json()["state"]) == (202, "queued")
    again = await desk.client.post(path, headers=as_("auditor", "*"))
    assert again.json()["run"] == started.json()["run"]
    await desk.collector.work(clock.now())
    where = f"/api/v1/runs/{started.json()['run']}"
    run = (await desk.client.get(where, headers=as_("auditor"))).json()
    assert (run["state"], run["pages"], run["items"], run["errors"]) == ("finished", 1, 2, [])
    listed = (await desk.client.get(path, headers=as_("auditor"))).json()["items"]
    assert [item["id"] for item in listed] == [started.json()["run"]]


@provokes("put_portal_rule", "invalid-request")
async def test_a_rule_that_reads_nothing_of_the_last_capture_does_not_go_live(
    desk: Desk, shop: Any, as_: Headers
) -> None:
    path, admin = f"/api/v1/portals/{shop[2]}/rule", as_("admin")
    await desk.collect(shop[2])
    lost = await desk.client.put(path, json={"list": {"rows": "tr.row"}}, headers=admin)
    assert (lost.status_code, lost.json()["errors"][0]["pointer"]) == (422, "/body/list/rows")
    assert (await desk.client.get(path, headers=admin)).json()["version"] == 1
    other_kind = await desk.client.put(path, json={"kind": "feed"}, headers=admin)
    assert (other_kind.status_code, other_kind.json()["errors"][0]["pointer"]) == (422, "/body")
    fit = await desk.client.put(path, json={"list": {"rows": "ul li"}}, headers=admin)
    assert fit.status_code == 200
    assert (fit.json()["version"], fit.json()["trial"]["entries"]) == (2, 2)


@pytest.mark.parametrize(
    "rule",
    [
        {"list": {"rows": "li[["}},
        {"list": {"rows": ""}},
        {"list": {"rows": "li"}, "pager": {"kind": "numbered", "address": "x.htm"}},
        {"list": {"rows": "li"}, "pager": {"kind": "other"}},
        {"list": {"rows": "li"}, "items": [{"item_code": "xx"}]},
        {"kind": "json_api", "list": {"rows": "li"}},
        {"list": {"rows": "li"}, "script": "import os"},
    ],
)
async def test_a_rule_is_checked_like_any_input(
    desk: Desk, shop: Any, as_: Headers, rule: dict[str, Any]
) -> None:
    path = f"/api/v1/portals/{shop[2]}/rule"
    assert (await desk.client.put(path, json=rule, headers=as_("admin"))).status_code == 422


async def test_a_dry_run_shows_what_a_rule_reads_and_stores_nothing(
    desk: Desk, shop: Any, as_: Headers
) -> None:
    path = f"/api/v1/portals/{shop[2]}/runs:dry-run"
    answer = await desk.client.post(path, headers=as_("auditor"))
    trial = answer.json()
    assert (answer.status_code, trial["entries"], trial["with_date"]) == (200, 2, 2)
    assert trial["detail"]["project_code"] == "2605-359900-44-05-523645"
    assert trial["detail"]["claimed_at"].startswith("2026-01-05")
    lost = {"rule": {"list": {"rows": "tr"}}}
    assert (await desk.client.post(path, json=lost, headers=as_("auditor"))).json()["fault"] == (
        "redesigned"
    )
    count = "SELECT count(*) AS n FROM capture WHERE chain = :id"
    assert (await desk.rows(count, id=shop[2]))[0]["n"] == 0


async def test_a_dry_run_is_guarded_like_a_run(desk: Desk, shop: Any, as_: Headers) -> None:
    portal_id = f"t-{uuid4().hex[:10]}"
    body = order(start_url="http://127.0.0.1:5432/")
    await desk.client.put(f"/api/v1/portals/{portal_id}", json=body, headers=as_("admin"))
    path = f"/api/v1/portals/{portal_id}/runs:dry-run"
    answer = await desk.client.post(path, json={"rule": dict(PLAIN_RULE)}, headers=as_("auditor"))
    assert answer.json()["fault"] == "address_refused"


@provokes("start_run", "no-collector-rule")
async def test_a_portal_without_a_rule_cannot_be_run(desk: Desk, shop: Any, as_: Headers) -> None:
    portal_id = f"t-{uuid4().hex[:10]}"
    await desk.client.put(f"/api/v1/portals/{portal_id}", json=order(), headers=as_("admin"))
    answer = await desk.client.post(f"/api/v1/portals/{portal_id}/runs", headers=as_("auditor"))
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/no-collector-rule")


async def test_evidence_is_shown_with_its_proof_and_given_as_it_was(desk: Desk, shop: Any) -> None:
    portal, _, portal_id = shop
    await desk.collect(portal_id)
    (row,) = await desk.rows(
        "SELECT evidence_id AS id FROM portal_page WHERE portal_id = :id AND url LIKE '%/a'",
        id=portal_id,
    )
    async with desk.sessions() as session, session.begin():
        await seal_days(session, clock.now().replace(year=2099))
    shown = (await desk.client.get(f"/api/v1/evidence/{row['id']}")).json()
    steps = [(step["side"], step["hash"]) for step in shown["proof"]]
    assert root_from(shown["hash"], steps) == shown["day_root"]
    raw = await desk.client.get(f"/api/v1/evidence/{row['id']}?raw=true")
    assert raw.content == portal.pages["/a"].encode()
    assert hashlib.sha256(raw.content).hexdigest() == shown["sha256"]
    assert raw.headers["content-disposition"].startswith("attachment")
    assert raw.headers["x-content-type-options"] == "nosniff"
    assert raw.headers["content-type"] == "application/octet-stream"
    await desk.do("DELETE FROM evidence_day")


async def test_evidence_opens_in_a_browser_as_the_words_that_stood_there(
    desk: Desk, shop: Any
) -> None:
    portal, address, portal_id = shop
    portal.pages["/a"] = f"<h1>批复</h1><script>steal()</script><iframe src=/b></iframe>{'正' * 40}"
    await desk.collect(portal_id)
    (row,) = await desk.rows(
        "SELECT evidence_id AS id FROM portal_page WHERE portal_id = :id AND url LIKE '%/a'",
        id=portal_id,
    )
    path = f"/api/v1/evidence/{row['id']}"
    opened = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    page = await desk.client.get(path, headers=opened)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == PAGE_POLICY
    assert f'<pre class="captured">批复\n{"正" * 40}</pre>' in page.text
    assert not any(each in page.text for each in ("steal", "<script", "<iframe"))
    assert f"{address}/a" in page.text
    shown = await desk.client.get(path, params={"format": "json"}, headers=opened)
    assert all(shown.json()[name] in page.text for name in ("sha256", "hash"))
    assert 'href="?raw=true"' in page.text
    asked_otherwise = await desk.client.get(path, headers={"Accept": "application/json"})
    assert asked_otherwise.json() == shown.json()
    assert all("Accept" in answer.headers["vary"] for answer in (page, asked_otherwise))
    assert (await desk.client.get(f"{path}?format=html")).text == page.text


@provokes("get_evidence", "not-found")
async def test_evidence_of_a_page_that_is_not_public_is_for_auditors(
    desk: Desk, shop: Any, as_: Headers
) -> None:
    portal_id = shop[2]
    await desk.do("UPDATE portal SET is_public = false WHERE id = :id", id=portal_id)
    await desk.collect(portal_id)
    row = (await desk.rows("SELECT id FROM capture WHERE chain = :id", id=portal_id))[0]
    path = f"/api/v1/evidence/{row['id']}"
    assert (await desk.client.get(path)).status_code == 404
    assert (await desk.client.get(path, headers=as_("citizen"))).status_code == 404
    assert (await desk.client.get(path, headers=as_("auditor"))).status_code == 200


async def test_the_running_service_collects_and_matches_by_itself(
    projects: httpx.AsyncClient, sql: Connect, as_: Headers
) -> None:
    owner = await sql("projects")
    unit = await make.unit(owner)
    project = await make.project(owner, unit)
    day = clock.today(clock.now())
    duty = await make.duty(projects, as_("officer", unit), make.event(project, unit, day))
    portal, path = UnrulyPortal(), f"/api/v1/portals/t-{uuid4().hex[:10]}"
    portal.pages["/list"] = listing(f"/a|建议书批复|{day}")
    portal.pages["/a"] = f"<p>发布时间：{day}</p><p>项目统一代码：{project}</p>"
    async with serving(portal) as address:
        site = {"start_url": f"{address}/list", "allow_private": True, "interval_ms": 0}
        body = order(unit_code=unit, **site)
        await projects.put(path, json=body, headers=as_("admin"))
        rule = {**PLAIN_RULE, "items": [{"item_code": duty["item_code"], "words": ["建议书"]}]}
        await projects.put(f"{path}/rule", json=rule, headers=as_("admin"))

        async def is_published() -> bool:
            shown = await projects.get(f"/api/v1/duties/{duty['id']}", headers=as_("auditor"))
            return bool(shown.json()["verdict"] == "on_time")

        await support.eventually(is_published, 30)
    seen = (await projects.get(f"/api/v1/duties/{duty['id']}", headers=as_("auditor"))).json()
    assert seen["published"]["url"] == f"{address}/a"
