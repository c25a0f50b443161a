"""Chapter one: from finding a hall to a bad rating put right."""

from datetime import date, datetime, timedelta
from typing import Any

from deploy.tour import family, rating, waiting
from deploy.tour.visiting import Door, Person, TourStopped
from services.appointments.queueing.models import OVER, TicketState
from shared.clock import SHANGHAI, now, today
from shared.errors import Text, counted

HALL = "H001"
BARRED = "/problems/booking-barred"
STILL_BOOKED = ("held", "confirmed")
ALREADY_TICKETED, TOO_EARLY = "/problems/already-ticketed", "/problems/too-early"
_TAKEN = ("slot-full", "slot-not-open", "overlapping-appointment")
TAKEN_MEANWHILE = tuple(f"/problems/{name}" for name in _TAKEN)


def visit(door: Door) -> None:
    narrator = door.narrator
    narrator.chapter(
        Text("一、进一扇门：预约、取号、叫号、办事", "One door: book, ticket, call, serve")
    )
    item = _find(door)
    citizen, clerk = door.sign_in("citizen1"), door.sign_in("clerk1")
    appointment = _book(door, citizen, item)
    family.book_together(door, HALL, item["department_code"])
    waiting.wait_for_a_place(door, HALL, item["department_code"])
    window = _open_window(door, clerk, item)
    ticket = _arrive(door, citizen, item, appointment)
    _serve(door, clerk, window, ticket)
    narrator.chapter(Text("二、好差评：差评必须整改", "The rating: a bad one must be put right"))
    rating.rate_badly(door, ticket)


def _find(door: Door) -> dict[str, Any]:
    narrator = door.narrator
    halls = door.anyone.get("/halls", q="市民中心")["items"]
    hall = next(h for h in halls if h["code"] == HALL)
    narrator.step(
        Text("群众不用登录，先找大厅", "A citizen looks for a hall, without signing in"),
        Text(f"{hall['name']}，{hall['address']}", f"{hall['name']} ({hall['code']})"),
    )
    items = door.anyone.get("/items", hall=HALL)["items"]
    item: dict[str, Any] = next(i for i in items if i["department_code"] == "PBOC")
    guide = door.anyone.get(f"/items/{item['code']}/guide")
    steps = "；".join(step["name"] for step in guide["content"]["steps"])
    materials = "、".join(m["name"] for m in guide["content"]["materials"])
    narrator.step(
        Text(f"看办事指南《{item['name']}》", f"reads the guide of {item.get('name_en')}"),
        Text(
            f"材料：{materials}\n步骤：{steps}\n到现场 {item['visits_needed']} 次",
            f"{counted(len(guide['content']['materials']), 'document')}, "
            f"{counted(len(guide['content']['steps']), 'step')}, "
            f"{counted(item['visits_needed'], 'visit')} needed",
        ),
    )
    return item


def _book(door: Door, citizen: Person, item: dict[str, Any]) -> dict[str, Any] | None:
    """The citizen's confirmed appointment; None where no place is to be had."""
    narrator = door.narrator
    free = _free(citizen, item)
    held, reason = _hold_one(door, citizen, item, free)
    if held is None and _cancel_own(citizen, item):
        narrator.step(
            Text("取消以前留下的预约，腾出名额", "cancels what earlier visits left, to make room")
        )
        free = _free(citizen, item)
        held, reason = _hold_one(door, citizen, item, free)
    if held is None:
        narrator.step(Text("这次没有约成", "no appointment this time"), reason)
        return None
    narrator.step(
        Text(
            f"从 {len(free)} 个时段里选 {_clock(held['starts_at'])}，先占位",
            f"takes {_clock(held['starts_at'])} out of {len(free)} free slots: held",
        ),
        Text(f"占位成功，请在 {_clock(held['expires_at'])} 前确认", "held for five minutes"),
    )
    confirmed: dict[str, Any] = citizen.post(f"/appointments/{held['id']}/confirm")
    narrator.step(
        Text("确认预约", "confirms"),
        Text(f"预约码 {confirmed['code']}", f"appointment code {confirmed['code']}"),
    )
    return confirmed


def _free(citizen: Person, item: dict[str, Any]) -> list[dict[str, Any]]:
    """The free slots of two weeks."""
    day = today(now())
    query = {"hall": HALL, "item": item["code"], "from": day, "to": day + timedelta(days=14)}
    return [slot for slot in citizen.every("/availability", **query) if slot["free"] > 0]


def _cancel_own(citizen: Person, item: dict[str, Any]) -> int:
    """Cancels what the citizen still has booked for the matter; how many that were."""
    mine = citizen.every("/appointments")
    left = [a for a in mine if a["state"] in STILL_BOOKED and a["item_code"] == item["code"]]
    return sum(citizen.attempt(f"/appointments/{a['id']}/cancel", {})[1] is None for a in left)


def _hold_one(
    door: Door, citizen: Person, item: dict[str, Any], free: list[dict[str, Any]]
) -> tuple[dict[str, Any] | None, Text]:
    """A held place, or why there is none: whoever played before may have booked.

    Who missed appointments that were made in play is let in again by the hall's manager.
    """
    reason = Text("两周内没有空位", "no free place within two weeks")
    booked_days: set[date] = set()
    for slot in free:
        day = datetime.fromisoformat(slot["starts_at"]).astimezone(SHANGHAI).date()
        if day in booked_days:
            continue
        wanted = {"slot_ids": [slot["id"]], "item_code": item["code"]}
        answer, refused = citizen.attempt("/appointments", wanted)
        if refused == BARRED:
            _lift(door, answer["penalty_id"])
            answer, refused = citizen.attempt("/appointments", wanted)
        if refused is None:
            return answer, reason
        reason = Text(answer["title"], answer["title"])
        if refused == "/problems/already-booked":
            booked_days.add(day)
        elif refused not in TAKEN_MEANWHILE:
            break
    return None, reason


def _lift(door: Door, penalty_id: str) -> None:
    door.sign_in("manager1").post(f"/penalties/{penalty_id}/lift", {"reason": "演示：予以解除"})
    door.narrator.step(
        Text(
            "以前的预约几次没来，大厅负责人解除失约限制",
            "appointments of earlier visits were missed: the hall's manager lifts the bar",
        )
    )


def _arrive(
    door: Door, citizen: Person, item: dict[str, Any], appointment: dict[str, Any] | None
) -> dict[str, Any]:
    """The ticket: by the appointment's code where the hall takes it by now, else an ordinary one.

    An appointment that the ticket makes superfluous is cancelled, so that nobody misses it.
    """
    kiosk = door.sign_in("device1")
    body: dict[str, Any] = {"hall_code": HALL, "items": [item["code"]]}
    text = Text("到大厅，在取号机上取号", "arrives; the kiosk gives a ticket")
    ticket: dict[str, Any] | None = None
    if appointment is not None:
        text = Text("到大厅，在取号机上凭预约码取号", "arrives; the kiosk takes the code")
        ticket = _by_code(door, citizen, body, appointment["code"])
    if ticket is None and appointment is not None:
        citizen.post(f"/appointments/{appointment['id']}/cancel", {})
        text = Text(
            "离预约时间还早：取消预约，在取号机上取一个普通号",
            "it is too early for the appointment: it is cancelled, and the kiosk gives an"
            " ordinary ticket",
        )
    ticket = ticket or kiosk.post("/tickets", body)
    door.narrator.step(
        text,
        Text(
            f"{ticket['number']} 号，前面 {ticket['ahead']} 人，{_wait(ticket).zh}",
            f"ticket {ticket['number']}, {ticket['ahead']} ahead, {_wait(ticket).en}",
        ),
    )
    return ticket


def _by_code(door: Door, citizen: Person, body: dict[str, Any], code: str) -> dict[str, Any] | None:
    """The ticket by the appointment's code; None where it is too early for it.

    The key to rate with comes with a ticket, so one from before is given up for a new one.
    """
    kiosk, by_code = door.sign_in("device1"), {**body, "appointment_code": code}
    ticket, refused = kiosk.attempt("/tickets", by_code)
    if refused == ALREADY_TICKETED:
        for held in _held(citizen, body["items"]):
            _part_with(door, citizen, held)
        ticket, refused = kiosk.attempt("/tickets", by_code)
    if refused not in (None, TOO_EARLY):
        raise TourStopped(f"POST /tickets: {ticket}")
    return ticket if refused is None else None


def _held(citizen: Person, items: list[str]) -> list[dict[str, Any]]:
    """The tickets for one of the items that the citizen has in the hall."""
    mine = citizen.every("/tickets")
    here = [ticket for ticket in mine if ticket["hall_code"] == HALL]
    return [t for t in here if TicketState(t["state"]) not in OVER and {*items} & {*t["items"]}]


def _part_with(door: Door, citizen: Person, held: dict[str, Any]) -> None:
    """Who waits gives the ticket up; who is at a window is served first."""
    kiosk, path = door.sign_in("device1"), f"/tickets/{held['id']}"
    if held["state"] == "waiting" or kiosk.attempt(f"{path}/resume", {})[1] is None:
        citizen.post(f"{path}/abandon")
        done = Text("先放弃，再取新号", "given up for a new one")
    else:
        _finish(door.sign_in("clerk1"), held["id"], held["state"])
        done = Text("先办完", "served first")
    number = held["number"]
    had = Text(f"以前取的 {number} 号还没有办", f"ticket {number} is still held")
    door.narrator.step(had, done)


def _wait(ticket: dict[str, Any]) -> Text:
    """The estimate as a range, where the hall can tell one."""
    estimate = ticket["estimate"] or {}
    soonest, latest = estimate.get("p50_minutes"), estimate.get("p85_minutes")
    if soonest is None or latest is None:
        return Text("等候时间还无法预计", "the wait cannot be told yet")
    if not latest:
        return Text("马上就叫到", "called at once")
    return Text(f"预计等候 {soonest}–{latest} 分钟", f"wait {soonest}–{counted(latest, 'minute')}")


def _serve(door: Door, clerk: Person, window: str, ticket: dict[str, Any]) -> None:
    narrator = door.narrator
    called, before = _call_until(clerk, window, ticket)
    if before:
        narrator.step(
            Text(f"先办完前面 {before} 位", f"serves {counted(before, 'person', 'people')} first")
        )
    shown = door.anyone.get(f"/halls/{HALL}/display")["called"]
    number, window_no = called["number"], called["window_no"]
    narrator.step(
        Text("窗口人员按“叫下一位”", "the clerk presses call next"),
        Text(
            f"请 {number} 号到 {window_no} 号窗口（大屏正在显示 {len(shown)} 条）",
            f"ticket {number} to window {window_no}; it is on the display",
        ),
    )
    _finish(clerk, called["id"], called["state"])
    narrator.step(
        Text("开始办理并当场办结", "serves and finishes"),
        Text("一次办好", "done in one visit"),
    )


def _open_window(door: Door, clerk: Person, item: dict[str, Any]) -> str:
    """A window that serves the matter, open for the clerk, with nobody at it."""
    windows = door.anyone.get(f"/halls/{HALL}/windows")["items"]
    at_work = {w["id"]: w for w in clerk.get(f"/halls/{HALL}/windows-at-work")["items"]}
    fitting = [at_work[w["id"]] for w in windows if item["code"] in w["items"]]
    if not fitting:
        raise TourStopped(f"no window of {HALL} serves {item['code']}")
    chosen = next((w for w in fitting if not w["ticket_id"]), fitting[0])
    if chosen["ticket_id"]:
        _finish(clerk, chosen["ticket_id"], chosen["ticket_state"])
        door.narrator.step(
            Text(
                f"{chosen['no']} 号窗口还有 {chosen['number']} 号，先给他办完",
                f"{chosen['number']} is still at window {chosen['no']} and is served first",
            )
        )
    if chosen["state"] != "open":
        clerk.post(f"/windows/{chosen['id']}/open", {})
    door.narrator.step(
        Text(f"窗口人员在 {chosen['no']} 号窗口上岗", f"a clerk opens window {chosen['no']}")
    )
    return str(chosen["id"])


def _finish(clerk: Person, ticket: str, state: str) -> None:
    """Whoever is at the window is served to the end."""
    if state != "serving":
        clerk.post(f"/tickets/{ticket}/serve")
    clerk.post(f"/tickets/{ticket}/finish", {"outcome": "done"})


def _call_until(clerk: Person, window: str, ticket: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Calls whoever is next until our ticket is called, and how many were served before."""
    before = 0
    while True:
        called: dict[str, Any] | None = clerk.post(f"/windows/{window}/call-next")
        if called is None:
            return _called_elsewhere(clerk, ticket), before
        if called["id"] == ticket["id"]:
            return called, before
        _finish(clerk, called["id"], called["state"])
        before += 1


def _called_elsewhere(clerk: Person, ticket: dict[str, Any]) -> dict[str, Any]:
    """Our ticket, where somebody who plays beside us has called it to another window."""
    seen: dict[str, Any] = clerk.get(f"/tickets/{ticket['id']}")
    if seen["state"] not in ("called", "recalled"):
        raise TourStopped(f"nobody waits, and ticket {seen['number']} is {seen['state']}")
    return seen


def _clock(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(SHANGHAI):%m-%d %H:%M}"
