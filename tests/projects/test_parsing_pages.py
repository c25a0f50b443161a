"""Pages as sites really make them: each defect of the handbook's table, and what must come out."""

from datetime import UTC, date, datetime

import pytest

from services.projects.reading.charset import decode
from services.projects.reading.claims import Claim, Flag, claim_of
from services.projects.reading.dates import Provenance
from services.projects.reading.details import PageReading, read_page
from services.projects.reading.facts import normal_document_no
from services.projects.reading.faults import SourceFault
from services.projects.reading.marks import content_mark
from services.projects.reading.rule import DetailRule
from shared.clock import SHANGHAI, today

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
URL = "https://www.example.gov.cn/zdxm/202605/t20260515_1234.htm"


def read(body: str, head: str = "", url: str = URL) -> PageReading:
    return read_page(f"<html><head>{head}</head><body>{body}</body></html>", url, DetailRule(), NOW)


def claim(
    reading: PageReading | None, listed_on: date | None = None, header: datetime | None = None
) -> Claim:
    return claim_of(reading, listed_on=listed_on, header_at=header, now=NOW)


@pytest.mark.parametrize(
    "tag",
    [
        '<meta name="PubDate" content="2026-05-15 17:09"/>',
        '<META CONTENT="2026-05-15 17:09" NAME="pubdate">',
        "<meta content='2026-05-15 17:09:00' name='PUBDATE'>",
        '<meta name="PubDate" content="null"><meta name="publishdate" content="2026-05-15 17:09">',
        '<meta name="PubDate" content=""/><meta name="PubDate" content="2026-05-15 17:09"/>',
    ],
)
def test_the_standard_tag_is_read_in_any_spelling(tag: str) -> None:
    found = claim(read("", tag))
    assert found.at == datetime(2026, 5, 15, 17, 9, tzinfo=SHANGHAI)
    assert found.provenance is Provenance.META


def test_the_chain_of_claims_goes_from_meta_to_label_to_list_to_header() -> None:
    meta = '<meta name="PubDate" content="2026-05-15 17:09">'
    label, listed = "<p>发布时间：2026-05-16</p>", date(2026, 5, 17)
    header = datetime(2026, 5, 18, 3, tzinfo=UTC)
    assert claim(read(label, meta), listed, header).provenance is Provenance.META
    assert claim(read(label), listed, header).provenance is Provenance.LABEL
    assert claim(read(""), listed, header).provenance is Provenance.LIST
    assert claim(read(""), None, header).provenance is Provenance.HEADER
    assert claim(read("")).provenance is None


@pytest.mark.parametrize(
    ("reading", "listed_on", "trust"),
    [
        (read("发布时间：2026-05-15", '<meta name="PubDate" content="2026-05-15">'), None, 3),
        (read("", '<meta name="PubDate" content="2026-05-15">'), None, 2),
        (read("发布时间：2026-05-15"), None, 2),
        (read(""), date(2026, 5, 15), 1),
        (None, date(2026, 5, 15), 1),
        (read(""), None, 0),
    ],
)
def test_trust_is_what_agrees(
    reading: PageReading | None, listed_on: date | None, trust: int
) -> None:
    assert claim(reading, listed_on).trust == trust


def test_a_page_that_contradicts_itself_is_disputed() -> None:
    found = claim(read("发布时间：2026-05-18", '<meta name="PubDate" content="2026-05-15">'))
    assert found.flags == (Flag.META_AND_LABEL_DIFFER,)
    assert found.is_disputed


def test_a_list_date_that_differs_is_flagged_but_not_disputed() -> None:
    found = claim(read("", '<meta name="PubDate" content="2026-05-15 17:09">'), date(2026, 5, 14))
    assert found.flags == (Flag.LIST_DIFFERS,)
    assert not found.is_disputed


def test_a_future_claim_is_not_believed_and_the_next_one_counts() -> None:
    found = claim(read("发布时间：2026-05-15", '<meta name="PubDate" content="2027-01-01">'))
    assert found.provenance is Provenance.LABEL
    assert Flag.FUTURE_DATE in found.flags


def test_labels_that_disagree_among_themselves_claim_nothing() -> None:
    found = claim(read("<p>发布时间：2026-05-15</p><p>发布时间：2026-03-01</p>"))
    assert (found.provenance, found.flags) == (None, (Flag.LABELS_DIFFER,))


def test_scripts_and_styles_are_not_text() -> None:
    reading = read(
        "<script>var t='发布时间：2026-05-15'</script><style>/*发布时间：2026-05-15*/</style>"
    )
    assert reading.label_time is None


@pytest.mark.parametrize(
    ("url", "doc_id", "uploads", "expected"),
    [
        ("https://a.gov.cn/202607/t20260703_107687.htm", None, [], date(2026, 7, 3)),
        ("https://a.gov.cn/art/2026/7/3/art_123_4.html", None, [], date(2026, 7, 3)),
        ("https://a.gov.cn/0203/20260317/0033.html", None, [], date(2026, 3, 17)),
        ("https://a.gov.cn/c/1.html", "2026070310501234", [], date(2026, 7, 3)),
        ("https://a.gov.cn/c/1.html", "107687", [], None),
        ("https://a.gov.cn/c/1.html", None, ["/W020260703392611298112.png"], date(2026, 7, 3)),
        ("https://a.gov.cn/c/1.html", None, ["./W020260703392.png", "P020260801001.pdf"], None),
        ("https://a.gov.cn/c/t20261399_1.htm", None, [], None),
    ],
)
def test_marks_of_the_content_system(
    url: str, doc_id: str | None, uploads: list[str], expected: date | None
) -> None:
    mark = content_mark(url, doc_id, uploads)
    assert (mark.on if mark else None) == expected


TABLE = """<table><tr><th>项目名称</th><td>城西水厂扩建工程</td></tr>
<tr><th>项目统一代码</th><td>2605-359900-44-05-523645</td></tr>
<tr><th>批复文号</th><td>宁发改审批[2026]第12号</td></tr><tr><th>批复时间</th><td>2026年3月2日</td></tr></table>"""
LINES = """<p>项目名称：城西水厂扩建工程</p><p>项目统一代码：2605-359900-44-05-523645</p>
<p>批复文号：宁发改审批〔2026〕12号</p><p>批复时间：2026年3月2日</p>"""
RUN_TOGETHER = """<div>项目名称城西水厂扩建工程项目统一代码2605-359900-44-05-523645
批复文号宁发改审批（2026）12号批复时间2026年3月2日</div>"""
RECORD = """<table><tr><td>项目名称</td><td>项目统一代码</td><td>批复文号</td><td>批复时间</td></tr>
<tr><td>城西水厂扩建工程</td><td>2605-359900-44-05-523645</td>
<td>宁发改审批〔2026〕12号</td><td>2026-03-02</td></tr></table>"""


@pytest.mark.parametrize("body", [TABLE, LINES, RUN_TOGETHER, RECORD])
def test_the_decisions_facts_are_the_start_of_the_clock_and_never_its_end(body: str) -> None:
    reading = read(body, url="https://a.gov.cn/c/1.html")
    facts = reading.facts
    assert facts.project_code == "2605-359900-44-05-523645"
    assert facts.doc_no == "宁发改审批〔2026〕12号"
    assert (facts.formed_on, facts.formed_label) == (date(2026, 3, 2), "批复时间")
    assert facts.project_name == "城西水厂扩建工程"
    assert claim(reading).at is None


def test_a_body_that_cites_several_codes_or_documents_gives_none_of_them() -> None:
    reading = read("依据宁发改〔2025〕1号，涉及2605-359900-44-05-523645和2504-359900-43-04-418916")
    assert (reading.facts.project_code, reading.facts.doc_no) == (None, None)


def test_document_numbers_have_one_form() -> None:
    forms = ("宁发改审批 [2026] 第 12 号", "宁发改审批（2026）12号", "宁发改审批〔2026〕12号")
    assert {normal_document_no(form) for form in forms} == {"宁发改审批〔2026〕12号"}


CHINESE = "重大建设项目批准和实施领域信息公开，发布时间：2026-05-15。" * 8


@pytest.mark.parametrize(
    ("declared", "real", "misdeclared"),
    [
        ("utf-8", "utf-8", False),
        ("gb2312", "gb18030", False),
        ("gb2312", "utf-8", True),
        ("utf-8", "gb18030", True),
        (None, "gb18030", False),
    ],
)
def test_the_bytes_decide_the_charset_and_not_what_is_declared(
    declared: str | None, real: str, misdeclared: bool
) -> None:
    tag = f'<meta charset="{declared}">' if declared else ""
    found = decode(f"{tag}<p>{CHINESE}</p>".encode(real))
    assert CHINESE in found.text
    assert (found.charset, found.misdeclared) == (real, misdeclared)


def test_one_bad_byte_does_not_turn_a_utf8_page_into_another() -> None:
    found = decode(("<p>" + CHINESE * 4).encode() + b"\xff</p>")
    assert found.charset == "utf-8"
    assert CHINESE in found.text


@pytest.mark.parametrize("charset", ["utf-16-le", "big5"])
def test_bytes_of_no_known_charset_are_a_fault_and_no_page(charset: str) -> None:
    with pytest.raises(SourceFault, match="wrong_charset"):
        decode("重點建設項目審批結果公開資訊，發佈時間".encode(charset) * 30)


def test_header_times_ahead_of_us_are_left_out() -> None:
    found = claim(read(""), None, datetime(2027, 1, 1, tzinfo=UTC))
    assert (found.at, found.header_at) == (None, None)
    assert today(NOW) == date(2026, 11, 23)
