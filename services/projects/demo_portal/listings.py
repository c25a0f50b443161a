"""The same columns as other sites list them: as JSON, as a feed, and as sitemaps."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time
from email.utils import format_datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from services.projects.demo_portal.pages import DOMAIN, Article, PortalColumn
from shared.clock import SHANGHAI

PAGE_SIZE = 8
NEWEST = 30
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"

JSON, XML = "application/json; charset=utf-8", "application/xml; charset=utf-8"
Listing = tuple[str, bytes, str]
"""An address, what stands there, and of which type it is."""


def of_kind(kind: str, column: PortalColumn, articles: Sequence[Article]) -> Iterator[Listing]:
    """The column's list as one of another kind."""
    kinds: dict[str, Callable[[PortalColumn, Sequence[Article]], Iterator[Listing]]] = {
        "json_api": _answers,
        "feed": _feed,
        "sitemap": _sitemaps,
    }
    return kinds[kind](column, articles)


def _answers(column: PortalColumn, articles: Sequence[Article]) -> Iterator[Listing]:
    """Pages by number, with the total and times in milliseconds, as trading platforms have them."""
    count = max(1, -(-len(articles) // PAGE_SIZE))
    for number in range(1, count + 1):
        shown = articles[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        data = {"total": len(articles), "pages": count, "rows": [_row(each) for each in shown]}
        body = json.dumps({"code": 200, "msg": "success", "data": data}, ensure_ascii=False)
        where = f"{column.folder}api/list?pageNo={number}&pageSize={PAGE_SIZE}"
        yield where, body.encode(), JSON


def _row(article: Article) -> dict[str, Any]:
    listed_at = _midnight(article)
    return {
        "id": article.path.rpartition("_")[2].partition(".")[0],
        "title": article.title,
        "columnName": article.column,
        "publishTime": int(listed_at.timestamp() * 1000) if listed_at else None,
        "linkUrl": article.path,
    }


def _feed(column: PortalColumn, articles: Sequence[Article]) -> Iterator[Listing]:
    root = Element("rss", version="2.0")
    channel = SubElement(root, "channel")
    SubElement(channel, "title").text = f"{column.unit.name}·{column.name}"
    SubElement(channel, "link").text = f"http://{DOMAIN}{column.folder}"
    for article in articles[:NEWEST]:
        item = SubElement(channel, "item")
        SubElement(item, "title").text = article.title
        SubElement(item, "link").text = article.path
        SubElement(item, "category").text = article.column
        listed_at = _midnight(article)
        if listed_at is not None:
            SubElement(item, "pubDate").text = format_datetime(listed_at)
    yield f"{column.folder}rss.xml", _xml(root), XML


def _sitemaps(column: PortalColumn, articles: Sequence[Article]) -> Iterator[Listing]:
    """An index of two sitemaps."""
    index = Element("sitemapindex", xmlns=SITEMAP)
    half = -(-len(articles) // 2)
    for number, part in enumerate((articles[:half], articles[half:]), start=1):
        where = f"{column.folder}sitemap-{number}.xml"
        SubElement(SubElement(index, "sitemap"), "loc").text = where
        urls = Element("urlset", xmlns=SITEMAP)
        for article in part:
            SubElement(SubElement(urls, "url"), "loc").text = article.path
        yield where, _xml(urls), XML
    yield f"{column.folder}sitemap.xml", _xml(index), XML


def _midnight(article: Article) -> datetime | None:
    return datetime.combine(article.list_on, time(), SHANGHAI) if article.list_on else None


def _xml(root: Element) -> bytes:
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return body
