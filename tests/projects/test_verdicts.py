"""The verdict: a table of cases, and the SQL statement held against the pure rule on 5,000 more."""

import random
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from services.projects.auditing import queries
from services.projects.auditing.models import Reason, Verdict
from services.projects.auditing.rules.judging import ENDLESS, VERDICT_OF, WORDING, Day, Facts, judge
from shared.database.engine import RoomSession
from tests.projects import make
from tests.support import Connect, Databases

TODAY = Day(now_ord=100, last_ord=500, walked_ord=100, plain_day=9_000)
"""Working day 100; the notices reach to 500; the unit's pages were read today."""


def seen(due: int, at: int | None, **others: Any) -> Facts:
    return Facts(due_ord=due, is_seen=True, seen_ord=at, **others)


def claimed(due: int, claim: int | None, at: int | None = 505, **others: Any) -> Facts:
    """Seen long after the limit, with a claimed time and no absence of our own to judge it by."""
    return seen(due, at, is_claimed=True, claim_ord=claim, **others)


CASES: list[tuple[str, Facts, str, int | None]] = [
    ("the due day itself", Facts(100), "due_soon: due_within_days", None),
    ("three days before", Facts(103), "due_soon: due_within_days", None),
    ("four days before", Facts(104), "pending: due_date_ahead", None),
    ("the day after, read today", Facts(99), "overdue: proven_absent", None),
    ("a candidate in review", Facts(99, in_review=True), "unknown: candidate_in_review", None),
    ("after the last notice", Facts(501), "calendar_unknown: calendar_not_loaded", None),
    ("formed in an unknown year", Facts(None), "calendar_unknown: calendar_not_loaded", None),
    ("no formation date", Facts(90, is_formed=False), "unknown: no_formation_date", None),
    ("exempt", Facts(90, hold="exempt"), "exempt: exempted", None),
    ("suspended", Facts(90, hold="suspended"), "suspended: suspended_by_ruling", None),
    ("disputed", seen(90, 95, hold="disputed"), "time_disputed: disputed_by_unit", None),
    (
        "no clock",
        Facts(None, hold="not_applicable", has_clock=False),
        "not_applicable: clock_unsupported",
        None,
    ),
    ("not auditable", Facts(None, hold="not_applicable"), "not_applicable: not_auditable", None),
    ("seen on the due day", seen(90, 90), "on_time: seen_in_time", None),
    (
        "seen in time, claim nonsense",
        seen(90, 90, claim_contradicted=True),
        "on_time: seen_in_time",
        None,
    ),
    (
        "seen before it was formed",
        seen(90, 50, seen_early=True),
        "early_violation: seen_before_formed",
        None,
    ),
    (
        "claims to precede its formation",
        claimed(90, 40, claim_early=True),
        "early_violation: claim_before_formed",
        None,
    ),
    (
        "an early claim contradicted",
        claimed(90, 40, claim_early=True, claim_contradicted=True),
        "time_disputed: claim_contradicted",
        None,
    ),
    ("absent after the limit", seen(90, 95, absent_ord=93), "late: absent_after_due", 3),
    (
        "absent after the limit, claims later",
        claimed(90, 94, absent_ord=93),
        "late: absent_after_due",
        4,
    ),
    (
        "absent after the limit, claim back-dated",
        claimed(90, 85, absent_ord=93, claim_contradicted=True),
        "late: absent_after_due",
        3,
    ),
    (
        "claim decides inside the bracket",
        claimed(90, 90, absent_ord=80),
        "on_time: claim_in_time",
        None,
    ),
    ("claim after the limit", claimed(90, 92, absent_ord=80), "late: claim_after_due", 2),
    (
        "claim contradicted",
        claimed(90, 85, claim_contradicted=True),
        "time_disputed: claim_contradicted",
        None,
    ),
    ("no time on the page", seen(90, 95), "unknown: no_publication_time", None),
    ("elements missing", claimed(90, 85, is_incomplete=True), "incomplete: elements_missing", None),
    (
        "gone again",
        seen(90, 85, is_gone=True, is_incomplete=True),
        "withdrawn: gone_from_the_web",
        None,
    ),
    ("late stays late when gone", claimed(90, 92, is_gone=True), "late: claim_after_due", 2),
    (
        "late stays late when incomplete",
        seen(90, 95, absent_ord=91, is_incomplete=True),
        "late: absent_after_due",
        1,
    ),
    ("seen before an unknown due day", seen(510, 100), "on_time: seen_in_time", None),
    ("claims a day of an unknown year", claimed(499, None), "late: claim_after_due", 2),
    (
        "all in an unknown year",
        claimed(510, None, at=None),
        "calendar_unknown: calendar_not_loaded",
        None,
    ),
]


@pytest.mark.parametrize(
    ("facts", "expected", "over_by"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_judges(facts: Facts, expected: str, over_by: int | None) -> None:
    found = judge(facts, TODAY)
    assert (f"{found.verdict}: {found.reason}", found.over_by) == (expected, over_by)


def test_nothing_is_overdue_without_proof_of_absence() -> None:
    for walked in (None, 98, 99):
        found = judge(Facts(99), replace(TODAY, walked_ord=walked))
        assert found.verdict == Verdict.UNKNOWN_SOURCE_DOWN


def test_every_reason_has_a_verdict_and_words_in_both_languages() -> None:
    assert VERDICT_OF.keys() == WORDING.keys() == set(Reason)
    assert set(VERDICT_OF.values()) == set(Verdict)


WALKED_ON = date(2026, 11, 18)


def generated(chance: random.Random, walked: int) -> Facts:
    """Facts with ordinals close to that of the walk, so that every boundary is met."""

    def near() -> int | None:
        picked: int | None = chance.choice([None, *range(walked - 4, walked + 9)])
        return picked

    def rarely() -> bool:
        return chance.random() < 0.15

    facts = Facts(
        due_ord=near(),
        hold=chance.choice(["none"] * 12 + ["exempt", "disputed", "suspended", "not_applicable"]),
        has_clock=not rarely(),
        is_formed=not rarely(),
        in_review=rarely(),
    )
    if chance.random() < 0.3:
        return facts
    is_claimed = chance.random() < 0.8
    facts = replace(facts, **stay(chance)) if chance.random() < 0.4 else facts
    return replace(
        facts,
        is_seen=True,
        seen_ord=near(),
        seen_early=rarely(),
        absent_ord=near(),
        is_claimed=is_claimed,
        claim_ord=near() if is_claimed else None,
        claim_early=rarely(),
        claim_contradicted=rarely(),
        is_incomplete=rarely(),
        is_gone=rarely() or (facts.gone_day is not None and rarely()),
    )


def stay(chance: random.Random) -> dict[str, Any]:
    """What must stay for a time that ends close to the day of the audit."""
    today = (WALKED_ON - date(2000, 1, 1)).days + 3

    def near() -> int | None:
        picked: int | None = chance.choice([None, *range(today - 3, today + 4)])
        return picked

    most = near()
    return {
        "keep": chance.choice(["min_display", "keep_online"]),
        "stay_most_day": most,
        "stay_least_day": None if most is None or chance.random() < 0.2 else most - 1,
        "stayed_day": near(),
        "gone_day": near() if chance.random() < 0.5 else None,
    }


async def test_the_statement_agrees_with_the_rule_on_5000_cases(
    databases: Databases, sql: Connect
) -> None:
    rows = await sql("projects")
    unit = await make.unit(rows)
    by_workday = await _walk(rows, unit)
    by_day = (WALKED_ON - date(2000, 1, 1)).days
    days = {
        False: Day(by_workday + 2, by_workday + 5, by_workday, plain_day=by_day + 3),
        True: Day(by_day + 3, ENDLESS, by_day, plain_day=by_day + 3),
    }
    chance = random.Random(20261123)
    cases: dict[UUID, tuple[Facts, bool]] = {}
    for _ in range(5000):
        counts_days = chance.random() < 0.2
        walked = by_day if counts_days else by_workday
        cases[uuid4()] = (generated(chance, walked), counts_days)
    await _store(rows, unit, cases)
    numbers = {
        "now_ord": days[False].now_ord,
        "now_day": days[True].now_ord,
        "last_ord": days[False].last_ord,
    }
    assert await _judge(databases, [*cases], numbers) == 5000
    found = await rows.fetch("SELECT * FROM standing WHERE unit_code = $1", unit)
    wrong = [row for row in found if not _agrees(row, *cases[row["duty_id"]], days)]
    assert not wrong, f"{len(wrong)} of {len(found)}: {cases[wrong[0]['duty_id']]} {wrong[0]}"
    assert {row["reason"] for row in found} == {str(reason) for reason in Reason}
    assert await _judge(databases, [*cases], numbers) == 0
    history = "SELECT count(*) FROM verdict_event WHERE unit_code = $1"
    assert await rows.fetchval(history, unit) == 5000


def _agrees(row: asyncpg.Record, facts: Facts, counts_days: bool, days: dict[bool, Day]) -> bool:
    expected = judge(facts, days[counts_days])
    said = (expected.reason, expected.verdict, expected.over_by)
    return said == (row["reason"], row["verdict"], row["over_by"])


async def _walk(rows: asyncpg.Connection, unit: str) -> int:
    """The unit's pages were read to their end on WALKED_ON; the ordinal of that day."""
    noon = datetime(WALKED_ON.year, WALKED_ON.month, WALKED_ON.day, 4, tzinfo=UTC)
    walk = "INSERT INTO full_walk (unit_code, walked_at, noted_at) VALUES ($1, $2, $2)"
    await rows.execute(walk, unit, noon)
    query = "SELECT ord_end FROM work_calendar WHERE region = 'CN' AND date = $1"
    return int(await rows.fetchval(query, WALKED_ON))


async def _store(
    rows: asyncpg.Connection, unit: str, cases: dict[UUID, tuple[Facts, bool]]
) -> None:
    """A duty and a standing for each case."""
    project = await make.project(rows)
    await rows.execute(
        "WITH made AS (INSERT INTO trigger_event (id, project_code, item_code, unit_code, kind,"
        "   recorded_at, recorded_by)"
        " VALUES (gen_random_uuid(), $1, 'MP-02-01', $2, 'formed', now(), 'test') RETURNING id)"
        " INSERT INTO duty (id, trigger_id, project_code, unit_code, item_id, item_code, region,"
        "   rule_kind, rule_version, calendar_version, basis, extended_by, hold, created_at,"
        "   version)"
        " SELECT duty, made.id, $1, $2, item.id, 'MP-02-01', 'CN', 'working_days', 1, 23,"
        "   'working', 0, 'none', now(), 1"
        " FROM unnest($3::uuid[]) duty, made,"
        "   (SELECT id FROM catalogue_item WHERE item_code = 'MP-02-01' LIMIT 1) item",
        *(project, unit, list(cases)),
    )
    names = ["duty_id", "unit_code", "calendar_days", "version", *Facts.__dataclass_fields__]
    records = [
        (duty, unit, counts_days, 0, *asdict(facts).values())
        for duty, (facts, counts_days) in cases.items()
    ]
    await rows.copy_records_to_table("standing", records=records, columns=names)


async def _judge(databases: Databases, duties: list[UUID], numbers: dict[str, int]) -> int:
    """Run the statement for these duties; how many verdicts moved."""
    url = make_url(databases["projects"]).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url)
    async with RoomSession(engine) as session, session.begin():
        moved = await queries.judge(
            session,
            "duties",
            **numbers,
            **(await queries.walks(session, "CN", numbers["last_ord"]))._asdict(),
            chosen=duties,
            calendar_version=23,
            region="CN",
            as_of=WALKED_ON,
            now=datetime.now(UTC),
            actor="test",
        )
    await engine.dispose()
    return len(moved)
