"""得分制 goes by what was put right on order, and by where it appears, as a report freezes it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.projects.auditing.rules import merit
from services.projects.reports import freezing
from services.projects.reports import service as reports
from shared.clock import SHANGHAI, now, today
from shared.database.engine import Sessions
from shared.ids import new_id
from shared.workdays import official
from tests.projects.quarter_world import report_of
from tests.projects.rectifying import Case, Headers
from tests.projects.test_carriers import put
from tests.support import Connect


async def verified_everywhere(case: Case) -> None:
    """An auditor has verified that the unit's own entry about the duty stands on every carrier,
    those of other tests that are of all units included."""
    rows, release = await case.rows(), new_id()
    await rows.execute(
        "INSERT INTO registered_release (id, unit_code, item_code, project_code, duty_id, title,"
        " origin, state, created_at, created_by, authors, released_at, version)"
        " VALUES ($1, $2, 'MP-02-01', $3, $4, '批复', 'hand', 'verified', $5, 't', '[]', $5, 1)",
        *(release, case.unit, case.duty["project_code"], UUID(case.duty["id"]), now()),
    )
    await rows.execute(
        "INSERT INTO release_place (id, release_id, carrier_code, seen_at, is_new)"
        " SELECT uuidv7(), $1, code, $2, false FROM carrier",
        *(release, now()),
    )


async def test_a_report_keeps_what_was_put_right_and_what_appears_wherever_it_must(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions
) -> None:
    case = Case(projects, as_, sql, sessions)
    await case.formed("2012-04-10")
    in_time = datetime(2012, 4, 20, 9, tzinfo=SHANGHAI)
    await case.seen("page", observed_at=in_time, missing_elements=("批复文号",))
    await case.ordered()
    await case.seen("page")
    assert (await case.settled())["closing"] == "proof"
    carrier = f"wechat-{case.unit}"
    made = await put(projects, as_, carrier, unit_code=case.unit, must_for=["MP-02"])
    assert made.status_code == 201, made.text
    before = await report_of(projects, as_, quarter="2012-Q2")
    await verified_everywhere(case)
    after = await report_of(projects, as_, quarter="2012-Q2")

    async def frozen(report: dict[str, Any]) -> Any:
        query = "SELECT * FROM frozen_duty WHERE report_id = $1 AND unit_code = $2"
        return await (await case.rows()).fetchrow(query, UUID(report["id"]), case.unit)

    was, row = await frozen(before), await frozen(after)
    assert (row["verdict"], row["rectified"], row["missing_then"]) == ("on_time", "incomplete", 1)
    assert (row["rectified_in_term"], row["is_interpretation"]) == (True, False)
    assert (was["on_all_carriers"], row["on_all_carriers"]) == (False, True)

    in_time_share = 1 + 0.1 * (row["limit_days"] - row["used_days"]) / row["limit_days"]
    there_then = (row["elements"] - 1) / row["elements"]
    share = in_time_share * (max(0.8, there_then) + 0.1)
    sure = {0: 0.7, 1: 0.7, 2: 0.9}.get(row["trust"], 1)
    for report, carried in ((before, 0), (after, 0.1)):
        [line] = [one for one in report["report"]["units"] if one["unit_code"] == case.unit]
        assert line["merit_score"] == pytest.approx(100 * sure * (share + carried), abs=0.051)

    async def recompute(session: Any) -> bytes:
        found = await reports.find_report(session, UUID(before["id"]))
        return await freezing.recompute(session, found)

    file = await projects.get(f"/api/v1/reports/{before['id']}.json")
    assert await case.inside(recompute) == file.content, "what came after it counts for the next"


async def test_what_was_overdue_when_it_was_ordered_keeps_by_how_much(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions
) -> None:
    """Ordered and published today: it earns what is as late as it was on the day of the order."""
    case = Case(projects, as_, sql, sessions)
    await case.overdue("2012-01-10")
    await case.ordered()
    await case.seen("new", last_absent_at=now())
    assert (await case.settled())["closing"] == "proof"
    report = await report_of(projects, as_, quarter="2012-Q1")
    query = "SELECT * FROM frozen_duty WHERE report_id = $1 AND unit_code = $2"
    row = await (await case.rows()).fetchrow(query, UUID(report["id"]), case.unit)
    assert row is not None
    assert (row["verdict"], row["rectified"], row["rectified_in_term"]) == ("late", "overdue", True)
    is_known = official().covers(today(now()).year)
    assert row["over_then"] == (row["over_by"] if is_known else None)
    assert report["report"]["versions"]["merit_rule"] == merit.RULE
