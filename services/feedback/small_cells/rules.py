"""Which figures the public may see, so that no arithmetic on them leads to fewer than five. Pure.

Months do not overlap, and each is counted once: what two periods or two moments have in common
cannot be taken away from one another. Within a month a hidden group could be had as the total less
the groups that are shown, so what is hidden together is two groups at least, and five cases.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from shared.clock import today
from shared.errors import Invalid, Text

FEWEST = 5
"""Fewer than these may point at a person."""

COUNTED_AFTER = timedelta(days=15)
"""So long after its end a month is counted for the public: most of its matters are answered."""

OLDEST = timedelta(days=366 * 5)

Key = str | None | tuple[str | None, ...]


def choose(
    groupings: Sequence[Mapping[Key, int]], eligible: Sequence[Collection[Key]] | None = None
) -> list[frozenset[Key]] | None:
    """Of each way of grouping the same cases, the groups that may be shown beside the total.

    `eligible` are those of which anything is shown at all. None where not even the total may be
    shown: it is of too few, or as good as the one group that has to be hidden.
    """
    chosen: list[frozenset[Key]] = []
    for at, sizes in enumerate(groupings):
        allowed = set(sizes if eligible is None else eligible[at])
        known = sorted(
            (key for key in allowed if sizes.get(key, 0) >= FEWEST),
            key=lambda key: (sizes[key], str(key)),
        )
        hidden = [n for key, n in sizes.items() if n > 0 and key not in known]
        while hidden and not _enough(hidden) and known:
            hidden.append(sizes[known.pop(0)])
        if hidden and not _enough(hidden):
            return None
        chosen.append(frozenset(known) | {key for key in allowed if sizes.get(key, 0) == 0})
    return chosen


def _enough(hidden: Sequence[int]) -> bool:
    """Whether what is hidden may be known as a sum."""
    return len(hidden) >= 2 and sum(hidden) >= FEWEST


def latest_month(now: datetime) -> date:
    """The first day of the latest month that is counted for the public."""
    first = (today(now) - COUNTED_AFTER).replace(day=1)
    return (first - timedelta(days=1)).replace(day=1)


def last_day(month: date) -> date:
    """The last day of the month that begins with `month`."""
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def month_asked(from_on: date | None, to_on: date | None, now: datetime) -> date:
    """The month that a public question is about, the latest counted unless named. Raises Invalid
    for any other period: two that overlap would give away what lies between them.
    """
    latest = latest_month(now)
    if from_on is None and to_on is None:
        return latest
    start = from_on or (to_on or latest).replace(day=1)
    if start.day != 1 or (to_on or last_day(start)) != last_day(start):
        raise Invalid(
            Text(
                "公开的统计以整月为单位：请从某月 1 日到该月最后一日",
                "Public figures are by whole months: from the first to the last day of one",
            ),
            pointer="/query/from" if start.day != 1 else "/query/to",
        )
    if not latest - OLDEST <= start <= latest:
        raise Invalid(
            Text(
                f"这个月的公开统计还没有或已不再提供，最近的是 {latest:%Y 年 %m 月}",
                f"There are no public figures of that month; the latest are of {latest:%B %Y}",
            ),
            pointer="/query/from" if from_on else "/query/to",
        )
    return start
