"""督办 over the bus: an overdue duty becomes an item of an order, and its publication closes it."""

import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from services.feedback.supervision.events import SupervisionClosed, SupervisionIssued
from tests.feedback.event_helpers import Wire
from tests.feedback.isolated_service import at, new_code
from tests.support import eventually

Sign = Callable[..., dict[str, str]]
Sql = Callable[[str], Awaitable[asyncpg.Connection]]
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


class Desk:
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
def desk(feedback: httpx.AsyncClient, as_: Sign) -> Desk:
    return Desk(feedback, as_)


async def test_overdue_then_published_closes_the_order_with_its_evidence(
    desk: Desk, wire: Wire
) -> None:
    duty_id = uuid4()
    await wire.send(OVERDUE, desk.department, duty(desk.department, duty_id))
    [order] = await desk.has(1)
    assert (order["state"], order["level"], order["cause"]) == ("issued", 1, "duty")
    evidence = await wire.send(FOUND, desk.department, proof(desk.department, duty_id))
    [closed] = await desk.has(1, "closed")
    assert closed["open_item_count"] == 0
    detail = await desk.detail(closed["id"])
    [item] = detail["items"]
    assert item["evidence_event_id"] == str(evidence)
    assert item["evidence_url"] == "http://portal.example/art/1.html"
    assert [step["step"] for step in detail["steps"]] == ["issued", "closed"]
    assert closed["due_on"] is None

    async def told() -> list[dict[str, Any]]:
        return await wire.heard(SupervisionClosed.type, desk.department)

    [event] = await eventually(told)
    assert event["data"]["because"] == "cause_gone"
    assert event["data"]["evidence_event_ids"] == [str(evidence)]
    [issued] = await wire.heard(SupervisionIssued.type, desk.department)
    assert issued["data"]["order_id"] == order["id"]


async def test_a_department_gets_one_order_a_day(desk: Desk, wire: Wire) -> None:
    for _ in range(5):
        await wire.send(OVERDUE, desk.department, duty(desk.department, uuid4()))
    next_day = JUDGED + timedelta(days=1)
    await wire.send(OVERDUE, desk.department, duty(desk.department, uuid4(), next_day))
    orders = await desk.has(6)
    assert sorted(order["item_count"] for order in orders) == [1, 5]


async def test_an_order_stays_open_while_one_of_its_items_stands(desk: Desk, wire: Wire) -> None:
    first, second = uuid4(), uuid4()
    for duty_id in (first, second):
        await wire.send(OVERDUE, desk.department, duty(desk.department, duty_id))
    await desk.has(2)
    await wire.send(FOUND, desk.department, proof(desk.department, first))

    async def one_left() -> bool:
        return [o["open_item_count"] for o in await desk.orders()] == [1]

    await eventually(one_left)
    [order] = await desk.orders()
    assert order["state"] == "issued"


async def test_a_hundred_repeats_have_one_effect(desk: Desk, wire: Wire) -> None:
    """The same event again, and new events that say the same."""
    duty_id, event_id = uuid4(), uuid4()
    body = duty(desk.department, duty_id)
    for n in range(50):
        same = {"event_id": event_id, "message_id": f"{event_id}-{n}"}
        await wire.send(OVERDUE, desk.department, body, **same)  # type: ignore[arg-type]
        await wire.send(OVERDUE, desk.department, body)
    await wire.send(OVERDUE, desk.department, duty(desk.department, uuid4()))
    [order] = await desk.has(2)
    assert order["item_count"] == 2
    assert len(await wire.heard(SupervisionIssued.type, desk.department)) == 1


async def test_a_proof_that_comes_before_its_notice_prevents_the_order(
    desk: Desk, wire: Wire, sql: Sql
) -> None:
    published, still_overdue = uuid4(), uuid4()
    await wire.send(FOUND, desk.department, proof(desk.department, published), time=JUDGED)
    await _kept(sql, published)
    await wire.send(OVERDUE, desk.department, duty(desk.department, published))
    await wire.send(OVERDUE, desk.department, duty(desk.department, still_overdue))
    [order] = await desk.has(1)
    [item] = (await desk.detail(order["id"]))["items"]
    assert item["cause_id"] == str(still_overdue)


async def _kept(sql: Sql, duty_id: UUID) -> None:
    owner = await sql("feedback")

    async def kept() -> bool:
        found = "SELECT EXISTS (SELECT FROM publication_proof WHERE duty_id = $1)"
        return bool(await owner.fetchval(found, duty_id))

    await eventually(kept)


async def test_a_later_judgement_outweighs_an_older_proof(desk: Desk, wire: Wire, sql: Sql) -> None:
    """The match was undone: the publication was another duty's."""
    duty_id = uuid4()
    earlier = JUDGED - timedelta(days=1)
    await wire.send(FOUND, desk.department, proof(desk.department, duty_id), time=earlier)
    await _kept(sql, duty_id)
    await wire.send(OVERDUE, desk.department, duty(desk.department, duty_id))
    [order] = await desk.has(1)
    assert order["open_item_count"] == 1


@pytest.mark.parametrize("seed", range(3))
async def test_any_order_of_arrival_has_one_outcome(desk: Desk, wire: Wire, seed: int) -> None:
    """Twenty duties, all found later; notices and proofs arrive shuffled."""
    duties = [uuid4() for _ in range(20)]
    found_at = JUDGED + timedelta(hours=1)
    sends = [(OVERDUE, duty(desk.department, d), JUDGED) for d in duties]
    sends += [(FOUND, proof(desk.department, d), found_at) for d in duties]
    sends.append((OVERDUE, duty(desk.department, uuid4()), JUDGED))
    random.Random(seed).shuffle(sends)
    for type_, body, time in sends:
        await wire.send(type_, desk.department, body, time=time)

    async def settled() -> bool:
        return sum(int(order["open_item_count"]) for order in await desk.orders()) == 1

    await eventually(settled, 10)
    assert len(await desk.orders("closed")) + 1 >= len(await desk.orders())


async def test_an_event_that_does_not_parse_is_a_dead_letter(desk: Desk, wire: Wire) -> None:
    await wire.send(OVERDUE, desk.department, {"duty_id": "not an id"})

    async def dead() -> list[dict[str, Any]]:
        return await wire.heard(f"dead.{OVERDUE}", desk.department)

    [letter] = await eventually(dead)
    assert letter["data"] == {"duty_id": "not an id"}
    assert not await desk.orders()
