"""Over the bus: a case finished at a window becomes an invitation, and the citizen rates it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.feedback.ratings.events import RatingInvited, RatingReceived
from tests.feedback.event_helpers import EventClient
from tests.feedback.isolated_service import new_code
from tests.feedback.visit_helpers import key_of
from tests.provoking import provokes
from tests.support import Connect, eventually

Sign = Callable[..., dict[str, str]]
FINISHED = "appointments.case.finished.v1"


def case(case_id: UUID, department: str, hall: str = "H001") -> dict[str, Any]:
    """As the appointments service tells it, with fields that this service does not read."""
    return {
        "case_id": str(case_id),
        "hall_code": hall,
        "item_code": "11320100",
        "item_name": "个人信用报告查询",
        "department_code": department,
        "window_no": 3,
        "outcome": "done",
        "finished_at": datetime.now(UTC).isoformat(),
        "one_visit": True,
    }


async def invited(client: httpx.AsyncClient, case_id: UUID) -> dict[str, Any]:
    """The invitation, once it is there."""

    async def look() -> dict[str, Any] | None:
        answer = await client.post("/api/v1/ratings/invitations", json=key_of(case_id))
        return dict(answer.json()) if answer.status_code == 200 else None

    return await eventually(look, 10)


async def rate(client: httpx.AsyncClient, token: str, grade: str, **more: Any) -> httpx.Response:
    body = {"token": token, "grade": grade, **more}
    return await client.post("/api/v1/ratings", json=body)


async def test_a_finished_case_becomes_an_invitation_and_then_a_rating(
    feedback: httpx.AsyncClient, event_client: EventClient, as_: Sign
) -> None:
    department, case_id = new_code(), uuid4()
    await event_client.send(FINISHED, "H001", case(case_id, department))
    invitation = await invited(feedback, case_id)
    assert (invitation["state"], invitation["item_name"]) == ("open", "个人信用报告查询")
    left = datetime.fromisoformat(invitation["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=15) < left <= timedelta(days=16)
    answer = await rate(feedback, invitation["token"], "dissatisfied", tags=["213"])
    assert (answer.status_code, answer.json()["state"]) == (201, "rated_bad")
    assert set(answer.json()) == {"id", "state"}
    listed = await feedback.get("/api/v1/ratings", headers=as_("officer", department))
    [rating] = listed.json()["items"]
    assert (rating["stars"], rating["gbt39046_code"], rating["is_bad"]) == (2, 4, True)

    async def told() -> list[dict[str, Any]]:
        return await event_client.published(RatingReceived.type, department)

    [event] = await eventually(told)
    assert event["data"]["is_bad"] is True
    [first] = await event_client.published(RatingInvited.type, department)
    assert first["data"]["case_id"] == str(case_id)


async def test_a_hundred_repeats_and_any_order_invite_once(
    feedback: httpx.AsyncClient, event_client: EventClient, sql: Connect
) -> None:
    """The same event again, and other events about the same case."""
    department, case_id, last = new_code(), uuid4(), uuid4()
    event_id = uuid4()
    for n in range(50):
        body = case(case_id, department)
        message_id = f"{event_id}-{n}"
        await event_client.send(FINISHED, "H001", body, event_id=event_id, message_id=message_id)
        await event_client.send(FINISHED, "H001", body)
    await event_client.send(FINISHED, "H001", case(last, department))
    await invited(feedback, last)
    await invited(feedback, case_id)
    owner = await sql("feedback")
    assert await owner.fetchval(_INVITATIONS, department) == 2
    published = "SELECT count(*) FROM outbox WHERE subject = $1"
    assert await owner.fetchval(published, f"{RatingInvited.type}.{department}") == 2


_INVITATIONS = """
    SELECT count(*) FROM rating_invitation i JOIN service_event e ON e.id = i.service_event_id
    WHERE e.department_code = $1
"""


@provokes("ask_to_rate", "not-found")
@provokes("give_rating", "already-rated")
async def test_fifty_at_once_give_one_rating(
    feedback: httpx.AsyncClient, event_client: EventClient, sql: Connect
) -> None:
    department, case_id = new_code(), uuid4()
    await event_client.send(FINISHED, "H001", case(case_id, department))
    token = (await invited(feedback, case_id))["token"]
    answers = await asyncio.gather(*(rate(feedback, token, "satisfied") for _ in range(50)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(201) == 1
    assert set(statuses) <= {201, 409, 503}
    owner = await sql("feedback")
    ratings = "SELECT count(*) FROM rating WHERE department_code = $1"
    assert await owner.fetchval(ratings, department) == 1


async def test_a_repeat_with_the_same_key_is_told_the_same_rating(
    feedback: httpx.AsyncClient, event_client: EventClient
) -> None:
    case_id = uuid4()
    await event_client.send(FINISHED, "H001", case(case_id, new_code()))
    body = {"token": (await invited(feedback, case_id))["token"], "grade": "satisfied"}
    headers = {"Idempotency-Key": str(uuid4())}
    first, second = [
        await feedback.post("/api/v1/ratings", json=body, headers=headers) for _ in range(2)
    ]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()


async def test_the_token_is_nowhere_in_the_database(
    feedback: httpx.AsyncClient, event_client: EventClient, sql: Connect
) -> None:
    department, case_id = new_code(), uuid4()
    await event_client.send(FINISHED, "H001", case(case_id, department))
    token = (await invited(feedback, case_id))["token"]
    assert token == (await invited(feedback, case_id))["token"]
    owner = await sql("feedback")
    rows = await owner.fetch("SELECT i::text AS row FROM rating_invitation i")
    assert all(token[32:] not in row["row"] for row in rows)


async def test_what_the_citizen_wrote_is_in_no_event(
    feedback: httpx.AsyncClient, event_client: EventClient, sql: Connect
) -> None:
    department, case_id, canary = new_code(), uuid4(), "张三丰 13800001234"
    await event_client.send(FINISHED, "H001", case(case_id, department))
    token = (await invited(feedback, case_id))["token"]
    await rate(feedback, token, "very_dissatisfied", text=canary)
    owner = await sql("feedback")
    bodies = await owner.fetch("SELECT convert_from(body, 'UTF8') AS body FROM outbox")
    ratings = await owner.fetch("SELECT r::text AS body FROM rating r")
    assert all("13800001234" not in row["body"] for row in [*bodies, *ratings])


async def test_an_unknown_case_has_no_invitation(feedback: httpx.AsyncClient) -> None:
    answer = await feedback.post("/api/v1/ratings/invitations", json=key_of(uuid4()))
    assert answer.status_code == 404
