"""What a page shows to nobody is not read; where its labels stand there alone, a person looks."""

from datetime import UTC, date, datetime

import pytest

from services.projects.demo_portal.files import docx
from services.projects.evidence.quoting import words_of
from services.projects.reading.article import Substance
from services.projects.reading.claims import Flag, claim_of
from services.projects.reading.details import PageReading, read_page
from services.projects.reading.extracting import docx as docx_reader
from services.projects.reading.extracting import sheets
from services.projects.reading.rule import DetailRule
from tests.projects.test_files import XLSX, altered

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
CODE = "2605-359900-44-05-523645"
SAID = f"<h1>关于甲工程的批复</h1><p>{'经审查，同意该工程的初步设计。' * 4}</p>"
LABELS = f"项目统一代码：{CODE}<br>批复文号：宁建〔2026〕12号<br>发布时间：2026-03-02"
HIDDEN = [
    "<div hidden>{}</div>",
    '<div style="display:none">{}</div>',
    '<div style="color:red; DISPLAY : none;">{}</div>',
    '<div style="visibility:hidden"><p><b>{}</b></p></div>',
    '<div style="font-size:0px;">{}</div>',
    '<div style="opacity:0">{}</div>',
    '<div style="position:absolute;left:-9999px">{}</div>',
    f"<div hidden>{'<div>' * 60}{{}}{'</div>' * 60}</div>",
    "<table><tr><td>甲</td></tr><tr hidden><td>{}</td></tr></table>",
    '<table><tr><td>甲<span style="display:none">{}</span></td></tr></table>',
]
SHOWN = [
    "<div>{}</div>",
    '<div aria-hidden="true">{}</div>',  # from readers aloud, and from nobody's eyes
    '<div style="font-size:0.9em;opacity:0.8;text-indent:-2em">{}</div>',
    "<details><summary>要素</summary>{}</details>",
]


def read(body: str) -> PageReading:
    return read_page(f"<body>{body}</body>", "https://a.gov.cn/x.htm", DetailRule(), NOW)


def flags(reading: PageReading) -> tuple[Flag, ...]:
    return claim_of(reading, listed_on=None, header_at=None, now=NOW).flags


@pytest.mark.parametrize("hides", HIDDEN)
def test_what_is_shown_to_nobody_is_not_read_and_a_person_is_told(hides: str) -> None:
    found = read(SAID + hides.format(LABELS))
    assert (found.facts.project_code, found.facts.doc_no, found.label_time) == (None, None, None)
    assert "项目统一代码" not in found.labels
    assert flags(found) == (Flag.NO_WORDS, Flag.NEEDS_A_PERSON, Flag.HIDDEN)


@pytest.mark.parametrize("shows", SHOWN)
def test_what_people_see_is_read_however_it_is_styled(shows: str) -> None:
    found = read(SAID + shows.format(LABELS))
    assert (found.facts.project_code, found.facts.doc_no) == (CODE, "宁建〔2026〕12号")
    assert found.label_time is not None
    assert (found.label_time.on, flags(found)) == (date(2026, 3, 2), ())


@pytest.mark.parametrize(
    "hides",
    [
        f"<div hidden>{LABELS}</div><div>{LABELS}</div>",
        '<div style="display:none" class="share">扫一扫：分享到微信</div>',
        f'<nav style="display:none">{LABELS}</nav>',
    ],
)
def test_what_is_hidden_beside_an_article_is_nobodys_concern(hides: str) -> None:
    assert flags(read(SAID + hides)) == ()


def test_the_records_of_a_table_are_the_rows_that_are_shown() -> None:
    heads = "<tr><th>序号</th><th>项目名称</th><th>项目统一代码</th></tr>"
    rows = [f"<td>{n}</td><td>第{n}工程</td><td>2605-359900-44-05-52364{n}</td>" for n in range(4)]
    shown = "".join(f"<tr>{row}</tr>" for row in rows[:2])
    hidden = "".join(f"<tr style='display:none'>{row}</tr>" for row in rows[2:])
    found = read(f"<table>{heads}{shown}{hidden}</table>")
    assert [record.name for record in found.records] == ["第0工程", "第1工程"]
    assert flags(found) == ()


def test_an_article_that_waits_for_a_script_to_show_it_is_not_empty() -> None:
    found = read(f'<h1>关于甲工程的批复</h1><div style="display:none">{"同意实施。" * 9}</div>')
    assert found.substance is Substance.EYES
    assert read("<h1>关于甲工程的批复</h1><div hidden></div>").substance is Substance.NOTHING


def test_evidence_quotes_what_people_see() -> None:
    page = f"<body>{SAID}<div hidden>{LABELS}</div></body>".encode()
    words = words_of(page, {"content-type": "text/html; charset=utf-8"}, "https://a.gov.cn/x", None)
    assert words is not None
    assert CODE not in words.text
    assert words.quotes == []


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("<w:r><w:rPr><w:vanish/></w:rPr><w:t>乙</w:t></w:r>", "甲"),
        ('<w:r><w:rPr><w:vanish w:val="true"/></w:rPr><w:t>乙</w:t></w:r>', "甲"),
        ('<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>乙</w:t></w:r>', "乙甲"),
        ("<w:r><w:rPr><w:b/></w:rPr><w:t>乙</w:t></w:r>", "乙甲"),
        ("<w:moveFrom><w:r><w:t>乙</w:t></w:r></w:moveFrom>", "甲"),
        ("<w:del><w:r><w:t>乙</w:t></w:r></w:del>", "甲"),
    ],
)
def test_what_a_document_shows_to_nobody_does_not_stand_there(before: str, text: str) -> None:
    body = altered(docx(("甲",)), "word/document.xml", "<w:r>", f"{before}<w:r>")
    assert docx_reader.read(body).text == text


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_sheet_that_is_shown_to_nobody_is_not_read(state: str) -> None:
    body = altered(XLSX, "xl/workbook.xml", "<sheet ", f'<sheet state="{state}" ')
    assert sheets.read(body).fault == "no_text"
