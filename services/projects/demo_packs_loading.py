"""The packs of the demo city: taken over, switched on, with their duties and columns to collect."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects import demo_packs
from services.projects.demo_packs import PackColumn, PackDuty
from services.projects.duties import service as duties
from services.projects.duties.models import TriggerKind
from services.projects.duties.schemas import TriggerOrder
from services.projects.packs import editing, rules
from services.projects.packs import service as packs
from services.projects.packs.editing import PackStepTaker
from services.projects.packs.schemas import PackDraftInput, PackUseInput
from services.projects.portals import service as portals
from services.projects.portals.schemas import PortalWrite
from services.projects.reading.rule import HtmlListRule
from shared import clock
from shared.security.identity import Caller

LOADER = Caller("demo-packs", frozenset({"system"}), frozenset({"*"}))
PERIODIC = {"D16": "PW-12"}
DRAFTED = ("all_media", "policies")
"""Packs of which somebody has begun to word a next version."""


async def load(session: AsyncSession, now: datetime) -> int:
    """The packs of the demo city, if they are not there; returns how many duties were made."""
    items = sorted({duty.item_code for duty in demo_packs.duties(clock.today(now))})
    for unit in demo_packs.UNITS.values():
        if await duties.known_subjects(session, unit, items):
            return 0
    for code in rules.packs():
        await packs.adopt(session, code, now, actor=LOADER.sub, dry_run=False)
    for code in DRAFTED:
        wanted = PackDraftInput(document="宁政办发〔2026〕21号（演示）")
        await editing.draft(PackStepTaker(session, LOADER, now), code, wanted)
    today = clock.today(now)
    for unit, item in PERIODIC.items():
        order = PackUseInput(item_codes=[item], valid_from=demo_packs.since(today))
        await packs.put_use(session, "social_welfare", unit, order, now, actor=LOADER.sub)
    made: dict[tuple[str, str], UUID] = {}
    for duty in demo_packs.duties(today):
        if not duty.is_made:
            [each] = await duties.record_trigger_events(session, [_order(duty, made)], now, LOADER)
            made[duty.item_code, duty.subject] = each.duty.id
    return len(made)


def _order(duty: PackDuty, made: dict[tuple[str, str], UUID]) -> TriggerOrder:
    follows = made[duty.after, duty.subject] if duty.after else None
    return TriggerOrder(
        subject=duty.subject,
        item_code=duty.item_code,
        unit_code=demo_packs.UNITS[duty.pack_code],
        kind=TriggerKind.FORMED,
        on=None if follows else duty.formed_on,
        with_duty_id=follows,
    )


async def load_columns(session: AsyncSession, base_url: str, now: datetime) -> int:
    """Register every pack's column, or its new address; returns how many were written."""
    known = {portal.id: portal for portal in await portals.listed(session, limit=200)}
    written = 0
    for column in demo_packs.columns():
        portal_id = f"demo-{column.pack_code.replace('_', '-')}"
        portal = known.get(portal_id)
        start_url = f"{base_url.rstrip('/')}{column.folder}index.htm"
        if portal is not None and portal.start_url == start_url:
            continue
        wanted = PortalWrite(
            name=f"{column.unit.name}·{column.name}",
            unit_code=column.unit.code,
            start_url=start_url,
            allow_private=True,
            interval_ms=0,
            every_minutes=30,
            version=portal.version if portal else None,
        )
        await portals.put(session, portal_id, wanted, LOADER.sub, now)
        if portal is None:
            await portals.add_rule(session, portal_id, rule_of(column), LOADER.sub, now)
        written += 1
    return written


def rule_of(column: PackColumn) -> HtmlListRule:
    """How to read a pack's column of the demo portal."""
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
            "items": [
                {"item_code": item.item_code, "columns": [item.item_l2]} for item in column.items
            ],
        }
    )
