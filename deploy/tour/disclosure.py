"""Chapter three: was it published, in time, and can it be proved?"""

from collections import Counter
from typing import Any

from deploy.tour import proving, rectifying
from deploy.tour.lights import LIGHTS
from deploy.tour.visiting import Door, Person
from shared.errors import Text, counted


def visit(door: Door) -> None:
    door.narrator.chapter(
        Text("三、重大项目公开：20 个工作日的电子监察", "Disclosure: 20 working days, monitored")
    )
    auditor = door.sign_in("auditor1")
    _clock(door)
    collect(door, auditor)
    settle(door, auditor)
    review(door, auditor, door.sign_in("auditor2"))
    report = _audit(door, auditor)
    lights(door, auditor)
    _supervise(door, report)
    order = rectifying.put_right(door)
    _lists(door)
    if order is not None:
        proving.show(door, order)


def _clock(door: Door) -> None:
    rule = {"kind": "working_days", "n": 20}
    for formed_on in ("2026-09-18", "2026-12-10"):
        preview = door.anyone.post("/clock/preview", {"formed_on": formed_on, "rule": rule})
        asked = Text(f"{formed_on} 形成的信息，最迟哪天公开？", f"formed on {formed_on}, due when?")
        door.narrator.step(asked, due_text(preview["due_on"]))


def due_text(due_on: str | None) -> Text:
    """The day; without one, why there is none."""
    if due_on is not None:
        return Text(due_on, due_on)
    return Text(
        "2027 年放假通知还没有发布：不猜，记为不明",
        "the notice of 2027's holidays is not out yet: no guess, it is not known",
    )


def collect(door: Door, auditor: Person) -> None:
    narrator = door.narrator
    portals = [p for p in auditor.get("/portals", limit=200)["items"] if p["enabled"]]
    runs = [auditor.post(f"/portals/{p['id']}/runs", {"kind": "full"})["run_id"] for p in portals]
    narrator.step(
        Text(
            f"限速核查 {len(portals)} 个栏目",
            f"{counted(len(portals), 'column')} checked, at a limited rate",
        )
    )

    def ended() -> list[dict[str, Any]] | None:
        states = [auditor.get(f"/runs/{run}") for run in runs]
        return states if all(s["state"] in {"finished", "failed"} for s in states) else None

    states = door.until(ended)
    down = sum(not s["list_complete"] for s in states)
    narrator.result(
        Text(
            f"抓取 {sum(s['pages'] for s in states)} 页，{sum(s['items'] for s in states)} 条，"
            f"每一页都留有证据；{down} 个来源故障",
            f"{counted(sum(s['pages'] for s in states), 'page')}, "
            f"{counted(sum(s['items'] for s in states), 'entry', 'entries')}, "
            f"evidence of each kept; {counted(down, 'source')} down",
        )
    )


def settle(door: Door, auditor: Person) -> dict[str, Any]:
    """An audit that moved nothing, once the pages are matched to their duties."""

    def settled() -> dict[str, Any] | None:
        found = auditor.get("/duties", verdict="on_time", limit=1)["items"]
        audit: dict[str, Any] = auditor.post("/audits", {})
        return audit if found and not audit["changed"] else None

    return door.until(settled, every=1.0)


def review(door: Door, auditor: Person, second: Person) -> None:
    """What neither a machine nor one person decides: that a duty was published late, or early."""
    waiting = auditor.get("/matches", state="review", limit=200)["items"]
    late = [match for match in waiting if match["reason"] == "makes_late"]
    for match in late:
        first = auditor.post(f"/matches/{match['id']}/accept", {"version": match["version"]})
        if first["state"] == "review":
            second.post(f"/matches/{match['id']}/accept", {"version": first["version"]})
    door.narrator.step(
        Text(
            f"{len(waiting)} 条匹配等人复核，其中会判“逾期后公开”或“提前公开”的 {len(late)} 条"
            "由两位监察人员先后确认",
            f"{counted(len(waiting), 'match', 'matches')} in review; "
            f"two auditors confirm what means late or early: {len(late)}",
        )
    )


def _audit(door: Door, auditor: Person) -> dict[str, Any]:
    narrator, audit = door.narrator, settle(door, auditor)
    report: dict[str, Any] = door.anyone.get(f"/reports/{audit['report_id']}.json")
    narrator.step(
        Text(
            "全部义务一条语句判定，冻结监察报表", "one statement judges all; the report is frozen"
        ),
        Text(f"证据根 {report['evidence_root'][:16]}…", f"root {report['evidence_root'][:16]}…"),
    )
    units(door, report)
    page = f"/api/v1/reports/{audit['report_id']}.html"
    narrator.result(Text(f"带灯的可打印页：{page}", f"the printable page with lights: {page}"))
    return report


def units(door: Door, report: dict[str, Any]) -> None:
    """The first lines of a report."""
    narrator = door.narrator
    head = Text(
        "单位  应公开 按时 后公开 未公开 不明 得分",
        "unit    due on-time late overdue unknown score",
    )
    narrator.result(head)
    for line in report["units"][:6]:
        score = "–" if line["score"] is None else line["score"]
        row = (
            f"{line['unit']:<6}{line['due']:>5}{line['on_time']:>6}{line['late']:>5}"
            f"{line['overdue']:>6}{line['unknown']:>6}  {score}"
        )
        narrator.result(Text(row, row))


def lights(door: Door, auditor: Person) -> None:
    narrator = door.narrator
    verdicts = Counter(duty["verdict"] for duty in auditor.every("/duties"))
    narrator.step(
        Text(
            f"{verdicts.total()} 条义务的灯",
            f"the lights of {counted(verdicts.total(), 'duty', 'duties')}",
        )
    )
    for verdict, count in verdicts.most_common():
        text = LIGHTS[verdict]
        narrator.result(Text(f"{count:>4}  {text.zh}", f"{count:>4}  {text.en}"))


def _supervise(door: Door, report: dict[str, Any]) -> None:
    narrator, supervisor = door.narrator, door.sign_in("supervisor1")
    unit = max(report["units"], key=lambda line: line["overdue"])
    if not unit["overdue"]:
        narrator.step(Text("没有逾期未公开的，不必督办", "nothing is overdue: no order is needed"))
        return
    narrator.step(
        Text(f"{unit['unit']} 有 {unit['overdue']} 条逾期未公开", f"{unit['unit']} is overdue")
    )

    def ordered() -> dict[str, Any] | None:
        orders = supervisor.get("/supervision-orders", department=unit["unit"])["items"]
        ours = [o for o in orders if o["cause"] == "duty"]
        return min(ours, key=lambda o: o["ended_at"] is not None, default=None)

    order = door.until(ordered, "projects.duty.overdue.v1")
    narrator.result(
        Text(
            f"督办单 {order['number']}（{order['level']} 级，{order['item_count']} 项）"
            + (f"，{order['due_on']} 前签收" if order["due_on"] else ""),
            f"supervision order {order['number']}, level {order['level']}, "
            f"{counted(order['item_count'], 'item')}"
            + (f", acknowledge by {order['due_on']}" if order["due_on"] else ""),
        )
    )


def _lists(door: Door) -> None:
    """What units dispute and ask to have exempted, and waits for a second person."""
    auditor = door.sign_in("auditor2")
    disputed = len(auditor.every("/disputes", state="open"))
    asked = len(auditor.every("/exemptions", state="asked"))
    door.narrator.step(
        Text(
            "异议和豁免各有清单，由另一人决定",
            "disputes and exemptions have lists; another decides",
        ),
        Text(
            f"待决定：异议 {disputed} 件，豁免 {asked} 件",
            f"to be decided: {counted(disputed, 'dispute')}, {counted(asked, 'exemption')}",
        ),
    )
