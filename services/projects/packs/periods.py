"""The duties that come anew for each period: made once it is over, for the units that owe them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.catalogue import service as catalogue
from services.projects.catalogue.models import CatalogueItem
from services.projects.duties import service as duties
from services.projects.duties.making import rule_of
from services.projects.duties.models import TriggerKind
from services.projects.duties.schemas import TriggerOrder
from services.projects.packs import queries, rules
from services.projects.packs.models import PackUse
from shared import clock
from shared.database.engine import Sessions
from shared.jobs import each_alone
from shared.security.identity import Caller

MAKER = Caller("period-duties", frozenset({"system"}), frozenset({"*"}))
A_TURN = 200
"""So many duties are made in one transaction: whoever judges waits for the turn meanwhile."""

Items = Mapping[str, CatalogueItem]
Key = tuple[str, str]


async def make_due(sessions: Sessions, now: datetime) -> int:
    """Record that these periods are over, each once; returns how many duties that made.

    Only what ended since a use was looked at last, and each use alone: one that cannot be made
    keeps no other from its turn.
    """
    day = clock.today(now)
    async with sessions() as session, session.begin():
        items = await _in_force(session)
        version = await catalogue.version_in_force(session)
        behind = await queries.behind(session, day, version)
        idle = [_key(use) for use in behind if not [*_owed(use, items, version, day)]]
        await queries.note_made(session, idle, _yesterday(day), version)
    owing = [key for key in map(_key, behind) if key not in set(idle)]
    return await each_alone("period-duties", owing, partial(_make_alone, sessions, now))


async def _make_alone(sessions: Sessions, now: datetime, key: Key) -> int:
    """Make the duties of one use, some a transaction, until none is left."""
    made = 0
    while True:
        async with sessions() as session, session.begin():
            use = await queries.use(session, *key, lock=True)
            some = 0 if use is None else await _make_some(session, use, now)
        made += some
        if some < A_TURN:
            return made


async def make_of(session: AsyncSession, unit_code: str, now: datetime, *, before: date) -> int:
    """Make what a unit owes for the periods that ended before that day, all at once."""
    made = 0
    for use in await queries.uses_of(session, unit_code):
        while some := await _make_some(session, use, now, before=before):
            made += some
    return made


async def fresh(
    session: AsyncSession, uses: Sequence[PackUse], items: Items, now: datetime
) -> list[TriggerOrder]:
    """What these uses owe by such a catalogue of periods that are over, and nobody has recorded."""
    found = []
    for use in uses:
        orders = [*_owed(use, items, _NO_VERSION, clock.today(now))]
        found += await _unknown(session, use, orders)
    return found


async def _unknown(
    session: AsyncSession, use: PackUse, orders: Sequence[TriggerOrder]
) -> list[TriggerOrder]:
    if not orders:
        return []
    codes = sorted({order.item_code for order in orders})
    known = await duties.known_subjects(session, use.unit_code, codes)
    return [order for order in orders if (order.item_code, order.subject) not in known]


async def _make_some(
    session: AsyncSession, use: PackUse, now: datetime, *, before: date | None = None
) -> int:
    """Make up to A_TURN duties of the use; once none is left, it is noted until when they are."""
    day = before or clock.today(now)
    items, version = await _in_force(session), await catalogue.version_in_force(session)
    unknown = await _unknown(session, use, [*_owed(use, items, version, day)])
    if unknown:
        await duties.record_trigger_events(session, unknown[:A_TURN], now, MAKER)
    if len(unknown) <= A_TURN:
        await queries.note_made(session, [_key(use)], _yesterday(day), version)
    return len(unknown[:A_TURN])


def _owed(use: PackUse, items: Items, version: int, day: date) -> Iterator[TriggerOrder]:
    """What ended before that day, and since it was looked at by the same catalogue."""
    looked = use.made_until if use.made_by == version else None
    subjects = set[tuple[str, str]]()
    for item in rules.owed_items(use):
        known = items.get(item.item_code)
        every = None if known is None else rules.every_of_rule(rule_of(known)[0])
        if every is None:
            continue
        since = item.valid_from if looked is None else max(item.valid_from, looked + _DAY)
        for period in rules.periods_over(every, since, item.valid_to, day):
            if (item.item_code, period.name) not in subjects:
                subjects.add((item.item_code, period.name))
                yield TriggerOrder(
                    subject=period.name,
                    item_code=item.item_code,
                    unit_code=use.unit_code,
                    kind=TriggerKind.FORMED,
                    on=period.end,
                )


async def _in_force(session: AsyncSession) -> Items:
    return {item.item_code: item for item in await catalogue.in_force(session)}


_DAY = timedelta(days=1)
_NO_VERSION = -1
"""By a catalogue that is none yet: nobody has looked by it."""


def _yesterday(day: date) -> date:
    return day - _DAY


def _key(use: PackUse) -> Key:
    return use.pack_code, use.unit_code
