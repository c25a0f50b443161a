"""会诊: departments give opinions, and one answer comes in time, or it is escalated."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.appointments.consultations import watching
from services.appointments.consultations.models import ConsultationState
from services.appointments.consultations.workflow import (
    WORKFLOW,
    ConsultationAction,
    after_opinion,
)
from shared.database.engine import Sessions
from tests.appointments.consultation_helpers import BODIES, LEAD, ROLES, Consulted, opened
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem
from tests.provoking import provokes
from tests.waiting import until_it_waits


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


async def test_who_gives_an_opinion_waits_for_the_consultation_before_their_own_part_of_it(
    office: Office, other: asyncpg.Connection
) -> None:
    """As who escalates it does, or moves its days: else two of them would wait crosswise."""
    asked = await opened(office)
    one = UUID(asked.made["id"])
    await other.execute("SELECT FROM consultation WHERE id = $1 FOR UPDATE", one)
    opining = asyncio.create_task(asked.opinion(asked.one))
    await until_it_waits(other, opining)
    await other.execute(
        "SELECT FROM consulted_department WHERE consultation_id = $1 FOR UPDATE NOWAIT", one
    )
    await other.execute("ROLLBACK")
    assert (await opining)["state"] == "open"


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
