"""Real pages of public portals; skipped where the handbook's data do not lie beside the project."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from services.projects.reading.charset import decode
from services.projects.reading.claims import Claim, Flag, claim_of
from services.projects.reading.dates import Provenance
from services.projects.reading.details import PageReading, read_page
from services.projects.reading.lists import read_list
from services.projects.reading.marks import address_mark
from services.projects.reading.rule import DetailRule, HtmlListRule
from shared.clock import SHANGHAI

PORTAL = Path(__file__).parents[3] / "shared" / "data" / "portal"
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
LIST_URL = "https://www.pingtan.gov.cn/zwgk/zdlyxxgk/zdxmjs/zhxx/index.htm"
DETAIL_URL = "https://www.pingtan.gov.cn/zwgk/zdlyxxgk/zdxmjs/zhxx/202607/t20260703_107687.htm"
TRAP_URL = (
    "https://www.ggzy.gov.cn/information/deal/html/b/330000/0203/20260317/"
    "003346ed9dd8b0494c7aa507db162810f636.html"
)
RULE = HtmlListRule.model_validate(
    {
        "list": {"rows": ".list_base li", "date": "span.bf-pass"},
        "detail": {"time": {"selector": ".article_time", "words": ["时间"]}},
    }
)

pytestmark = pytest.mark.skipif(
    not PORTAL.is_dir(), reason=f"the handbook's real pages are not beside the project: {PORTAL}"
)


def page(name: str, url: str, rule: DetailRule = RULE.detail) -> PageReading:
    return read_page(decode((PORTAL / name).read_bytes()).text, url, rule, NOW)


def claim(reading: PageReading, listed_on: date | None = None) -> Claim:
    return claim_of(reading, listed_on=listed_on, header_at=None, now=NOW)


def notice(number: str, day: str) -> PageReading:
    text = (PORTAL / f"gsgg_{number}.txt").read_text()
    url = f"https://www.pingtan.gov.cn/zwgk/gsgg/{day[:6]}/t{day}_{number}.htm"
    return read_page(f"<html><body><pre>{text}</pre></body></html>", url, DetailRule(), NOW)


def test_reads_all_45_entries_of_the_list_exactly() -> None:
    found = read_list(decode((PORTAL / "portal_list.html").read_bytes()).text, LIST_URL, RULE)
    with (PORTAL / "portal_list_expected.tsv").open(encoding="utf-8") as lines:
        expected = [
            (row["href"], row["list_date"], row["title"])
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]
    assert len(found.entries) == 45
    assert [(e.href, str(e.listed_on), e.title) for e in found.entries] == expected


def test_list_dates_of_that_column_mostly_precede_the_pages_own_marks() -> None:
    found = read_list(decode((PORTAL / "portal_list.html").read_bytes()).text, LIST_URL, RULE)
    marks = [(entry.listed_on, address_mark(entry.url)) for entry in found.entries]
    earlier = [1 for listed, mark in marks if listed and mark and listed < mark.on]
    assert len(earlier) == 43


def test_a_claim_older_than_its_own_marks_is_disputed() -> None:
    found = claim(page("portal_detail.html", DETAIL_URL), listed_on=date(2026, 4, 8))
    assert found.at == datetime(2026, 4, 8, 10, 50, tzinfo=SHANGHAI)
    assert found.provenance is Provenance.META
    assert found.cms_at == datetime(2026, 7, 3, tzinfo=SHANGHAI)
    assert Flag.OLDER_THAN_ITS_MARK in found.flags
    assert found.is_disputed
    assert found.trust < 3


def test_the_moment_of_generation_is_no_time_of_publication() -> None:
    reading = page("trap_detail.html", TRAP_URL, DetailRule())
    found = claim(reading)
    assert (reading.meta_time, reading.label_time) == (None, None)
    assert (found.at, found.provenance, found.trust) == (None, None, 0)


def test_a_licence_notice_gives_the_start_of_the_clock_and_its_publication() -> None:
    reading = notice("108654", "20260831")
    assert reading.facts.doc_no == "建字第3501002026GG0122690号"
    assert (reading.facts.formed_on, reading.facts.formed_label) == (date(2026, 8, 31), "发证日期")
    assert reading.facts.project_name == "八方电商物流园变更(仓库二、综合楼)"
    assert claim(reading).at == datetime(2026, 8, 31, 17, 0, tzinfo=SHANGHAI)


def test_a_completion_notice_has_no_formation_date_of_its_own() -> None:
    reading = notice("108550", "20260824")
    assert reading.facts.formed_on is None
    assert reading.facts.project_name == "大坪青少年活动实践中心(大坪农业产业综合基地)一期"
    found = claim(reading)
    assert (found.at, found.is_disputed) == (datetime(2026, 8, 24, 15, 27, tzinfo=SHANGHAI), False)


def test_a_notice_before_approval_forms_nothing() -> None:
    reading = notice("108698", "20260902")
    assert (reading.facts.formed_on, reading.facts.doc_no) == (None, None)
    assert reading.facts.project_name == "东占村马山生态园道路提升项目"
    assert claim(reading).at == datetime(2026, 9, 2, 11, 4, tzinfo=SHANGHAI)
