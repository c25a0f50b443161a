"""What a pack holds, and which periods of an item are over. Pure but for the files of the packs."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from services.projects.calendar.clocks import ClockRule, period_end, period_start
from services.projects.calendar.models import Every, RuleKind
from services.projects.catalogue import rules as catalogue
from services.projects.catalogue.models import CatalogueItem
from services.projects.catalogue.schemas import ItemRow
from services.projects.duties.making import rule_of
from services.projects.packs.schemas import Pack
from services.projects.register.models import Phase

DATA = Path(__file__).parent.parent / "data"


@lru_cache(maxsize=1)
def packs() -> Mapping[str, Pack]:
    """The packs that come with the system, by code."""
    tables = tomllib.loads((DATA / "packs.toml").read_text(encoding="utf-8"))["packs"]
    return {pack.code: pack for pack in map(Pack.model_validate, tables)}


@lru_cache(maxsize=1)
def _items() -> Mapping[str, ItemRow]:
    """Every item: those of the catalogue file, and those that packs add or word anew."""
    found: dict[str, ItemRow] = {}
    for name in ("disclosure_catalogue.csv", "pack_items.csv"):
        with (DATA / name).open(encoding="utf-8-sig", newline="") as lines:
            found |= {item.item_code: item for item in catalogue.read(lines)}
    return found


def items_of(pack: Pack) -> list[ItemRow]:
    """The items of a pack, by code."""
    its = [item for item in _items().values() if item.domain == pack.domain]
    return sorted(its, key=lambda item: item.item_code)


def phase_of(pack: Pack, item_code: str) -> Phase | None:
    """The phase of a project's life that owes the item."""
    for phase, starts in pack.phases.items():
        if any(item_code.startswith(start) for start in starts):
            return phase
    return None


class OwedPeriod(NamedTuple):
    """A period of which something is due, and what it is called."""

    start: date
    end: date
    name: str


def every_of(item: ItemRow) -> Every | None:
    """For how long a time the item comes anew; None: by events alone."""
    return every_of_rule(rule_of(CatalogueItem(version=0, **item.model_dump()))[0])


def every_of_rule(rule: ClockRule) -> Every | None:
    """The same of an item with that clock."""
    if rule.kind is RuleKind.PERIOD:
        return rule.every
    return Every.YEAR if rule.kind is RuleKind.FIXED_DATE else None


def periods_over(every: Every, since: date, until: date | None, day: date) -> Iterator[OwedPeriod]:
    """The periods that were over before `day` and ended from `since` to `until`.

    What ends in mid-year owes no period that goes on after it, and all that ended with it.
    """
    end = period_end(every, since)
    while end < day and (until is None or end <= until):
        start = period_start(every, end)
        yield OwedPeriod(start, end, _name(every, start))
        end = period_end(every, end + timedelta(days=1))


def _name(every: Every, start: date) -> str:
    match every:
        case Every.MONTH:
            return f"{start.year}年{start.month}月"
        case Every.QUARTER:
            return f"{start.year}年第{start.month // 3 + 1}季度"
        case Every.HALF_YEAR:
            return f"{start.year}年{'上' if start.month == 1 else '下'}半年"
        case Every.YEAR:
            return f"{start.year}年度"
