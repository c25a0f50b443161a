"""The duties that come anew for each period: made once it is over, for the units that owe them."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.catalogue import service as catalogue
from services.projects.catalogue.models import CatalogueItem
from services.projects.duties import service as duties
from services.projects.duties.making import rule_of
from services.projects.duties.models import TriggerKind
from services.projects.duties.schemas import TriggerOrder
from services.projects.packs import rules, service
from services.projects.packs.models import PackUse
from shared import clock
from shared.security.identity import Caller

MAKER = Caller("period-duties", frozenset({"system"}), frozenset({"*"}))
A_TURN = 200


async def make_due(session: AsyncSession, now: datetime) -> int:
    """Record that these periods are over, each once; returns how many duties that made."""
    day = clock.today(now)
    used = await service.in_use(session, day)
    if not used:
        return 0
    items = {item.item_code: item for item in await catalogue.in_force(session)}
    orders = [order for use in used for order in _owed(use, items, day)]
    known = await duties.known_subjects(
        session,
        sorted({order.unit_code for order in orders}),
        sorted({order.item_code for order in orders}),
    )
    fresh = [
        order for order in orders if (order.unit_code, order.item_code, order.subject) not in known
    ][:A_TURN]
    if fresh:
        await duties.record_trigger_events(session, fresh, now, MAKER)
    return len(fresh)


def _owed(use: PackUse, items: dict[str, CatalogueItem], day: date) -> Iterator[TriggerOrder]:
    owed: Sequence[CatalogueItem] = [items[code] for code in use.item_codes if code in items]
    for item in owed:
        every = rules.every_of_rule(rule_of(item)[0])
        if every is None:
            continue
        for period in rules.periods_over(every, use.valid_from, use.valid_to, day):
            yield TriggerOrder(
                subject=period.name,
                item_code=item.item_code,
                unit_code=use.unit_code,
                kind=TriggerKind.FORMED,
                on=period.end,
            )
