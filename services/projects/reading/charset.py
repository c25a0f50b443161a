"""Bytes to text for pages that say the wrong charset, or none."""

import codecs
import re
from typing import NamedTuple

from services.projects.reading.faults import Fault, SourceFault

_DECLARED = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([A-Za-z0-9_-]+)""", re.IGNORECASE)
_HEADER = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_-]+)", re.IGNORECASE)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ASCII = re.compile(r"[\x00-\x7f]+")
_NOT_IN_GB2312 = [letter for letter in "\u00a0—·•〔〕" if not letter.encode("gb2312", "ignore")]
"""Usual ones that the standard of 1980 lacks."""
_HEAD = 4096
_SAMPLE = 4000
_BAD_BYTES = 0.002
_COMMON = 0.8


class Decoded(NamedTuple):
    """The text, the charset that really read it, and whether the page declared another one."""

    text: str
    charset: str
    misdeclared: bool


def decode(body: bytes, content_type: str = "", charset: str | None = None) -> Decoded:
    """The text of a page. Raises SourceFault(wrong_charset) when no charset makes sense of it.

    What the page or its header declares is a hint only: GB18030 pages that say UTF-8 are common.
    `charset`, which a person wrote into the portal's rule, is the only one tried.
    """
    declared = _declared(body, content_type)
    for bom, name in _BOMS:
        if body.startswith(bom):
            return Decoded(body.decode(name, "replace"), name, misdeclared=False)
    for name in (charset,) if charset else ("utf-8", "gb18030"):
        text = body.decode(name, "replace")
        if _reads_well(text, exact=name == "utf-8"):
            return Decoded(text.replace("\x00", ""), name, misdeclared=declared not in (None, name))
    raise SourceFault(Fault.WRONG_CHARSET, f"declared {declared or 'nothing'}")


def _declared(body: bytes, content_type: str) -> str | None:
    in_header = _HEADER.search(content_type)
    in_page = _DECLARED.search(body[:_HEAD])
    name = in_header.group(1) if in_header else in_page.group(1).decode() if in_page else None
    if name is None:
        return None
    return "gb18030" if name.lower() in ("gb2312", "gbk", "gb18030") else name.lower()


def _reads_well(text: str, *, exact: bool) -> bool:
    """Nearly no bytes were undecodable and, where any bytes decode, the characters are usual ones.

    GB18030 gives a character to almost every pair of bytes, so for it the characters are looked at.
    """
    if text.isascii():
        return "\x00" not in text
    if text.count("�") > max(1, int(len(text) * _BAD_BYTES)):
        return False
    if exact:
        return True
    foreign = _ASCII.sub("", text)[:_SAMPLE]
    common = len(foreign.encode("gb2312", "ignore")) // 2 + sum(map(foreign.count, _NOT_IN_GB2312))
    return common >= _COMMON * len(foreign)
