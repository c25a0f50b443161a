"""What a clock is, and on which days it ends before any notice is looked at. Pure.

Whatever a law asks for comes down to ends: a plain day, and working days after it. So one reading
of the calendar dates every kind of clock, and a duty that keeps its ends is dated anew by SQL.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from services.projects.calendar.models import CountedIn, Every, RuleKind
from shared.errors import Text

STAYS = (RuleKind.MIN_DISPLAY, RuleKind.KEEP_ONLINE)
"""Kinds that say how long something stays once it is published."""


@dataclass(frozen=True)
class ClockRule:
    """How long a clock runs: {kind, n}, and what some kinds need besides.

    `counted_in` is what `n` counts where the kind leaves that open. `keep` says how long what is
    published in time must stay. Of the clocks in `stricter_of` and this one the earliest end holds.
    """

    kind: RuleKind
    n: int = 0
    month_day: str | None = None
    roll_forward: bool = True
    counted_in: CountedIn | None = None
    every: Every | None = None
    keep: "ClockRule | None" = None
    stricter_of: tuple["ClockRule", ...] = ()

    @property
    def counts(self) -> CountedIn:
        """What `n` counts."""
        match self.kind:
            case RuleKind.WORKING_DAYS | RuleKind.PROMPTLY:
                return CountedIn.WORKING_DAYS
            case RuleKind.CALENDAR_DAYS:
                return CountedIn.CALENDAR_DAYS
            case RuleKind.MONTHS:
                return CountedIn.MONTHS
            case _ if self.kind in STAYS:
                return self.counted_in or CountedIn.CALENDAR_DAYS
            case _:
                return self.counted_in or CountedIn.WORKING_DAYS

    @property
    def staying(self) -> "ClockRule | None":
        """How long what is published must stay; None: it may not be taken down at all."""
        return self if self.kind in STAYS else self.keep


class Counts(StrEnum):
    """How the day of an end is read off the calendar."""

    WORKING = "working"
    """The n-th working day after it."""
    NEXT = "next"
    """The day itself, or the next working day where it is one of rest."""
    PLAIN = "plain"
    """The day itself."""


class End(NamedTuple):
    """An end of a clock, before the calendar is looked at."""

    on: date
    n: int
    counts: Counts


def ends(rule: ClockRule, formed_on: date) -> list[End]:
    """Where the clock ends for information formed on `formed_on`: the earliest of these holds.

    The first day is not counted (民法典 art. 201). None for a kind without an end.
    """
    return [end for each in (rule, *rule.stricter_of) for end in _ends(each, formed_on)]


def _ends(rule: ClockRule, formed_on: date) -> Iterator[End]:
    match rule.kind:
        case RuleKind.NONE:
            return
        case RuleKind.REALTIME:
            yield End(formed_on, 0, Counts.NEXT)
        case RuleKind.FIXED_DATE:
            yield End(next_month_day(rule.month_day, formed_on), 0, Counts.PLAIN)
        case RuleKind.PERIOD:
            last = period_end(rule.every or Every.YEAR, formed_on)
            if rule.month_day is None:
                yield after(rule, last)
            else:
                following = next_month_day(rule.month_day, last + timedelta(days=1))
                yield End(following, 0, Counts.PLAIN)
        case RuleKind.SAME_TIME_AS if rule.n == 0:
            yield End(formed_on, 0, Counts.PLAIN)
        case _ if rule.kind in STAYS:
            yield End(formed_on, 0, Counts.PLAIN)
        case _:
            yield after(rule, formed_on)


def after(rule: ClockRule, day: date) -> End:
    """`n` of what the rule counts after `day`.

    Months end on the day of the same number, or the month's last (民法典 art. 202); calendar days
    and months that end on a day of rest run to the next working day (art. 203) if they roll.
    """
    match rule.counts:
        case CountedIn.WORKING_DAYS:
            return End(day, rule.n, Counts.WORKING)
        case CountedIn.CALENDAR_DAYS:
            last = day + timedelta(days=rule.n)
        case CountedIn.MONTHS:
            last = add_months(day, rule.n)
    return End(last, 0, Counts.NEXT if rule.roll_forward else Counts.PLAIN)


def add_months(day: date, months: int) -> date:
    """The day of the same number `months` later, or that month's last day."""
    place = day.year * 12 + day.month - 1 + months
    year, month = divmod(place, 12)
    return date(year, month + 1, min(day.day, _month_end(year, month + 1).day))


def period_end(every: Every, day: date) -> date:
    """The last day of the period in which `day` lies."""
    months = MONTHS_OF[every]
    return _month_end(day.year, -(-day.month // months) * months)


def period_start(every: Every, day: date) -> date:
    """The first day of the period in which `day` lies."""
    months = MONTHS_OF[every]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


MONTHS_OF = {Every.MONTH: 1, Every.QUARTER: 3, Every.HALF_YEAR: 6, Every.YEAR: 12}


def _month_end(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def next_month_day(month_day: str | None, day: date) -> date:
    """The first `month_day` on or after `day`; 02-29 falls on 02-28 in a common year."""
    month, number = map(int, (month_day or "01-31").split("-"))
    for year in (day.year, day.year + 1):
        end = date(year, month, min(number, _month_end(year, month).day))
        if end >= day:
            break
    return end


_PLAIN = {"n": 0, "roll_forward": True}


def as_data(rule: ClockRule) -> dict[str, Any]:
    """The rule as it is stored, without what has no meaning in it."""
    data = {name: value for name, value in vars(rule).items() if value is not None}
    data = {name: value for name, value in data.items() if _PLAIN.get(name) != value}
    data.pop("stricter_of")
    if rule.keep is not None:
        data["keep"] = as_data(rule.keep)
    if rule.stricter_of:
        data["stricter_of"] = [as_data(each) for each in rule.stricter_of]
    return data


def from_data(data: Mapping[str, Any]) -> ClockRule:
    """The rule that was stored so."""
    kept, others = data.get("keep"), data.get("stricter_of") or ()
    counted_in, every = data.get("counted_in"), data.get("every")
    return ClockRule(
        kind=RuleKind(data["kind"]),
        n=data.get("n") or 0,
        month_day=data.get("month_day"),
        roll_forward=data.get("roll_forward", True),
        counted_in=None if counted_in is None else CountedIn(counted_in),
        every=None if every is None else Every(every),
        keep=None if kept is None else from_data(kept),
        stricter_of=tuple(from_data(each) for each in others),
    )


_COUNTED = {
    CountedIn.WORKING_DAYS: Text("个工作日", "working days"),
    CountedIn.CALENDAR_DAYS: Text("日", "days"),
    CountedIn.MONTHS: Text("个月", "months"),
}
_EVERY = {
    Every.MONTH: Text("每月", "every month"),
    Every.QUARTER: Text("每季度", "every quarter"),
    Every.HALF_YEAR: Text("每半年", "every half-year"),
    Every.YEAR: Text("每年", "every year"),
}


def words(rule: ClockRule) -> Text:
    """The clock in a sentence, as people read it."""
    text = _words(rule)
    if rule.stricter_of:
        others = [_words(each) for each in rule.stricter_of]
        zh = "；".join(each.zh for each in (text, *others))
        en = "; ".join(each.en for each in (text, *others))
        text = Text(f"{zh}，从严", f"{en}, whichever ends first")
    if rule.keep is not None:
        kept = _words(rule.keep)
        text = Text(f"{text.zh}；{kept.zh}", f"{text.en}; {kept.en}")
    return text


def _words(rule: ClockRule) -> Text:
    counted = _COUNTED[rule.counts]
    zh, en = f"{rule.n}{counted.zh}", f"{rule.n} {counted.en}"
    match rule.kind:
        case RuleKind.NONE:
            return Text("不计时", "no clock")
        case RuleKind.REALTIME:
            return Text("实时公开", "in real time")
        case RuleKind.PROMPTLY:
            return Text(f"及时公开，最迟{zh}内", f"promptly, within {en} at the latest")
        case RuleKind.FIXED_DATE:
            return Text(f"每年{rule.month_day}前", f"by {rule.month_day} of each year")
        case RuleKind.PERIOD:
            every = _EVERY[rule.every or Every.YEAR]
            if rule.month_day is not None:
                return Text(
                    f"{every.zh}，期满后{rule.month_day}前",
                    f"{every.en}, by the next {rule.month_day} after it ends",
                )
            return Text(f"{every.zh}，期满后{zh}内", f"{every.en}, within {en} after it ends")
        case RuleKind.SAME_TIME_AS if rule.n == 0:
            return Text("与所随信息同日公开", "on the day of what it goes with")
        case RuleKind.SAME_TIME_AS:
            return Text(f"所随信息公开后{zh}内", f"within {en} of what it goes with")
        case RuleKind.MIN_DISPLAY:
            return Text(f"公示不少于{zh}", f"on display for at least {en}")
        case RuleKind.KEEP_ONLINE:
            return Text(f"公开后至少保留{zh}", f"kept online for at least {en}")
        case _:
            return Text(f"{zh}内公开", f"within {en}")
