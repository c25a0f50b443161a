"""A report as a workbook (XLSX): units, trend, groups, working days used, and their pictures."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from services.projects.reports.rules import summary
from services.projects.reports.rules.period_charts import label_of
from services.projects.reports.rules.report import COLUMNS
from services.projects.reports.rules.wording import DIMENSIONS, GROUP_NAMES, LIGHTS
from shared.errors import Text
from shared.web import workbooks
from shared.web.workbooks import Book, Chart, Kind, Row, Table, TableColumn

_NAMED = (
    TableColumn("code", Text("代码", "Code"), Text("代码", "Its code"), "text"),
    TableColumn("name", Text("名称", "Name"), Text("名称", "What it is called"), "text"),
)
_COUNTS = tuple(
    TableColumn(name, head, Text(f"{head.zh}的义务数", f"Duties: {head.en}"), "count")
    for name, head in COLUMNS.items()
)


def _column(name: str, kind: Kind, zh: str, en: str, says_zh: str, says_en: str) -> TableColumn:
    return TableColumn(name, Text(zh, en), Text(says_zh, says_en), kind)


_SHARES = (
    _column("known", "count", "结论已知", "known", "应公开减不明", "Due, less unknown"),
    _column("rate", "rate", "按时率", "rate on time", "按时 ÷ 结论已知", "On time / known"),
    _column("coverage", "rate", "覆盖率", "coverage", "结论已知 ÷ 应公开", "Known / due"),
    _column("low", "rate", "区间下限", "interval from", "按时率的95%威尔逊区间", "Wilson, 95 %"),
    _column("high", "rate", "区间上限", "interval to", "同上", "The same"),
)
_PLACES = (
    _column("score", "points", "扣分制得分", "by deduction", "100 减扣分", "100, less deductions"),
    _column(
        "merit_score", "points", "得分制得分", "by merit", "及时×完整×可信", "Timely, whole, sure"
    ),
    _column("rank", "count", "排名", "rank", "按“按时÷应公开”的区间下限", "By the lower bound"),
    _column("peer_group", "text", "分组", "peers", "排名分组", "Its group of peers"),
    _column("peer_rank", "count", "组内排名", "among peers", "组内的名次", "Its place among them"),
    _column("light", "text", "灯", "light", "绿黄红灰", "Green, yellow, red, grey"),
    _column("in_dispute", "count", "异议处理中", "in dispute", "有异议的结论", "Findings disputed"),
    _column("undated", "count", "无到期日", "undated", "不属任何一期的义务", "Fall in no period"),
)
_DAY = _column(
    "name", "count", "工作日", "working day", "自形成起第几个工作日", "Since it was formed"
)
_N = _column(
    "n", "count", "公开项数", "published", "在这个工作日公开的项数", "Published on that day"
)
_KIND = _column("kind", "text", "分组方式", "by", "按什么分组", "What the group is of")
TREND, GROUPS = Text("走势", "Trend"), Text("分组", "Groups")
USED = Text("所用工作日", "Working days used")
_DUTIES, _PERCENT = Text("项", "duties"), Text("比例", "share")
_CHARTS = (
    Chart(
        Text("各公开主体", "Units"),
        ("on_time", "incomplete", "late", "overdue", "unknown"),
        _DUTIES,
        is_over_time=False,
    ),
    Chart(Text("按时率走势", "Rate on time"), ("rate", "coverage"), _PERCENT, True, TREND),
    Chart(Text("公开所用工作日", "Working days used"), ("n",), _DUTIES, False, USED),
)
_NOTES = (
    Text(
        "不明、存疑、豁免、不适用的不计入得分，也不计入按时率；不明的在排名里不算按时。",
        "What is unknown, disputed, exempt or not applicable is in no score and in no rate; what is"
        " unknown is not on time where places are given.",
    ),
)


def made(content: Mapping[str, Any], sha256: str, frozen_at: datetime) -> bytes:
    """The file; the same content gives the same bytes. Takes long enough for a thread."""
    facts = [
        (Text("报表", "Report"), summary.title(content).zh),
        (Text("截至", "As of"), content["as_of"]),
        (Text("报表指纹", "SHA-256 of the report"), sha256),
    ]
    if number := summary.number(content):
        facts.insert(1, (Text("编号", "Number"), number.zh))
    rows: list[Row] = [_unit(line) for line in content["units"]]
    rows.append({"code": "", "name": "合计 Total", **_shares(content["totals"])})
    columns = (*_NAMED, *_COUNTS, *_SHARES, *_PLACES)
    more = list(_more(content)) if content.get("period") else []
    charts = _CHARTS if more else _CHARTS[:1]
    return workbooks.made(Book(facts, columns, rows, charts, _NOTES, more, frozen_at))


def _more(content: Mapping[str, Any]) -> Iterator[Table]:
    trend = [{"name": label_of(line), **_shares(line)} for line in content["trend"]]
    yield Table(TREND, (_NAMED[1], *_COUNTS, *_SHARES), trend)
    groups = [
        {
            "kind": f"{DIMENSIONS[kind].zh} {DIMENSIONS[kind].en}",
            **_shares(line),
            **_named(kind, line),
        }
        for kind, lines in content["groups"].items()
        for line in lines
    ]
    yield Table(GROUPS, (_KIND, *_NAMED, *_COUNTS, *_SHARES), groups)
    days = [{"name": day, "n": n} for day, n in content["used_days"]["days"]]
    yield Table(USED, (_DAY, _N), days)


def _unit(line: Mapping[str, Any]) -> Row:
    light = LIGHTS[line["light"]]
    return {**_shares(line), "code": line["unit"], "light": f"{light.zh} {light.en}"}


def _named(kind: str, line: Mapping[str, Any]) -> Row:
    named, of = GROUP_NAMES.get((kind, line["code"])), DIMENSIONS[kind]
    return {"kind": f"{of.zh} {of.en}", "name": named.zh if named else line["name"]}


def _shares(line: Mapping[str, Any]) -> dict[str, Any]:
    low, high = line.get("interval") or (None, None)
    return {**line, "low": low, "high": high}
