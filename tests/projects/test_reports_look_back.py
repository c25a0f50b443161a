"""A report of a past day counts what was known of it by then: a page may be completed afterwards,
and what was recorded since had no last day to be missed."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx

from services.projects.duties.models import ClaimKind, FactKind, PublicationFact
from services.projects.duties.rules import seen_by
from shared.clock import SHANGHAI
from shared.database.engine import Sessions
from tests.projects import make
from tests.projects.quarter_world import report_of
from tests.projects.rectifying import NOBODY, Case, Headers
from tests.support import Connect


def at(month: int, day: int) -> datetime:
    return datetime(2011, month, day, 9, tzinfo=SHANGHAI)


async def test_what_was_missing_by_then_is_missing_in_its_report_and_not_in_one_of_now(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions
) -> None:
    case = Case(projects, as_, sql, sessions)
    await case.formed("2011-04-11")
    page: dict[str, Any] = {"claim_kind": ClaimKind.META, "claimed_at": at(4, 20)}
    lacking = {"missing_elements": ("批复文号", "批复时间")}
    await case.seen("page", observed_at=at(4, 21), **page, **lacking)
    await case.seen("page", observed_at=at(8, 10), **page)
    rows = await case.rows()
    undated = make.event(await make.project(rows), case.unit, None)
    await make.duty(projects, as_("system"), undated)

    async def frozen(**order: str) -> tuple[Any, Any]:
        report = await report_of(projects, as_, quarter="2011-Q2", **order)
        sql = "SELECT * FROM frozen_duty WHERE report_id = $1 AND unit_code = $2"
        [line] = [one for one in report["report"]["units"] if one["unit_code"] == case.unit]
        return await rows.fetchrow(sql, UUID(report["id"]), case.unit), line

    row, line = await frozen(as_of="2011-06-30")
    now, line_now = await frozen()
    assert (row["missing_elements"], now["missing_elements"]) == (2, 0)
    assert (row["trust"], row["used_days"]) == (now["trust"], now["used_days"])
    assert (line["undated"], line_now["undated"]) == (0, 1)
    assert line["merit_score"] < line_now["merit_score"]


def fact(observed: int, kind: FactKind = FactKind.SIGHTING, url: str = "a") -> PublicationFact:
    return PublicationFact(
        duty_id=UUID(NOBODY),
        kind=kind,
        observed_at=datetime(2026, 1, observed, tzinfo=UTC),
        url=url,
        claim_kind=ClaimKind.NONE,
        recorded_at=datetime(2026, 1, observed, tzinfo=UTC),
        sha256="",
    )


def test_what_was_seen_by_a_day_is_without_what_was_taken_back_since() -> None:
    facts = [fact(1), fact(2, url="b"), fact(5), fact(7, FactKind.TAKEN_BACK, "b"), fact(9)]
    by = datetime(2026, 1, 6, tzinfo=UTC)
    assert [each.observed_at.day for each in seen_by(by, facts)] == [1, 5]
    # Nothing was seen by then: what showed it first speaks.
    before = datetime(2025, 12, 31, tzinfo=UTC)
    assert [each.observed_at.day for each in seen_by(before, facts)] == [1]
    assert seen_by(by, []) == []
