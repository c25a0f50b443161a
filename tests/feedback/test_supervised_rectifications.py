"""An order to put a disclosure right that its unit left alone is supervised once, until it ends."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.feedback.event_helpers import EventClient
from tests.feedback.isolated_service import at
from tests.feedback.test_supervision import LetterOffice, Sign
from tests.support import eventually

ESCALATED, CLOSED = "projects.rectification.escalated.v1", "projects.rectification.closed.v1"
LEFT_ALONE, ENDED = at("2026-11-20 07:00"), at("2026-11-23 09:00")


def escalated(unit: str, rectification: UUID) -> dict[str, Any]:
    return {
        "rectification_id": str(rectification),
        "number": "整改〔2026〕12号",
        "duty_id": str(uuid4()),
        "unit_code": unit,
        "unit_name": "住房和城乡建设局",
        "project_code": None,
        "project_name": None,
        "item_code": "MP-02-01",
        "item_name": "批准结果信息",
        "cause": "overdue",
        "level": 3,
        "due_on": "2026-11-18",
        "at": LEFT_ALONE.isoformat(),
    }


def closed(unit: str, rectification: UUID, *, was_escalated: bool = True) -> dict[str, Any]:
    kept = escalated(unit, rectification)
    for name in ("unit_name", "project_name", "item_name"):
        del kept[name]
    url = "http://portal.example/art/1.html"
    more = {"closing": "proof", "rectified": True, "url": url, "was_escalated": was_escalated}
    return {**kept, **more, "at": ENDED.isoformat()}


@pytest.fixture
def office(feedback: httpx.AsyncClient, as_: Sign) -> LetterOffice:
    return LetterOffice(feedback, as_)


async def test_what_was_left_alone_becomes_one_order_until_it_ends(
    office: LetterOffice, event_client: EventClient
) -> None:
    unit, rectification = office.department, uuid4()
    for _ in range(3):
        await event_client.send(ESCALATED, unit, escalated(unit, rectification))
    [order] = await office.has(1)
    assert (order["state"], order["level"], order["cause"]) == ("issued", 2, "other")
    [item] = (await office.detail(order["id"]))["items"]
    assert (item["item_name"], item["due_on"]) == ("批准结果信息（整改〔2026〕12号）", "2026-11-18")
    evidence = await event_client.send(CLOSED, unit, closed(unit, rectification))
    [done] = await office.has(1, "closed")
    [item] = (await office.detail(done["id"]))["items"]
    assert item["evidence_event_id"] == str(evidence)
    assert item["evidence_url"] == "http://portal.example/art/1.html"


async def test_one_that_has_ended_is_supervised_no_more_in_whichever_order_it_is_told(
    office: LetterOffice, event_client: EventClient
) -> None:
    unit, over, other = office.department, uuid4(), uuid4()
    for _ in range(2):  # its proof was taken back in between
        await event_client.send(CLOSED, unit, closed(unit, over))
    await event_client.send(CLOSED, unit, closed(unit, other, was_escalated=False))
    await handled(office, event_client)
    await event_client.send(ESCALATED, unit, escalated(unit, over))
    await event_client.send(ESCALATED, unit, escalated(unit, other))
    # What ended without being escalated is not remembered: nothing is told of it twice.
    [order] = await office.has(1)
    [item] = (await office.detail(order["id"]))["items"]
    assert item["cause_id"] == str(other)


async def handled(office: LetterOffice, event_client: EventClient) -> None:
    """Whatever was sent of endings before has been handled: they are handled in their order."""
    marker, unit = uuid4(), office.department + "M"
    there = LetterOffice(office._client, lambda *_: office._headers)
    there.department = unit
    await event_client.send(ESCALATED, unit, escalated(unit, marker))
    await there.has(1)
    await event_client.send(CLOSED, unit, closed(unit, marker))

    async def ended() -> bool:
        return bool(await there.orders("closed"))

    await eventually(ended, 10)
