"""Clocks as other rooms use them, on a real database."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import rules, service
from services.feedback.deadlines.models import (
    ClockState,
    Deadline,
    DeadlinePolicy,
    PolicyKind,
    SubjectKind,
    Unit,
)
from services.feedback.deadlines.rules import Extension
from services.feedback.deadlines.service import Subject
from shared.errors import NotFound, StateConflict
from shared.ids import new_id
from shared.web.pagination import encode
from tests.feedback.clock_helpers import in_hand
from tests.feedback.isolated_service import IsolatedService, at
from tests.paging import walked
from tests.provoking import provokes

REPLY = PolicyKind.REPLY_CONSULTATION
MONDAY = at("2026-11-23 10:00")


def letter() -> Subject:
    return Subject(SubjectKind.LETTER, new_id())


async def start(
    session: AsyncSession,
    subject: Subject,
    kind: PolicyKind = REPLY,
    when: str = "",
    region: str = "CN",
) -> Deadline:
    now = at(when) if when else MONDAY
    return await service.start(
        session, subject, kind, department_code="D01", by="system", now=now, region=region
    )


async def test_a_clock_runs_as_its_policy_row_says(session: AsyncSession) -> None:
    clock = await start(session, letter())
    assert (clock.n, clock.unit, str(clock.due_on)) == (5, Unit.WORKING_DAY, "2026-11-30")
    assert clock.due_at == at("2026-12-01 00:00")


async def test_a_clock_may_count_from_the_day_of_receipt(session: AsyncSession) -> None:
    subject = letter()
    clock = await service.start(
        session,
        subject,
        REPLY,
        department_code="D01",
        by="system",
        now=MONDAY,
        since=at("2026-11-19 23:59"),
    )
    assert str(clock.due_on) == "2026-11-26"


async def test_the_regions_own_later_row_prevails(session: AsyncSession) -> None:
    for valid_from, n in (("2026-01-01", 3), ("2026-06-01", 2), ("2026-12-01", 1)):
        session.add(
            DeadlinePolicy(
                region="NC",
                kind=REPLY,
                unit=Unit.WORKING_DAY,
                n=n,
                legal_source="地方规定",
                valid_from=at(f"{valid_from} 00:00").date(),
            )
        )
    await session.flush()
    assert (await start(session, letter(), region="NC")).n == 2
    assert (await start(session, letter())).n == 5


async def test_a_kind_without_a_policy_is_an_error_of_configuration(session: AsyncSession) -> None:
    with pytest.raises(LookupError):
        await start(session, letter(), when="2003-12-31 10:00")


async def test_a_subject_has_one_live_clock_of_a_kind(session: AsyncSession) -> None:
    subject = letter()
    await start(session, subject)
    with pytest.raises(StateConflict):
        await start(session, subject)
    await service.meet(session, subject, REPLY, by="officer", now=MONDAY)
    again = await start(session, subject, when="2026-12-01 10:00")
    assert [c.state for c in await service.of(session, subject)] == [
        ClockState.MET,
        ClockState.RUNNING,
    ]
    assert str(again.due_on) == "2026-12-08"


async def test_paused_days_are_added_when_the_clock_goes_on(session: AsyncSession) -> None:
    subject = letter()
    await start(session, subject)
    async with in_hand(session, subject, at("2026-11-25 16:00")) as clocks:
        clocks.pause(REPLY)
    async with in_hand(session, subject, at("2026-11-30 09:00"), by="citizen") as clocks:
        [clock] = clocks.resume(REPLY)
    assert (str(clock.due_on), str(clock.original_due_on)) == ("2026-12-03", "2026-11-30")
    assert clock.pauses == [["2026-11-25", "2026-11-30"]]


async def test_an_overdue_clock_cannot_be_paused(session: AsyncSession) -> None:
    subject = letter()
    await start(session, subject)
    late = at("2026-12-01 00:00")
    async with in_hand(session, subject, late) as clocks:
        assert clocks.pause(REPLY) == []
    [met] = await service.meet(session, subject, REPLY, by="officer", now=late)
    assert rules.is_overdue(met, late)


async def test_nothing_to_change_is_no_error(session: AsyncSession) -> None:
    subject = letter()
    async with in_hand(session, subject, MONDAY) as clocks:
        assert [*clocks.pause(), *clocks.resume()] == []
    assert await service.meet(session, subject, by="officer", now=MONDAY) == []
    assert await service.cancel(session, subject, by="officer", now=MONDAY) == []


async def test_an_extension_moves_the_due_date_and_keeps_the_first_one(
    session: AsyncSession,
) -> None:
    subject = letter()
    await start(session, subject)
    wanted = Extension(3, "需要会商", "officer1", at("2026-11-27 10:00"), "supervisor1")
    async with in_hand(session, subject, at("2026-11-27 11:00"), by="supervisor1") as clocks:
        clock = clocks.extend(REPLY, wanted)
    assert (str(clock.due_on), str(clock.original_due_on)) == ("2026-12-03", "2026-11-30")
    async with in_hand(session, subject, at("2026-11-27 11:00"), by="supervisor1") as clocks:
        with pytest.raises(rules.ExtensionTooLong):
            clocks.extend(REPLY, wanted)
    async with in_hand(session, letter(), MONDAY, by="supervisor1") as clocks:
        with pytest.raises(NotFound):
            clocks.extend(REPLY, wanted)


async def test_the_whole_history_is_kept(session: AsyncSession) -> None:
    subject = letter()
    clock = await start(session, subject)
    async with in_hand(session, subject, MONDAY) as clocks:
        clocks.pause()
    async with in_hand(session, subject, MONDAY) as clocks:
        clocks.resume()
    await service.cancel(session, subject, by="officer", now=MONDAY)
    rows = await session.execute(
        text("SELECT change FROM deadline_change WHERE deadline_id = :id ORDER BY id"),
        {"id": clock.id},
    )
    assert rows.scalars().all() == ["started", "paused", "resumed", "cancelled"]
    assert (await service.of(session, subject))[0].version == 4


async def test_history_cannot_be_rewritten(session: AsyncSession) -> None:
    await start(session, letter())
    with pytest.raises(DBAPIError, match="append only"):
        await session.execute(text("UPDATE deadline_change SET change = 'met'"))


async def test_many_start_at_once_and_repeats_are_left_out(session: AsyncSession) -> None:
    subjects = [(new_id(), "D01") for _ in range(600)]
    for expected in (600, 0):
        started = await service.start_many(
            session, SubjectKind.LETTER, subjects, REPLY, by="system", now=MONDAY
        )
        assert len(started) == expected


async def test_the_citizens_own_clocks_are_found_when_they_have_run_out(
    session: AsyncSession,
) -> None:
    subject = letter()
    await start(session, subject, PolicyKind.SILENCE_CLOSES, "2020-03-02 10:00")
    before, after = at("2020-03-30 23:59"), at("2020-03-31 00:00")
    assert not await service.run_out(session, PolicyKind.SILENCE_CLOSES, before)
    [over] = await service.run_out(session, PolicyKind.SILENCE_CLOSES, after)
    assert over.subject_id == subject.id


@provokes("add_deadline_policy", "policy-stands")
async def test_an_administrator_adds_a_policy_but_changes_none(isolated: IsolatedService) -> None:
    row = {
        "region": "GD",
        "kind": "reply_help",
        "unit": "working_day",
        "n": 10,
        "legal_source": "广东省规定",
        "valid_from": "2026-11-23",
    }
    assert (await isolated.post("/deadline-policies", "admin", body=row)).status_code == 201
    assert (await isolated.post("/deadline-policies", "admin", body=row)).status_code == 409
    before = {**row, "valid_from": "2026-11-22"}
    early = await isolated.post("/deadline-policies", "admin", body=before)
    assert early.json()["errors"][0]["pointer"] == "/body/valid_from"
    assert (await isolated.post("/deadline-policies", "supervisor", body=row)).status_code == 403
    shown = await walked(isolated.client, "/api/v1/deadline-policies", limit=7)
    assert {"reply_consultation", "petition_handle"} <= {p["kind"] for p in shown}
    assert len({policy["id"] for policy in shown}) == len(shown)
    assert shown == await walked(isolated.client, "/api/v1/deadline-policies", limit=200)


async def test_a_cursor_that_names_no_policy_breaks_nothing(isolated: IsolatedService) -> None:
    path, key = "/api/v1/deadline-policies", ("CN", "no_such_kind", date(2020, 1, 1))
    found = await isolated.client.get(path, params={"cursor": encode(key)})
    assert found.status_code == 200, found.text
    other = await isolated.client.get(path, params={"cursor": encode(("CN",))})
    assert other.status_code == 422
    assert other.json()["errors"][0]["pointer"] == "/query/cursor"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n", 367),
        ("n", -1),
        ("n", "many"),
        ("kind", "unheard_of"),
        ("unit", "week"),
        ("region", "gd"),
        ("valid_from", "2026-02-30"),
        ("legal_source", ""),
        ("surprise", 1),
    ],
)
async def test_a_bad_policy_is_refused_by_field(
    isolated: IsolatedService, field: str, value: object
) -> None:
    row: dict[str, object] = {
        "kind": "reply_help",
        "unit": "working_day",
        "n": 10,
        "legal_source": "规定",
    }
    row |= {"valid_from": "2026-12-01", field: value}
    answer = await isolated.post("/deadline-policies", "admin", body=row)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/body/{field}"
