"""The demo portal's columns as portals to collect, with the rule to read them."""

from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects import demo_city
from services.projects.catalogue.schemas import ItemRow
from services.projects.demo_city import DemoUnit
from services.projects.demo_portal.listings import PAGE_SIZE
from services.projects.portals import service as portals
from services.projects.portals.schemas import PortalWrite
from services.projects.reading import readers
from services.projects.reading.readers import FIRST_KIND
from services.projects.reading.rule import HtmlPagesRule

LOADER = "demo"


def portal_id(unit: DemoUnit) -> str:
    return f"demo-{unit.code}"


STARTS = {
    "html_list": "index.htm",
    "json_api": f"api/list?pageNo=1&pageSize={PAGE_SIZE}",
    "feed": "rss.xml",
    "sitemap": "sitemap.xml",
}
_LISTS: dict[str, dict[str, Any]] = {
    "html_list": {
        "list": {"rows": "ul.list > li", "link": "a", "date": "span.date", "column": "span.column"},
        "pager": {"kind": "numbered", "address": "index_{n}.htm", "first": 1},
    },
    "json_api": {
        "list": {
            "items": "data.rows",
            "title": "title",
            "address": "{linkUrl}",
            "date": "publishTime",
            "time_unit": "milliseconds",
            "column": "columnName",
            "total": "data.total",
            "size": PAGE_SIZE,
        },
        "pager": {"kind": "page", "parameter": "pageNo"},
    },
    "feed": {},
    "sitemap": {},
}


def start_of(unit: DemoUnit) -> str:
    """Where a unit's list begins on the demo portal."""
    kind = demo_city.LISTED_AS.get(unit.code, FIRST_KIND)
    return f"/{unit.code.lower()}/{STARTS[kind]}"


def rule_of(unit: DemoUnit, items: dict[str, ItemRow]) -> HtmlPagesRule:
    """How to read a unit's column of the demo portal."""
    kind = demo_city.LISTED_AS.get(unit.code, FIRST_KIND)
    own = {"under": [f"/{unit.code.lower()}/"]} if kind == "sitemap" else {}
    rule = readers.rule_of(
        {
            "kind": kind,
            **_LISTS[kind],
            **own,
            "detail": {
                "body": ".article",
                "time": {"selector": ".article_time", "words": ["时间"]},
                "judges_elements": True,
            },
            "items": [_cue(items[code], is_named=kind == "sitemap") for code in unit.items],
        }
    )
    assert isinstance(rule, HtmlPagesRule)
    return rule


def _cue(item: ItemRow, *, is_named: bool) -> dict[str, Any]:
    """By its column; a sitemap names none, so that titles must."""
    words = [item.item_l2.partition("（")[0]] if is_named else []
    return {"item_code": item.item_code, "columns": [item.item_l2], "words": words}


async def load(session: AsyncSession, base_url: str, now: datetime) -> int:
    """Register every unit's column, or its new address; returns how many were written."""
    items, written = demo_city.items(), 0
    version, _ = await portals.absence_policy(session)
    if version == 0:
        # The demo's pages never move: it shows at once what elsewhere takes an hour.
        await portals.put_absence_policy(session, 0, 0, LOADER, now)
    known = {portal.id: portal for portal in await portals.listed(session, limit=200)}
    for unit in demo_city.units():
        portal = known.get(portal_id(unit))
        start_url = f"{base_url.rstrip('/')}{start_of(unit)}"
        if portal is not None and portal.start_url == start_url:
            continue
        wanted = PortalWrite(
            name=f"{unit.name}·重大建设项目批准和实施领域",
            unit_code=unit.code,
            start_url=start_url,
            allow_private=True,
            interval_ms=0,
            every_minutes=30,
            version=portal.version if portal else None,
        )
        await portals.put(session, portal_id(unit), wanted, LOADER, now)
        await portals.add_rule(session, portal_id(unit), rule_of(unit, items), LOADER, now)
        written += 1
    return written
