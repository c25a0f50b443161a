"""A past day is judged by when things happened, and what was known only later says so."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.projects.auditing.models import Verdict
from services.projects.duties.models import Hold, RulingKind
from services.projects.duties.workflow import WORKFLOW
from services.projects.reports import freezing
from services.projects.reports import service as reports
from shared import clock
from shared.clock import SHANGHAI
from tests.projects import make
from tests.projects.test_reports import inside, see, walk
from tests.provoking import provokes
from tests.support import Connect, Databases

Headers = Callable[..., dict[str, str]]
FORMED, DUE = date(2026, 3, 2), date(2026, 3, 30)
"""20 working days."""


async def past(
    projects: httpx.AsyncClient, as_: Headers, unit: str, on: date
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The content of a report as of that day, and the unit's rows in it."""
    answer = await projects.post(
        "/api/v1/audits", json={"as_of": on.isoformat()}, headers=as_("auditor")
    )
    assert answer.status_code == 201, answer.text
    report = answer.json()["report"]
    body = (await projects.get(f"/api/v1/reports/{report}.json")).json()
    rows = await projects.get(f"/api/v1/reports/{report}/rows", params={"unit": unit})
    return body, rows.json()["items"]


async def verdicts(
    projects: httpx.AsyncClient, as_: Headers, unit: str, *days: date
) -> list[tuple[str, int | None]]:
    found = [(await past(projects, as_, unit, day))[1] for day in days]
    return [(rows[0]["verdict"], rows[0]["over_by"]) if rows else ("", None) for rows in found]


@pytest.fixture
async def duty(projects: httpx.AsyncClient, as_: Headers, sql: Connect) -> dict[str, Any]:
    """A duty of a unit of its own, recorded today, of information formed in March."""
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    other = make.event(project, await make.unit(rows), "2026-01-05")
    await make.duty(projects, as_("system"), other)
    return await make.duty(projects, as_("system"), make.event(project, unit, FORMED))


async def test_a_late_publication_was_pending_then_overdue_then_late(
    projects: httpx.AsyncClient, as_: Headers, duty: dict[str, Any], databases: Databases
) -> None:
    await see(databases, duty["id"], "2026-04-02")
    assert (DUE.isoformat(), "late") == (duty["due_on"], await now(projects, as_, duty))
    days = (FORMED - timedelta(days=1), FORMED, DUE, date(2026, 4, 1), date(2026, 4, 2))
    assert await verdicts(projects, as_, duty["unit"], *days) == [
        ("", None),
        ("pending", None),
        ("due_soon", None),
        ("overdue", 2),
        ("late", 3),
    ]


async def test_what_was_on_time_was_pending_before_it_was_published(
    projects: httpx.AsyncClient, as_: Headers, duty: dict[str, Any], databases: Databases
) -> None:
    await see(databases, duty["id"], "2026-03-12")
    days = (date(2026, 3, 11), date(2026, 3, 12), date(2026, 9, 1))
    assert await verdicts(projects, as_, duty["unit"], *days) == [
        ("pending", None),
        ("on_time", None),
        ("on_time", None),
    ]


async def test_what_never_appeared_was_overdue_on_the_day_after_its_limit(
    projects: httpx.AsyncClient, as_: Headers, duty: dict[str, Any], databases: Databases
) -> None:
    before = await verdicts(projects, as_, duty["unit"], DUE + timedelta(days=1))
    await walk(databases, duty["unit"])
    after = await verdicts(projects, as_, duty["unit"], DUE, DUE + timedelta(days=1))
    assert before == [("unknown_source_down", None)]
    assert after == [("due_soon", None), ("overdue", 1)]


async def test_seen_absent_after_that_day_nothing_had_been_published_by_then(
    projects: httpx.AsyncClient, as_: Headers, duty: dict[str, Any], databases: Databases
) -> None:
    """The page claims March, and we saw the place without it in May."""
    absent = datetime(2026, 5, 6, 9, tzinfo=SHANGHAI)
    await see(databases, duty["id"], "2026-03-12", last_absent_at=absent)
    [on_april_1] = await verdicts(projects, as_, duty["unit"], date(2026, 4, 1))
    assert on_april_1 == ("overdue", 2)


async def test_a_report_says_what_was_known_only_later(
    projects: httpx.AsyncClient, as_: Headers, duty: dict[str, Any], databases: Databases
) -> None:
    begun = clock.now()
    await see(databases, duty["id"], "2026-03-12")
    body, [row] = await past(projects, as_, duty["unit"], date(2026, 4, 1))
    assert row["verdict"] == "on_time"
    assert begun <= datetime.fromisoformat(row["known_at"]) <= clock.now()
    assert datetime.fromisoformat(body["known_at"]) >= datetime.fromisoformat(row["known_at"])
    answer = await projects.post("/api/v1/audits", json={}, headers=as_("auditor"))
    path = f"/api/v1/reports/{answer.json()['report']}"
    assert (await projects.get(f"{path}.json")).json()["known_at"] is None


async def test_a_ruling_counts_from_the_day_it_was_made(
    projects: httpx.AsyncClient, as_: Headers, duty: dict[str, Any], databases: Databases
) -> None:
    """Exempted and extended today: on a past day it was in its ordinary course."""
    await walk(databases, duty["unit"])
    body = {"document": "宁政办〔2026〕1号", "reason": "依法", "version": 1}
    auditors = as_("auditor"), as_("auditor", sub="auditor-b")
    extended = {**body, "days": 9}
    await make.by_two(projects, duty["id"], "extend", extended, *auditors)
    await make.exempted(projects, duty["id"], *auditors, version=3)
    assert await now(projects, as_, duty) == "exempt"
    [then] = await verdicts(projects, as_, duty["unit"], DUE + timedelta(days=1))
    assert then == ("overdue", 1)


async def test_a_past_audit_leaves_today_as_it_is_and_recomputes_to_the_same_bytes(
    projects: httpx.AsyncClient, as_: Headers, duty: dict[str, Any], databases: Databases
) -> None:
    await see(databases, duty["id"], "2026-04-02")
    before = await now(projects, as_, duty)
    answer = await projects.post(
        "/api/v1/audits", json={"as_of": "2026-04-01"}, headers=as_("auditor")
    )
    assert (answer.json()["changed"], await now(projects, as_, duty)) == (0, before)
    report = answer.json()["report"]
    file = (await projects.get(f"/api/v1/reports/{report}.json")).content

    async def recompute(session: Any) -> bytes:
        return await freezing.recompute(session, await reports.find_report(session, report))

    assert await inside(databases, recompute) == file


def test_the_statement_knows_where_each_ruling_leads() -> None:
    """`_STATE_THEN` replays rulings by their kinds; the table of the duties says the same."""
    then = {"exempt": "exempt", "dispute": "disputed", "suspend": "suspended", "restore": "none"}
    for step in WORKFLOW.rows:
        if step.action is not RulingKind.EXTEND:
            assert then[step.action] == step.to
        else:
            assert step.to is step.state
    assert {*then.values()} | {"not_applicable"} == {str(hold) for hold in Hold}


async def now(projects: httpx.AsyncClient, as_: Headers, duty: dict[str, Any]) -> str:
    found = await projects.get(f"/api/v1/duties/{duty['id']}", headers=as_("auditor"))
    return str(Verdict(found.json()["verdict"]))


@provokes("withdraw_report", "state-conflict")
@provokes("withdraw_report", "not-found")
async def test_a_report_is_withdrawn_with_a_reason_and_shown_as_withdrawn(
    projects: httpx.AsyncClient, as_: Headers, duty: dict[str, Any]
) -> None:
    auditor = as_("auditor")
    done = (await projects.post("/api/v1/audits", json={}, headers=auditor)).json()
    path, why = f"/api/v1/reports/{done['report']}", {"reason": "漏读了<b>一个</b>栏目"}
    frozen = await projects.get(f"{path}.json")
    page = await projects.get(f"{path}.html")
    assert (await projects.post(f"{path}/withdraw", json={}, headers=auditor)).status_code == 422
    officer = as_("officer", duty["unit"])
    assert (await projects.post(f"{path}/withdraw", json=why, headers=officer)).status_code == 403
    withdrawn = await projects.post(f"{path}/withdraw", json=why, headers=auditor)
    assert withdrawn.json()["withdrawn"]["reason"] == why["reason"]
    listed = (await projects.get("/api/v1/reports", params={"limit": 1})).json()["items"]
    assert (listed[0]["id"], listed[0]["withdrawn"]) == (
        done["report"],
        withdrawn.json()["withdrawn"],
    )
    after = await projects.get(f"{path}.html")
    assert "已撤回" in after.text
    assert "已撤回" not in page.text
    assert "漏读了&lt;b&gt;一个&lt;/b&gt;栏目" in after.text
    assert after.headers["etag"] != page.headers["etag"]
    assert "immutable" not in after.headers["cache-control"]
    assert (await projects.get(f"{path}.json")).content == frozen.content
    again = await projects.post(f"{path}/withdraw", json=why, headers=auditor)
    assert (again.status_code, again.json()["state"]) == (409, "withdrawn")
    nowhere = "/api/v1/reports/00000000-0000-7000-8000-000000000000/withdraw"
    assert (await projects.post(nowhere, json=why, headers=auditor)).status_code == 404
