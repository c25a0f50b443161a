"""Chapter one: from finding a hall to a bad rating put right."""

from datetime import date, datetime, timedelta
from typing import Any

from deploy.tour.visiting import Door, Person, TourStopped
from services.feedback.ratings import workflow as ratings
from services.feedback.ratings.models import RatingState
from shared.clock import SHANGHAI, now, today
from shared.errors import Text, counted

HALL = "H001"
BAD_GRADE = "dissatisfied"
BAD_TAG = "213"
BARRED = "/problems/booking-barred"
STILL_BOOKED = ("held", "confirmed")
TAKEN_MEANWHILE = (
    "/problems/slot-full",
    "/problems/slot-not-open",
    "/problems/overlapping-appointment",
)


def visit(door: Door) -> None:
    narrator = door.narrator
    narrator.chapter(
        Text("一、进一扇门：预约、取号、叫号、办事", "One door: book, ticket, call, serve")
    )
    item = _find(door)
    citizen, clerk = door.sign_in("citizen1"), door.sign_in("clerk1")
    appointment = _book(door, citizen, item)
    window = _open_window(door, clerk, item)
    ticket = _arrive(door, citizen, item, appointment)
    _serve(door, clerk, window, ticket)
    narrator.chapter(Text("二、好差评：差评必须整改", "The rating: a bad one must be put right"))
    _rate_badly(door, ticket)


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
    query |= {"limit": 200}
    return [s for s in citizen.get("/availability", **query)["items"] if s["free"] > 0]


def _cancel_own(citizen: Person, item: dict[str, Any]) -> int:
    """Cancels what the citizen still has booked for the matter; how many that were."""
    mine = citizen.get("/appointments", limit=200)["items"]
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
    narrator, kiosk = door.narrator, door.sign_in("device1")
    body: dict[str, Any] = {"hall_code": HALL, "items": [item["code"]]}
    text = Text("到大厅，在取号机上取号", "arrives; the kiosk gives a ticket")
    ticket: dict[str, Any] = {}
    refused: str | None = "no appointment"
    if appointment is not None:
        text = Text("到大厅，在取号机上凭预约码取号", "arrives; the kiosk takes the code")
        by_code = {**body, "appointment_code": appointment["code"]}
        ticket, refused = kiosk.attempt("/tickets", by_code)
        if refused not in (None, "/problems/too-early"):
            raise TourStopped(f"POST /tickets: {ticket}")
    if refused is not None:
        if appointment is not None:
            citizen.post(f"/appointments/{appointment['id']}/cancel", {})
            text = Text(
                "离预约时间还早：取消预约，在取号机上取一个普通号",
                "it is too early for the appointment: it is cancelled, and the kiosk gives an"
                " ordinary ticket",
            )
        ticket = kiosk.post("/tickets", body)
    narrator.step(
        text,
        Text(
            f"{ticket['number']} 号，前面 {ticket['ahead']} 人，{_wait(ticket).zh}",
            f"ticket {ticket['number']}, {ticket['ahead']} ahead, {_wait(ticket).en}",
        ),
    )
    return ticket


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
    called = _call_until(clerk, window, ticket)
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


def _call_until(clerk: Person, window: str, ticket: dict[str, Any]) -> dict[str, Any]:
    """Calls whoever is next, serving those before, until our ticket is called."""
    while True:
        called: dict[str, Any] | None = clerk.post(f"/windows/{window}/call-next")
        if called is None:
            return _called_elsewhere(clerk, ticket)
        if called["id"] == ticket["id"]:
            return called
        _finish(clerk, called["id"], called["state"])


def _called_elsewhere(clerk: Person, ticket: dict[str, Any]) -> dict[str, Any]:
    """Our ticket, where somebody who plays beside us has called it to another window."""
    seen: dict[str, Any] = clerk.get(f"/tickets/{ticket['id']}")
    if seen["state"] not in ("called", "recalled"):
        raise TourStopped(f"nobody waits, and ticket {seen['number']} is {seen['state']}")
    return seen


def _rate_badly(door: Door, ticket: dict[str, Any]) -> None:
    narrator, anyone = door.narrator, door.anyone
    narrator.step(
        Text("办结后，请群众凭号上的评价键评价", "finished: the key on the ticket opens the rating")
    )
    asked = {"case_id": ticket["id"], "rating_key": ticket["rating_key"]}
    invitation = door.until(
        door.quietly(lambda: anyone.post("/ratings/invitations", asked)),
        "appointments.case.finished.v1",
    )
    body = {"token": invitation["token"], "grade": BAD_GRADE, "tags": [BAD_TAG]}
    rating = anyone.post("/ratings", {**body, "text": "等了很久，窗口人员不熟悉业务"})
    narrator.step(
        Text("群众给了“不满意”", "the citizen rates: dissatisfied"),
        Text("差评成立，部门须在 1 个工作日内核实", "bad: the department has 1 working day"),
    )
    officer, reviewer = door.sign_in("officer-pboc"), door.sign_in("reviewer1")
    steps: list[tuple[Person, str, dict[str, Any], Text]] = [
        (officer, "verify", {"text": "已电话联系并核实"}, Text("部门核实", "verified")),
        (officer, "rectify", {"text": "窗口人员补训并轮岗"}, Text("部门整改", "put right")),
        (
            officer,
            "feedback",
            {"text": "已向群众反馈整改结果"},
            Text("部门反馈", "told the citizen"),
        ),
        (reviewer, "revisit", {"outcome": "satisfied"}, Text("另一人回访", "another revisits")),
    ]
    for person, action, text, name in steps:
        version = officer.get(f"/ratings/{rating['id']}")["version"]
        answer = person.post(f"/ratings/{rating['id']}/{action}", text, version=version)
        now_is = ratings.WORKFLOW.states[RatingState(answer["state"])]
        narrator.step(name, Text(f"现在：{now_is.zh}", f"now: {now_is.en}"))


def _clock(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(SHANGHAI):%m-%d %H:%M}"
