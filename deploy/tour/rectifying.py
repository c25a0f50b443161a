"""A unit is ordered to publish what is overdue, does so by its release register, and is read again.

Goes on with an order of before that is still open; where nothing is left to order, shows the last.
"""

import time
from datetime import datetime
from typing import Any

from deploy.tour import publishing
from deploy.tour.lights import LIGHTS
from deploy.tour.visiting import Door, Person, TourStopped
from shared.clock import moment_en, moment_zh
from shared.errors import Text, counted

OFFICERS = {"D03": "officer-d03", "D01": "officer-d01"}
"""Units of the demo with an account of their own."""
DEMAND = "请依法公开该项信息，并回复公开的网址"
WORKING_DAYS = 5
LOOKS, LOOK_SECONDS = 15, 2.0
WITH_UNIT = ("issued", "acknowledged", "returned")


def put_right(door: Door) -> dict[str, Any] | None:
    """The order as it stands in the end; None where there was never anything to order."""
    order = _open(door) or _new(door)
    if order is None:
        return _show_last(door)
    duty = door.sign_in("auditor1").get(f"/duties/{order['duty_id']}")
    if order["state"] in WITH_UNIT:
        order = _reply(door, order, duty)
    if order["state"] == "replied":
        order = _prove(door, order)
    return order


def _ours(door: Door) -> list[dict[str, Any]]:
    """The orders that the demo gave, the newest in front."""
    auditor = door.sign_in("auditor1")
    orders = [one for unit in OFFICERS for one in auditor.every("/rectifications", unit=unit)]
    ours = [one for one in orders if one["demand"] == DEMAND]
    return sorted(ours, key=lambda one: str(one["issued_at"]), reverse=True)


def _open(door: Door) -> dict[str, Any] | None:
    working = [one for one in _ours(door) if one["state"] in (*WITH_UNIT, "replied")]
    if not working:
        return None
    order = working[0]
    door.narrator.step(
        Text(f"接着办 {order['number']}", f"{order['number']} is open from before"),
    )
    return order


def _new(door: Door) -> dict[str, Any] | None:
    """A first order; of a system that has just begun, once a second walk has proven a fault."""
    order = _first(door)
    if order is None and last_proven(door) is None:
        auditor = door.sign_in("auditor1")
        for unit in OFFICERS:
            auditor.attempt(f"/portals/demo-{unit}/runs", {"kind": "full"})
        for _ in range(LOOKS):
            time.sleep(LOOK_SECONDS)
            auditor.post("/audits", {})
            if (order := _first(door)) is not None:
                break
    return order


def _first(door: Door) -> dict[str, Any] | None:
    """Order what has been overdue for longest and nobody is at yet."""
    auditor = door.sign_in("auditor1")
    for unit in OFFICERS:
        overdue = auditor.every("/duties", unit=unit, verdict="overdue")
        free = [one for one in overdue if not (one["in_rectification"] or one["dispute"])]
        of_projects = [one for one in free if one["project_code"] and not one["subject"]]
        if of_projects:
            return _order(door, max(of_projects, key=lambda one: int(one["over_by"])))
    return None


def _order(door: Door, duty: dict[str, Any]) -> dict[str, Any] | None:
    wanted = {"duty_id": duty["id"], "demand": DEMAND, "working_days": WORKING_DAYS}
    order, refused = door.sign_in("auditor1").attempt("/rectifications", wanted)
    if refused is not None:
        raise TourStopped(f"POST /rectifications: {order['title']}")
    given: dict[str, Any] = order
    door.narrator.step(
        Text(
            f"{order['unit_name']}的“{order['item_name']}”逾期 {duty['over_by']} 个工作日未公开，"
            "监察人员要求整改",
            f"{order['item_code']} of {order['unit_code']} is"
            f" {counted(duty['over_by'], 'working day')} over: an auditor has it put right",
        ),
        Text(
            f"{order['number']}，{order['due_on'] or '期限待定'} 前办结；"
            f"通知书：/api/v1/rectifications/{order['id']}.html",
            f"{order['number']}, by {order['due_on'] or 'a day not known yet'};"
            f" the notice: /api/v1/rectifications/{order['id']}.html",
        ),
    )
    return given


def _reply(door: Door, order: dict[str, Any], duty: dict[str, Any]) -> dict[str, Any]:
    """The unit receives it, has its document approved, publishes it, and says where."""
    officer, narrator = door.sign_in(OFFICERS[order["unit_code"]]), door.narrator
    path = f"/rectifications/{order['id']}"
    if order["state"] == "issued":
        officer.post(f"{path}/acknowledge", {})
        narrator.step(Text("公开主体签收", "the unit acknowledges"))
    url = publishing.publish(door, duty, officer)
    if url is None:
        return order
    answer = {"kind": "address", "url": url, "text": "已公开，请复核"}
    replied: dict[str, Any] = officer.post(f"{path}/reply", answer)
    narrator.step(
        Text("公开主体回复公开的网址", "the unit replies with the address"),
        Text(f"{url}（回复本身不是证明）", f"{url} (a reply proves nothing)"),
    )
    return replied


def _prove(door: Door, order: dict[str, Any]) -> dict[str, Any]:
    """The collector reads the page by itself; two auditors confirm what it means."""
    auditor, second = door.sign_in("auditor1"), door.sign_in("auditor2")

    def seen() -> dict[str, Any] | None:
        duty: dict[str, Any] = auditor.get(f"/duties/{order['duty_id']}")
        return duty if duty["published"]["first_seen_at"] else None

    def confirmed() -> dict[str, Any] | None:
        for match in auditor.every("/matches", state="review", unit=order["unit_code"]):
            if match["duty"]["id"] == order["duty_id"]:
                _accept(match, auditor, second)
        return seen()

    _say_verdict(door, door.until(confirmed, every=0.5))
    auditor.attempt(f"/rectifications/{order['id']}/close", {"reason": "复核属实"})
    closed: dict[str, Any] = auditor.get(f"/rectifications/{order['id']}")
    _say_closed(door, closed)
    return closed


def _accept(match: dict[str, Any], *auditors: Person) -> None:
    """One after the other, as far as they have not; what moved meanwhile is looked at again."""
    for auditor in auditors:
        wanted = {"version": match["version"]}
        decided, refused = auditor.attempt(f"/matches/{match['id']}/accept", wanted)
        match = match if refused else decided
        if match["state"] != "review":
            return


def _say_verdict(door: Door, duty: dict[str, Any]) -> None:
    seen_at = datetime.fromisoformat(duty["published"]["first_seen_at"])
    light, over = LIGHTS[duty["verdict"]], duty["over_by"]
    door.narrator.step(
        Text(
            "采集器自己再读一遍，两位监察人员认定新网页",
            "the collector reads again by itself; two auditors confirm the new page",
        ),
        Text(
            f"{moment_zh(seen_at)} 首次见到；灯：{light.zh}，逾期 {over} 个工作日，补发不抹去逾期",
            f"first seen {moment_en(seen_at)}; light: {light.en},"
            f" {counted(over, 'working day')} over, for what was late stays late",
        ),
    )


def _say_closed(door: Door, order: dict[str, Any]) -> None:
    proof = order["proof"]
    if proof is None:
        door.narrator.step(
            Text(f"{order['number']} 等待复核", f"the proof of {order['number']} is still to come")
        )
        return
    evidence = f"/api/v1/evidence/{proof['evidence_id']}"
    door.narrator.step(
        Text(
            f"{order['number']} 复核属实，办结：证明是下达之后的抓取，不是单位自己的话",
            f"{order['number']} is closed by what was seen after it, not by what the unit said",
        ),
        Text(f"存证 {evidence}", f"evidence {evidence}"),
    )


def last_proven(door: Door) -> dict[str, Any] | None:
    """The newest of those orders that was put right."""
    return next((one for one in _ours(door) if one["proof"] is not None), None)


def _show_last(door: Door) -> dict[str, Any] | None:
    """Nothing is left to be ordered: how the last order ended."""
    last = last_proven(door)
    if last is None:
        door.narrator.step(Text("没有可整改的问题", "there is nothing to be put right"))
        return None
    door.narrator.step(
        Text("没有新的问题要整改，最近的一件：", "nothing new is to be put right; the last order:")
    )
    _say_closed(door, last)
    return last
