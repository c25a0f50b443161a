"""Audits and frozen reports: the same bytes again, figures that open, files that people use."""

import csv
import hashlib
import io
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from services.projects.auditing.models import Verdict
from services.projects.auditing.rules import scoring
from services.projects.auditing.rules.scoring import Tally
from services.projects.duties import observing
from services.projects.duties.models import ClaimKind
from services.projects.duties.rules import Sighting
from services.projects.reports import freezing
from services.projects.reports import service as reports
from services.projects.reports.rules import report as reporting
from shared.clock import SHANGHAI, now
from shared.database.engine import RoomSession
from tests.projects import make
from tests.provoking import provokes
from tests.support import Connect, Databases

Headers = Callable[..., dict[str, str]]
Work = Callable[[RoomSession], Awaitable[Any]]


async def inside(databases: Databases, work: Work) -> Any:
    """`work(session)` in a transaction of the service."""
    url = make_url(databases["projects"]).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url)
    try:
        async with RoomSession(engine, expire_on_commit=False) as session, session.begin():
            return await work(session)
    finally:
        await engine.dispose()


async def see(databases: Databases, duty: str, claimed: str | None, **others: Any) -> None:
    """The duty's page is seen now, with a claimed day."""
    claimed_at = datetime.fromisoformat(f"{claimed}T09:00:00+08:00") if claimed else None
    sighting = Sighting(
        duty_id=UUID(duty),
        url="https://example.gov.cn/t1.htm",
        observed_at=others.pop("observed_at", now()),
        claimed_at=claimed_at,
        **{"claim_kind": ClaimKind.META if claimed else ClaimKind.NONE, **others},
    )
    await inside(
        databases,
        lambda session: observing.record_sightings(session, [sighting], now(), actor="test"),
    )


async def walk(databases: Databases, unit: str) -> None:
    """Every place of the unit is read to its end now."""
    await inside(
        databases,
        lambda session: observing.note_full_walk(session, [unit], now(), now(), actor="test"),
    )


async def a_unit_with_every_outcome(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> str:
    """On time twice, late by 2, overdue, no time, incomplete, withdrawn, early, disputed."""
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    made = [
        (await make.duty(projects, as_("system"), make.event(project, unit, f"2026-03-{d:02}")))
        for d in range(2, 12)
    ]
    ids = [duty["id"] for duty in made]
    await see(databases, ids[0], "2026-03-10")
    await see(databases, ids[1], "2026-03-10", cms_at=datetime(2026, 3, 10, 9, tzinfo=SHANGHAI))
    late = date.fromisoformat(made[2]["due_on"]) + timedelta(days=2)
    await see(databases, ids[2], late.isoformat())
    await see(databases, ids[4], None)
    await see(databases, ids[5], "2026-03-20", missing_elements=("批复文号",))
    await see(databases, ids[6], "2026-03-20")
    await inside(
        databases,
        lambda session: observing.record_gone(
            session, UUID(ids[6]), "https://x.gov.cn", now(), now(), actor="test"
        ),
    )
    await see(databases, ids[7], "2026-03-01")
    await see(databases, ids[8], "2026-03-12", cms_at=datetime(2026, 7, 3, tzinfo=SHANGHAI))
    await walk(databases, unit)
    return unit


async def audit(projects: httpx.AsyncClient, headers: dict[str, str]) -> str:
    answer = await projects.post("/api/v1/audits", json={}, headers=headers)
    assert answer.status_code == 201, answer.text
    found = await projects.get(f"/api/v1/audits/{answer.json()['id']}", headers=headers)
    assert found.json() == answer.json()
    return str(answer.json()["report"])


async def test_a_units_line_says_what_its_duties_say(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> None:
    unit = await a_unit_with_every_outcome(projects, as_, sql, databases)
    report = await audit(projects, as_("auditor"))
    body = (await projects.get(f"/api/v1/reports/{report}.json")).json()
    [line] = [line for line in body["units"] if line["unit"] == unit]
    counts = {name: line[name] for name in reporting.COLUMNS}
    assert counts == {
        "due": 10,
        "on_time": 2,
        "late": 1,
        "overdue": 2,
        "early": 1,
        "incomplete": 1,
        "withdrawn": 1,
        "unknown": 2,
        "due_soon": 0,
        "pending": 0,
        "outside": 0,
    }
    assert line["due"] == sum(line[name] for name in list(reporting.COLUMNS)[1:8])
    assert (line["known"], line["n"], line["min_n"]) == (8, 8, 5)
    assert (line["rate"], line["coverage"], line["light"]) == (0.25, 0.8, "red")
    assert line["interval"] == [0.0715, 0.5907]
    assert sum(one["known"] for one in body["units"]) == body["totals"]["known"]
    lost = Decimal("10") + Decimal("2.2") + 2 + 1 + 3
    assert line["score"] == pytest.approx(float(100 - lost))
    assert len(body["evidence_root"]) == 64


async def test_each_figure_opens_to_its_duties(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> None:
    unit = await a_unit_with_every_outcome(projects, as_, sql, databases)
    report = await audit(projects, as_("auditor"))
    body = (await projects.get(f"/api/v1/reports/{report}")).json()["report"]
    [line] = [line for line in body["units"] if line["unit"] == unit]
    for column in reporting.VERDICTS:
        params = {"unit": unit, "column": column}
        rows = await projects.get(f"/api/v1/reports/{report}/rows", params=params)
        assert len(rows.json()["items"]) == line[column], column
        page = await projects.get(f"/api/v1/reports/{report}/rows.html", params=params)
        assert page.text.count("<tr><td") == line[column], column


async def test_a_frozen_report_recomputes_to_the_same_bytes(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> None:
    unit = await a_unit_with_every_outcome(projects, as_, sql, databases)
    report = await audit(projects, as_("auditor"))
    file = await projects.get(f"/api/v1/reports/{report}.json")
    rows = await sql("projects")
    await rows.execute("UPDATE responsible_unit SET name = name || '新' WHERE code = $1", unit)
    project = await make.project(rows)
    made = await make.duty(projects, as_("system"), make.event(project, unit, "2026-03-02"))

    async def recompute(session: RoomSession) -> bytes:
        found = await reports.find_report(session, UUID(report))
        return await freezing.recompute(session, found)

    await see(databases, made["id"], "2026-03-10")
    assert await inside(databases, recompute) == file.content
    assert file.headers["etag"] == f'"{hashlib.sha256(file.content).hexdigest()}"'
    known = {"If-None-Match": file.headers["etag"]}
    for suffix in (".json", ".csv"):
        again = await projects.get(f"/api/v1/reports/{report}{suffix}", headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["cache-control"] == file.headers["cache-control"]
    for page in (f"/api/v1/reports/{report}.html", f"/api/v1/reports/{report}/rows.html"):
        seen = await projects.get(page)
        known = {"If-None-Match": seen.headers["etag"]}
        assert (await projects.get(page, headers=known)).status_code == 304
    again = await projects.get(f"/api/v1/reports/{report}.json")
    assert again.content == file.content


async def test_the_report_is_a_spreadsheet_and_a_page_without_anything_from_outside(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    await rows.execute("UPDATE responsible_unit SET name = $2 WHERE code = $1", unit, "<b>单位</b>")
    await make.duty(projects, as_("system"), make.event(project, unit, "2026-03-02"))
    report = await audit(projects, as_("auditor"))
    sheet = await projects.get(f"/api/v1/reports/{report}.csv")
    lines = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert lines[0][:3] == ["公开主体代码", "公开主体", "应公开"]
    english = {"Accept-Language": "en", "If-None-Match": sheet.headers["etag"]}
    other = await projects.get(f"/api/v1/reports/{report}.csv", headers=english)
    heads = next(csv.reader(io.StringIO(other.content.decode("utf-8-sig"))))
    assert (heads[:3], heads[-1]) == (["unit code", "unit", "due"], "in dispute")
    assert (other.headers["content-language"], "Accept-Language" in other.headers["vary"]) == (
        "en",
        True,
    )
    assert [line for line in lines if line[0] == unit][0][1] == "<b>单位</b>"
    page = await projects.get(f"/api/v1/reports/{report}.html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "&lt;b&gt;单位&lt;/b&gt;" in page.text
    assert "<b>单位</b>" not in page.text
    assert all(
        outside not in page.text for outside in ("http://", "https://", "<script", "@import")
    )
    assert "<svg" in page.text


async def test_a_day_ahead_and_one_that_judges_nothing_are_refused(
    projects: httpx.AsyncClient, as_: Headers
) -> None:
    auditor = as_("auditor")
    ahead = {"as_of": (now() + timedelta(days=2)).date().isoformat()}
    refused = await projects.post("/api/v1/audits", json=ahead, headers=auditor)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/body/as_of"
    ancient = {"as_of": "0333-08-29"}
    refused = await projects.post("/api/v1/audits", json=ancient, headers=auditor)
    assert refused.status_code == 422
    empty = await projects.post("/api/v1/audits", json={"as_of": "2005-01-02"}, headers=auditor)
    assert empty.status_code == 422, "a day on which there was nothing to judge"
    assert empty.json()["errors"][0]["pointer"] == "/body/as_of"


@provokes("list_report_rows", "not-found")
@provokes("read_report", "not-found")
@provokes("read_report_csv", "not-found")
@provokes("read_report_json", "not-found")
@provokes("read_report_page", "not-found")
@provokes("read_report_workbook", "not-found")
@provokes("read_report_rows_page", "not-found")
async def test_only_an_auditor_orders_an_audit_and_everyone_reads_reports(
    projects: httpx.AsyncClient, as_: Headers
) -> None:
    bare = await projects.post("/api/v1/audits", headers=as_("auditor"))
    assert bare.status_code == 201, "an order without a body is one for today"
    for role in ("officer", "citizen", "admin"):
        answer = await projects.post("/api/v1/audits", json={}, headers=as_(role, "*"))
        assert answer.status_code == 403
    report = await audit(projects, as_("auditor"))
    listed = (await projects.get("/api/v1/reports", params={"limit": 1})).json()
    assert listed["items"][0]["id"] == report
    unknown = "01a207b3-5554-7244-a2be-a9fa98349139"
    for suffix in ("", ".json", ".csv", ".xlsx", ".html", "/rows", "/rows.html"):
        assert (await projects.get(f"/api/v1/reports/{unknown}{suffix}")).status_code == 404


def tally(late_days: int = 0, **verdicts: int) -> Tally:
    return Tally({Verdict(name): n for name, n in verdicts.items()}, late_days)


WEIGHTS = {
    "overdue": 5,
    "overdue_cap": 60,
    "late": 2,
    "late_day": 0.2,
    "late_cap": 40,
    "early": 2,
    "early_cap": 20,
    "incomplete": 1,
    "incomplete_cap": 15,
    "withdrawn": 3,
    "withdrawn_cap": 15,
}


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        (tally(on_time=20), 100.0),
        (tally(overdue=1, on_time=1), 95.0),
        (tally(late=1, late_days=1), 98.0),
        (tally(late=1, late_days=6), 97.0),
        (tally(late=3, late_days=4), 93.8),
        (tally(overdue=50), 40.0),
        (tally(overdue=50, late=50, late_days=50), 0.0),
        (tally(unknown_source_down=17), None),
        (tally(pending=3, exempt=2), None),
        (tally(unknown=3, on_time=1), 100.0),
    ],
)
def test_scores_by_deduction_with_caps(counted: Tally, expected: float | None) -> None:
    assert scoring.score(counted, WEIGHTS) == expected


def test_equal_scores_share_a_place_and_no_score_has_none() -> None:
    found = scoring.ranks({"a": 90.0, "b": 100.0, "c": 90.0, "d": None, "e": 80.0})
    assert found == {"a": 2, "b": 1, "c": 2, "d": None, "e": 4}
