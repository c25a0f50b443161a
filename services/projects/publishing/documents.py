"""The document that is published, as it was uploaded: kept under its own hash, as evidence is.

It is told apart by its bytes and never by its name, is never opened here, and is handed out as
plain octets to be saved.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, NamedTuple

from services.projects.evidence import service as evidence
from services.projects.evidence.files import EvidenceStore
from services.projects.publishing.schemas import ReleaseUpload
from services.projects.reading.files import FileKind, kind_of
from shared.errors import Invalid, Text

LARGEST = 10_000_000
"""Bytes of a document."""
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


_TAKEN = {*FileKind} - {FileKind.SHEET, FileKind.OTHER}


class Uploaded(NamedTuple):
    """The bytes of a document, and what they are."""

    body: bytes
    kind: FileKind


def read(given: ReleaseUpload) -> Uploaded:
    """The bytes of what was sent in Base64, and their kind. Raises Invalid."""
    try:
        body = base64.b64decode(given.content, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(_UNREADABLE, pointer="/body/content") from None
    if len(body) > LARGEST:
        raise Invalid(_TOO_LARGE, pointer="/body/content")
    kind = kind_of(body)
    if kind not in _TAKEN:
        raise Invalid(_OTHER_KIND, pointer="/body/content")
    return Uploaded(body, kind)


class Stored(NamedTuple):
    """The bytes as they were uploaded, and headers with which they are saved and not shown."""

    body: bytes
    headers: dict[str, str]


async def stored(files: EvidenceStore, document: Mapping[str, Any]) -> Stored:
    """What was uploaded. Raises EvidenceDamaged rather than give other bytes."""
    sha256, kind = document["sha256"], document["kind"]
    body = await evidence.bytes_of(files, sha256)
    saved = f'attachment; filename="{sha256}.{kind}"'
    return Stored(body, {**HEADERS, "Content-Disposition": saved})
