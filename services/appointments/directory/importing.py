"""A directory of halls from a printed list: what was taken, merged, and what looks odd. Pure.

The list is kept as it was printed: nothing is corrected by guessing. Each row's oddities are
named, so that somebody who knows can put them right.
"""

import csv
import io
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.errors import Text, counted

_WEEKDAYS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "日": 7, "天": 7}
_CITY = re.compile(r"^[^区县]{2,8}市")


class Remark(NamedTuple):
    """Something odd; `row` counts from 1 without the heading, 0 is the whole list."""

    row: int
    text: Text


class ContactLine(NamedTuple):
    """A telephone number of a service at a unit."""

    service: str
    unit: str
    phone: str
    hours: str
    remark: str


@dataclass
class HallLines:
    """The lines of one address: one hall."""

    code: str
    name: str
    address: str
    weekdays: list[int]
    opens: str
    closes: str
    contacts: list[ContactLine] = field(default_factory=list)


@dataclass
class ImportReport:
    """What an import did with each line."""

    rows: int = 0
    taken: int = 0
    merged: int = 0
    remarks: list[Remark] = field(default_factory=list)

    def lines(self, language: str = "zh") -> list[str]:
        """The report for people, a line each."""
        counts = Text(
            f"共 {self.rows} 行，采用 {self.taken} 行，合并重复 {self.merged} 行",
            f"{counted(self.rows, 'row')}, {self.taken} taken, {self.merged} merged as duplicates",
        )
        text = [counts.say(language)]
        for row, remark in self.remarks:
            where = Text(f"第 {row} 行", f"row {row}") if row else Text("全表", "whole list")
            text.append(f"{where.say(language)}: {remark.say(language)}")
        return text


def read_halls(table: str, *, prefix: str) -> tuple[list[HallLines], ImportReport]:
    """The halls of a directory in CSV, one for each address, with a report."""
    report = ImportReport()
    halls: dict[str, HallLines] = {}
    seen: dict[tuple[str, ...], int] = {}
    for place, row in enumerate(csv.DictReader(io.StringIO(table)), 1):
        report.rows += 1
        values = {key: (value or "").strip() for key, value in row.items()}
        content = tuple(value for key, value in values.items() if key != "seq")
        if content in seen:
            report.merged += 1
            report.remarks.append(_same_as(place, seen[content]))
            continue
        seen[content] = place
        report.taken += 1
        hall = halls.setdefault(
            values["address_zh"], _hall(values, f"{prefix}-{len(halls) + 1:02}")
        )
        hall.contacts.append(_contact(values))
        report.remarks += _oddities(place, values, hall)
    for hall in halls.values():
        report.remarks += _several_phones(hall)
    report.remarks.append(
        Remark(0, Text("没有写明节假日是否开放", "It does not say what happens on public holidays"))
    )
    return list(halls.values()), report


def _hall(values: dict[str, str], code: str) -> HallLines:
    return HallLines(
        code=code,
        name=values["unit_zh"],
        address=values["address_zh"],
        weekdays=weekdays(values["weekdays_zh"]),
        opens=values["opens_at"],
        closes=values["closes_at"],
    )


def _contact(values: dict[str, str]) -> ContactLine:
    return ContactLine(
        service=values["service_zh"],
        unit=values["unit_zh"],
        phone=values["phone"],
        hours=f"{values['weekdays_zh']} {values['working_hours_zh']}".strip(),
        remark=values["remark_zh"],
    )


def weekdays(text: str) -> list[int]:
    """周一至周五 as [1, 2, 3, 4, 5]. Raises ValueError for anything else."""
    found = re.fullmatch(r"周([一二三四五六日天])至周([一二三四五六日天])", text)
    if found is None:
        raise ValueError(f"not a range of weekdays: {text!r}")
    first, last = (_WEEKDAYS[day] for day in found.groups())
    return list(range(first, last + 1))


def _oddities(row: int, values: dict[str, str], hall: HallLines) -> list[Remark]:
    found = []
    if re.fullmatch(r"\d{7,8}", values["phone"]):
        found.append(Text(f"电话 {values['phone']} 没有区号", f"{values['phone']}: no area code"))
    if not _CITY.match(values["address_zh"]):
        found.append(Text("地址没有写明城市", "The address does not name the city"))
    if values["unit_zh"] != hall.name:
        found.append(
            Text(f"同一地址另有单位名称“{hall.name}”", "Another unit name at this address")
        )
    hours = "—".join(time.lstrip("0") for time in (values["opens_at"], values["closes_at"]))
    if hours != values["working_hours_zh"]:
        found.append(Text("办公时间前后不一致", "The working hours contradict each other"))
    return [Remark(row, text) for text in found]


def _several_phones(hall: HallLines) -> list[Remark]:
    by_service: dict[str, list[str]] = defaultdict(list)
    for contact in hall.contacts:
        by_service[contact.service].append(contact.phone)
    return [
        Remark(
            0,
            Text(
                f"{hall.address} 的“{service}”有 {len(phones)} 个电话：{'、'.join(phones)}",
                f"{counted(len(phones), 'number')} for one service at {hall.code}: "
                f"{', '.join(phones)}",
            ),
        )
        for service, phones in by_service.items()
        if len(phones) > 1
    ]


def _same_as(row: int, first: int) -> Remark:
    return Remark(
        row,
        Text(f"与第 {first} 行完全相同，已合并", f"identical with row {first}, merged"),
    )
