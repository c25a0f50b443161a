"""What the projects service refuses, where no other test comes by: problem by problem."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.projects.evidence import service as evidence
from shared import clock
from tests.conftest import Headers
from tests.projects import make
from tests.projects.collecting_world import Desk
from tests.provoking import provokes

NOBODY = "00000000-0000-7000-8000-000000000000"
RULE = {"list": {"rows": "li", "date": "span"}}
PORTAL = {"name": "栏目", "unit_code": "C01", "start_url": "https://www.example.gov.cn/list"}
RULING = {"document": "宁政办〔2026〕1号", "reason": "测试", "version": 1}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param(
            "POST", f"duties/{NOBODY}/restore", RULING, marks=provokes("restore_duty", "not-found")
        ),
        pytest.param(
            "POST", f"matches/{NOBODY}/reject", {"version": 1},
            marks=provokes("reject_match", "not-found"),
        ),
        pytest.param(
            "POST", f"matches/{NOBODY}/accept", {"version": 1},
            marks=provokes("accept_match", "not-found"),
        ),
        pytest.param(
            "GET", "portals/nowhere/rule", None, marks=provokes("get_portal_rule", "not-found")
        ),
        pytest.param(
            "PUT", "portals/nowhere/rule", RULE, marks=provokes("put_portal_rule", "not-found")
        ),
        pytest.param(
            "POST", "portals/nowhere/runs", None, marks=provokes("start_run", "not-found")
        ),
        pytest.param(
            "POST", "portals/nowhere/runs:dry-run", None, marks=provokes("dry_run", "not-found")
        ),
        pytest.param("GET", "portals/nowhere/runs", None, marks=provokes("list_runs", "not-found")),
        pytest.param("GET", f"runs/{NOBODY}", None, marks=provokes("get_run", "not-found")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_what_is_not_there_is_not_found(
    desk: Desk, as_: Headers, method: str, path: str, body: Any, language: str
) -> None:
    await desk.portal(f"t-{uuid4().hex[:10]}", PORTAL["start_url"], PORTAL["unit_code"], RULE)
    role = "admin" if method == "PUT" else "auditor"
    headers = {**as_(role, "*"), "Accept-Language": language}

    answer = await desk.client.request(method, f"/api/v1/{path}", json=body, headers=headers)

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


@provokes("dry_run", "no-collector-rule")
async def test_a_portal_without_a_rule_is_not_tried(desk: Desk, as_: Headers) -> None:
    portal, headers = f"t-{uuid4().hex[:10]}", as_("admin", "*")
    await desk.portal(f"{portal}-too", PORTAL["start_url"], "C01", RULE)
    put = await desk.client.put(f"/api/v1/portals/{portal}", json=PORTAL, headers=headers)
    assert put.status_code == 200, put.text

    tried = await desk.client.post(f"/api/v1/portals/{portal}/runs:dry-run", headers=headers)

    assert (tried.status_code, tried.json()["type"]) == (409, "/problems/no-collector-rule")


@provokes("import_projects", "payload-too-large")
async def test_an_import_has_an_end(projects: httpx.AsyncClient, as_: Headers) -> None:
    headers = {**as_("admin", "*"), "Content-Type": "text/csv"}
    answer = await projects.post(
        "/api/v1/projects:import", content=b"code,name\n" * 4_000_000, headers=headers
    )
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/payload-too-large")


@provokes("record_trigger_event", "unknown-reference")
async def test_an_event_is_of_a_project_that_is_registered(
    projects: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    unit = await make.unit(await sql("projects"))
    body = make.event(make.project_code(), unit, "2026-03-02")

    answer = await projects.post("/api/v1/events", json=body, headers=as_("officer", unit))

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-reference")


@provokes("get_evidence", "evidence-damaged")
async def test_evidence_whose_bytes_are_gone_is_not_shown(desk: Desk) -> None:
    url = "https://www.example.gov.cn/list"
    answer = evidence.Answer(
        url=url, final_url=url, status=200, headers={}, fetched_at=clock.now(), size=4,
        sha256="0" * 64, charset="utf-8",
    )  # fmt: skip
    async with desk.sessions() as session, session.begin():
        capture = await evidence.record(session, f"t-{uuid4().hex}", answer, is_public=True)

    raw = await desk.client.get(f"/api/v1/evidence/{capture.id}", params={"raw": True})

    assert (raw.status_code, raw.json()["type"]) == (409, "/problems/evidence-damaged")
