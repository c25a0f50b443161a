"""What files say, by their bytes, and the reasons why a person has to read one."""

import asyncio
import io
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from pypdf import PdfReader, PdfWriter

from services.projects.attachments import extraction
from services.projects.attachments.extraction import words_of
from services.projects.demo_portal.files import docx, packed, pdf, xlsx
from services.projects.reading.article import Substance
from services.projects.reading.details import read_page
from services.projects.reading.extracting import docx as docx_reader
from services.projects.reading.extracting import pdf as pdf_reader
from services.projects.reading.extracting import process, sheets
from services.projects.reading.extracting.child import Extracted
from services.projects.reading.files import (
    AttachmentKind,
    FileFault,
    FileKind,
    FileWords,
    is_locked,
    kind_of,
    labels_of,
    page_of_file,
    title_in,
    with_files,
)
from services.projects.reading.rule import DetailRule

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
CODE = "2605-359900-44-05-523645"
LINES = (
    "宁川市住房和城乡建设局",
    "关于滨江小区二期工程施工许可的",
    "批复",
    f"项目统一代码：{CODE}",
    "批复文号：宁建〔2026〕12号",
    "批复时间：2026年1月4日",
    "建设地点：滨江路",
)
ROWS = (
    ("序号", "项目名称", "项目统一代码", "批复文号"),
    ("1", "甲工程", "2605-359900-44-05-523645", "宁建〔2026〕1号"),
    ("2", "乙工程", "2605-359900-44-05-523646", "宁建〔2026〕2号"),
)
PDF, DOCX, XLSX = pdf(LINES), docx(LINES), xlsx(ROWS)


def locked(body: bytes, password: str, owner: str) -> bytes:
    writer, kept = PdfWriter(clone_from=PdfReader(io.BytesIO(body))), io.BytesIO()
    writer.encrypt(password, owner, algorithm="RC4-128")
    writer.write(kept)
    return kept.getvalue()


def scan() -> bytes:
    """A page that is a picture."""
    return pdf(()).replace(b"/Font <<", b"/XObject << /Im1 3 0 R >> /Font <<")


def bomb() -> bytes:
    kept = io.BytesIO()
    with (
        zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        file.open("word/document.xml", "w") as part,
    ):
        for _ in range(61):
            part.write(b" " * 1_000_000)
    return kept.getvalue()


def unfolding_entities() -> bytes:
    text = '<!DOCTYPE w [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><w>&b;</w>'
    return packed({"word/document.xml": text})


def altered(body: bytes, part: str, old: str, new: str) -> bytes:
    """The packed file with the first `old` of a part replaced."""
    with zipfile.ZipFile(io.BytesIO(body)) as file:
        parts = {name: file.read(name).decode() for name in file.namelist()}
    return packed(parts | {part: parts[part].replace(old, new, 1)})


Read = Callable[[bytes], Extracted]


@pytest.mark.parametrize(
    ("read", "body", "fault"),
    [
        (pdf_reader.read, PDF, None),
        (pdf_reader.read, locked(PDF, "", "owner"), None),  # locked against changes alone
        (pdf_reader.read, locked(PDF, "secret", "owner"), "encrypted"),
        (pdf_reader.read, scan(), "no_text"),
        (pdf_reader.read, pdf(LINES, ()), None),  # an empty page hides nothing
        (pdf_reader.read, pdf(()), "no_text"),
        (pdf_reader.read, PDF[:40], "broken"),
        (pdf_reader.read, b"%PDF-1.4 1 0 obj", "broken"),
        (docx_reader.read, DOCX, None),
        (docx_reader.read, docx(("",)), "no_text"),
        (docx_reader.read, DOCX[: len(DOCX) // 2], "broken"),
        (docx_reader.read, bomb(), "too_large"),
        (docx_reader.read, unfolding_entities(), "broken"),
        (docx_reader.read, packed({"word/document.xml": "<w><w>"}), "broken"),
        (docx_reader.read, packed({f"word/{n}": "" for n in range(2001)}), "too_large"),
        (sheets.read, XLSX, None),
        (sheets.read, xlsx(()), "no_text"),
        (sheets.read, b"\xd0\xcf\x11\xe0 a letter", "unknown_kind"),
        (sheets.read, XLSX[: len(XLSX) // 2], "broken"),
        (sheets.read, xlsx([["x"] * 200] * 201), "too_large"),
    ],
)
def test_a_file_is_read_or_says_why_a_person_has_to(
    read: Read, body: bytes, fault: str | None
) -> None:
    words = read(body)
    assert words.fault == fault
    assert fault is not None or "宁建〔2026〕" in words.text.replace("第", "")


def test_a_formula_is_the_value_that_was_saved_with_it() -> None:
    body = xlsx([['=HYPERLINK("http://x","点")|甲工程', "=1+1|2"], ["=cmd()", "乙"]], formulas=True)
    assert sheets.read(body).tables == [[["甲工程", "2"], ["=cmd()", "乙"]]]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PDF, FileKind.PDF),
        (b"\xef\xbb\xbf\n\n" + PDF, FileKind.PDF),
        (b"MZ\x90" + PDF, FileKind.OTHER),
        (DOCX, FileKind.DOCX),
        (XLSX, FileKind.XLSX),
        (packed({"xl/workbook.bin": "x"}), FileKind.SHEET),
        (packed({"OFD.xml": "x"}), FileKind.OFD),
        (b"\xd0\xcf\x11\xe0", FileKind.SHEET),
        (packed({"a.txt": "x"}), FileKind.OTHER),
        (b"<html>", FileKind.OTHER),
        (b"\xff\xd8\xff", FileKind.JPEG),
        (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
        (b"", FileKind.OTHER),
    ],
)
def test_a_file_is_what_its_bytes_say(body: bytes, kind: FileKind) -> None:
    assert kind_of(body) is kind


def test_a_document_of_office_with_a_password_is_locked() -> None:
    assert is_locked(b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"))
    assert not is_locked(DOCX)


@pytest.mark.parametrize("body", [PDF, DOCX])
async def test_a_file_is_read_in_a_process_of_its_own(body: bytes) -> None:
    words = await words_of(body)
    assert words.fault is None
    labels, records = labels_of(words)
    assert {"项目统一代码", "批复文号", "批复时间"} <= labels.keys()
    for label, (value, *_) in labels.items():
        assert words.text[value.offset :].startswith(label)
    assert records == []


async def test_a_process_that_takes_too_much_ends_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    wide = altered(XLSX, "xl/worksheets/sheet1.xml", "</sheetData>", f"{cell}</sheetData>")
    assert (await words_of(wide)).fault is FileFault.TOO_LARGE
    monkeypatch.setattr(extraction, "SECONDS", 0.001)
    assert (await words_of(PDF)).fault is FileFault.TOO_SLOW


async def test_a_reader_that_does_not_start_is_no_fault_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(extraction._MODULES, AttachmentKind.PDF, "nothing")
    with pytest.raises(OSError, match="does not start"):
        await words_of(PDF)


async def test_the_process_is_given_nothing_of_our_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: dict[str, object] = {}

    def run(command: list[str], **given: object) -> object:
        seen.update(given, command=command)
        raise subprocess.TimeoutExpired(command, 0)

    monkeypatch.setenv("PROJECTS_SECRET", "hidden")
    monkeypatch.setattr(subprocess, "run", run)
    await words_of(PDF)
    environment = seen["env"]
    assert isinstance(environment, dict)
    assert environment.keys() == {"PYTHONPATH", "LANG"}
    assert seen["command"] == [sys.executable, "-m", f"{process.PACKAGE}.pdf"]


async def test_two_files_are_read_at_once_whoever_has_them_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running, most, change = 0, 0, threading.Lock()

    def run(command: list[str], **given: object) -> object:
        nonlocal running, most
        with change:
            running, most = running + 1, max(most, running + 1)
        time.sleep(0.01)
        with change:
            running -= 1
        raise subprocess.TimeoutExpired(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    imported = [asyncio.to_thread(process.extracted, "import_sheet", XLSX, 1) for _ in range(3)]
    await asyncio.gather(*(words_of(PDF) for _ in range(3)), *imported)
    assert most == 2


def file_words(*lines: str, fault: FileFault | None = None) -> FileWords:
    return FileWords(AttachmentKind.PDF, "\n".join(lines), (), fault)


def test_a_file_in_a_pages_place_says_what_a_page_would() -> None:
    lines = (line.replace("：", ":") for line in LINES)
    read = page_of_file(PDF, file_words(*lines), [], NOW)
    assert read.title == "".join(LINES[:3])
    assert (read.facts.project_code, read.facts.doc_no) == (CODE, "宁建〔2026〕12号")
    assert (read.facts.formed_on, read.label_time) == (date(2026, 1, 4), None)
    assert read.substance is Substance.WORDS


def test_a_table_in_a_file_has_a_record_a_row() -> None:
    words = FileWords(AttachmentKind.SHEET, "", (ROWS,))
    read = page_of_file(XLSX, words, [], NOW)
    assert [record.name for record in read.records] == ["甲工程", "乙工程"]
    assert read.facts.project_code is None


LINKED = '<h1>施工许可公示</h1><p>{}</p><p><a href="/f/a.pdf">附件</a></p>'


def test_what_a_page_does_not_say_its_files_may_say() -> None:
    own = read_page(LINKED.format("详见附件"), "https://a.gov.cn/x.htm", DetailRule(), NOW)
    assert own.substance is Substance.EYES
    assert [link.url for link in own.files] == ["https://a.gov.cn/f/a.pdf"]
    read = with_files(own, [file_words(f"项目统一代码:{CODE}", "批复文号:宁建〔2026〕12号")])
    assert (read.facts.project_code, read.facts.doc_no) == (CODE, "宁建〔2026〕12号")
    assert (read.substance, set(read.labels)) == (Substance.WORDS, {"项目统一代码", "批复文号"})
    assert read.text_sha256 == own.text_sha256


def test_what_a_page_says_itself_stands_and_contradictions_give_nothing() -> None:
    other = "2605-359900-44-05-999999"
    url = "https://a.gov.cn/x.htm"
    own = read_page(LINKED.format(f"项目统一代码：{other}"), url, DetailRule(), NOW)
    assert with_files(own, [file_words(f"项目统一代码:{CODE}")]).facts.project_code == other
    two = read_page(LINKED.format(f"{other}，{CODE}"), url, DetailRule(), NOW)
    assert with_files(two, [file_words(f"项目统一代码:{CODE}")]).facts.project_code is None
    bare = read_page(LINKED.format("详见附件"), url, DetailRule(), NOW)
    files = [file_words(f"项目统一代码:{CODE}"), file_words(f"项目统一代码:{other}")]
    assert with_files(bare, files).facts.project_code is None


def test_a_file_of_few_words_leaves_a_picture_beside_it_to_eyes() -> None:
    html = f'{LINKED.format("见附件")}<p><img src="scan.jpg"></p>'
    own = read_page(html, "https://a.gov.cn/x.htm", DetailRule(), NOW)
    assert with_files(own, [file_words("公示")]).substance is Substance.EYES
    assert with_files(own, [file_words("公示" * 30)]).substance is Substance.WORDS


def test_a_file_that_needs_a_person_leaves_its_page_to_one() -> None:
    own = read_page(LINKED.format("正" * 400), "https://a.gov.cn/x.htm", DetailRule(), NOW)
    assert own.substance is Substance.WORDS
    for fault in FileFault:
        read = with_files(own, [file_words("甲"), file_words(fault=fault)])
        assert read.substance is Substance.EYES


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("省发改委\n关于甲工程建议书的批复\n各单位：", "省发改委关于甲工程建议书的批复"),
        ("关于甲工程建议书的批复\n各单位：", "关于甲工程建议书的批复"),
        ("宁川市发改委关于甲工\n程初步设计的批复", "宁川市发改委关于甲工程初步设计的批复"),
        ("公示表\n一、关于加强管理", ""),
        ("", ""),
    ],
)
def test_the_title_of_an_official_document_is_found_at_its_head(text: str, title: str) -> None:
    assert title_in(text) == title
