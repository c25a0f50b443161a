"""The document that is published, as it was uploaded: kept under its own hash, as evidence is.

It is told apart by its first bytes and never by its name, is never opened here, and is handed out
as plain octets to be saved.
"""

import base64
import binascii
import io
import struct
import zipfile
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from services.projects.evidence.files import EvidenceStore
from services.projects.evidence.rules import content_hash
from services.projects.evidence.service import EvidenceDamaged
from services.projects.publishing.schemas import ReleaseUpload
from shared.errors import Invalid, Text

LARGEST = 10_000_000
"""Bytes of a document."""
MOST_PARTS = 5_000
"""Entries of an archive: an office document has hundreds."""
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
}

_TOO_LARGE = Text("文件不能超过 10 MB", "A document may have 10 MB, no more")
_UNREADABLE = Text("文件内容无法读出", "The document's content cannot be read")
_OTHER_KIND = Text(
    "只收 PDF 等版式文件、文字文档、电子表格和 JPEG、PNG 图片",
    "Only PDF, OFD, Word and Excel documents and JPEG or PNG pictures are taken",
)


class DocumentKind(StrEnum):
    """What a document is, by its first bytes; also how its name ends."""

    PDF = "pdf"
    OFD = "ofd"
    DOCX = "docx"
    XLSX = "xlsx"
    JPEG = "jpeg"
    PNG = "png"


_FIRST_BYTES = (
    (b"%PDF-", DocumentKind.PDF),
    (b"\xff\xd8\xff", DocumentKind.JPEG),
    (b"\x89PNG\r\n\x1a\n", DocumentKind.PNG),
)
_PARTS = (
    ("OFD.xml", DocumentKind.OFD),
    ("word/document.xml", DocumentKind.DOCX),
    ("xl/workbook.xml", DocumentKind.XLSX),
)
"""What tells one archive from another (GB/T 33190; ECMA-376)."""


class Uploaded(NamedTuple):
    """The bytes of a document, and what they are."""

    body: bytes
    kind: DocumentKind


def read(given: ReleaseUpload) -> Uploaded:
    """The bytes of what was sent in Base64, and their kind. Raises Invalid."""
    try:
        body = base64.b64decode(given.content, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(_UNREADABLE, pointer="/body/content") from None
    if len(body) > LARGEST:
        raise Invalid(_TOO_LARGE, pointer="/body/content")
    kind = next((kind for start, kind in _FIRST_BYTES if body.startswith(start)), None)
    kind = kind or _archive_kind(body)
    if kind is None:
        raise Invalid(_OTHER_KIND, pointer="/body/content")
    return Uploaded(body, kind)


def _archive_kind(body: bytes) -> DocumentKind | None:
    """By the names of its parts, of which none is unpacked."""
    if not body.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, struct.error, OSError, ValueError):
        return None
    if len(names) > MOST_PARTS:
        return None
    return next((kind for part, kind in _PARTS if part in names), None)


class Stored(NamedTuple):
    """The bytes as they were uploaded, and headers with which they are saved and not shown."""

    body: bytes
    headers: dict[str, str]


async def stored(files: EvidenceStore, document: Mapping[str, Any]) -> Stored:
    """What was uploaded. Raises EvidenceDamaged rather than give other bytes."""
    sha256, kind = document["sha256"], document["kind"]
    body = await files.get(sha256)
    if body is None or content_hash(body) != sha256:
        raise EvidenceDamaged
    saved = f'attachment; filename="{sha256}.{kind}"'
    return Stored(body, {**HEADERS, "Content-Disposition": saved})
