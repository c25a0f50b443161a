"""Rules that give places for the same items at the same times: named, and left as they are.

It may be meant (a second counter in the busy hours) or a slip (the old rule was not retired).
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from services.appointments.schedules.making import WantedSlot
from services.appointments.schedules.shown import RuleOverlap
from services.appointments.slots.models import Pool


class _Pair(NamedTuple):
    rule: str
    other: str
    pool: Pool


async def overlaps(slots: Iterable[WantedSlot]) -> list[RuleOverlap]:
    """The pairs of rules that overlap in a plan; others are answered between its days."""
    days: dict[tuple[date, Pool], list[WantedSlot]] = defaultdict(list)
    for slot in slots:
        days[slot.on_date, slot.pool].append(slot)
    found: dict[_Pair, RuleOverlap] = {}
    for key in sorted(days):
        _note(found, days[key])
        await asyncio.sleep(0)
    return [found[pair] for pair in sorted(found)]


def _note(found: dict[_Pair, RuleOverlap], slots: Sequence[WantedSlot]) -> None:
    for one, other in _together(slots):
        items = set(one.item_codes) & set(other.item_codes)
        if one.rule_code == other.rule_code or not items:
            continue
        rule, second = sorted((one.rule_code, other.rule_code))
        pair = _Pair(rule, second, one.pool)
        known = found.get(pair)
        found[pair] = RuleOverlap(
            rule_code=rule,
            other_rule_code=second,
            pool=one.pool,
            item_codes=sorted({*items, *(known.item_codes if known else ())}),
            first_at=known.first_at if known else other.starts_at,
            count=(known.count if known else 0) + 1,
        )


def _together(slots: Sequence[WantedSlot]) -> Iterator[tuple[WantedSlot, WantedSlot]]:
    """Each two that overlap in time, the one that begins first before the other."""
    ordered = sorted(slots, key=lambda slot: (slot.starts_at, slot.rule_code))
    for place, one in enumerate(ordered):
        for other in ordered[place + 1 :]:
            if other.starts_at >= one.ends_at:
                break
            yield one, other
