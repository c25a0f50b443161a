"""Which papers may follow, and until when. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from shared.errors import Conflict, Invalid, Text
from shared.workdays import CalendarUnknown, Workdays


class AlreadyPromised(Conflict):
    """One promise at a time for a ticket and item: all that is missing stands in one."""

    type = "/problems/deferral-open"
    title = Text("这个号的这个事项已有容缺承诺", "Papers are promised for this already")
    advice = Text("请补交那一份，或先撤销再重新登记", "Settle or cancel that promise first")


class Days(NamedTuple):
    due_on: date
    remind_on: date


def names_of(numbers: Sequence[int], materials: Sequence[tuple[str, bool]]) -> list[str]:
    """The names of the guide's materials of those numbers, all of which may follow later.

    Raises Invalid: what the guide does not name as secondary has to be there at once.
    """
    unknown = len(set(numbers)) < len(numbers) or any(one > len(materials) for one in numbers)
    if unknown:
        text = Text(
            f"请填材料在指南中的序号，1 至 {len(materials)}，每种一次",
            f"Give the numbers in the guide, 1 to {len(materials)}, each once",
        )
        raise Invalid(text, pointer="/body/materials")
    firm = [materials[one - 1][0] for one in numbers if not materials[one - 1][1]]
    if firm:
        names = "、".join(firm)
        text = Text(
            f"指南没有写明可以容缺：{names}", f"The guide does not let these follow later: {names}"
        )
        raise Invalid(text, pointer="/body/materials")
    return [materials[one - 1][0] for one in sorted(numbers)]


def days_of(today: date, workdays: int, calendar: Workdays) -> Days:
    """The last day, and the working day before it; the first day is not counted (民法典 art. 201).

    Raises Invalid where the official calendar of that year is not known.
    """
    try:
        before = calendar.nth_after(today, workdays - 1)
        return Days(calendar.nth_after(today, workdays), before)
    except CalendarUnknown as error:
        text = Text(
            f"{error.year} 年放假安排尚未公布，请改短期限",
            f"The holidays of {error.year} are not published; please take a shorter time",
        )
        raise Invalid(text, pointer="/body/workdays") from None
