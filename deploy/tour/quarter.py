"""The last chapter of `make audit-demo`: the quarter's report, scored, signed by another person."""

import os
import sys
import webbrowser
from datetime import date, timedelta
from typing import Any

from deploy.tour import disclosure, rectifying
from deploy.tour.visiting import Door
from shared.clock import now, today
from shared.errors import Text


def visit(door: Door) -> None:
    narrator, auditor = door.narrator, door.sign_in("auditor1")
    narrator.chapter(Text("三、季报：评分、签发、公布", "The quarter's report: scored and signed"))
    quarter = _quarter(door)
    audit = auditor.post("/audits", {"quarter": quarter})
    report = door.anyone.get(f"/reports/{audit['report_id']}")
    totals = report["report"]["totals"]
    narrator.step(
        Text(
            f"监察人员出 {quarter} 的季报，逐项冻结，事后可重算到每个字节",
            f"an auditor makes the report of {quarter}; frozen, it recomputes to the same bytes",
        ),
        Text(
            f"应公开 {totals['due']}，按时 {totals['on_time']}，逾期后公开 {totals['late']}，"
            f"逾期未公开 {totals['overdue']}，不明 {totals['unknown']}",
            f"due {totals['due']}, on time {totals['on_time']}, late {totals['late']}, "
            f"overdue {totals['overdue']}, unknown {totals['unknown']}",
        ),
    )
    disclosure.units(door, report["report"])
    _sign(door, report)
    show(door, f"{door.url}/api/v1/reports/{report['id']}.html")


def _quarter(door: Door) -> str:
    """That in which fell due what was put right last; without such, the last one that is over."""
    order = rectifying.last_proven(door)
    if order is not None:
        duty = door.sign_in("auditor1").get(f"/duties/{order['duty_id']}")
        return quarter_of(date.fromisoformat(duty["due_on"]))
    return last_quarter(today(now()))


def quarter_of(day: date) -> str:
    return f"{day.year}-Q{(day.month + 2) // 3}"


def last_quarter(day: date) -> str:
    """The last one that is over."""
    first_month = (day.month - 1) // 3 * 3 + 1
    return quarter_of(date(day.year, first_month, 1) - timedelta(days=1))


def _sign(door: Door, report: dict[str, Any]) -> None:
    path = f"/reports/{report['id']}/sign"
    own = door.sign_in("auditor1").status("POST", path)
    signed = door.sign_in("auditor2").post(path)["signed"]
    door.narrator.step(
        Text("出报表的人不能自己签发，由另一位监察人员签发", "not who made it: another signs it"),
        Text(
            f"本人签发被拒（{own}）；{signed['year']} 年第 {signed['serial']} 号，得分即公布",
            f"its maker is refused ({own}); number {signed['serial']} of {signed['year']},"
            " and the scores are published",
        ),
    )


def show(door: Door, url: str) -> None:
    """The address of the page; it is opened for who sits at a screen."""
    door.narrator.step(
        Text("给分管领导看的一页", "the page for who answers for all of it"), Text(url, url)
    )
    has_screen = sys.platform == "darwin" or any(
        map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY"))
    )
    if has_screen and sys.stdout.isatty():
        webbrowser.open(url)
