"""In chapter one: everything is full, somebody waits, and a place that is given back is theirs."""

from datetime import datetime, timedelta
from random import choice, randrange
from typing import Any

from deploy.tour.visiting import Door, Person
from shared.clock import SHANGHAI, moment_en, moment_zh, now, today
from shared.errors import Text, counted

MOST_PLACES = 20
_WANTED = Text("一个时间都约满了", "a time is booked out")


def wait_for_a_place(door: Door, hall: str, department: str) -> None:
    """Staff book a time out on the telephone, and one of these cancels; in the end all do, so that
    whoever plays next finds the places free."""
    citizen, clerk = door.sign_in("citizen1"), door.sign_in("clerk1")
    mine = citizen.every("/waitlist")
    for entry in mine:
        if entry["hall_code"] == hall and entry["state"] in ("waiting", "offered"):
            citizen.delete(f"/waitlist/{entry['id']}")
    items = door.anyone.get("/items", hall=hall)["items"]
    item = [one for one in items if one["department_code"] == department][-1]
    offered = {_hour(entry) for entry in mine}
    slot = _least_free(citizen, hall, item["code"], offered, citizen.every("/appointments"))
    booked = [] if slot is None else _book_out(clerk, hall, item["code"], slot)
    if slot is None or not booked:
        reason = Text("两周内没有可以约满的时间", "no time of two weeks can be")
        door.narrator.step(_WANTED, reason)
        return
    try:
        _wait(door, hall, item, slot, booked)
    finally:
        for appointment in booked:
            clerk.attempt(f"/appointments/{appointment['id']}/cancel", {})


def _wait(
    door: Door, hall: str, item: dict[str, Any], slot: dict[str, Any], booked: list[dict[str, Any]]
) -> None:
    citizen, clerk, narrator = door.sign_in("citizen1"), door.sign_in("clerk1"), door.narrator
    at = datetime.fromisoformat(slot["starts_at"]).astimezone(SHANGHAI)
    hour = {"not_before": f"{at:%H:%M}", "not_after": f"{at:%H:%M}"}
    days = {"first_on": f"{at:%Y-%m-%d}", "last_on": f"{at:%Y-%m-%d}"}
    wanted = {"hall_code": hall, "item_code": item["code"], **days, **hour}
    entry, refused = citizen.attempt("/waitlist", wanted)
    if refused is not None:
        narrator.step(_WANTED, Text(entry["title"], entry["title"]))
        return
    ahead = _in_line(citizen, entry["id"])["ahead"]
    narrator.step(
        Text(
            f"{moment_zh(at)}的 {len(booked)} 个名额都约满了，群众候补",
            f"{moment_en(at)} is booked out, {counted(len(booked), 'place')}: the citizen waits",
        ),
        Text(f"前面还有 {ahead} 人", f"{ahead} ahead in line"),
    )
    clerk.post(f"/appointments/{booked[0]['id']}/cancel", {})
    narrator.step(Text("有人取消了", "somebody cancels"))
    offer = door.until(lambda: _offer(citizen, entry["id"]), "appointments.waitlist.offered.v1")
    _read_notice(door, citizen, offer["appointment_id"])
    path = f"/appointments/{offer['appointment_id']}"
    confirmed = citizen.post(f"{path}/confirm")
    narrator.step(
        Text("群众在时限内确认", "the citizen confirms in time"),
        Text(f"约上了，预约码 {confirmed['code']}", f"booked, code {confirmed['code']}"),
    )
    citizen.post(f"{path}/cancel", {})


def _read_notice(door: Door, citizen: Person, appointment: str) -> None:
    """What the citizen finds in the inbox, and as many as were there are marked as read."""
    notice = door.until(lambda: _unread(citizen, appointment), "appointments.notice.due.v1")
    read = citizen.post(f"/notices/{notice['id']}/read")
    choices = " / ".join(one["label"] for one in read["choices"])
    said = f"{read['title']}：{read['text']}\n[ {choices} ]"
    door.narrator.step(
        Text("群众在收件箱里看到通知", "the citizen reads the notice in their inbox"),
        Text(said, said.replace("：", ": ", 1)),
    )


def _unread(citizen: Person, appointment: str) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = citizen.get("/notices", unread=True)["items"]
    return next((one for one in found if one["about_id"] == appointment), None)


def _offer(citizen: Person, entry: str) -> dict[str, Any] | None:
    """The place that is held, once it is."""
    offer: dict[str, Any] | None = _in_line(citizen, entry)["offer"]
    return offer


def _in_line(citizen: Person, entry: str) -> dict[str, Any]:
    """How the citizen's place in line stands: the newest come first."""
    found: list[dict[str, Any]] = citizen.get("/waitlist")["items"]
    return next(one for one in found if one["id"] == entry)


def _hour(entry: dict[str, Any]) -> tuple[str, str]:
    """When somebody waited for: a time is offered to nobody twice."""
    return entry["first_on"], str(entry["not_before"])[:5]


def _least_free(
    citizen: Person,
    hall: str,
    item: str,
    waited: set[tuple[str, str]],
    booked: list[dict[str, Any]],
) -> dict[str, Any] | None:
    """One of the times with the fewest free places, from the day after tomorrow on, that anybody
    may book and the citizen may be offered."""
    day = today(now()) + timedelta(days=2)
    query = {"hall": hall, "item": item, "from": day, "to": day + timedelta(days=12)}
    free = [
        slot
        for slot in citizen.every("/availability", **query)
        if 0 < slot["free"] <= MOST_PLACES
        and slot["release_id"] is None
        and _time(slot) not in waited
        and not any(_stands_against(one, item, slot) for one in booked)
    ]
    fewest = min((slot["free"] for slot in free), default=0)
    return choice([slot for slot in free if slot["free"] == fewest]) if free else None


def _stands_against(appointment: dict[str, Any], item: str, slot: dict[str, Any]) -> bool:
    """Whether the slot is offered to nobody with that appointment: a time that was given up once
    is not offered again, nor is one of a day that has the matter already."""
    begins, ends = _span(appointment)
    first, last = _span(slot)
    is_same_day = begins.astimezone(SHANGHAI).date() == first.astimezone(SHANGHAI).date()
    return (begins < last and first < ends) or (appointment["item_code"] == item and is_same_day)


def _span(one: dict[str, Any]) -> tuple[datetime, datetime]:
    begins = datetime.fromisoformat(one["starts_at"])
    return begins, begins + timedelta(minutes=one["minutes"])


def _time(slot: dict[str, Any]) -> tuple[str, str]:
    at = datetime.fromisoformat(slot["starts_at"]).astimezone(SHANGHAI)
    return f"{at:%Y-%m-%d}", f"{at:%H:%M}"


def _book_out(clerk: Person, hall: str, item: str, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """Books whatever is left at that time, for people without an account."""
    day = _time(wanted)[0]
    query = {"hall": hall, "item": item, "from": day, "to": day}
    booked: list[dict[str, Any]] = []
    while len(booked) < MOST_PLACES:
        listed = clerk.every("/availability", **query)
        same = [one for one in listed if one["starts_at"] == wanted["starts_at"] and one["free"]]
        if not same:
            break
        person = {"name": "周小满", "phone": f"139{randrange(10**8):08}"}
        body = {"slot_ids": [same[0]["id"]], "item_code": item, "citizen": person}
        appointment, refused = clerk.attempt("/appointments", body)
        if refused is None:
            booked.append(appointment)
        elif not refused.endswith("/slot-full"):
            break
    return booked
