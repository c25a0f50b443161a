"""Files that publish something: of which kind they are by their bytes, and what they say. Pure."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.projects.reading.article import FEW_WORDS, Substance
from services.projects.reading.dates import is_future
from services.projects.reading.details import PageReading
from services.projects.reading.facts import (
    CODE_LABELS,
    DOCUMENT_LABELS,
    FORMED_LABELS,
    NAME_LABELS,
    PROJECT_CODE,
    DecisionFacts,
    read_facts,
)
from services.projects.reading.labels import Labelled, label_moments, read_labels
from services.projects.reading.meta_tags import MetaTags
from services.projects.reading.tables import Record, rows_of_file
from services.projects.reading.titles import MAX_TITLE

_LOCKED = "EncryptedPackage".encode("utf-16-le")
"""The stream in which Office keeps a document with a password (MS-OFFCRYPTO, section 1.3.2)."""
_TITLE_LINES, _TITLE_PARTS = 12, 3
_TITLE = re.compile(
    r".{0,40}关于.{2,160}(?:批复|决定书?|公示|公告|通告|通知书?|意见|复函|函|许可|备案证明|报告)"
)


class FileKind(StrEnum):
    """What a file is by its bytes, whatever its name or its server says."""

    PDF = "pdf"
    OFD = "ofd"
    DOCX = "docx"
    XLSX = "xlsx"
    SHEET = "sheet"
    """A spreadsheet in another form of Office, or one of its older letters and slides."""
    JPEG = "jpeg"
    PNG = "png"
    OTHER = "other"


class AttachmentKind(StrEnum):
    """As what a file is read."""

    PDF = "pdf"
    DOCX = "docx"
    SHEET = "sheet"
    OTHER = "other"


_FIRST_BYTES = (
    (b"%PDF-", FileKind.PDF),
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"\xd0\xcf\x11\xe0", FileKind.SHEET),
)
_PARTS = (
    (b"word/document.xml", FileKind.DOCX),
    (b"xl/workbook.xml", FileKind.XLSX),
    (b"xl/workbook.", FileKind.SHEET),
    (b"OFD.xml", FileKind.OFD),
)
"""What tells one archive from another (ECMA-376; GB/T 33190)."""
_READ_AS = {
    FileKind.PDF: AttachmentKind.PDF,
    FileKind.DOCX: AttachmentKind.DOCX,
    FileKind.XLSX: AttachmentKind.SHEET,
    FileKind.SHEET: AttachmentKind.SHEET,
}


class FileFault(StrEnum):
    """Why a file, or a part of it, is for a person to read."""

    ENCRYPTED = "encrypted"
    NO_TEXT = "no_text"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    BROKEN = "broken"
    UNKNOWN_KIND = "unknown_kind"
    UNREACHABLE = "unreachable"
    TOO_MANY = "too_many"
    """One of more files than are read of a page."""
    OTHER_HOST = "other_host"
    """It is not of the portal, and was not asked for."""

    @property
    def as_before(self) -> "FileFault":
        """As what a release says it that does not know the last two (decision 048)."""
        if self is FileFault.TOO_MANY:
            return FileFault.TOO_LARGE
        return FileFault.UNREACHABLE if self is FileFault.OTHER_HOST else self


@dataclass(frozen=True)
class FileWords:
    """The text of a file in one width and the rows of its tables; `fault` where that is not all."""

    kind: AttachmentKind
    text: str = ""
    tables: tuple[tuple[tuple[str, ...], ...], ...] = ()
    fault: FileFault | None = None

    @property
    def needs_a_person(self) -> bool:
        return self.fault is not None


def kind_of(body: bytes) -> FileKind:
    """By its bytes: names are looked for as they stand in a packed file, which is not opened."""
    start = body[:1024].lstrip(b"\xef\xbb\xbf\x00\t\n\f\r ")
    known = (kind for mark, kind in _FIRST_BYTES if start.startswith(mark))
    if not is_packed(body):
        return next(known, FileKind.OTHER)
    return next((kind for part, kind in _PARTS if part in body), FileKind.OTHER)


def is_packed(body: bytes) -> bool:
    """Whether it is an archive, as documents of Office are."""
    return body.startswith(b"PK\x03\x04")


def read_as(kind: FileKind) -> AttachmentKind:
    return _READ_AS.get(kind, AttachmentKind.OTHER)


def is_locked(body: bytes) -> bool:
    """Whether Office asks for a password to open it."""
    return body.startswith(b"\xd0\xcf\x11\xe0") and _LOCKED in body


def labels_of(words: FileWords) -> tuple[dict[str, list[Labelled]], list[Record]]:
    """What a file's labels say, with their places in its text, and the records of its tables."""
    found, records = read_labels(words.text), list[Record]()
    for table in words.tables:
        labels, rows = rows_of_file(table)
        records += rows
        for word, values in labels.items():
            at = words.text.find(word)
            found[word] = [Labelled(each.value, at) for each in values]
    return found, records


def page_of_file(
    body: bytes, words: FileWords, label_words: Sequence[str], now: datetime
) -> PageReading:
    """What is known of a file that stands where a page was expected."""
    labels, records = labels_of(words)
    title = title_in(words.text)
    moments = [m for m in label_moments(words.text, label_words) if not is_future(m, now)]
    days = {moment.on for moment in moments}
    return PageReading(
        title=title,
        meta=MetaTags(),
        meta_time=None,
        label_time=moments[0] if len(days) == 1 else None,
        labels_differ=len(days) > 1,
        future_dropped=False,
        mark=None,
        facts=DecisionFacts() if records else read_facts(labels, title, words.text),
        labels={word: values[0].offset for word, values in labels.items()},
        text_sha256=hashlib.sha256(body).hexdigest(),
        substance=Substance.EYES if words.needs_a_person else Substance.WORDS,
        records=tuple(records),
    )


def with_files(reading: PageReading, files: Sequence[FileWords]) -> PageReading:
    """What a page says together with its attachments; where it says something itself, that stands.

    What several of them say differently none says. Its time of publication is the page's own. As
    long as one of them is for a person to read, nobody knows what is missing on the page.
    """
    if not files:
        return reading
    labels: dict[str, list[Labelled]] = defaultdict(list)
    records: list[Record] = []
    for each in files:
        found, rows = labels_of(each)
        records += rows
        for word, values in found.items():
            labels[word] += values
    texts = "\n".join(each.text for each in files)
    is_mute = any(each.needs_a_person for each in files)
    facts = reading.facts if records else _facts(reading, labels, texts)
    # Beside so few words a picture or a frame of the page may still say all of it.
    says = len(texts) > FEW_WORDS or records or facts.project_code or facts.project_name
    read = Substance.WORDS if says else reading.substance
    return replace(
        reading,
        facts=facts,
        labels={**dict.fromkeys(labels, -1), **reading.labels},
        substance=Substance.EYES if is_mute else read,
        records=(*reading.records, *records),
    )


def _facts(reading: PageReading, labels: dict[str, list[Labelled]], texts: str) -> DecisionFacts:
    """The page's own, and of what it does not speak those of its files."""
    own, theirs = reading.facts, read_facts(labels, "", texts)
    speaks = reading.labels.keys() & {*CODE_LABELS} or PROJECT_CODE.search(reading.text)
    is_numbered = own.doc_no or reading.labels.keys() & {*DOCUMENT_LABELS}
    is_formed = reading.labels.keys() & {*FORMED_LABELS}
    is_named = reading.labels.keys() & {*NAME_LABELS}
    return replace(
        own,
        project_code=own.project_code if speaks else theirs.project_code,
        doc_no=own.doc_no if is_numbered else theirs.doc_no,
        formed_on=own.formed_on if is_formed else theirs.formed_on,
        formed_label=own.formed_label if is_formed else theirs.formed_label,
        project_name=own.project_name if is_named else theirs.project_name,
        index_no=own.index_no or theirs.index_no,
    )


def title_in(text: str) -> str:
    """The title of an official document, which may stand in several lines; empty without one."""
    lines = ["".join(line.split()) for line in text[:2000].splitlines() if line.strip()]
    for start in range(min(len(lines), _TITLE_LINES)):
        for parts in range(1, _TITLE_PARTS + 1):
            joined = "".join(lines[start : start + parts])
            if _TITLE.fullmatch(joined):
                return joined[:MAX_TITLE]
    return ""
