"""In chapter one: two people with two matters, who book once."""

from datetime import timedelta
from random import randrange
from typing import Any

from deploy.tour.visiting import Door, Person
from shared.clock import now, today
from shared.errors import Text, counted

PEOPLE = 2


def book_together(door: Door, hall: str, department: str) -> None:
    """Staff book on the telephone; one of the two cancels, and in the end both, so that whoever
    plays next finds the places free."""
    clerk, narrator = door.sign_in("clerk1"), door.narrator
    items = _two_items(door, hall, department)
    rows = _times(clerk, hall, items)
    if not rows:
        narrator.step(
            Text("一家两口想一次办两件事", "a couple would like to see to two matters at once"),
            Text("两周内没有都排得下的时间", "no time fits all of it within two weeks"),
        )
        return
    wanted = {
        "items": [item["code"] for item in items],
        "persons": PEOPLE,
        "slot_ids": [rows[0]["id"]],
        "citizen": {"name": "周小满", "phone": f"139{randrange(10**8):08}"},
    }
    visit, refused = clerk.attempt("/appointments", wanted)
    if refused is not None:
        narrator.step(
            Text("一家两口想一次办两件事", "a couple would like to see to two matters at once"),
            Text(visit["title"], visit["title"]),
        )
        return
    narrator.step(
        Text(
            "一家两口打电话来，一次约好两个人的两件事",
            "a couple rings up: two people with two matters are one booking",
        ),
        _legs(visit),
    )
    _one_cancels(door, clerk, visit)
    clerk.post(f"/appointments/{visit['id']}/cancel", {})


def _one_cancels(door: Door, clerk: Person, visit: dict[str, Any]) -> None:
    left = clerk.post(f"/appointments/{visit['id']}/cancel", {"persons": [PEOPLE]})
    stay = [leg for leg in left["legs"] if leg["state"] == "held"]
    door.narrator.step(
        Text("其中一位来不了，只取消这一位", "one of them cannot come, and only that one cancels"),
        Text(
            f"另一位的 {len(stay)} 项不变",
            f"what is left of the visit: {counted(len(stay), 'leg')}",
        ),
    )


def _two_items(door: Door, hall: str, department: str) -> list[dict[str, Any]]:
    items = door.anyone.get("/items", hall=hall)["items"]
    return [item for item in items if item["department_code"] == department][:2]


def _times(clerk: Person, hall: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """When all of it fits, from tomorrow on."""
    day = today(now()) + timedelta(days=1)
    codes = [item["code"] for item in items]
    query = {"item": codes, "persons": PEOPLE, "pool": "assisted"}
    days = {"from": day, "to": day + timedelta(days=13)}
    found: list[dict[str, Any]] = clerk.get("/availability", hall=hall, **query, **days)["items"]
    return found


def _legs(visit: dict[str, Any]) -> Text:
    zh = "；".join(
        f"第 {leg['person_no']} 位 {leg['starts_at'][11:16]} {leg['item_code']}"
        for leg in visit["legs"]
    )
    en = "; ".join(
        f"person {leg['person_no']} at {leg['starts_at'][11:16]}: {leg['item_code']}"
        for leg in visit["legs"]
    )
    return Text(zh, en)
