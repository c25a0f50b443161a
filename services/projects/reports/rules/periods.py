"""Periods that a report is about: which days they are, what they are called, which come before.

Pure. A report of a period counts the duties that fell due on its days, whenever they were formed.
"""

from datetime import date, timedelta
from typing import NamedTuple, Protocol

from services.projects.reports.models import PeriodKind
from shared.errors import Invalid, Text

EARLIER = {PeriodKind.MONTH: 5, PeriodKind.QUARTER: 4, PeriodKind.YEAR: 2}
"""So many periods before it stand in the trend of a report."""

_MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.YEAR: 12}
_AHEAD = Text("这一期还没有开始", "This period has not begun yet")
_ENDED_BEFORE = Text(
    "监察日期早于这一期的第一天，请换一个日期",
    "The day of the audit is before the first of the period; please choose a later one",
)
_ONE_ONLY = Text(
    "月、季、年和起始日期只能选一种", "Please give one of month, quarter, year and since only"
)


class Period(NamedTuple):
    """The days from `first` to `last`, both counted."""

    kind: PeriodKind
    first: date
    last: date


class Asked(Protocol):
    """What an audit may be asked for."""

    @property
    def as_of(self) -> date | None: ...
    @property
    def month(self) -> str | None: ...
    @property
    def quarter(self) -> str | None: ...
    @property
    def year(self) -> int | None: ...
    @property
    def since(self) -> date | None: ...


def asked_for(order: Asked, today: date) -> Period | None:
    """The period of an audit; None for one of a day, which counts all that there is.

    Raises Invalid for more than one, for one that has not begun, and for an `as_of` before it.
    """
    given = [
        name for name in ("month", "quarter", "year", "since") if getattr(order, name) is not None
    ]
    if not given:
        return None
    name = given[-1]
    if len(given) > 1:
        raise Invalid(_ONE_ONLY, pointer=f"/body/{name}")
    period = _period(PeriodKind(name), getattr(order, name), order.as_of or today)
    if period.first > today:
        raise Invalid(_AHEAD, pointer=f"/body/{name}")
    if order.as_of is not None and order.as_of < period.first:
        raise Invalid(_ENDED_BEFORE, pointer="/body/as_of")
    return period


def _period(kind: PeriodKind, asked: str | int | date, until: date) -> Period:
    if isinstance(asked, date):
        return Period(kind, asked, max(asked, until))
    year, _, part = str(asked).partition("-")
    month = {"": 1}.get(part) or (3 * int(part[1]) - 2 if part.startswith("Q") else int(part))
    return _of_months(kind, date(int(year), month, 1))


def _of_months(kind: PeriodKind, first: date) -> Period:
    return Period(kind, first, _moved(first, _MONTHS[kind]) - timedelta(days=1))


def _moved(first: date, months: int) -> date:
    """The first day of a month so many months later, or earlier."""
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)


def with_earlier(period: Period) -> list[Period]:
    """The period, then those before it, the nearest first; a `since` has none before it."""
    count = EARLIER.get(period.kind, 0)
    return [period] + [
        _of_months(period.kind, _moved(period.first, -_MONTHS[period.kind] * back))
        for back in range(1, count + 1)
    ]


def name(kind: str, first: date, last: date) -> Text:
    """`2026年第三季度`, `Q3 2026`."""
    match PeriodKind(kind):
        case PeriodKind.MONTH:
            return Text(f"{first.year}年{first.month}月", f"{first:%B %Y}")
        case PeriodKind.QUARTER:
            quarter = (first.month + 2) // 3
            words = "一二三四"[quarter - 1]
            return Text(f"{first.year}年第{words}季度", f"Q{quarter} {first.year}")
        case PeriodKind.YEAR:
            return Text(f"{first.year}年", str(first.year))
        case _:
            until = f"{last.year}年{last.month}月{last.day}日"
            return Text(
                f"{first.year}年{first.month}月{first.day}日至{until}",
                f"{first:%-d %B %Y} to {last:%-d %B %Y}",
            )
