"""会诊: departments give opinions, and one answer comes in time, or it is escalated."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from services.appointments.consultations import watching
from services.appointments.consultations.handlers import follow_calendar
from services.appointments.consultations.models import ConsultationState
from services.appointments.consultations.workflow import (
    WORKFLOW,
    ConsultationAction,
    after_opinion,
)
from services.appointments.schedules.contracts import CalendarChanged
from shared.database.engine import Sessions
from shared.messaging.events import Envelope
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem
from tests.provoking import provokes

LEAD = "D77"
BODIES: dict[str, dict[str, Any]] = {
    "invite": {"department_code": "D99"},
    "convene": {"starts_at": "2027-01-05T14:00:00+08:00", "place": "二楼会商室"},
    "opine": {"stance": "agrees", "text": "同意，按规定办理"},
    "escalate": {"reason": "群众急用，请协调"},
    "answer": {"text": "可以办理，请带齐三份材料"},
    "withdraw": {"reason": "当事人已另行办理"},
}
PATHS = {"opine": "opinion"}
ROLES = ("citizen", "clerk", "hall_manager", "officer", "auditor", "supervisor", "device")


@dataclass
class Consulted:
    """A consultation of the office, and short words for what people do."""

    office: Office
    made: dict[str, Any]
    one: str
    other: str

    def officer(self, *places: str) -> dict[str, str]:
        return self.office.sign("officer", *(places or (LEAD,)))

    async def do(
        self, action: str, headers: dict[str, str], version: int | None = None, **body: Any
    ) -> httpx.Response:
        path = f"/api/v1/consultations/{self.made['id']}/{PATHS.get(action, action)}"
        match = {"If-Match": f'"{version}"'} if version is not None else {}
        sent = body or BODIES[action]
        return await self.office.client.post(path, json=sent, headers={**headers, **match})

    async def opinion(self, department: str, stance: str = "agrees") -> dict[str, Any]:
        headers = self.officer(department)
        return good(await self.do("opine", headers, stance=stance, text="同意，须补一份材料"))

    async def see(self, headers: dict[str, str] | None = None) -> dict[str, Any]:
        path = f"/api/v1/consultations/{self.made['id']}"
        asked = await self.office.client.get(path, headers=headers or self.office.manager())
        return good(asked)

    async def events(self, kind: str) -> list[dict[str, Any]]:
        found = await self.office.events(f"consultation.{kind}")
        return [each for each in found if each["consultation_id"] == self.made["id"]]


async def opened(office: Office, **others: Any) -> Consulted:
    """A new one that asks two departments of the test's own."""
    one, other = (f"D-{uuid4().hex[:8].upper()}" for _ in range(2))
    asked = {
        "hall_code": office.code,
        "item_code": office.items[0],
        "title": "跨部门联合审批",
        "question": "企业迁址后许可证如何衔接？",
        "lead_department_code": LEAD,
        "departments": [one, other],
        **others,
    }
    made = await office.client.post("/api/v1/consultations", json=asked, headers=office.clerk())
    return Consulted(office, good(made, 201), one, other)


async def watch(sessions: Sessions, moment: str) -> int:
    at = datetime.fromisoformat(f"{moment}+08:00").astimezone(UTC)
    async with sessions() as session, session.begin():
        return await watching.watch(session, at)


async def test_several_departments_give_one_answer(office: Office) -> None:
    asked = await opened(office)
    made = asked.made
    assert (made["state"], made["due_on"], made["silent"]) == (
        "open",
        "2026-12-08",
        sorted([asked.one, asked.other]),
    )
    assert {d["due_on"] for d in made["departments"]} == {"2026-12-01"}
    held = good(await asked.do("convene", office.clerk()))
    assert held["sessions"][0]["departments"] == sorted([asked.one, asked.other])
    assert (await asked.opinion(asked.one))["state"] == "open"
    assert (await asked.opinion(asked.other, "objects"))["state"] == "ready"
    answered = good(await asked.do("answer", asked.officer()))
    assert (answered["state"], answered["answer"]) == ("answered", BODIES["answer"]["text"])
    assert [
        d["stance"] for d in answered["departments"] if d["department_code"] == asked.other
    ] == ["objects"]
    [event] = await asked.events("answered")
    assert (event["in_time"], event["silent"]) == (True, [])
    assert [each["waiting_for"] for each in await asked.events("opined")] == [[asked.other], []]


async def test_whom_it_is_for_reads_the_answer_with_the_key_alone(office: Office) -> None:
    asked = await opened(office, departments=["D31"])
    look = {"consultation_id": asked.made["id"], "key": asked.made["key"]}
    post = office.client.post
    waiting = good(await post("/api/v1/consultations/answers", json=look))
    assert (waiting["state"], waiting["answer"]) == ("open", None)
    await asked.opinion("D31")
    good(await asked.do("answer", asked.officer()))
    told = good(await post("/api/v1/consultations/answers", json=look))
    assert (told["state"], told["answer"]) == ("answered", BODIES["answer"]["text"])


@provokes("look_up_consultation", "not-found")
async def test_a_wrong_key_opens_nothing(office: Office) -> None:
    asked = await opened(office)
    for wrong in (
        {"consultation_id": asked.made["id"], "key": "0" * 32},
        {"consultation_id": str(uuid4()), "key": asked.made["key"]},
    ):
        answer = await office.client.post("/api/v1/consultations/answers", json=wrong)
        problem(answer, 404, "not-found")


async def put(owner: asyncpg.Connection, asked: Consulted, state: ConsultationState) -> None:
    """The consultation in that state, as if nothing had been done about it yet."""
    sealed = asked.made["title"] if state is ConsultationState.ANSWERED else None
    await owner.execute(
        "UPDATE consultation SET state = $2, answer_sealed = $3, level = 0, ended_at = NULL"
        " WHERE id = $1",
        UUID(asked.made["id"]),
        state.value,
        sealed,
    )
    await owner.execute(
        "DELETE FROM consulted_department WHERE department_code = 'D99' AND consultation_id = $1",
        UUID(asked.made["id"]),
    )


def place_of(role: str, asked: Consulted) -> str:
    """Where they work: everybody here has a part in it, but for those who have none at all."""
    return asked.one if role == "officer" else asked.office.code


@pytest.mark.parametrize("state", list(ConsultationState))
async def test_every_state_action_and_role(
    office: Office, owner: asyncpg.Connection, state: ConsultationState
) -> None:
    asked = await opened(office)
    for role in ROLES:
        for action in ConsultationAction:
            await put(owner, asked, state)
            headers = office.sign(role, asked.one, LEAD, office.code)
            answer = await asked.do(action, headers)
            row = WORKFLOW.get(state, action)
            if role not in WORKFLOW.roles_of(action):
                assert answer.status_code == 403, (role, action, answer.text)
            elif row is None:
                assert problem(answer, 409, "state-conflict")["state"] == state, (role, action)
            elif role not in row.roles:
                assert answer.status_code == 403, (role, action, answer.text)
            elif row.manager_if_silent and role == "officer":
                assert problem(answer, 409, "opinions-missing")
            else:
                to = row.to or after_opinion(state, waiting=True)
                if role == "officer" and action == "opine":
                    await owner.execute("UPDATE consulted_department SET stance = NULL,"
                        " opinion_sealed = NULL, opined_at = NULL WHERE consultation_id = $1",
                        UUID(asked.made["id"]))  # fmt: skip
                assert good(answer)["state"] == to, (role, action)


@provokes("answer_consultation", "opinions-missing")
async def test_a_department_that_never_answers(office: Office, sessions: Sessions) -> None:
    """It is reminded, then the consultation goes up level by level; the manager answers without."""
    asked = await opened(office)
    await asked.opinion(asked.one)
    assert await watch(sessions, "2026-11-29 10:00") == 0, "nobody is pressed on a Sunday"
    await watch(sessions, "2026-11-30 10:00")
    await watch(sessions, "2026-11-30 10:05")
    [reminder] = await asked.events("due_soon")
    assert (reminder["department_code"], reminder["ends_on"]) == (asked.other, "2026-12-01")
    await watch(sessions, "2026-12-01 10:00")
    assert (await asked.see())["state"] == "open", "its last day is not over"
    for moment in ("2026-12-02 10:00", "2026-12-04 10:00", "2026-12-07 10:00", "2026-12-10 10:00"):
        await watch(sessions, moment)
        await watch(sessions, moment)
    await watch(sessions, "2026-12-18 10:00")
    raised = await asked.events("escalated")
    assert [(each["level"], each["silent"]) for each in raised] == [
        (level, [asked.other]) for level in (1, 2, 3)
    ]
    problem(await asked.do("answer", asked.officer()), 409, "opinions-missing")
    problem(await asked.do("answer", office.clerk()), 403, "forbidden")
    answered = good(await asked.do("answer", office.manager()))
    assert (answered["state"], answered["silent"]) == ("answered", [asked.other])


async def test_a_late_opinion_still_lets_the_leading_department_answer(
    office: Office, sessions: Sessions
) -> None:
    asked = await opened(office, departments=["D31"])
    await watch(sessions, "2026-12-02 10:00")
    assert (await asked.see())["state"] == "escalated"
    assert (await asked.opinion("D31"))["state"] == "ready"
    assert good(await asked.do("answer", asked.officer()))["level"] == 1


async def test_one_who_is_asked_later_has_days_of_their_own(office: Office) -> None:
    asked = await opened(office, departments=["D31"])
    assert (await asked.opinion("D31"))["state"] == "ready"
    office.clock.pass_(days=2)
    invited = good(await asked.do("invite", asked.officer(), department_code="D32"))
    assert (invited["state"], invited["silent"]) == ("open", ["D32"])
    due = {d["department_code"]: d["due_on"] for d in invited["departments"]}
    assert due == {"D31": "2026-12-01", "D32": "2026-12-03"}


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
