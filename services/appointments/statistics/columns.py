"""The columns of the tables of figures: heads in two languages, and what each of them means."""

from collections.abc import Mapping

from pydantic import BaseModel

from services.appointments.statistics.schemas import Figures
from services.appointments.statistics.use.schemas import (
    AppointmentFigures,
    PlaceFigures,
    WindowFigures,
)
from shared.errors import Text
from shared.web.workbooks import Kind, TableColumn

_KEYS = (
    TableColumn(
        "key",
        Text("项目", "Line"),
        Text("本行所指：按所选方式汇总的一项", "What the line is about, by the chosen grouping"),
        "text",
    ),
    TableColumn(
        "name",
        Text("名称", "Name"),
        Text("大厅、区划、事项或部门的名称", "The name of the hall, area, item or agency"),
        "text",
    ),
    TableColumn(
        "account",
        Text("账户", "Account"),
        Text("按人员汇总时的账户", "The account, where a line is about a person"),
        "text",
    ),
)
_WAIT = Text(
    "从取号（预约从开始时间）或转办起，到首次叫号",
    "From the ticket (a booked one: from its time) or the transfer to the first call",
)
_SERVICE = Text("从开始办理到办结或转出", "From the beginning to the end of a service")
_TICKETS: dict[str, tuple[Text, Text]] = {
    "issued": (Text("取号", "Issued"), Text("取号数", "Tickets taken")),
    "called": (
        Text("叫到的人", "Called"),
        Text("叫到的人数，同一天只计一次", "People who were called, each once a day"),
    ),
    "served": (Text("办结", "Served"), Text("办结数", "Services that were finished")),
    "done": (Text("一次办成", "Done"), Text("当次办成", "Done in this visit")),
    "needs_more": (
        Text("需补正", "Needs more"),
        Text("材料不齐，需再来", "Something was missing: the person has to come again"),
    ),
    "rejected": (Text("不予办理", "Rejected"), Text("不予办理", "Cannot be done")),
    "missed": (Text("过号", "Missed"), Text("叫号未到", "Did not come when called")),
    "abandoned": (Text("放弃", "Abandoned"), Text("本人放弃", "Gave up")),
    "parked": (Text("暂离", "Parked"), Text("办理中暂离窗口", "Left the window for a while")),
    "transferred": (Text("转办", "Transferred"), Text("转到其他窗口", "Sent to another window")),
    "unfinished": (
        Text("日终未了结", "Unfinished"),
        Text("大厅当天结束时既未办结也未过号", "Neither done nor missed at the day's end"),
    ),
    "wait_p50_minutes": (Text("半数等候不超过(分钟)", "Wait, median (min)"), _WAIT),
    "wait_p90_minutes": (Text("九成等候不超过(分钟)", "Wait, 9 of 10 (min)"), _WAIT),
    "wait_longest_minutes": (Text("最长等候(分钟)", "Longest wait (min)"), _WAIT),
    "service_p50_minutes": (Text("半数办理不超过(分钟)", "Service, median (min)"), _SERVICE),
    "service_p90_minutes": (Text("九成办理不超过(分钟)", "Service, 9 of 10 (min)"), _SERVICE),
    "service_mean_minutes": (Text("平均办理(分钟)", "Service, mean (min)"), _SERVICE),
    "one_visit_rate": (
        Text("一次办结率", "One-visit rate"),
        Text("一次办成 ÷ 办结", "Done in one visit, of all that were finished"),
    ),
}
_USE: dict[str, tuple[type[BaseModel], dict[str, Text]]] = {
    "appointments": (
        AppointmentFigures,
        {
            "booked": Text("预约", "Booked"),
            "confirmed": Text("已确认", "Confirmed"),
            "expired": Text("占位到期", "Expired holds"),
            "cancelled_by_person": Text("本人取消", "Cancelled by person"),
            "cancelled_by_staff": Text("工作人员取消", "Cancelled by staff"),
            "cancelled_by_hall": Text("大厅取消", "Cancelled by hall"),
            "cancelled_by_unknown": Text("取消人不详", "Cancelled, by unknown"),
            "moved": Text("改约", "Moved"),
            "orphaned": Text("曾失时段", "Orphaned"),
            "came": Text("到场", "Came"),
            "late": Text("迟到", "Late"),
            "served": Text("预约已办", "Served"),
            "no_shows": Text("失约", "No-shows"),
            "lapsed": Text("未了结", "Lapsed"),
            "no_show_rate": Text("失约率", "No-show rate"),
        },
    ),
    "places": (
        PlaceFigures,
        {
            "offered": Text("提供号源", "Places offered"),
            "booked": Text("被约号源", "Places booked"),
            "used": Text("实到号源", "Places used"),
            "booked_rate": Text("预约率", "Booked rate"),
            "used_rate": Text("号源利用率", "Used rate"),
        },
    ),
    "windows": (
        WindowFigures,
        {
            "open_minutes": Text("窗口开放(分钟)", "Windows open (min)"),
            "paused_minutes": Text("窗口暂停(分钟)", "Windows paused (min)"),
            "serving_minutes": Text("办理(分钟)", "Serving (min)"),
            "serving_rate": Text("窗口利用率", "Serving rate"),
            "started": Text("到窗口人次", "Services begun"),
            "way_mean_minutes": Text("到窗口平均(分钟)", "Way, mean (min)"),
            "way_p50_minutes": Text("半数到窗口不超过(分钟)", "Way, median (min)"),
            "way_p90_minutes": Text("九成到窗口不超过(分钟)", "Way, 9 of 10 (min)"),
        },
    ),
}


def _kind(name: str) -> Kind:
    if name.endswith("_minutes"):
        return "minutes"
    return "rate" if name.endswith("_rate") else "count"


def _described(of: type[BaseModel], name: str) -> Text:
    zh, en = (of.model_fields[name].description or "").split(" | ")
    return Text(zh, en)


def _of_tickets(heads: Mapping[str, tuple[Text, Text]]) -> tuple[TableColumn, ...]:
    return tuple(TableColumn(name, *words, _kind(name)) for name, words in heads.items())


_NO_COLUMN = {"ticket_rows", *(key.name for key in _KEYS)}
_COUNTED = [name for name in Figures.model_fields if name not in _NO_COLUMN]
TICKETS = (*_KEYS, *_of_tickets({name: _TICKETS[name] for name in _COUNTED}))
"""Of tickets, waits and services: `schemas.Figures`."""
USE = (
    *_KEYS,
    *(
        TableColumn(f"{part}.{name}", head, _described(of, name), _kind(name))
        for part, (of, heads) in _USE.items()
        for name, head in heads.items()
    ),
)
"""Of appointments, places and windows: the rows of `use.service.flat`."""
