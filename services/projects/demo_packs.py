"""What the demo city owes by packs other than that of major projects: a column and duties of each.

Pure, as `demo_world`: the same day gives the same duties and pages.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from services.projects import demo_city
from services.projects.catalogue.schemas import ItemRow
from services.projects.demo_city import DemoUnit
from services.projects.packs import rules
from shared.clock import SHANGHAI


@dataclass(frozen=True)
class PackColumn:
    """Where the portal shows what a pack asks for."""

    pack_code: str
    name: str
    unit: DemoUnit
    items: tuple[ItemRow, ...]

    @property
    def folder(self) -> str:
        return f"/packs/{self.pack_code}/"


@dataclass(frozen=True)
class PackDuty:
    """A duty about a subject; `published_on` None: it is not there. `after`: the item of the same
    subject with which it goes. `is_made`: its event comes with the end of its period.
    """

    pack_code: str
    item_code: str
    subject: str
    formed_on: date
    published_on: date | None
    after: str | None = None
    is_made: bool = False


UNITS = {
    "budgets": "D07",
    "public_resources": "D17",
    "social_welfare": "D16",
    "policies": "D01",
    "all_media": "D02",
}


@lru_cache(maxsize=1)
def columns() -> tuple[PackColumn, ...]:
    """A column for each pack, of the unit that answers for it."""
    units = {unit.code: unit for unit in demo_city.units()}
    return tuple(
        PackColumn(code, rules.packs()[code].zh, units[unit], tuple(_items(code)))
        for code, unit in UNITS.items()
    )


def _items(code: str) -> Iterator[ItemRow]:
    return (item for item in rules.items_of(rules.packs()[code]) if item.not_auditable is None)


def duties(today: date) -> tuple[PackDuty, ...]:
    """The duties of all packs as they stand on `today`."""

    def ago(days: int) -> date:
        return today - timedelta(days=days)

    year = today.year
    return (
        PackDuty("budgets", "FB-01", f"{year}年市级政府预算", ago(70), ago(58)),
        PackDuty("budgets", "FB-03", f"{year}年部门预算说明", ago(70), None),
        PackDuty("public_resources", "PR-02-04", "办公设备集中采购项目", ago(40), ago(39)),
        PackDuty("public_resources", "PR-02-03", "政务云运维服务采购项目", ago(1), ago(1)),
        PackDuty("social_welfare", "PW-02", "临时救助办理规程", ago(60), ago(53)),
        PackDuty("policies", "DE-10", "公共数据管理办法", ago(50), ago(45)),
        PackDuty("policies", "DE-09", "公共数据管理办法", ago(45), ago(44), after="DE-10"),
        PackDuty("all_media", "GEN-01", f"{year}年重点工作安排", ago(45), ago(40)),
        *_quarters(today),
    )


def _quarters(today: date) -> Iterator[PackDuty]:
    """Periodic ones: the newest quarter that is due is missing."""
    item = next(item for item in _items("social_welfare") if item.item_code == "PW-12")
    every = rules.every_of(item)
    assert every is not None
    over = [*rules.periods_over(every, since(today), None, today)]
    for place, period in enumerate(over):
        published = period.end + timedelta(days=12)
        is_there = place < len(over) - 1 and published < today
        yield PackDuty(
            *("social_welfare", "PW-12", period.name, period.end),
            published if is_there else None,
            is_made=True,
        )


def since(today: date) -> date:
    """From when on the demo's units owe what comes anew for each period."""
    return date(today.year - 1, 10, 1)


def title(duty: PackDuty, item: ItemRow) -> str:
    """What its page is called."""
    return f"{duty.subject}{item.item_l2.partition('（')[0].partition('(')[0]}"


def moment(duty: PackDuty) -> datetime | None:
    if duty.published_on is None:
        return None
    return datetime.combine(duty.published_on, time(9, 30), SHANGHAI)


def elements(duty: PackDuty, item: ItemRow, unit: DemoUnit) -> tuple[tuple[str, str], ...]:
    """Each element that the item asks for, with a value."""
    day = f"{duty.formed_on.year}年{duty.formed_on.month}月{duty.formed_on.day}日"
    fitting = (
        (("时间", "日期", "期间"), day),
        (("单位", "机关", "部门"), f"宁川市{unit.name}"),
        (("名称", "标题"), duty.subject),
    )
    return tuple(
        (label, next((v for keys, v in fitting if any(k in label for k in keys)), "详见附件"))
        for label in item.content_elements
    )
