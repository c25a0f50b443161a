"""Figures as they are asked for: JSON, a table (CSV) or a workbook (XLSX)."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from fastapi import Response

from services.appointments.statistics import columns
from services.appointments.statistics.rules import FEWEST
from services.appointments.statistics.schemas import (
    Format,
    Grouping,
    StatisticsView,
    WideGrouping,
    WideStatisticsView,
)
from services.appointments.statistics.use import service as use
from services.appointments.statistics.use.schemas import UseView
from shared import clock
from shared.errors import Invalid, Text, counted
from shared.web import answers, spreadsheets, workbooks
from shared.web.workbooks import Book, Chart, Row, TableColumn

FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            workbooks.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
        }
    }
}
"""What a route answers besides JSON."""
_LONG = Text(
    f"工作簿最多 {workbooks.MOST_LINES} 行，请缩短日期或换一种汇总方式",
    f"A workbook has at most {counted(workbooks.MOST_LINES, 'line')}: ask for fewer days, or by"
    " something else",
)
_TOTAL = Text("合计", "Total")
_GROUPINGS = {
    "hall": Text("大厅", "hall"),
    "area": Text("区划", "area"),
    "window": Text("窗口", "window"),
    "item": Text("事项", "item"),
    "agency": Text("部门", "agency"),
    "clerk": Text("人员", "clerk"),
    "hour": Text("小时", "hour"),
    "day": Text("日期", "day"),
    "month": Text("月份", "month"),
}
_OVER_TIME = frozenset({"hour", "day", "month"})
_PEOPLE, _MINUTES = Text("人次", "people"), Text("分钟", "minutes")
_DRAWN = (
    (Text("取号与办结", "Issued and served"), ("issued", "served", "missed"), _PEOPLE),
    (
        Text("等候与办理", "Waits and services"),
        ("wait_p50_minutes", "wait_p90_minutes", "service_p50_minutes"),
        _MINUTES,
    ),
    (
        Text("预约去向", "What became of appointments"),
        ("appointments.confirmed", "appointments.came", "appointments.no_shows"),
        _PEOPLE,
    ),
    (
        Text("号源", "Places"),
        ("places.offered", "places.booked", "places.used"),
        Text("个", "places"),
    ),
    (
        Text("窗口时间", "Time of windows"),
        ("windows.open_minutes", "windows.serving_minutes"),
        _MINUTES,
    ),
)
_NOTES = (
    Text(
        "所有数字由记录逐条计得，可在系统中打开核对；没有可计的为空，不是 0。",
        "All is counted from the records and can be opened in the system; what there was nothing of"
        " to measure is empty, not 0.",
    ),
    Text(
        f"不能查看明细的人，看不到不足 {FEWEST} 人的时间和比率。请勿把单行少数人的数字对外公布。",
        f"Who may not open the rows sees no times and rates over fewer than {FEWEST} people. Please"
        " do not publish figures of a line that few people stand behind.",
    ),
    Text(
        "按人员的数字受所办事项难易影响，不宜据此排名；考评请用“人员办理情况”。",
        "Figures by clerk depend on how hard their matters are and are no ranking: for that there"
        " are the assessments, which take it into account.",
    ),
)


class _Table(NamedTuple):
    """What it is of and about, and its rows, the total last."""

    name: str
    place: str
    first: date
    last: date
    by: Grouping | WideGrouping
    columns: Sequence[TableColumn]
    rows: Sequence[Row]


async def of_statistics(
    view: StatisticsView | WideStatisticsView,
    place: str,
    format_: Format,
    language: str,
    now: datetime,
) -> Response:
    """Tickets, waits and services of a hall, an area or all (`*`), as asked for."""
    if format_ == "json":
        return _json(view.model_dump_json(by_alias=True))
    lines = [*view.items, view.total]
    table = _Table(
        name="statistics",
        place=place,
        first=view.from_on,
        last=view.to_on,
        by=view.by,
        columns=columns.TICKETS,
        rows=[line.model_dump() for line in lines],
    )
    return await _file(table, format_, language, now)


async def of_use(view: UseView, format_: Format, language: str, now: datetime) -> Response:
    """Appointments, places and windows, as asked for."""
    if format_ == "json":
        return _json(view.model_dump_json(by_alias=True))
    lines = [*view.items, view.total]
    table = _Table(
        name="utilisation",
        place=view.hall_code,
        first=view.from_on,
        last=view.to_on,
        by=view.by,
        columns=columns.USE,
        rows=use.flat(lines),
    )
    return await _file(table, format_, language, now)


async def _file(table: _Table, format_: Format, language: str, now: datetime) -> Response:
    """A table has one row of heads, in the language; a workbook has both. Raises Invalid for more
    lines than a workbook has."""
    name = f"attachment; filename={table.name}-{table.by.value}.{format_}"
    disposition = {"Content-Disposition": name}
    if format_ == "csv":
        file = Response(_sheet(table, language), 200, disposition, "text/csv; charset=utf-8")
        answers.in_language(file, language)
        return file
    if len(table.rows) > workbooks.MOST_LINES:
        raise Invalid(_LONG, pointer="/query/by")
    book = await asyncio.to_thread(workbooks.made, _book(table, now))
    return Response(book, 200, disposition, workbooks.MEDIA_TYPE)


def _sheet(table: _Table, language: str) -> bytes:
    names = [column.name for column in table.columns]
    rows = [*table.rows[:-1], {**table.rows[-1], "key": _TOTAL.say(language)}]
    cells = ([row.get(name) for name in names] for row in rows)
    return spreadsheets.to_csv([column.head.say(language) for column in table.columns], cells)


def _book(table: _Table, now: datetime) -> Book:
    by = _GROUPINGS[table.by.value]
    facts = (
        (Text("大厅或区划", "Hall or area"), table.place),
        (Text("日期", "Days"), f"{table.first.isoformat()} – {table.last.isoformat()}"),
        (Text("汇总方式", "Lines by"), f"{by.zh} {by.en}"),
        (Text("制表时间", "Made at"), f"{clock.moment_text(now)} (Asia/Shanghai)"),
    )
    # No picture of who is faster: it would be read as a ranking.
    drawn = () if table.by is Grouping.CLERK else _DRAWN
    charts = [
        Chart(title, names, unit, table.by.value in _OVER_TIME) for title, names, unit in drawn
    ]
    lines = [{**row, "key": _real(table.by, row.get("key"))} for row in table.rows[:-1]]
    rows = [*lines, {**table.rows[-1], "key": f"{_TOTAL.zh} {_TOTAL.en}"}]
    return Book(facts, table.columns, rows, charts, _NOTES)


def _real(by: Grouping | WideGrouping, key: object) -> object:
    """Days and window numbers as what they are, so that a spreadsheet sorts them."""
    if not isinstance(key, str):
        return key
    if by.value == Grouping.DAY.value:
        return date.fromisoformat(key)
    return int(key) if by is Grouping.WINDOW else key


def _json(body: str) -> Response:
    return Response(body, 200, None, "application/json")
