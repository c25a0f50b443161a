"""A report of a month, a quarter, a year or since a day counts what fell due in it, by whatever
group, against the periods before; and it is frozen with its rows."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.projects.reports import freezing
from services.projects.reports import service as reports
from services.projects.reports.models import PeriodKind
from services.projects.reports.rules import period_charts, periods
from services.projects.reports.rules.period_report import UsedDays, _quantile
from services.projects.reports.rules.periods import Period
from services.projects.reports.schemas import AuditOrder
from shared.clock import now
from shared.errors import Invalid
from shared.web import workbooks
from tests.projects.quarter_world import Quarter, report_of
from tests.projects.test_reports import inside, see
from tests.support import Connect, Databases

Headers = Callable[..., dict[str, str]]
TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("order", "kind", "first", "last"),
    [
        ({"month": "2026-02"}, "month", date(2026, 2, 1), date(2026, 2, 28)),
        ({"month": "2024-12"}, "month", date(2024, 12, 1), date(2024, 12, 31)),
        ({"quarter": "2026-Q1"}, "quarter", date(2026, 1, 1), date(2026, 3, 31)),
        ({"quarter": "2026-Q4"}, "quarter", date(2026, 10, 1), date(2026, 12, 31)),
        ({"year": 2026}, "year", date(2026, 1, 1), date(2026, 12, 31)),
        ({"since": date(2026, 9, 3)}, "since", date(2026, 9, 3), TODAY),
        (
            {"since": date(2026, 9, 3), "as_of": date(2026, 10, 1)},
            *("since", date(2026, 9, 3), date(2026, 10, 1)),
        ),
    ],
)
def test_a_period_is_its_days(order: dict[str, Any], kind: str, first: date, last: date) -> None:
    assert periods.asked_for(AuditOrder(**order), TODAY) == Period(PeriodKind(kind), first, last)


def test_without_a_period_a_report_is_one_of_a_day() -> None:
    assert periods.asked_for(AuditOrder(as_of=TODAY), TODAY) is None


@pytest.mark.parametrize(
    ("order", "pointer"),
    [
        ({"month": "2026-12"}, "/body/month"),
        ({"quarter": "2027-Q1"}, "/body/quarter"),
        ({"year": 2027}, "/body/year"),
        ({"since": date(2026, 12, 1)}, "/body/since"),
        ({"month": "2026-05", "year": 2026}, "/body/year"),
        ({"quarter": "2026-Q3", "as_of": date(2026, 6, 30)}, "/body/as_of"),
    ],
)
def test_a_period_that_cannot_be_reported_on_is_refused_by_field(
    order: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        periods.asked_for(AuditOrder(**order), TODAY)
    assert refused.value.pointer == pointer


def test_the_periods_of_a_trend_follow_one_another_without_a_gap() -> None:
    for order in ({"month": "2026-03"}, {"quarter": "2026-Q1"}, {"year": 2026}):
        period = periods.asked_for(AuditOrder(**order), TODAY)
        assert period is not None
        found = periods.with_earlier(period)
        assert len(found) == 1 + periods.EARLIER[period.kind]
        for later, earlier in zip(found, found[1:], strict=False):
            assert earlier.last == later.first - timedelta(days=1)


def test_half_and_nine_tenths_are_published_within_so_many_days() -> None:
    days = [UsedDays(0, 5), UsedDays(3, 4), UsedDays(20, 1)]
    assert (_quantile(days, 50), _quantile(days, 90), _quantile(days, 91)) == (0, 3, 20)
    assert _quantile([], 50) is None


async def test_what_fell_due_in_the_quarter_is_counted_and_nothing_else(quarter: Quarter) -> None:
    line = quarter.line()
    expected = {"due": 3, "known": 3, "on_time": 1, "late": 1, "overdue": 1, "outside": 1}
    assert {name: line[name] for name in expected} == expected
    assert (line["rate"], line["coverage"], line["undated"]) == (0.3333, 1.0, 1)
    other = quarter.line(1)
    assert (other["due"], other["known"], other["rate"], other["coverage"]) == (1, 0, None, 0.0)
    period = {"kind": "quarter", "from_on": "2013-04-01", "to_on": "2013-06-30"}
    assert quarter.content["period"] == period
    assert quarter.summary["period_kind"] == "quarter"
    assert quarter.content["undated"] >= 1


async def test_each_group_adds_up_to_the_whole_and_opens_to_its_rows(
    projects: httpx.AsyncClient, quarter: Quarter
) -> None:
    totals = quarter.content["totals"]
    for dimension, lines in quarter.content["groups"].items():
        for column in ("due", "known", "on_time", "late", "overdue", "unknown", "outside"):
            assert sum(one[column] for one in lines) == totals[column], (dimension, column)
        for line in lines:
            params = {dimension: line["code"], "column": "late"}
            rows = await projects.get(f"/api/v1/reports/{quarter.id}/rows", params=params)
            assert len(rows.json()["items"]) == line["late"], dimension
    groups = quarter.content["groups"]
    assert [one["code"] for one in groups["project"]] == [quarter.project]
    assert [(one["code"], one["due"]) for one in groups["trust"]] == [("", 2), ("2", 2)]
    regions = {one["name"]: one["due"] for one in groups["region"]}
    assert regions.keys() == {"全国", "浙江省"}
    assert regions["浙江省"] == quarter.line(1)["due"]


async def test_the_figures_of_a_unit_open_to_what_was_frozen(
    projects: httpx.AsyncClient, quarter: Quarter
) -> None:
    path, unit = f"/api/v1/reports/{quarter.id}", quarter.units[0]
    for column in ("on_time", "late", "overdue", "outside", "pending"):
        params = {"unit": unit, "column": column}
        rows = (await projects.get(f"{path}/rows", params=params)).json()["items"]
        assert len(rows) == quarter.line()[column], column
        page = await projects.get(f"{path}/rows.html", params=params)
        assert page.text.count("<tr><td") == quarter.line()[column], column
        assert f"共 {quarter.line()[column]} 项" in page.text
    [late] = (await projects.get(f"{path}/rows", params={"unit": unit, "column": "late"})).json()[
        "items"
    ]
    assert (late["due_on"], late["verdict"], late["project_code"]) == (
        "2013-05-02",
        "late",
        quarter.project,
    )


async def test_the_trend_ends_with_the_quarter_and_each_unit_has_the_one_before(
    quarter: Quarter,
) -> None:
    trend = quarter.content["trend"]
    assert [one["from_on"] for one in trend] == [
        *("2012-04-01", "2012-07-01", "2012-10-01", "2013-01-01", "2013-04-01"),
    ]
    assert trend[-1]["due"] == quarter.content["totals"]["due"]
    before = quarter.line()["before"]
    assert (before["due"], before["overdue"], before["rate"]) == (1, 1, 0.0)


async def test_working_days_used_are_counted_of_what_was_published(quarter: Quarter) -> None:
    used = quarter.content["used_days"]
    assert used["n"] == sum(n for _, n in used["days"]) == 2
    assert used["days"][0][1] == 1
    limit = 20
    assert used["days"][0][0] < limit < used["days"][1][0]
    assert used["median"] == used["days"][0][0]


async def test_it_is_composed_anew_to_the_same_bytes_whatever_is_renamed_or_seen_since(
    projects: httpx.AsyncClient, sql: Connect, databases: Databases, quarter: Quarter
) -> None:
    rows = await sql("projects")
    await rows.execute("UPDATE project SET name = '改名' WHERE code = $1", quarter.project)
    [duty] = await rows.fetch(
        "SELECT duty_id FROM frozen_duty WHERE report_id = $1 AND verdict = 'overdue'", quarter.id
    )
    await see(databases, str(duty["duty_id"]), "2013-06-21", observed_at=now())

    async def recompute(session: Any) -> bytes:
        found = await reports.find_report(session, UUID(quarter.id))
        return await freezing.recompute(session, found)

    file = (await projects.get(f"/api/v1/reports/{quarter.id}.json")).content
    assert await inside(databases, recompute) == file


async def test_a_quarter_is_judged_as_of_a_past_day_and_composed_anew(
    projects: httpx.AsyncClient, as_: Headers, databases: Databases, quarter: Quarter
) -> None:
    """By then the late one was missing, and so was the one whose suspension came later; of the
    overdue one the limit had not run out."""
    then = await report_of(projects, as_, quarter="2013-Q2", as_of="2013-05-06")
    [line] = [one for one in then["report"]["units"] if one["unit_code"] == quarter.units[0]]
    assert (line["on_time"], line["late"], line["overdue"]) == (1, 0, 2)
    assert (line["pending"] + line["due_soon"], then["as_of"]) == (1, "2013-05-06")

    async def recompute(session: Any) -> bytes:
        return await freezing.recompute(session, await reports.find_report(session, then["id"]))

    file = (await projects.get(f"/api/v1/reports/{then['id']}.json")).content
    assert await inside(databases, recompute) == file


async def test_reports_of_quarters_are_listed_by_themselves_and_compared_among_themselves(
    projects: httpx.AsyncClient, as_: Headers, quarter: Quarter
) -> None:
    later = await report_of(projects, as_, quarter="2013-Q3")
    assert later["report"]["last"]["as_of"] == quarter.content["as_of"]
    listed = await projects.get("/api/v1/reports", params={"period_kind": "quarter"})
    assert {one["period_kind"] for one in listed.json()["items"]} == {"quarter"}


async def test_a_quarter_in_which_nothing_fell_due_has_no_report_and_a_day_no_groups(
    projects: httpx.AsyncClient, as_: Headers
) -> None:
    order = {"quarter": "2007-Q1"}
    refused = await projects.post("/api/v1/audits", json=order, headers=as_("auditor"))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/body/quarter")
    day = await report_of(projects, as_)
    params = {"phase": "approval"}
    refused = await projects.get(f"/api/v1/reports/{day['id']}/rows", params=params)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/query/phase")


async def test_as_a_workbook_it_has_its_tables_and_pictures_and_is_the_same_bytes_again(
    projects: httpx.AsyncClient, quarter: Quarter
) -> None:
    path = f"/api/v1/reports/{quarter.id}.xlsx"
    file = await projects.get(path)
    assert file.headers["content-type"] == workbooks.MEDIA_TYPE, file.text
    found = zipfile.ZipFile(io.BytesIO(file.content))
    sheets = re.findall(r'<sheet name="([^"]+)"', found.read("xl/workbook.xml").decode())
    assert sheets == ["数据", "走势", "分组", "所用工作日", "图表", "说明"]
    assert len([name for name in found.namelist() if name.startswith("xl/charts/chart")]) == 3
    strings = found.read("xl/sharedStrings.xml").decode()
    assert all(word in strings for word in (quarter.units[0], "2013Q2", "未见公开", "得分制得分"))
    assert (await projects.get(path)).content == file.content
    known = {"If-None-Match": file.headers["etag"]}
    assert (await projects.get(path, headers=known)).status_code == 304


async def test_as_a_page_it_has_its_pictures_and_each_group_opens_to_its_rows(
    projects: httpx.AsyncClient, quarter: Quarter
) -> None:
    page = (await projects.get(f"/api/v1/reports/{quarter.id}.html")).text
    assert "2013年第二季度信息公开监察报表" in page
    assert "2013年第二季度到期的公开义务" in page
    assert page.count("<svg") == 3
    assert all(outside not in page for outside in ("http://", "https://", "<script", "@import"))
    links = re.findall(r'href="([0-9a-f-]+/rows\.html\?(?:trust|item)=[^"]*)"', page)
    assert len(links) == 8, "late, overdue, on time and unknown of each group that has them"
    of_item = {one["code"]: one["name"] for one in quarter.content["groups"]["item"]}
    names = {"trust=": "未见公开", "trust=2": "2 网页自称，无矛盾"}
    names |= {f"item={code}": name for code, name in of_item.items()}
    for link in links:
        opened = await projects.get(f"/api/v1/reports/{link.replace('&amp;', '&')}")
        [told] = re.findall(r"共 (\d+) 项", opened.text)
        assert int(told) == opened.text.count("<tr><td") > 0
        group = re.search(r"\?((?:trust|item)=[^&]*)", link)
        assert group is not None
        assert names[group[1]] in opened.text.partition("<table")[0], link


async def test_the_table_for_spreadsheets_has_both_scores(
    projects: httpx.AsyncClient, quarter: Quarter
) -> None:
    file = await projects.get(f"/api/v1/reports/{quarter.id}.csv")
    [heads, *lines] = [line.split(",") for line in file.text.splitlines()]
    [own] = [line for line in lines if line[0] == quarter.units[0]]
    line = quarter.line()
    for head, name in (("得分", "score"), ("得分制得分", "merit_score"), ("无到期日", "undated")):
        assert float(own[heads.index(head)]) == line[name], name


def test_where_a_period_has_no_rate_the_line_is_broken() -> None:
    kept = [("month", f"2026-0{n}-01", due, on_time) for n, due, on_time in (
        (1, 4, 4), (2, 4, 2), (3, 0, 0), (4, 4, 1), (5, 4, 3)
    )]  # fmt: skip
    lines = [
        {"kind": kind, "from_on": first, "due": due, "known": due, "on_time": on_time}
        for kind, first, due, on_time in kept
    ]
    trend = period_charts.trend_of(lines)
    assert [point.rate for point in trend.points] == ["100.0%", "50.0%", "–", "25.0%", "75.0%"]
    assert [len(line.split(" ")) for line in trend.lines] == [2, 2]
    assert trend.points[0].y == period_charts.TOP


def test_every_publication_stands_in_a_bar_and_no_picture_has_too_many() -> None:
    for last in (0, 7, 23, 24, 400):
        days = [(0, 3), (last, 2)] if last else [(0, 5)]
        drawn = period_charts.histogram_of(days)
        assert sum(bar.n for bar in drawn.bars) == 5
        assert len(drawn.bars) <= period_charts.MOST_BARS
        assert all(0 <= bar.height <= period_charts.BOTTOM for bar in drawn.bars)
    assert period_charts.histogram_of([]).bars == []
