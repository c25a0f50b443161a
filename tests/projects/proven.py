"""What happened to a duty, and what a proof of its verdict gathers of that: no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.projects.auditing.models import Standing
from services.projects.auditing.rules.basis import Basis, facts_of
from services.projects.auditing.rules.judging import judge
from services.projects.calendar.clocks import ClockRule, as_data
from services.projects.calendar.models import RuleKind, WorkCalendarDay
from services.projects.calendar.rules import day_number
from services.projects.catalogue.models import CatalogueItem, DutyKind, LicenceClass
from services.projects.duties import making, ordinals, rules
from services.projects.duties.models import (
    Duty,
    DutyRuling,
    FactKind,
    Hold,
    PublicationFact,
    RulingKind,
    TriggerEvent,
    TriggerKind,
)
from services.projects.duties.observing import fact_of, gone_fact, seen_of
from services.projects.duties.rules import Sighting
from services.projects.duties.seen import SeenDuty
from services.projects.evidence import rules as evidence
from services.projects.evidence.linking import LinkedCapture
from services.projects.proofs import service
from services.projects.proofs.queries import WalkedList
from services.projects.reports.sealing import service as sealing
from services.projects.reports.sealing.service import FactPaths
from shared.clock import today
from shared.workdays import CalendarUnknown, official
from tests.projects.proven_pages import Page, captured

FIRST = datetime(2026, 3, 2, 1, tzinfo=UTC)
"""09:00 in Asia/Shanghai, as the database gives it; a Monday."""


class Left(NamedTuple):
    """A page was gone, or was taken back."""

    at: datetime
    kind: FactKind = FactKind.GONE
    url: str = "https://a.cn/1"


Observed = Left | dict[str, Any]
"""The latter are the columns of a sighting."""


@dataclass(frozen=True, kw_only=True)
class History:
    """A duty, what was observed of it, and the day on which it is judged."""

    clock: ClockRule
    now: datetime
    seen: Sequence[Observed] = ()
    formed_on: date | None = today(FIRST)
    event_on: date | None = None
    """Of a duty that goes with another, which was `followed`."""
    followed: Sequence[Observed] | None = None
    hold: Hold = Hold.NONE
    walked_at: datetime | None = None
    in_review: bool = False
    shown: bool = False
    """Whether each observation was captured as it was made, and each walk."""


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


def _pages(history: History) -> list[Page]:
    """What was captured of the pages that were seen, which state the day that they claim."""
    pages = []
    for each in history.seen if history.shown else ():
        if not isinstance(each, Left):
            claimed = each.get("claimed_at")
            words = "" if claimed is None else f"发布时间：{today(claimed):%Y年%m月%d日}"
            pages.append(Page("p1", each["url"], each["observed_at"], words.encode()))
    return pages


def _id_of(shown: LinkedCapture | None) -> UUID | None:
    return None if shown is None else shown.capture.id


def _facts(
    duty: Duty, seen: Sequence[Observed], evidence: Sequence[LinkedCapture] = ()
) -> list[tuple[PublicationFact, bool]]:
    """The facts in the order in which they were recorded; every third absence is set aside."""
    made, named = [], iter(evidence)
    for number, each in enumerate(seen):
        at = FIRST + timedelta(days=(30 if not evidence else 100) * (number + bool(evidence)))
        if isinstance(each, Left):
            values = gone_fact(duty.id, each.url, each.at, at)
            if each.kind is FactKind.TAKEN_BACK:
                values = {**values, "kind": each.kind}
                covered = ("kind", "duty_id", "url", "observed_at")
                values["sha256"] = rules.fact_hash({name: values[name] for name in covered})
        else:
            shown = next(named, None)
            values = fact_of(Sighting(duty_id=duty.id, evidence_id=_id_of(shown), **each), at)
        made.append((PublicationFact(id=number, **values), number % 3 == 2))
    return made


def gathered_of(history: History) -> service.Gathered:
    """What a proof gathers of it, by the rules of the system."""
    item, now = _item(history.clock), history.now
    duty = _duty(item, history.hold, history.formed_on)
    walk = _walk(history)
    pages = [*_pages(history), *walk]
    captures = captured(pages)
    facts = _facts(duty, history.seen, captures[: len(pages) - len(walk)])
    followed = _followed(history)
    calendar, by_days = official(), duty.basis == "calendar"
    counted = [fact.without_absence() if aside else fact for fact, aside in facts]
    seen = rules.summarise(counted, calendar)
    columns = ordinals.NOT_SEEN if seen is None else seen_of(duty, seen, calendar)
    staying = making.rule_of_duty(duty).staying
    standing = Standing(
        **{"duty_id": duty.id, **columns, "in_review": history.in_review},
        unit_code=duty.unit_code,
        hold=duty.hold,
        has_clock=duty.rule_kind is not RuleKind.NONE,
        calendar_days=by_days,
        is_formed=duty.formed_on is not None,
        due_ord=duty.due_ord,
        keep=None if staying is None else staying.kind.value,
        matchable_since=FIRST + timedelta(days=40),
    )
    basis = _basis(now, history.walked_at)
    names, cases = ("某局", "某工程", "批复"), (None, None, None, None)
    found = SeenDuty(duty, standing, *names, *cases, basis, calendar)
    return service.Gathered(
        now=now,
        found=found,
        judged=judge(facts_of(standing), basis.day(by_days=by_days)),
        item=item,
        trigger=TriggerKind.FORMED,
        event_on=history.formed_on if followed is None else history.event_on,
        followed=followed,
        facts=facts,
        rulings=_rulings(duty),
        moves=[],
        days=_calendar(service.span_of(found, [fact for fact, _ in facts], now)),
        walks=[_walked(each) for each in captures[len(pages) - len(walk) :]],
        captures=captures,
        bodies=[page.body for page in pages],
        left_out=[],
        is_theirs=True,
        sealed=_sealed(facts) if history.shown else None,
    )


def _sealed(facts: Sequence[tuple[PublicationFact, bool]]) -> FactPaths | None:
    """A report that was signed after them, of them and the one fact before them."""
    if not facts:
        return None
    hashes = [evidence.content_hash(b"another fact"), *(fact.sha256 for fact, _ in facts)]
    paths = evidence.merkle_proofs(hashes, range(1, len(hashes)))
    captures = evidence.merkle_root([])
    return FactPaths(
        report_id=UUID(int=7),
        number="〔2026〕7号",
        as_of=today(FIRST),
        signed_at=FIRST,
        evidence_root=sealing.evidence_root(evidence.merkle_root(hashes), captures),
        captures_root=captures,
        paths={fact.id or 0: path for (fact, _), path in zip(facts, paths, strict=True)},
    )


def _followed(history: History) -> service.Followed | None:
    if history.followed is None:
        return None
    leader = _duty(_item(history.clock), Hold.NONE, history.event_on)
    facts = _facts(leader, history.followed)
    counted = [fact.without_absence() if aside else fact for fact, aside in facts]
    seen = rules.summarise(counted, official())
    published_on = None if seen is None else seen.day
    return service.Followed(leader.id, "D02", published_on, facts)


def _walk(history: History) -> list[Page]:
    """The list that was read in the walk by which an absence is proven."""
    if history.walked_at is None or not history.shown:
        return []
    return [Page("p2", "https://a.cn/list", history.walked_at + timedelta(minutes=1), b"<ul></ul>")]


def _walked(listed: LinkedCapture) -> WalkedList:
    at, minute = listed.capture.fetched_at, timedelta(minutes=1)
    return WalkedList(listed.capture.chain, at - minute, at + minute, [listed.capture.id])


_RULED = {
    Hold.EXEMPT: RulingKind.EXEMPT,
    Hold.DISPUTED: RulingKind.DISPUTE,
    Hold.SUSPENDED: RulingKind.SUSPEND,
}


def _rulings(duty: Duty) -> list[DutyRuling]:
    kind = _RULED.get(duty.hold)
    if kind is None:
        return []
    words: dict[str, Any] = {"document": "某发〔2026〕1号", "reason": "-", "ruled_by": "somebody"}
    return [DutyRuling(duty_id=duty.id, kind=kind, ruled_at=FIRST, **words)]


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
