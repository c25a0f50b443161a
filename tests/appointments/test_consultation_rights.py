"""Who may do what in a consultation, what is refused, and how its days are counted."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from services.appointments.consultations.handlers import follow_calendar
from services.appointments.schedules.contracts import CalendarChanged
from shared.database.engine import Sessions
from shared.messaging.events import Envelope
from tests.appointments.consultation_helpers import BODIES, LEAD, opened
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem
from tests.provoking import provokes


@provokes("invite_department", "already-invited", "forbidden")
async def test_nobody_is_asked_twice_and_only_the_lead_or_the_hall_asks(office: Office) -> None:
    asked = await opened(office)
    again = await asked.do("invite", office.clerk(), department_code=asked.one)
    problem(again, 409, "already-invited")
    answer = await asked.do("invite", asked.officer(asked.one), department_code="D32")
    problem(answer, 403, "forbidden")


@pytest.mark.parametrize(
    ("action", "body", "pointer"),
    [
        ("convene", {"starts_at": "2026-11-24T08:00:00+08:00", "place": "会商室"}, "starts_at"),
        ("convene", {**BODIES["convene"], "departments": ["D98"]}, "departments/0"),
    ],
)
async def test_what_cannot_be_is_refused(
    office: Office, action: str, body: dict[str, Any], pointer: str
) -> None:
    asked = await opened(office)
    refused = problem(await asked.do(action, office.clerk(), **body), 422, "invalid-request")
    assert refused["errors"][0]["pointer"] == f"/body/{pointer}"


async def test_an_opinion_is_given_for_the_own_department(office: Office) -> None:
    asked = await opened(office)
    both = asked.officer(asked.one, asked.other)
    refused = problem(await asked.do("opine", both), 422, "invalid-request")
    assert refused["errors"][0]["pointer"] == "/body/department_code"
    for department, status in ((asked.other, 403), ("D98", 422)):
        body = {**BODIES["opine"], "department_code": department}
        answer = await asked.do("opine", asked.officer(asked.one), **body)
        assert answer.status_code == status, answer.text
    body = {**BODIES["opine"], "department_code": asked.other}
    assert good(await asked.do("opine", both, **body))["silent"] == [asked.one]
    problem(await asked.do("opine", asked.officer()), 403, "forbidden")


@provokes("get_consultation", "not-found")
async def test_it_exists_for_those_who_take_part(office: Office) -> None:
    asked = await opened(office)
    path = f"/api/v1/consultations/{asked.made['id']}"
    for headers in (office.sign("officer", "D98"), office.sign("clerk", "H-OTHER")):
        problem(await office.client.get(path, headers=headers), 404, "not-found")
        listed = good(await office.client.get("/api/v1/consultations", headers=headers))
        assert asked.made["id"] not in [one["id"] for one in listed["items"]]
    for headers in (asked.officer(asked.one), office.sign("auditor", "*"), office.clerk()):
        assert (await asked.see(headers))["question"] == "企业迁址后许可证如何衔接？"
    of_hall = {"hall": office.code, "state": "open", "department": asked.other}
    listed = good(await office.get("consultations", params=of_hall, headers=office.manager()))
    assert [one["id"] for one in listed["items"]] == [asked.made["id"]]
    late = {"hall": office.code, "overdue": "true"}
    assert not good(await office.get("consultations", params=late, headers=office.manager()))[
        "items"
    ]
    office.clock.pass_(days=15)
    [one] = good(await office.get("consultations", params=late, headers=office.manager()))["items"]
    assert one["overdue"]


async def test_a_consultation_of_another_hall_or_of_nothing_is_refused(office: Office) -> None:
    asked = {
        "hall_code": office.code, "title": "题目", "question": "问题", "departments": ["D31"],
        "lead_department_code": LEAD,
    }  # fmt: skip
    post, url = office.client.post, "/api/v1/consultations"
    answer = await post(url, json=asked, headers=office.sign("clerk", "H-OTHER"))
    problem(answer, 404, "not-found")
    answer = await post(url, json={**asked, "item_code": "NO-1"}, headers=office.clerk())
    problem(answer, 422, "invalid-request")
    answer = await post(url, json={**asked, "departments": ["D31", "D31"]}, headers=office.clerk())
    problem(answer, 422, "invalid-request")


@provokes("escalate_consultation", "state-conflict")
async def test_who_has_seen_another_version_is_refused(office: Office) -> None:
    asked = await opened(office)
    await asked.opinion(asked.one)
    stale = await asked.do("escalate", office.manager(), version=1)
    assert problem(stale, 409, "state-conflict")["version"] == 2
    assert good(await asked.do("escalate", office.manager(), version=2))["level"] == 1


async def test_the_hall_decides_how_long_the_departments_have(office: Office) -> None:
    terms = {"opinion_days": 1, "answer_days": 2, "remind_days": 0, "escalate_days": 1}
    policy = {"version": 0, "consultations": terms}
    path = f"/api/v1/policies/{office.code}"
    good(await office.client.put(path, json=policy, headers=office.manager()))
    made = (await opened(office)).made
    assert (made["departments"][0]["due_on"], made["due_on"]) == ("2026-11-25", "2026-11-26")


async def test_a_new_notice_moves_the_days(office: Office, sessions: Sessions) -> None:
    """A year without its notice is guessed, and nobody is pressed on a guess."""
    office.clock.at = datetime(2026, 12, 30, 1, tzinfo=UTC)
    asked = await opened(office)
    assert asked.made["due_on_is_provisional"]
    assert asked.made["due_on"] == "2027-01-13"
    rest = [date(2027, 1, 1) + timedelta(days=day) for day in range(5)]
    notice = CalendarChanged(
        region="CN", year=2027, version=1, notice="测试", rest_days=rest, working_weekends=[]
    )
    envelope: Envelope[CalendarChanged] = Envelope(
        source="/projects", type=CalendarChanged.type, data=notice
    )
    async with sessions() as session:
        await follow_calendar(session, envelope)
        row = (
            await session.execute(
                text("SELECT due_on, provisional FROM consultation WHERE id = :id"),
                {"id": UUID(asked.made["id"])},
            )
        ).one()
        await session.rollback()
    assert tuple(row) == (date(2027, 1, 18), False)


async def test_what_people_wrote_is_sealed_and_in_no_event(
    office: Office, owner: asyncpg.Connection
) -> None:
    asked = await opened(office, title="张三的补偿款", question="张三应补多少？")
    await asked.opinion(asked.one)
    stored = "SELECT row_to_json(c)::text FROM consultation c WHERE id = $1"
    assert "张三" not in await owner.fetchval(stored, UUID(asked.made["id"]))
    bodies = await owner.fetch("SELECT body FROM outbox WHERE subject LIKE '%consultation%'")
    assert not [body for body in bodies if "张三".encode() in body["body"]]


@provokes("answer_consultation", "state-conflict")
@provokes("convene_session", "not-found")
@provokes("invite_department", "state-conflict")
@provokes("withdraw_consultation", "state-conflict")
async def test_nothing_is_done_about_what_was_withdrawn(office: Office) -> None:
    asked = await opened(office)
    problem(await asked.do("convene", office.sign("clerk", "H-OTHER")), 404, "not-found")
    withdrawn = good(await asked.do("withdraw", office.clerk()))
    assert (withdrawn["state"], withdrawn["reason"]) == ("withdrawn", BODIES["withdraw"]["reason"])
    for action in ("invite", "answer", "withdraw"):
        answer = await asked.do(action, office.manager())
        assert problem(answer, 409, "state-conflict")["state"] == "withdrawn"
