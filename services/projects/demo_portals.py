"""The demo portal's columns as portals to collect, with the rule to read them."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects import demo_city
from services.projects.catalogue.schemas import ItemRow
from services.projects.demo_city import DemoUnit
from services.projects.portals import service as portals
from services.projects.portals.schemas import PortalWrite
from services.projects.reading.rule import HtmlListRule

LOADER = "demo"


def portal_id(unit: DemoUnit) -> str:
    return f"demo-{unit.code}"


def rule_of(unit: DemoUnit, items: dict[str, ItemRow]) -> HtmlListRule:
    """How to read a unit's column of the demo portal."""
    return HtmlListRule.model_validate(
        {
            "list": {
                "rows": "ul.list > li",
                "link": "a",
                "date": "span.date",
                "column": "span.column",
            },
            "pager": {"kind": "numbered", "address": "index_{n}.htm", "first": 1},
            "detail": {
                "body": ".article",
                "time": {"selector": ".article_time", "words": ["时间"]},
                "judges_elements": True,
            },
            "items": [{"item_code": code, "columns": [items[code].item_l2]} for code in unit.items],
        }
    )


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
        start_url = f"{base_url.rstrip('/')}/{unit.code.lower()}/index.htm"
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
        if portal is None:
            await portals.add_rule(session, portal_id(unit), rule_of(unit, items), LOADER, now)
        written += 1
    return written
