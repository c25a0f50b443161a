"""New publications as an Atom feed (RFC 4287). Pure."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element, SubElement

from services.projects.opendata import rules
from services.projects.opendata.facts import PublicDuty
from shared.errors import Text

MEDIA_TYPE = "application/atom+xml"
TITLE = Text("信息公开：最新公开", "Disclosure: what is new")
_NAMESPACE = "http://www.w3.org/2005/Atom"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Of a feed in which nothing is: it has to say when it changed last."""
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML cannot hold, however they are written."""


class Feed(NamedTuple):
    """Where a feed is, who publishes it, and where the page of a project begins."""

    url: str
    publisher: str
    projects_url: str


def changed_at(entries: Sequence[PublicDuty]) -> datetime:
    """When something of them moved last."""
    return max(map(_changed_at, entries), default=_NEVER)


def document(feed: Feed, entries: Sequence[PublicDuty]) -> bytes:
    """The feed with these entries, as UTF-8."""
    root = Element("feed", {"xmlns": _NAMESPACE, "xml:lang": "zh-CN"})
    _add(root, "id", feed.url)
    _add(root, "title", f"{TITLE.zh} | {TITLE.en}")
    _add(root, "updated", _moment(changed_at(entries)))
    SubElement(root, "link", {"rel": "self", "type": MEDIA_TYPE, "href": feed.url})
    _add(SubElement(root, "author"), "name", feed.publisher)
    for duty in entries:
        root.append(_entry(feed, duty))
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _entry(feed: Feed, duty: PublicDuty) -> Element:
    entry, published, text = Element("entry"), rules.published_at(duty), rules.summary(duty)
    _add(entry, "id", duty.id.urn)
    _add(entry, "title", "：".join(filter(None, (duty.project_name, duty.item_name))))
    _add(entry, "updated", _moment(_changed_at(duty)))
    if published is not None:
        _add(entry, "published", _moment(published))
    _add(SubElement(entry, "author"), "name", duty.unit_name)
    SubElement(entry, "category", {"term": duty.item_code, "label": _clean(duty.item_name)})
    if duty.url is not None and duty.url.startswith(("http://", "https://")):
        SubElement(entry, "link", {"rel": "alternate", "href": _clean(duty.url)})
    if duty.project_code is not None:
        page = f"{feed.projects_url}/{duty.project_code}.html"
        SubElement(entry, "link", {"rel": "related", "type": "text/html", "href": page})
    _add(entry, "summary", f"{text.zh} | {text.en}")
    return entry


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = _clean(text)


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("", text)


def _changed_at(duty: PublicDuty) -> datetime:
    return duty.changed_at or _NEVER


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
