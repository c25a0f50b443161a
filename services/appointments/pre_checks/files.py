"""Files that come with a pre-check: what is taken, and how it is handed out. Pure.

A stranger's file is never shown by a page of ours: it is kept sealed and handed out as plain octets
to be saved. Only kinds that a scanner or a telephone makes are taken, by their first bytes and not
by their name; a PDF that could do something by itself is not. That is no virus scanner: who opens a
file opens it in a viewer of their own.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from uuid import UUID

from services.appointments.pre_checks.models import FileKind
from shared.errors import Invalid, Text, counted

LARGEST = 3_000_000
"""Bytes of a file: a page photographed by a telephone."""
LARGEST_BODY = 4_200_000
"""The same in Base64, with what is around it."""
MOST = 20
_FIRST_BYTES = (
    (b"%PDF-", FileKind.PDF),
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
)
_ACTIVE = (b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/RichMedia")
_WRITTEN_AS = re.compile(rb"#([0-9A-Fa-f]{2})")
"""A sign of a PDF name may be written by its number (ISO 32000-1, 7.3.5): /J#61vaScript."""
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
}


def read(content: str) -> tuple[bytes, FileKind]:
    """The bytes of what was sent in Base64, and their kind. Raises Invalid."""
    try:
        found = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise _refused(Text("文件内容无法读出", "The file's content cannot be read")) from None
    if len(found) > LARGEST:
        raise _refused(
            Text(
                "文件不能超过 3 MB，请压缩或分开提交",
                "A file may have 3 MB, no more",
            )
        )
    kind = next((kind for start, kind in _FIRST_BYTES if found.startswith(start)), None)
    if kind is None:
        raise _refused(Text("只收 PDF、JPEG、PNG 文件", "Only PDF, JPEG and PNG are taken"))
    if kind is FileKind.PDF and _is_active(found):
        raise _refused(
            Text(
                "PDF 含有脚本或附件，请打印为普通 PDF 再提交",
                "The PDF holds scripts or attachments; please print it as a plain PDF",
            )
        )
    return found, kind


def _is_active(pdf: bytes) -> bool:
    plain = _WRITTEN_AS.sub(lambda sign: bytes.fromhex(sign[1].decode()), pdf)
    return any(word in plain for word in _ACTIVE)


def next_number(numbers: Sequence[int]) -> int:
    """Of the file after those. Raises Invalid where there are as many as may be."""
    if len(numbers) >= MOST:
        raise _refused(
            Text(f"一份预审至多 {MOST} 个文件", f"A pre-check has at most {counted(MOST, 'file')}")
        )
    return max(numbers, default=0) + 1


def attachment(file_id: UUID, kind: FileKind) -> dict[str, str]:
    """Headers with which it is saved and not shown."""
    return {**HEADERS, "Content-Disposition": f'attachment; filename="{file_id}.{kind}"'}


def _refused(text: Text) -> Invalid:
    return Invalid(text, pointer="/body/content")
