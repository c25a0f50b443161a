"""The program that checks a proof by itself gives the verdicts that the service gives."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy import check_proof
from services.projects.auditing.models import Reason
from services.projects.auditing.rules.judging import VERDICT_OF
from services.projects.calendar.clocks import STAYS, ClockRule
from services.projects.calendar.models import CountedIn, Every, RuleKind
from services.projects.duties.models import ClaimKind, FactKind, Hold
from services.projects.proofs import bundle
from shared.clock import today
from tests.projects.proof_cases import CASES, at, pushed_on, seen_on
from tests.projects.proofs import unpacked
from tests.projects.proven import FIRST, History, Left, gathered_of

CLOCKS = [
    ClockRule(RuleKind.WORKING_DAYS, 20),
    ClockRule(RuleKind.WORKING_DAYS, 7),
    ClockRule(RuleKind.CALENDAR_DAYS, 20),
    ClockRule(RuleKind.CALENDAR_DAYS, 20, roll_forward=False),
    ClockRule(RuleKind.PROMPTLY, 20),
    ClockRule(RuleKind.REALTIME),
    ClockRule(RuleKind.FIXED_DATE, month_day="01-31"),
    ClockRule(RuleKind.FIXED_DATE, month_day="04-30"),
    ClockRule(RuleKind.NONE),
    ClockRule(RuleKind.MONTHS, 3),
    ClockRule(RuleKind.MONTHS, 1, roll_forward=False),
    *(ClockRule(RuleKind.PERIOD, 10, every=every) for every in Every),
    *(ClockRule(RuleKind.PERIOD, 2, every=Every.MONTH, counted_in=each) for each in CountedIn),
    ClockRule(RuleKind.PERIOD, every=Every.QUARTER, month_day="04-20"),
    ClockRule(RuleKind.PERIOD, every=Every.YEAR, month_day="12-31"),
    ClockRule(RuleKind.MIN_DISPLAY, 5),
    ClockRule(RuleKind.MIN_DISPLAY, 20, counted_in=CountedIn.WORKING_DAYS),
    ClockRule(RuleKind.KEEP_ONLINE, 2, counted_in=CountedIn.MONTHS, roll_forward=False),
    ClockRule(RuleKind.SAME_TIME_AS),
    ClockRule(RuleKind.SAME_TIME_AS, 3),
    ClockRule(RuleKind.SAME_TIME_AS, 10, counted_in=CountedIn.CALENDAR_DAYS),
]
KEPT = [each for each in CLOCKS if each.kind in STAYS]
ENDING = [each for each in CLOCKS if each.kind not in STAYS]
URLS = st.sampled_from(["https://a.cn/1", "https://a.cn/2"])
MOMENTS = (st.integers(0, 1000) | st.integers(0, 1000) | st.integers(-200, 9000)).map(
    lambda hours: FIRST + timedelta(hours=hours)
)
"""Weeks after the formation; from before it to after the last day that a notice is known of."""
LEFT = st.builds(Left, MOMENTS, st.sampled_from([FactKind.GONE, FactKind.TAKEN_BACK]), URLS)


def test_it_knows_every_reason() -> None:
    known = {reason: verdict for verdict, each in check_proof.REASONS.items() for reason in each}
    assert known == {reason.value: verdict.value for reason, verdict in VERDICT_OF.items()}


def test_it_knows_every_kind_of_clock() -> None:
    assert set(check_proof.KINDS) == {kind.value for kind in RuleKind}
    assert {each.kind for each in CLOCKS} == {*RuleKind}


@st.composite
def clocks(draw: st.DrawFn) -> ClockRule:
    """A clock of any kind, by itself or with what may go with it."""
    clock = draw(st.sampled_from(CLOCKS))
    if clock.kind in (*STAYS, RuleKind.NONE):
        return clock
    keep = draw(st.none() | st.sampled_from(KEPT))
    beside = draw(st.lists(st.sampled_from(ENDING), max_size=2))
    return replace(clock, keep=keep, stricter_of=tuple(beside))


@st.composite
def sightings(draw: st.DrawFn) -> dict[str, Any]:
    claim_kind = draw(st.sampled_from(ClaimKind))
    return {
        "url": draw(URLS),
        "observed_at": draw(MOMENTS),
        "last_absent_at": draw(st.none() | MOMENTS),
        "claim_kind": claim_kind,
        "claimed_at": None if claim_kind is ClaimKind.NONE else draw(st.none() | MOMENTS),
        "cms_at": draw(st.none() | MOMENTS),
        "received_at": draw(st.none() | MOMENTS) if claim_kind is ClaimKind.PUSH else None,
        "claims_agree": draw(st.booleans()),
        "contradicted": draw(st.sampled_from([False, False, False, True])),
        "missing_elements": draw(st.sampled_from([(), (), ("文号",), ("文号", "日期")])),
        "elements_judged": draw(st.booleans()),
    }


HISTORIES = st.builds(
    History,
    clock=clocks(),
    now=st.integers(0, 300).map(lambda days: FIRST + timedelta(days=days)),
    seen=st.lists(sightings() | sightings() | LEFT, max_size=4),
    formed_on=st.sampled_from([today(FIRST)] * 9 + [None]),
    hold=st.sampled_from([Hold.NONE] * 20 + [*Hold]),
    walked_at=st.none() | st.integers(0, 400).map(lambda days: FIRST + timedelta(days=days)),
    in_review=st.sampled_from([False, False, True]),
)


@settings(max_examples=200, deadline=None)
@given(HISTORIES)
def test_it_gives_the_verdict_of_the_service(history: History) -> None:
    assert check_proof.check(unpacked(bundle.bundle(gathered_of(history))), {}) == []


def test_the_cases_are_of_every_reason() -> None:
    assert {reason for _, reason, _ in CASES.values()} == {*Reason}


@pytest.mark.parametrize(("history", "reason", "over_by"), CASES.values(), ids=list(CASES))
def test_it_gives_each_reason(history: History, reason: Reason, over_by: int | None) -> None:
    gathered = gathered_of(history)
    assert (gathered.judged.reason, gathered.over_by) == (reason, over_by)
    files = unpacked(bundle.bundle(gathered))
    assert check_proof.check(files, {}) == []
    judged = check_proof.judge(files)
    assert (judged.reason, judged.over_by) == (reason.value, over_by)


@pytest.mark.parametrize("place", range(len(CLOCKS)), ids=lambda at: CLOCKS[at].kind.value)
def test_it_dates_each_kind_of_clock(place: int) -> None:
    """By itself and beside others, from days all over the year."""
    clock = CLOCKS[place]
    others = [(ENDING[(place + step) % len(ENDING)],) for step in (1, 4, 6, 9)]
    for number, beside in enumerate([(), *others] if clock in ENDING else [()]):
        begun = at((place * 17 + number * 61) % 304)
        clocked = replace(clock, stricter_of=beside)
        history = History(clock=clocked, now=begun, formed_on=today(begun))
        files = unpacked(bundle.bundle(gathered_of(history)))
        assert check_proof.check(files, {}) == [], (beside, begun)


def _begun(day: float | None, event: float | None, *published: Any) -> History:
    """What goes with something that was published so, dated from a day."""
    formed_on, event_on = (None if each is None else today(at(each)) for each in (day, event))
    clock = ClockRule(RuleKind.SAME_TIME_AS, 3)
    return History(
        clock=clock, now=at(20), followed=published, formed_on=formed_on, event_on=event_on
    )


@pytest.mark.parametrize(
    ("day", "event", "published"),
    [
        (0, 0, ()),
        (None, None, ()),
        (5, 0, (seen_on(9, 5),)),
        (9, None, (seen_on(9),)),
        (9, 0, (seen_on(9, 3, last_absent_at=at(4)),)),
        (8, 0, (pushed_on(9, 8, claims_agree=True), seen_on(11, 5))),
        (0, 0, (seen_on(9, 5), Left(at(12), FactKind.TAKEN_BACK))),
    ],
)
def test_what_goes_with_another_begins_when_that_one_was_published(
    day: float | None, event: float | None, published: tuple[Any, ...]
) -> None:
    history = _begun(day, event, *published)
    assert check_proof.check(unpacked(bundle.bundle(gathered_of(history))), {}) == []
    moved = _begun(1, event, *published)
    begins = None if day is None else today(at(day))
    [fault, *_] = check_proof.check(unpacked(bundle.bundle(gathered_of(moved))), {})
    assert fault.en == f"its clock begins on {begins}"
