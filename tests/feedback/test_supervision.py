"""督办 over the bus: an overdue duty becomes an item of an order, and its publication closes it."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.feedback.supervision.events import SupervisionClosed, SupervisionIssued
from tests.feedback.event_helpers import EventClient
from tests.feedback.isolated_service import at, new_code
from tests.support import Connect, eventually

Sign = Callable[..., dict[str, str]]
OVERDUE, FOUND = "projects.duty.overdue.v1", "projects.publication.found.v1"
JUDGED = at("2026-11-20 07:00")


def duty(department: str, duty_id: UUID, judged_at: datetime = JUDGED) -> dict[str, Any]:
    return {
        "duty_id": str(duty_id),
        "unit_code": department,
        "unit_name": "住房和城乡建设局",
        "project_code": "2018-320000-77-01-500001",
        "project_name": "跨江大桥",
        "item_code": "MP-02-01",
        "item_name": "批准结果信息",
        "due_on": "2026-11-18",
        "over_by": 2,
        "judged_at": judged_at.isoformat(),
    }


def proof(department: str, duty_id: UUID) -> dict[str, Any]:
    return {
        "duty_id": str(duty_id),
        "unit_code": department,
        "project_code": "2018-320000-77-01-500001",
        "item_code": "MP-02-01",
        "url": "http://portal.example/art/1.html",
        "claimed_at": None,
        "first_seen_at": JUDGED.isoformat(),
        "trust": 3,
    }


class LetterOffice:
    """What a supervisor sees of one department's orders."""

    def __init__(self, client: httpx.AsyncClient, sign: Sign) -> None:
        self.department = new_code()
        self._client, self._headers = client, sign("supervisor", "*")

    async def orders(self, state: str | None = None) -> list[dict[str, Any]]:
        params = {"department_code": self.department} | ({"state": state} if state else {})
        answer = await self._client.get(
            "/api/v1/supervision-orders", params=params, headers=self._headers
        )
        return list(answer.raise_for_status().json()["items"])

    async def detail(self, order_id: str) -> dict[str, Any]:
        answer = await self._client.get(
            f"/api/v1/supervision-orders/{order_id}", headers=self._headers
        )
        return dict(answer.raise_for_status().json())

    async def has(self, items: int, state: str | None = None) -> list[dict[str, Any]]:
        """The orders, once they hold so many items."""

        async def look() -> list[dict[str, Any]] | None:
            orders = await self.orders(state)
            return orders if sum(o["item_count"] for o in orders) == items else None

        return await eventually(look, 10)


@pytest.fixture
def office(feedback: httpx.AsyncClient, as_: Sign) -> LetterOffice:
    return LetterOffice(feedback, as_)


async def test_overdue_then_published_closes_the_order_with_its_evidence(
    office: LetterOffice, event_client: EventClient
) -> None:
    duty_id = uuid4()
    await event_client.send(OVERDUE, office.department, duty(office.department, duty_id))
    [order] = await office.has(1)
    assert (order["state"], order["level"], order["cause"]) == ("issued", 1, "duty")
    evidence = await event_client.send(FOUND, office.department, proof(office.department, duty_id))
    [closed] = await office.has(1, "closed")
    assert closed["open_item_count"] == 0
    detail = await office.detail(closed["id"])
    [item] = detail["items"]
    assert item["evidence_event_id"] == str(evidence)
    assert item["evidence_url"] == "http://portal.example/art/1.html"
    assert [step["step"] for step in detail["steps"]] == ["issued", "closed"]
    assert closed["due_on"] is None

    async def told() -> list[dict[str, Any]]:
        return await event_client.published(SupervisionClosed.type, office.department)

    [event] = await eventually(told)
    assert event["data"]["because"] == "cause_gone"
    assert event["data"]["evidence_event_ids"] == [str(evidence)]
    [issued] = await event_client.published(SupervisionIssued.type, office.department)
    assert issued["data"]["order_id"] == order["id"]


async def test_a_department_gets_one_order_a_day(
    office: LetterOffice, event_client: EventClient
) -> None:
    for _ in range(5):
        await event_client.send(OVERDUE, office.department, duty(office.department, uuid4()))
    next_day = JUDGED + timedelta(days=1)
    await event_client.send(OVERDUE, office.department, duty(office.department, uuid4(), next_day))
    orders = await office.has(6)
    assert sorted(order["item_count"] for order in orders) == [1, 5]


async def test_an_order_stays_open_while_one_of_its_items_stands(
    office: LetterOffice, event_client: EventClient
) -> None:
    first, second = uuid4(), uuid4()
    for duty_id in (first, second):
        await event_client.send(OVERDUE, office.department, duty(office.department, duty_id))
    await office.has(2)
    await event_client.send(FOUND, office.department, proof(office.department, first))

    async def one_left() -> bool:
        return [o["open_item_count"] for o in await office.orders()] == [1]

    await eventually(one_left)
    [order] = await office.orders()
    assert order["state"] == "issued"


async def test_a_hundred_repeats_have_one_effect(
    office: LetterOffice, event_client: EventClient
) -> None:
    """The same event again, and new events that say the same."""
    duty_id, event_id = uuid4(), uuid4()
    body = duty(office.department, duty_id)
    for n in range(50):
        same = {"event_id": event_id, "message_id": f"{event_id}-{n}"}
        await event_client.send(OVERDUE, office.department, body, **same)  # type: ignore[arg-type]
        await event_client.send(OVERDUE, office.department, body)
    await event_client.send(OVERDUE, office.department, duty(office.department, uuid4()))
    [order] = await office.has(2)
    assert order["item_count"] == 2
    assert len(await event_client.published(SupervisionIssued.type, office.department)) == 1


async def test_a_proof_that_comes_before_its_notice_prevents_the_order(
    office: LetterOffice, event_client: EventClient, sql: Connect
) -> None:
    published, still_overdue = uuid4(), uuid4()
    await event_client.send(
        FOUND, office.department, proof(office.department, published), time=JUDGED
    )
    await _kept(sql, published)
    await event_client.send(OVERDUE, office.department, duty(office.department, published))
    await event_client.send(OVERDUE, office.department, duty(office.department, still_overdue))
    [order] = await office.has(1)
    [item] = (await office.detail(order["id"]))["items"]
    assert item["cause_id"] == str(still_overdue)


async def _kept(sql: Connect, duty_id: UUID) -> None:
    owner = await sql("feedback")

    async def kept() -> bool:
        found = "SELECT EXISTS (SELECT FROM publication_proof WHERE duty_id = $1)"
        return bool(await owner.fetchval(found, duty_id))

    await eventually(kept)


async def test_a_later_judgement_outweighs_an_older_proof(
    office: LetterOffice, event_client: EventClient, sql: Connect
) -> None:
    """The match was undone: the publication was another duty's."""
    duty_id = uuid4()
    earlier = JUDGED - timedelta(days=1)
    await event_client.send(
        FOUND, office.department, proof(office.department, duty_id), time=earlier
    )
    await _kept(sql, duty_id)
    await event_client.send(OVERDUE, office.department, duty(office.department, duty_id))
    [order] = await office.has(1)
    assert order["open_item_count"] == 1


@pytest.mark.parametrize("seed", range(3))
async def test_any_order_of_arrival_has_one_outcome(
    office: LetterOffice, event_client: EventClient, seed: int
) -> None:
    """Twenty duties, all found later; notices and proofs arrive shuffled."""
    duties = [uuid4() for _ in range(20)]
    found_at = JUDGED + timedelta(hours=1)
    sends = [(OVERDUE, duty(office.department, d), JUDGED) for d in duties]
    sends += [(FOUND, proof(office.department, d), found_at) for d in duties]
    sends.append((OVERDUE, duty(office.department, uuid4()), JUDGED))
    random.Random(seed).shuffle(sends)
    for type_, body, time in sends:
        await event_client.send(type_, office.department, body, time=time)

    async def settled() -> bool:
        return sum(int(order["open_item_count"]) for order in await office.orders()) == 1

    await eventually(settled, 10)
    assert len(await office.orders("closed")) + 1 >= len(await office.orders())


async def test_an_event_that_does_not_parse_is_a_dead_letter(
    office: LetterOffice, event_client: EventClient
) -> None:
    await event_client.send(OVERDUE, office.department, {"duty_id": "not an id"})

    async def dead() -> list[dict[str, Any]]:
        return await event_client.published(f"dead.{OVERDUE}", office.department)

    letters = await eventually(dead)  # other services read it as well
    assert {letter["data"]["duty_id"] for letter in letters} == {"not an id"}
    assert not await office.orders()
