"""Traces of time that a content system leaves without being asked: they test the claimed time."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class MarkKind(StrEnum):
    ADDRESS = "address"
    DOC_ID = "doc_id"
    UPLOAD = "upload"


@dataclass(frozen=True)
class Mark:
    """A day that the content system itself wrote down, and where."""

    on: date
    kind: MarkKind
    text: str


_ADDRESSES = (
    re.compile(r"/t(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})_\d+\.\w+"),
    re.compile(r"/art/(?P<y>(?:19|20)\d{2})/(?P<m>\d{1,2})/(?P<d>\d{1,2})/"),
    re.compile(r"/(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})/"),
    re.compile(r"/(?P<y>(?:19|20)\d{2})[-/](?P<m>\d{2})[-/](?P<d>\d{2})/"),
)
_UPLOAD = re.compile(r"[WP]0(?P<y>20\d{2})(?P<m>\d{2})(?P<d>\d{2})\d{6,}")
_DOC_ID = re.compile(r"^(?P<y>20\d{2})(?P<m>\d{2})(?P<d>\d{2})\d{2,}$")


def address_mark(url: str) -> Mark | None:
    """The day in a page's address: TRS `/202607/t20260703_107687.htm`, jpaas `/art/2026/7/3/`."""
    for pattern in _ADDRESSES:
        mark = _mark(pattern.search(url), MarkKind.ADDRESS)
        if mark is not None:
            return mark
    return None


def doc_id_mark(doc_id: str | None) -> Mark | None:
    """The day at the head of a dated document id (`2026070310501234`); a plain counter has none."""
    return _mark(_DOC_ID.match(doc_id or ""), MarkKind.DOC_ID)


def upload_mark(urls: Iterable[str]) -> Mark | None:
    """The newest day in the names of pictures and attachments (TRS `W020260703392611298112.png`).

    A page cannot have been complete before its newest attachment was uploaded.
    """
    marks = [m for url in urls if (m := _mark(_UPLOAD.search(url), MarkKind.UPLOAD))]
    return max(marks, key=lambda mark: mark.on, default=None)


def content_mark(url: str, doc_id: str | None, attachments: Iterable[str]) -> Mark | None:
    """The day to hold a claim against: of the address, else the document id, else the uploads."""
    return address_mark(url) or doc_id_mark(doc_id) or upload_mark(attachments)


def _mark(match: re.Match[str] | None, kind: MarkKind) -> Mark | None:
    if match is None:
        return None
    try:
        on = date(int(match["y"]), int(match["m"]), int(match["d"]))
    except ValueError:
        return None
    return Mark(on, kind, match.group().strip("/"))
