"""What a pack holds, and which periods of an item are over. Pure but for the files of the packs."""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from services.projects.calendar.clocks import ClockRule, as_data, period_end, period_start
from services.projects.calendar.models import Every, RuleKind
from services.projects.calendar.rules import asked_clock
from services.projects.calendar.schemas import RuleInput
from services.projects.catalogue import rules as catalogue
from services.projects.catalogue.models import CatalogueItem, DisclosureLimitUnit
from services.projects.catalogue.schemas import ItemRow
from services.projects.duties.making import rule_of
from services.projects.packs.models import PackUse, PackVersion
from services.projects.packs.schemas import Pack, PackChanges, PackContent
from services.projects.register.models import Phase
from shared.errors import Invalid, Text

_OTHER = {
    "item_code": Text("事项代码与地址中的不一致", "It is not the item of the address"),
    "domain": Text("事项须属于这个公开包的领域", "An item is of the domain of its pack"),
}
_MONTH_DAY = Text(
    "每年固定日期的期限须写明月日，其他期限不写",
    "A fixed day of the year needs its month and day, and no other limit has one",
)
_NO_LIMIT = Text("请写明期限的天数", "Please say how many days the limit has")
_NO_CLOCK = Text(
    "期限的写法不对，请对照期限计算器", "This is no clock; see the calculator of clocks"
)
DATA = Path(__file__).parent.parent / "data"


@lru_cache(maxsize=1)
def packs() -> Mapping[str, Pack]:
    """The packs that come with the system, by code: the first version of each."""
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


class WordedPack(NamedTuple):
    """A pack as it is worded, with its items by code, and which version of it that is."""

    pack: Pack
    items: Sequence[ItemRow]
    number: int

    @property
    def by_code(self) -> dict[str, ItemRow]:
        return {item.item_code: item for item in self.items}


def of_release() -> dict[str, WordedPack]:
    """The packs as the release words them."""
    return {code: WordedPack(pack, items_of(pack), 1) for code, pack in packs().items()}


def as_worded(version: PackVersion) -> WordedPack:
    """The pack as that version words it."""
    pack = Pack.model_validate({**version.content, "code": version.pack_code})
    items = [ItemRow.model_validate(item) for item in version.items]
    return WordedPack(pack, items, version.number)


def changes(before: WordedPack | None, after: WordedPack) -> PackChanges:
    """In which items a wording differs from another."""
    old, new = {} if before is None else before.by_code, after.by_code
    return PackChanges(
        added=sorted(new.keys() - old.keys()),
        changed=sorted(code for code in new.keys() & old.keys() if new[code] != old[code]),
        removed=sorted(old.keys() - new.keys()),
    )


def checked(item: ItemRow, code: str, pack: PackContent) -> ItemRow:
    """The item as it is kept, its clock as data. Raises Invalid for one of another code or domain,
    or with a clock that does not run."""
    for name, wrong in (
        ("item_code", item.item_code != code),
        ("domain", item.domain != pack.domain),
    ):
        if wrong:
            raise Invalid(_OTHER[name], pointer=f"/body/item/{name}")
    is_day = item.limit_unit is DisclosureLimitUnit.MONTH_DAY
    if is_day != (item.month_day is not None):
        raise Invalid(_MONTH_DAY, pointer="/body/item/month_day")
    counted = (DisclosureLimitUnit.WORKING_DAYS, DisclosureLimitUnit.CALENDAR_DAYS)
    if item.limit_unit in counted and item.limit_value is None:
        raise Invalid(_NO_LIMIT, pointer="/body/item/limit_value")
    if item.clock is None:
        return item
    try:
        asked = RuleInput.model_validate(item.clock)
    except ValidationError as error:
        raise Invalid(_NO_CLOCK, pointer="/body/item/clock") from error
    rule = asked_clock(asked, "/body/item/clock")
    return item.model_copy(update={"clock": as_data(rule)})


def phase_of(pack: Pack, item_code: str) -> Phase | None:
    """The phase of a project's life that owes the item."""
    for phase, starts in pack.phases.items():
        if any(item_code.startswith(start) for start in starts):
            return phase
    return None


PhaseOf = Callable[[str], Phase | None]
"""Which phase of a project's life owes an item; None: no phase does."""


def phases_of(worded: Iterable[WordedPack]) -> PhaseOf:
    """The same of the items of all packs."""
    packs = [each.pack for each in worded if each.pack.phases]

    def phase(item_code: str) -> Phase | None:
        found = (phase_of(pack, item_code) for pack in packs)
        return next((each for each in found if each is not None), None)

    return phase


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


class OwedItem(NamedTuple):
    """An item of which a unit owes the periods that end within these days."""

    item_code: str
    valid_from: date
    valid_to: date | None


def owed_items(use: PackUse) -> list[OwedItem]:
    """What a unit owes for each period: of its own, and what it took over."""
    own = [OwedItem(code, use.valid_from, use.valid_to) for code in use.item_codes]
    return own + [_taken_over(each) for each in use.taken_over]


def _taken_over(row: Mapping[str, Any]) -> OwedItem:
    until = row["valid_to"]
    return OwedItem(
        row["item_code"],
        date.fromisoformat(row["valid_from"]),
        None if until is None else date.fromisoformat(until),
    )


def handed_over(use: PackUse, into: PackUse | None, day: date) -> list[dict[str, Any]]:
    """What of a use another unit takes over on that day, beside what it owes by itself for as long:
    of an item that both owe, one period makes one duty."""
    by_itself = [] if into is None else owed_items(into)
    found = []
    for item in owed_items(use):
        begins = max(day, item.valid_from)
        is_over = item.valid_to is not None and item.valid_to < begins
        if not is_over and not any(_covers(own, item, begins) for own in by_itself):
            ends = None if item.valid_to is None else item.valid_to.isoformat()
            row = {"item_code": item.item_code, "valid_from": begins.isoformat(), "valid_to": ends}
            found.append(row)
    return found


def _covers(own: OwedItem, item: OwedItem, begins: date) -> bool:
    ends_later = own.valid_to is None or (
        item.valid_to is not None and own.valid_to >= item.valid_to
    )
    return own.item_code == item.item_code and own.valid_from <= begins and ends_later


def until(taken_over: Sequence[Mapping[str, Any]], last_day: date | None) -> list[dict[str, Any]]:
    """What was taken over where the pack is switched off on that day: nothing goes on after it."""
    kept = [dict(row) for row in taken_over]
    if last_day is not None:
        limit = last_day.isoformat()
        kept = [
            row | {"valid_to": min(row["valid_to"] or limit, limit)}
            for row in kept
            if row["valid_from"] <= limit
        ]
    return kept


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
