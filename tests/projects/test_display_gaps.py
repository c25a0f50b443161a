"""What must stay and was gone in between: the day by which it is judged, against a naive count."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.projects.auditing.models import Reason
from services.projects.auditing.rules.judging import Day, Facts, judge
from services.projects.calendar.clocks import ClockRule
from services.projects.calendar.models import CountedIn, RuleKind
from services.projects.calendar.rules import EPOCH
from services.projects.duties import ordinals, rules
from services.projects.duties.models import ClaimKind, PublicationFact
from services.projects.duties.observing import fact_of, gone_fact
from services.projects.duties.rules import Sighting
from shared.clock import SHANGHAI, day_start, today
from shared.workdays import official

FORMED = date(2026, 3, 2)
DUTY = UUID(int=1)
NOTED = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = 12


class Look(NamedTuple):
    """What was found of a page, so many hours after the day of formation began."""

    hour: int
    page: str
    is_there: bool


def moment(hour: int) -> datetime:
    return day_start(FORMED) + timedelta(hours=hour)


def fact(look: Look, absent_hour: int | None, claimed: int | None) -> PublicationFact:
    url, at = f"https://a.cn/{look.page}", moment(look.hour)
    if not look.is_there:
        return PublicationFact(**gone_fact(DUTY, url, at, NOTED))
    sighting = Sighting(
        duty_id=DUTY,
        url=url,
        observed_at=at,
        last_absent_at=None if absent_hour is None else moment(absent_hour),
        claim_kind=ClaimKind.NONE if claimed is None else ClaimKind.LABEL,
        claimed_at=None if claimed is None else moment(claimed),
    )
    return PublicationFact(**fact_of(sighting, NOTED))


def judged(rule: ClockRule, facts: Sequence[PublicationFact]) -> Reason:
    """Judged months later, as what was published in time."""
    evidence = rules.summarise(facts, official())
    assert evidence is not None
    columns = ordinals.evidence_ordinals(
        evidence, FORMED, by_days=True, calendar=official(), staying=rule
    )
    now = (NOTED.astimezone(SHANGHAI).date() - EPOCH).days
    found = Facts(due_ord=now, keep=rule.kind.value, **columns)
    return judge(found, Day(now, 10**9, plain_day=now)).reason


def naive(rule: ClockRule, looks: Sequence[Look], begins: Sequence[date]) -> set[Reason]:
    """What may be said, day by day, of a display that began on one of these days."""
    broken = [_broken_on(looks, begin) for begin in begins]
    ends = [_last_day(rule, begin) for begin in begins]
    if all(at is not None and at[0] <= end for at, end in zip(broken, ends, strict=True)):
        return {Reason.TAKEN_DOWN_EARLY}
    stayed = [
        (at is None or at[0] > end)
        and any(
            look.is_there and today(moment(look.hour)) >= end
            for look in looks
            if at is None or look.hour < at[1]
        )
        for at, end in zip(broken, ends, strict=True)
    ]
    if all(stayed):
        return {Reason.SEEN_IN_TIME}
    return {Reason.STAY_NOT_KNOWN, Reason.DISPLAY_NOT_CHECKED}


def _last_day(rule: ClockRule, begin: date) -> date:
    day, left = begin, rule.n
    while left:
        day += timedelta(days=1)
        left -= rule.counted_in is CountedIn.CALENDAR_DAYS or official().is_workday(day)
    while rule.roll_forward and not official().is_workday(day):
        day += timedelta(days=1)
    return day


def _broken_on(looks: Sequence[Look], begin: date) -> tuple[date, int] | None:
    """The first day and hour at which nothing was there any more that had been there since."""
    was_there = False
    there: dict[str, bool] = {}
    ordered = sorted(looks)
    for place, look in enumerate(ordered):
        if look.is_there:
            there[look.page] = True
            was_there = was_there or today(moment(look.hour)) >= begin
            continue
        there[look.page] = False
        for page in [page for page, is_there in there.items() if is_there]:
            later = [each.is_there for each in ordered[place + 1 :] if each.page == page]
            if later[:1] == [True]:
                break
        else:
            if was_there:
                return today(moment(look.hour)), look.hour
    return None


@st.composite
def histories(draw: st.DrawFn) -> list[Look]:
    """Looks at one page or two, at hours of their own, of which the first finds one."""
    hours = draw(st.lists(st.integers(1, DAYS * 24), unique=True, min_size=1, max_size=7))
    pages = st.sampled_from(["1", "1", "2"])
    looks = [Look(hour, draw(pages), draw(st.booleans())) for hour in sorted(hours)]
    return [looks[0]._replace(is_there=True), *looks[1:]]


RULES = st.builds(
    ClockRule,
    st.just(RuleKind.MIN_DISPLAY),
    st.integers(1, 8),
    counted_in=st.sampled_from([CountedIn.CALENDAR_DAYS, CountedIn.WORKING_DAYS]),
    roll_forward=st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(
    rule=RULES,
    looks=histories(),
    absent=st.none() | st.integers(0, 60),
    claims=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_a_display_is_judged_as_days_looked_at_one_by_one_say(
    rule: ClockRule, looks: list[Look], absent: int | None, claims: bool, seed: int
) -> None:
    """In whatever order the facts came to be known."""
    if rule.counted_in is CountedIn.WORKING_DAYS:
        rule = ClockRule(rule.kind, rule.n, counted_in=rule.counted_in, roll_forward=False)
    first = looks[0].hour
    claimed = first // 2 if claims else None
    absent_hour = None if absent is None or absent >= first or claims else absent
    facts = [fact(look, absent_hour, claimed) for look in looks]
    random.Random(seed).shuffle(facts)
    seen_on = today(moment(first))
    earliest = today(moment(absent_hour)) if absent_hour is not None else FORMED
    begins = [today(moment(claimed))] if claimed is not None else _days(earliest, seen_on)
    found = judged(rule, facts)
    if claimed is None and absent_hour is None:  # it may have been there for as long as you like
        begins = _days(FORMED - timedelta(days=60), seen_on)
        assert found is not Reason.TAKEN_DOWN_EARLY
    assert found in naive(rule, looks, begins)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


THREE_DAYS = ClockRule(
    RuleKind.MIN_DISPLAY, 3, counted_in=CountedIn.CALENDAR_DAYS, roll_forward=False
)


@pytest.mark.parametrize("back", [None, 1, 30, 100])
@pytest.mark.parametrize("absent", [None, 0])
def test_each_hour_at_which_it_may_be_gone(back: int | None, absent: int | None) -> None:
    """Shown from the first day on and seen every four hours until it is gone: to the end of the
    fourth day."""
    for gone in range(1, 6 * 24, 5):
        seen = [Look(hour, "1", True) for hour in range(0, gone, 4)]
        again = [] if back is None else [Look(gone + back, "1", True)]
        looks = [*seen, Look(gone, "1", False), *again]
        facts = [fact(look, absent, 0 if absent is None else None) for look in looks]
        has_stayed = gone >= 4 * 24 and seen[-1].hour >= 3 * 24
        expected = Reason.SEEN_IN_TIME if has_stayed else Reason.TAKEN_DOWN_EARLY
        assert judged(THREE_DAYS, facts) is expected, gone


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        (None, Reason.GONE_FROM_THE_WEB),
        (3 * 24 + 23, Reason.SEEN_IN_TIME),
        (4 * 24, Reason.GONE_FROM_THE_WEB),
    ],
)
def test_what_must_be_kept_online_is_kept_again_if_it_is_back_on_its_last_day(
    back: int | None, expected: Reason
) -> None:
    rule = ClockRule(RuleKind.KEEP_ONLINE, 3, roll_forward=False)
    looks = [Look(2, "1", True), Look(30, "1", False)]
    looks += [] if back is None else [Look(back, "1", True)]
    assert judged(rule, [fact(look, None, 1) for look in looks]) is expected


def test_a_page_to_which_it_moved_was_not_there_before_it_moved() -> None:
    looks = [Look(2, "1", True), Look(30, "1", False), Look(2, "2", True), Look(99, "2", True)]
    assert judged(THREE_DAYS, [fact(look, None, 1) for look in looks]) is Reason.TAKEN_DOWN_EARLY
    own = [look if look.hour != 2 or look.page == "1" else Look(3, "2", True) for look in looks]
    assert judged(THREE_DAYS, [fact(look, None, 1) for look in own]) is Reason.SEEN_IN_TIME
