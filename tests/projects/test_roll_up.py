"""The kept roll-up equals the recomputation after any sequence of events, and so do two others:
the history of verdicts, and an independent audit from facts and dates in another engine.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.projects.auditing import queries
from services.projects.auditing import service as auditing
from services.projects.duties import observing, ruling
from services.projects.duties import service as duties
from services.projects.duties.models import ClaimKind, RulingKind
from services.projects.duties.rules import Sighting
from services.projects.duties.schemas import Exemption, Extension, Ruling, TriggerOrder
from services.projects.register.models import ApprovalKind, Project, ResponsibleUnit
from services.projects.reports import queries as report_queries
from shared.database.engine import RoomSession
from shared.errors import StateConflict
from shared.security.identity import Caller
from tests.projects import independent_audit, make
from tests.projects.test_reports import inside
from tests.replaying import Play, replaying
from tests.support import Connect, Databases

Headers = Callable[..., dict[str, str]]

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
UNITS = ("X1", "X2")
PROJECT = "2401-359900-48-01-999999"
OFFICE = Caller("office", frozenset({"system", "auditor"}))
DUTY = st.integers(0, 7)
ORDERS: dict[RulingKind, Ruling] = {
    RulingKind.EXEMPT: Exemption(document="文1", reason="依法", article="第14条", version=1),
    RulingKind.DISPUTE: Ruling(document="文2", reason="异议", version=1),
    RulingKind.EXTEND: Extension(document="文3", reason="延长", days=3, version=1),
    RulingKind.SUSPEND: Ruling(document="文4", reason="中止", version=1),
    RulingKind.RESTORE: Ruling(document="文5", reason="恢复", version=1),
}

STEPS = st.one_of(
    st.tuples(
        st.just("form"),
        st.sampled_from(UNITS),
        st.none() | st.integers(0, 30),
        st.sampled_from(["MP-02-01", "MP-03-03", "MP-03-03"]),
    ),
    st.tuples(
        st.just("see"),
        DUTY,
        st.none() | st.integers(-2, 30),
        st.none() | st.integers(0, 20),
        st.booleans(),
        st.booleans(),
    ),
    st.tuples(st.just("gone"), DUTY),
    st.tuples(st.just("look"), DUTY),
    st.tuples(st.just("walk"), st.sampled_from(UNITS)),
    st.tuples(st.just("rule"), DUTY, st.sampled_from(sorted(RulingKind))),
    st.tuples(st.just("review"), DUTY, st.booleans()),
    st.tuples(st.just("days"), st.sampled_from([1, 1, 1, 2, 3, 5, 12, 25])),
)


@dataclass
class City:
    """Some weeks of a city in one transaction, and the facts as they were told."""

    session: RoomSession
    now: datetime = START
    ids: list[UUID] = field(default_factory=list)
    reviewed: set[UUID] = field(default_factory=set)
    seen: dict[UUID, tuple[Any, ...]] = field(default_factory=dict)
    sightings: dict[UUID, Sighting] = field(default_factory=dict)
    withdrawn: set[UUID] = field(default_factory=set)
    broken: dict[UUID, tuple[date, date]] = field(default_factory=dict)
    """Of what was ever gone: the day on which it was so first, and the last one before it."""
    walks: list[tuple[str, date, datetime]] = field(default_factory=list)

    async def play(self, step: tuple[Any, ...]) -> None:
        self.now += timedelta(minutes=1)
        await getattr(self, step[0])(*step[1:])

    def _duty(self, place: int) -> UUID | None:
        return self.ids[place % len(self.ids)] if self.ids else None

    async def form(self, unit: str, days_ago: int | None, item: str = "MP-02-01") -> None:
        on = None if days_ago is None else self.now.date() - timedelta(days=days_ago)
        body = make.event(PROJECT, unit, on, doc_no=f"第{len(self.ids)}号", item_code=item)
        order = TriggerOrder.model_validate(body)
        made = await duties.record_trigger_event(self.session, order, self.now, OFFICE)
        self.ids.append(made.duty.id)

    async def see(
        self, place: int, claim: int | None, absent: int | None, marked: bool, missing: bool
    ) -> None:
        duty = self._duty(place)
        if duty is None or duty in self.seen:
            return

        def ago(days: int | None) -> datetime | None:
            return None if days is None else self.now - timedelta(days=days)

        cms_at = self.now if marked and claim is not None else None
        sighting = Sighting(
            duty_id=duty,
            url="https://example.gov.cn/1.htm",
            observed_at=self.now,
            last_absent_at=ago(absent),
            claim_kind=ClaimKind.NONE if claim is None else ClaimKind.META,
            claimed_at=ago(claim),
            cms_at=cms_at,
            missing_elements=("文号",) if missing else (),
        )
        await observing.record_sightings(self.session, [sighting], self.now, actor="test")
        days = [at and at.date() for at in (self.now, ago(absent), ago(claim), cms_at)]
        self.seen[duty], self.sightings[duty] = (duty, *days, missing), sighting
        self.reviewed.discard(duty)

    async def look(self, place: int) -> None:
        """The page is still there, or is there again."""
        duty = self._duty(place)
        if duty not in self.seen:
            return
        again = replace(self.sightings[duty], observed_at=self.now)
        await observing.record_sightings(self.session, [again], self.now, actor="test")
        self.sightings[duty] = again
        self.withdrawn.discard(duty)

    async def gone(self, place: int) -> None:
        duty, at = self._duty(place), self.now
        if duty not in self.seen:
            return
        url = self.sightings[duty].url
        await observing.record_gone(self.session, duty, url, at, at, actor="test")
        self.withdrawn.add(duty)
        self.broken.setdefault(duty, (at.date(), self.sightings[duty].observed_at.date()))

    async def walk(self, unit: str) -> None:
        await observing.note_full_walk(self.session, [unit], self.now, self.now, actor="test")
        self.walks.append((unit, self.now.date(), self.now.replace(tzinfo=None)))

    async def rule(self, place: int, kind: RulingKind) -> None:
        duty = self._duty(place)
        if duty is None:
            return
        try:
            await ruling.carry_out(self.session, duty, kind, ORDERS[kind], self.now, OFFICE)
        except StateConflict:
            return

    async def review(self, place: int, waits: bool) -> None:
        duty = self._duty(place)
        if duty is None or duty in self.seen:
            return
        await observing.set_in_review(self.session, [duty], waits, self.now, actor="test")
        (self.reviewed.add if waits else self.reviewed.discard)(duty)

    async def days(self, days: int) -> None:
        self.now += timedelta(days=days)
        await auditing.tick(self.session, self.now)
        missed = await auditing.judge_all(self.session, self.now, actor="test")
        assert missed == 0, "a day passed, and the tick missed a move"

    async def independent(self) -> dict[tuple[str, str], tuple[int, int]]:
        """The counts that another engine finds from the facts."""
        rows = await self.session.execute(
            text(
                "SELECT id, unit_code, formed_on, CASE WHEN rule IS NULL THEN rule_n ELSE 0 END"
                " + extended_by AS n, CASE WHEN rule IS NOT NULL THEN rule_n END, hold,"
                " created_at AT TIME ZONE 'UTC' AS made FROM duty"
            )
        )
        days = await self.session.execute(
            text("SELECT date, is_workday FROM work_calendar WHERE region = 'CN'")
        )
        tables: dict[str, Sequence[tuple[Any, ...]]] = {
            "days": [tuple(row) for row in days if row.date.year == 2026],
            "duty": [(*row[:-1], row.id in self.reviewed, row.made) for row in rows],
            "seen": [
                (*told, self.sightings[duty].observed_at.date()) for duty, told in self.seen.items()
            ],
            "gone": [(duty, *days, duty in self.withdrawn) for duty, days in self.broken.items()],
            "walk": self.walks,
        }
        return independent_audit.audit(self.now.date(), tables)


def _counted(rows: Any) -> dict[tuple[str, str], tuple[int, int]]:
    return {(r.unit_code, r.verdict): (r.n, int(r.over_by)) for r in rows}


@pytest.fixture(scope="module")
def run(databases: Databases) -> Iterator[Callable[[Play], None]]:
    """In a database of its own: nobody else judges there."""
    with replaying(databases.new("projects", "onedoor_projects_roll_up").service) as run:
        yield run


async def _play(steps: list[tuple[Any, ...]], engine: AsyncEngine) -> None:
    """Play the steps in a transaction that is never committed, and count four times."""
    async with engine.connect() as connection, RoomSession(connection) as session:
        await _compare(session, steps)


async def _compare(session: RoomSession, steps: list[tuple[Any, ...]]) -> None:
    session.add_all(
        ResponsibleUnit(code=unit, name=unit, valid_from=date(2000, 1, 1)) for unit in UNITS
    )
    named = Project(
        code=PROJECT,
        name="工程",
        approval_kind=ApprovalKind.EXAMINE,
        scope_basis="清单",
        updated_at=START,
    )
    session.add(named)
    await session.flush()
    city = City(session)
    for step in steps:
        await city.play(step)
    kept = _counted(await report_queries.counts(session))
    assert not await queries.prove_tallies(session), "the roll-up is not what is counted"
    assert await auditing.judge_all(session, city.now, actor="test") == 0, "a move was missed"
    last = (await report_queries.marks(session)).last_event
    assert _counted(await report_queries.counts_at(session, last)) == kept
    assert await city.independent() == kept


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@example(steps=[("days", 1)] * 12)
@example(steps=[("days", 12), ("walk", "X1"), ("days", 25), ("walk", "X1"), ("see", 0, 1, 2, 0, 0)])
@given(steps=st.lists(STEPS, min_size=4, max_size=24))
def test_the_roll_up_equals_three_recomputations_after_any_sequence_of_events(
    run: Callable[[Play], None], steps: list[tuple[Any, ...]]
) -> None:
    run(partial(_play, [("form", "X1", 0), ("form", "X2", 25), *steps]))


async def test_the_roll_up_holds_when_a_hot_unit_is_written_to_from_all_sides(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    headers = as_("system")

    async def work(n: int) -> None:
        body = make.event(project, unit, "2026-03-02", doc_no=f"{n}号")
        made = await make.duty(projects, headers, body)
        seen = Sighting(duty_id=UUID(made["id"]), url="https://x.cn", observed_at=START)

        async def note(session: RoomSession) -> None:
            await observing.record_sightings(session, [seen], START, actor="test")
            await observing.note_full_walk(session, [unit], START, START, actor="test")

        await inside(databases, note)

    await asyncio.gather(*(work(n) for n in range(5)))
    query = "SELECT verdict, n FROM unit_tally WHERE unit_code = $1 AND n > 0"
    assert {r["verdict"]: r["n"] for r in await rows.fetch(query, unit)} == {"on_time": 5}


async def test_a_roll_up_that_is_wrong_is_found_and_set_right(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    await make.duty(projects, as_("system"), make.event(project, unit, "2026-03-02"))
    await rows.execute("UPDATE unit_tally SET n = n + 7 WHERE unit_code = $1", unit)
    prove = auditing.prove_tallies
    assert await inside(databases, lambda session: prove(session, START)) == 1
    assert await inside(databases, lambda session: prove(session, START)) == 0
    query = "SELECT sum(n) FROM unit_tally WHERE unit_code = $1"
    assert await rows.fetchval(query, unit) == 1
