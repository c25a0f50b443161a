"""The auditor's judgement of one duty: a pure function of ordinals, evidence and the day. No I/O.

`statement.REASON` says the same in SQL for all duties at once; a test holds the two together.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from services.projects.auditing.models import Reason, Verdict
from services.projects.calendar.models import RuleKind
from shared.errors import Text

RULE_VERSION = 4
DUE_SOON_DAYS = 3
"""Days before the end of the limit from which a unit is reminded; the due day itself is day 0."""

ENDLESS = 10**9
"""The last ordinal of a clock that counts plain days: such a clock needs no holiday notice."""

VERDICT_OF: dict[Reason, Verdict] = {
    Reason.NOT_AUDITABLE: Verdict.NOT_APPLICABLE,
    Reason.CLOCK_UNSUPPORTED: Verdict.NOT_APPLICABLE,
    Reason.EXEMPTED: Verdict.EXEMPT,
    Reason.SUSPENDED_BY_RULING: Verdict.SUSPENDED,
    Reason.DISPUTED_BY_UNIT: Verdict.TIME_DISPUTED,
    Reason.NO_FORMATION_DATE: Verdict.UNKNOWN,
    Reason.CALENDAR_NOT_LOADED: Verdict.CALENDAR_UNKNOWN,
    Reason.SEEN_BEFORE_FORMED: Verdict.EARLY_VIOLATION,
    Reason.CLAIM_BEFORE_FORMED: Verdict.EARLY_VIOLATION,
    Reason.SEEN_IN_TIME: Verdict.ON_TIME,
    Reason.CLAIM_IN_TIME: Verdict.ON_TIME,
    Reason.ELEMENTS_MISSING: Verdict.INCOMPLETE,
    Reason.GONE_FROM_THE_WEB: Verdict.WITHDRAWN,
    Reason.ABSENT_AFTER_DUE: Verdict.LATE,
    Reason.CLAIM_AFTER_DUE: Verdict.LATE,
    Reason.CLAIM_CONTRADICTED: Verdict.TIME_DISPUTED,
    Reason.NO_PUBLICATION_TIME: Verdict.UNKNOWN,
    Reason.DUE_DATE_AHEAD: Verdict.PENDING,
    Reason.DUE_WITHIN_DAYS: Verdict.DUE_SOON,
    Reason.CANDIDATE_IN_REVIEW: Verdict.UNKNOWN,
    Reason.PROVEN_ABSENT: Verdict.OVERDUE,
    Reason.NO_CAPTURE_SINCE_DUE: Verdict.UNKNOWN_SOURCE_DOWN,
    Reason.ON_DISPLAY: Verdict.PENDING,
    Reason.TAKEN_DOWN_EARLY: Verdict.WITHDRAWN,
    Reason.STAY_NOT_KNOWN: Verdict.UNKNOWN,
    Reason.DISPLAY_NOT_CHECKED: Verdict.UNKNOWN_SOURCE_DOWN,
}

HELD = {
    "not_applicable": Reason.NOT_AUDITABLE,
    "exempt": Reason.EXEMPTED,
    "suspended": Reason.SUSPENDED_BY_RULING,
    "disputed": Reason.DISPUTED_BY_UNIT,
}

WORDING: dict[Reason, Text] = {
    Reason.NOT_AUDITABLE: Text(
        "该事项不能从互联网核查", "The open web cannot show whether this item was published"
    ),
    Reason.CLOCK_UNSUPPORTED: Text(
        "该事项没有可计时的公开期限（如会前送达），不监察",
        "It has no limit to publish that could be counted, such as papers served before a hearing",
    ),
    Reason.EXEMPTED: Text("已依法豁免", "Exempt by a recorded ruling"),
    Reason.SUSPENDED_BY_RULING: Text("期限中止", "The clock is suspended by a ruling"),
    Reason.DISPUTED_BY_UNIT: Text(
        "公开主体的异议成立，原结论不再作数",
        "The unit's dispute was upheld; the finding is set aside",
    ),
    Reason.NO_FORMATION_DATE: Text("形成日期不明", "The formation date is not known"),
    Reason.CALENDAR_NOT_LOADED: Text(
        "所涉年份的放假通知尚未载入", "The holiday notice of a year it needs is not loaded"
    ),
    Reason.SEEN_BEFORE_FORMED: Text("形成之前已见公开", "It was seen online before it was formed"),
    Reason.CLAIM_BEFORE_FORMED: Text(
        "页面自称的发布时间早于形成日期", "The page claims a time before it was formed"
    ),
    Reason.SEEN_IN_TIME: Text("期限内已见公开", "It was seen online within the limit"),
    Reason.CLAIM_IN_TIME: Text(
        "发布时间在期限内，且无相反证据",
        "Its claimed time is in the limit and nothing contradicts it",
    ),
    Reason.ELEMENTS_MISSING: Text(
        "按时公开，但缺少要素", "Published in time, elements are missing"
    ),
    Reason.GONE_FROM_THE_WEB: Text("公开后又撤下", "Published in time, then taken down"),
    Reason.ABSENT_AFTER_DUE: Text(
        "期限届满后仍未公开，后来才公开", "It was proven absent after the limit and published later"
    ),
    Reason.CLAIM_AFTER_DUE: Text("发布时间在期限之后", "Its claimed time is after the limit"),
    Reason.CLAIM_CONTRADICTED: Text(
        "页面时间与其他证据矛盾，须人工核实", "Other evidence contradicts the claimed time"
    ),
    Reason.NO_PUBLICATION_TIME: Text("页面没有发布时间", "The page carries no time of publication"),
    Reason.DUE_DATE_AHEAD: Text("期限未到", "The limit has not run out"),
    Reason.DUE_WITHIN_DAYS: Text("期限即将届满", "The limit runs out within days"),
    Reason.CANDIDATE_IN_REVIEW: Text("有疑似页面待人工核对", "A candidate page waits for review"),
    Reason.PROVEN_ABSENT: Text(
        "期限届满后全部栏目均未见公开", "All columns were read after the limit: it is not there"
    ),
    Reason.NO_CAPTURE_SINCE_DUE: Text(
        "期限届满后未能成功抓取，不计入扣分", "No good capture since the limit; not held against it"
    ),
    Reason.ON_DISPLAY: Text("公示期内，正在公示", "It is on display, and the time is not over"),
    Reason.TAKEN_DOWN_EARLY: Text(
        "公示期未满即撤下", "It was taken down before its time on display was over"
    ),
    Reason.STAY_NOT_KNOWN: Text(
        "已撤下，但撤下时公示期是否届满不明",
        "It is gone, and whether it had stayed for its time is not known",
    ),
    Reason.DISPLAY_NOT_CHECKED: Text(
        "公示期届满后尚未核到页面，不计入扣分",
        "Not looked at since its time on display was over; not held against it",
    ),
}


DISPUTE_OPEN = Text("异议处理中", "dispute open")
"""The mark of a finding that stands while a dispute about it is decided."""


def reason_text(reason: str) -> Text:
    """The reason as people read it."""
    return WORDING[Reason(reason)]


@dataclass(frozen=True)
class Facts:
    """What is known of a duty, as ordinals of its own clock (None: not known or not yet dated)."""

    due_ord: int | None
    hold: str = "none"
    has_clock: bool = True
    is_formed: bool = True
    is_seen: bool = False
    seen_ord: int | None = None
    seen_early: bool = False
    absent_ord: int | None = None
    is_claimed: bool = False
    claim_ord: int | None = None
    claim_early: bool = False
    claim_contradicted: bool = False
    is_incomplete: bool = False
    is_gone: bool = False
    keep: str | None = None
    stay_least_day: int | None = None
    stay_most_day: int | None = None
    stayed_day: int | None = None
    """The last day on which it was seen before `gone_day`."""
    gone_day: int | None = None
    """The day on which what must stay was found gone, also if it came back."""
    in_review: bool = False
    matchable_since: datetime | None = None


@dataclass(frozen=True)
class Day:
    """The day of the audit on the duty's clock.

    `now_ord` is its `ord_end`, `last_ord` the last ordinal that any notice covers, `walked_ord` the
    `ord_end` of the last day on which every place of the unit was read to its end, which began at
    `walked_at`.
    """

    now_ord: int
    last_ord: int
    walked_ord: int | None = None
    walked_at: datetime | None = None
    plain_day: int = 0
    """Its plain number, by which it is told what is still on display."""


@dataclass(frozen=True)
class Judgement:
    """A verdict, by how many days a late duty is over, and the reason."""

    reason: Reason
    over_by: int | None = None

    @property
    def verdict(self) -> Verdict:
        return VERDICT_OF[self.reason]


def judge(facts: Facts, day: Day) -> Judgement:
    """How the duty stands on `day`.

    Only inside our own bracket (last seen absent, first seen] does the time a page claims decide,
    and only if nothing contradicts it. Nothing is overdue without proof that it was absent.
    """
    if facts.hold == "not_applicable" and not facts.has_clock:
        return Judgement(Reason.CLOCK_UNSUPPORTED)
    if facts.hold in HELD:
        return Judgement(HELD[facts.hold])
    if not facts.is_formed:
        return Judgement(Reason.NO_FORMATION_DATE)
    if facts.seen_early:
        return Judgement(Reason.SEEN_BEFORE_FORMED)
    if facts.due_ord is None:
        return Judgement(Reason.CALENDAR_NOT_LOADED)
    if facts.is_seen:
        return _judge_published(facts, facts.due_ord, day)
    return _judge_unpublished(facts, facts.due_ord, day)


def is_blamed(facts: Facts, day: Day) -> bool:
    """Whether what was published is late or too early, or would be once no ruling holds the duty:
    such a ruling can be taken back, and what was recorded meanwhile counts then.
    """
    if facts.hold != "not_applicable":
        facts = replace(facts, hold="none")
    return judge(facts, day).verdict in (Verdict.LATE, Verdict.EARLY_VIOLATION)


def _judge_published(facts: Facts, due_ord: int, day: Day) -> Judgement:
    if facts.claim_early and not facts.claim_contradicted:
        return Judgement(Reason.CLAIM_BEFORE_FORMED)
    if facts.seen_ord is not None and facts.seen_ord <= due_ord:
        return Judgement(_in_time(facts, Reason.SEEN_IN_TIME, day))
    if facts.absent_ord is not None and facts.absent_ord > due_ord:
        believed = None if facts.claim_contradicted else facts.claim_ord
        over_by = max(believed or 0, facts.absent_ord) - due_ord
        return Judgement(Reason.ABSENT_AFTER_DUE, over_by)
    if facts.claim_contradicted:
        return Judgement(Reason.CLAIM_CONTRADICTED)
    if not facts.is_claimed:
        return Judgement(Reason.NO_PUBLICATION_TIME)
    if facts.claim_ord is not None and facts.claim_ord <= due_ord:
        return Judgement(_in_time(facts, Reason.CLAIM_IN_TIME, day))
    if facts.claim_ord is not None or due_ord <= day.last_ord:
        claimed = day.last_ord + 1 if facts.claim_ord is None else facts.claim_ord
        return Judgement(Reason.CLAIM_AFTER_DUE, claimed - due_ord)
    return Judgement(Reason.CALENDAR_NOT_LOADED)


def _in_time(facts: Facts, reason: Reason, day: Day) -> Reason:
    is_broken = facts.is_gone or facts.gone_day is not None
    if is_broken and not _has_stayed(facts):
        return _gone(facts)
    if facts.is_incomplete:
        return Reason.ELEMENTS_MISSING
    if facts.keep is None or is_broken:
        return reason
    if facts.stay_most_day is None:
        return Reason.CALENDAR_NOT_LOADED
    if facts.keep == RuleKind.KEEP_ONLINE or _has_stayed(facts):
        return reason
    is_over = day.plain_day > facts.stay_most_day
    return Reason.DISPLAY_NOT_CHECKED if is_over else Reason.ON_DISPLAY


def _has_stayed(facts: Facts) -> bool:
    """Whether it was seen until its time was over, however late it began, and not gone on that day:
    the last day ends at 24:00."""
    if facts.keep is None or facts.stayed_day is None or facts.stay_most_day is None:
        return False
    is_whole = facts.gone_day is None or facts.gone_day > facts.stay_most_day
    return is_whole and facts.stayed_day >= facts.stay_most_day


def _gone(facts: Facts) -> Reason:
    """Taken down: too early for sure only if it would be so of what began as early as it can."""
    if facts.keep is None:
        return Reason.GONE_FROM_THE_WEB
    if facts.gone_day is None or facts.stay_least_day is None:
        return Reason.STAY_NOT_KNOWN
    if facts.gone_day > facts.stay_least_day:
        return Reason.STAY_NOT_KNOWN
    is_display = facts.keep == RuleKind.MIN_DISPLAY
    return Reason.TAKEN_DOWN_EARLY if is_display else Reason.GONE_FROM_THE_WEB


def _judge_unpublished(facts: Facts, due_ord: int, day: Day) -> Judgement:
    if due_ord > day.last_ord:
        return Judgement(Reason.CALENDAR_NOT_LOADED)
    left = due_ord - day.now_ord
    if left >= 0:
        return Judgement(Reason.DUE_WITHIN_DAYS if left <= DUE_SOON_DAYS else Reason.DUE_DATE_AHEAD)
    if facts.in_review:
        return Judgement(Reason.CANDIDATE_IN_REVIEW)
    if day.walked_ord is not None and day.walked_ord > due_ord and _knew_of(facts, day):
        return Judgement(Reason.PROVEN_ABSENT)
    return Judgement(Reason.NO_CAPTURE_SINCE_DUE)


def _knew_of(facts: Facts, day: Day) -> bool:
    """Whether the walk was made after the duty, under its present names, could be matched."""
    since = facts.matchable_since
    return since is None or (day.walked_at is not None and day.walked_at >= since)
