"""The program that checks a proof by itself gives the verdicts that the service gives."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from deploy import check_proof
from services.projects.auditing.models import Standing
from services.projects.auditing.rules.basis import Basis, facts_of
from services.projects.auditing.rules.judging import VERDICT_OF, judge
from services.projects.calendar.clocks import STAYS, ClockRule, as_data
from services.projects.calendar.models import CountedIn, Every, RuleKind, WorkCalendarDay
from services.projects.calendar.rules import day_number
from services.projects.catalogue.models import CatalogueItem, DutyKind, LicenceClass
from services.projects.duties import making, rules
from services.projects.duties.models import (
    ClaimKind,
    Duty,
    FactKind,
    Hold,
    PublicationFact,
    TriggerEvent,
    TriggerKind,
)
from services.projects.duties.observing import fact_of, gone_fact, seen_of
from services.projects.duties.rules import Sighting
from services.projects.duties.seen import SeenDuty
from services.projects.proofs import bundle, service
from shared.clock import today
from shared.workdays import CalendarUnknown, official
from tests.projects.test_proofs import unpacked

FIRST = datetime(2026, 3, 2, 1, tzinfo=UTC)
"""09:00 in Asia/Shanghai, as the database gives it."""
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
    ClockRule(RuleKind.MIN_DISPLAY, 5),
    ClockRule(RuleKind.MIN_DISPLAY, 20, counted_in=CountedIn.WORKING_DAYS),
    ClockRule(RuleKind.KEEP_ONLINE, 2, counted_in=CountedIn.MONTHS, roll_forward=False),
    ClockRule(RuleKind.SAME_TIME_AS),
    ClockRule(RuleKind.SAME_TIME_AS, 3),
    ClockRule(RuleKind.SAME_TIME_AS, 10, counted_in=CountedIn.CALENDAR_DAYS),
]
KEPT = [each for each in CLOCKS if each.kind in STAYS]
ENDING = [each for each in CLOCKS if each.kind not in STAYS]
MOMENTS = st.integers(-200, 9000).map(lambda hours: FIRST + timedelta(hours=hours))
"""From before the formation to after the last day that a notice is known of."""


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
        "url": draw(st.sampled_from(["https://a.cn/1", "https://a.cn/2"])),
        "observed_at": draw(MOMENTS),
        "last_absent_at": draw(st.none() | MOMENTS),
        "claim_kind": claim_kind,
        "claimed_at": None if claim_kind is ClaimKind.NONE else draw(st.none() | MOMENTS),
        "cms_at": draw(st.none() | MOMENTS),
        "received_at": draw(st.none() | MOMENTS) if claim_kind is ClaimKind.PUSH else None,
        "claims_agree": draw(st.booleans()),
        "contradicted": draw(st.booleans()),
        "missing_elements": tuple(draw(st.sampled_from([[], ["文号"], ["文号", "日期"]]))),
    }


@settings(max_examples=150, deadline=None)
@given(
    st.lists(sightings() | st.sampled_from(["gone", "taken_back"]), max_size=4),
    clocks(),
    st.sampled_from([Hold.NONE] * 6 + [*Hold]),
    st.none() | st.integers(0, 400).map(lambda days: FIRST + timedelta(days=days)),
    st.integers(0, 300),
    st.booleans(),
    st.booleans(),
)
def test_it_gives_the_verdict_of_the_service(
    seen: list[Any],
    clock: ClockRule,
    hold: Hold,
    walked_at: datetime | None,
    age: int,
    in_review: bool,
    is_formed: bool,
) -> None:
    now = FIRST + timedelta(days=age)
    item = _item(clock)
    duty = _duty(item, hold, today(FIRST) if is_formed else None)
    facts = _facts(duty, seen)
    gathered = _gathered(duty, item, facts, now, walked_at, in_review)
    files = unpacked(bundle.bundle(gathered))
    assert check_proof.check(files, {}) == []


def _duty(item: CatalogueItem, hold: Hold, formed_on: date | None) -> Duty:
    """Of a project where its clock is not one of a period or of what it goes with."""
    is_of_project = item.clock is None or item.clock["kind"] not in ("period", "same_time_as")
    event = TriggerEvent(
        project_code="2401-359900-48-01-000001" if is_of_project else None,
        subject=None if is_of_project else "2026年第一季度",
        item_code="MP-02-01",
        unit_code="D01",
        kind=TriggerKind.FORMED,
        occurred_on=formed_on,
        recorded_at=FIRST,
        recorded_by="somebody",
    )
    duty = making.new_duty(event, item, official(), 1, FIRST)
    duty.hold = hold
    return duty


def _facts(duty: Duty, seen: list[Any]) -> list[tuple[PublicationFact, bool]]:
    """The facts in the order in which they were recorded; every third absence is set aside."""
    made = []
    for number, each in enumerate(seen):
        at = FIRST + timedelta(days=30 * number)
        if isinstance(each, str):
            values = gone_fact(duty.id, "https://a.cn/1", at, at)
            if each == "taken_back":
                values = {**values, "kind": FactKind.TAKEN_BACK}
                covered = ("kind", "duty_id", "url", "observed_at")
                values["sha256"] = rules.fact_hash({name: values[name] for name in covered})
        else:
            values = fact_of(Sighting(duty_id=duty.id, **each), at)
        made.append((PublicationFact(id=number, **values), number % 3 == 2))
    return made


def _gathered(
    duty: Duty,
    item: CatalogueItem,
    facts: list[tuple[PublicationFact, bool]],
    now: datetime,
    walked_at: datetime | None,
    in_review: bool,
) -> service.Gathered:
    calendar, by_days = official(), duty.basis == "calendar"
    counted = [fact.without_absence() if aside else fact for fact, aside in facts]
    evidence = rules.summarise(counted, calendar)
    ordinals = rules.NOT_SEEN if evidence is None else seen_of(duty, evidence, calendar)
    staying = making.rule_of_duty(duty).staying
    standing = Standing(
        **{"duty_id": duty.id, **ordinals, "in_review": in_review},
        unit_code=duty.unit_code,
        hold=duty.hold,
        has_clock=duty.rule_kind is not RuleKind.NONE,
        calendar_days=by_days,
        is_formed=duty.formed_on is not None,
        due_ord=duty.due_ord,
        keep=None if staying is None else staying.kind.value,
        matchable_since=FIRST + timedelta(days=40),
    )
    basis = _basis(now, walked_at)
    found = SeenDuty(duty, standing, "某局", "某工程", "批复", None, None, None, basis, calendar)
    return service.Gathered(
        now=now,
        found=found,
        judged=judge(facts_of(standing), basis.day(by_days=by_days)),
        item=item,
        trigger=TriggerKind.FORMED,
        facts=facts,
        rulings=[],
        moves=[],
        days=_calendar(service.span_of(found, [fact for fact, _ in facts], now)),
        walks=[],
        captures=[],
        bodies=[],
        left_out=[],
    )


def _basis(now: datetime, walked_at: datetime | None) -> Basis:
    calendar = official()
    last = calendar.ord_start(calendar.last_day)

    def ordinal(moment: datetime) -> int:
        try:
            return calendar.ord_end(today(moment))
        except CalendarUnknown:
            return last + 1

    walked = None if walked_at is None else ordinal(walked_at)
    walked_day = None if walked_at is None else day_number(today(walked_at))
    now_day = day_number(today(now))
    return Basis(1, ordinal(now), last, now_day, 1, walked_at, walked, walked_day)


def _item(clock: ClockRule) -> CatalogueItem:
    words: dict[str, Any] = {
        "version": 1,
        "item_code": "MP-02-01",
        "clock": as_data(clock),
        "duty_kind": DutyKind.ASAP,
        "licence": LicenceClass.NO,
        "licence_verified": False,
        "legal_basis": ["政府信息公开条例第二十六条"],
        "content_elements": [],
    }
    return CatalogueItem(**words)


def _calendar(span: tuple[date, date] | None) -> list[WorkCalendarDay]:
    if span is None:
        return []
    calendar, (first, last) = official(), span
    last = min(last, calendar.last_day)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    values: list[dict[str, Any]] = [
        {"date": day, "is_workday": calendar.is_workday(day), "source_notice": "国办发"}
        for day in days
    ]
    return [WorkCalendarDay(**each) for each in values]
