"""What may have happened to a duty, and the reason by which it is judged then: one for each reason
at the least."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.projects.auditing.models import Reason
from services.projects.calendar.clocks import ClockRule
from services.projects.calendar.models import RuleKind
from services.projects.duties.models import ClaimKind, FactKind, Hold
from tests.projects.proven import FIRST, History, Left

TWENTY = ClockRule(RuleKind.WORKING_DAYS, 20)
"""To 2026-03-30, the 28th day after it."""
YEARS = ClockRule(RuleKind.MONTHS, 12)
SHOWN = ClockRule(RuleKind.MIN_DISPLAY, 5)
KEPT_ON = replace(TWENTY, keep=ClockRule(RuleKind.KEEP_ONLINE, 30))
LONG_SHOWN = replace(TWENTY, keep=ClockRule(RuleKind.MIN_DISPLAY, 300))


def at(days: float) -> datetime:
    return FIRST + timedelta(days=days)


def seen_on(day: float, claimed: float | None = None, **others: Any) -> dict[str, Any]:
    """A page is seen that claims a day."""
    claim = {} if claimed is None else {"claim_kind": ClaimKind.LABEL, "claimed_at": at(claimed)}
    return {"url": "https://a.cn/1", "observed_at": at(day), **claim, **others}


def second_on(day: float, claimed: float = 0) -> dict[str, Any]:
    """The same on another page."""
    return seen_on(day, claimed, url="https://a.cn/2")


def pushed_on(day: float, received: float, **others: Any) -> dict[str, Any]:
    claim = {"claim_kind": ClaimKind.PUSH, "received_at": at(received)}
    return seen_on(day, received, **{**claim, **others})


def history_of(clock: ClockRule, day: float, *seen: Any, **others: Any) -> History:
    return History(clock=clock, now=at(day), seen=seen, **others)


CASES: dict[str, tuple[History, Reason, int | None]] = {
    "no clock": (
        history_of(ClockRule(RuleKind.NONE), 9, hold=Hold.NOT_APPLICABLE),
        Reason.CLOCK_UNSUPPORTED,
        None,
    ),
    "not on the web": (history_of(TWENTY, 9, hold=Hold.NOT_APPLICABLE), Reason.NOT_AUDITABLE, None),
    "exempt": (history_of(TWENTY, 99, hold=Hold.EXEMPT), Reason.EXEMPTED, None),
    "suspended": (history_of(TWENTY, 9, hold=Hold.SUSPENDED), Reason.SUSPENDED_BY_RULING, None),
    "disputed": (history_of(TWENTY, 9, hold=Hold.DISPUTED), Reason.DISPUTED_BY_UNIT, None),
    "not formed": (history_of(TWENTY, 9, formed_on=None), Reason.NO_FORMATION_DATE, None),
    "no notice": (history_of(YEARS, 9), Reason.CALENDAR_NOT_LOADED, None),
    "seen early": (history_of(TWENTY, 9, seen_on(-1)), Reason.SEEN_BEFORE_FORMED, None),
    "claims too early": (history_of(TWENTY, 9, seen_on(3, -1)), Reason.CLAIM_BEFORE_FORMED, None),
    "seen on the last day": (history_of(TWENTY, 60, seen_on(28)), Reason.SEEN_IN_TIME, None),
    "claims the last day": (history_of(TWENTY, 60, seen_on(40, 28)), Reason.CLAIM_IN_TIME, None),
    "pushed on the last day": (
        history_of(TWENTY, 60, pushed_on(40, 28)),
        Reason.CLAIM_IN_TIME,
        None,
    ),
    "the page agrees with a push": (
        history_of(
            TWENTY, 60, pushed_on(40, 28, claims_agree=True), seen_on(40, 9, url="https://a.cn/2")
        ),
        Reason.CLAIM_IN_TIME,
        None,
    ),
    "pushed, and claims a day before it was": (
        history_of(TWENTY, 60, pushed_on(40, 29, claimed_at=at(20))),
        Reason.CLAIM_CONTRADICTED,
        None,
    ),
    "pushed, and nobody knows when": (
        history_of(TWENTY, 60, pushed_on(40, 20, received_at=None)),
        Reason.CLAIM_CONTRADICTED,
        None,
    ),
    "a push alone says less than a page with its marks": (
        history_of(
            *(TWENTY, 60, pushed_on(40, 29)),
            seen_on(41, 28, url="https://a.cn/2", cms_at=at(28), claims_agree=True),
        ),
        Reason.CLAIM_IN_TIME,
        None,
    ),
    "pushed too late": (history_of(TWENTY, 60, pushed_on(40, 29)), Reason.CLAIM_AFTER_DUE, 1),
    "elements are missing": (
        history_of(TWENTY, 60, seen_on(9, missing_elements=("文号",))),
        Reason.ELEMENTS_MISSING,
        None,
    ),
    "elements are missing, and it cannot be read any more": (
        history_of(
            *(TWENTY, 60, seen_on(9, missing_elements=("文号",))),
            seen_on(12, elements_judged=False),
        ),
        Reason.ELEMENTS_MISSING,
        None,
    ),
    "it could never be read": (
        history_of(TWENTY, 60, seen_on(9, elements_judged=False)),
        Reason.SEEN_IN_TIME,
        None,
    ),
    "gone": (history_of(TWENTY, 60, seen_on(9), Left(at(30))), Reason.GONE_FROM_THE_WEB, None),
    "gone before it was kept long enough": (
        history_of(KEPT_ON, 60, seen_on(9, 8), Left(at(38))),
        Reason.GONE_FROM_THE_WEB,
        None,
    ),
    "kept long enough": (
        history_of(KEPT_ON, 99, seen_on(9, 8), seen_on(39, 8), Left(at(50))),
        Reason.SEEN_IN_TIME,
        None,
    ),
    "kept so far": (history_of(KEPT_ON, 20, seen_on(9, 8)), Reason.SEEN_IN_TIME, None),
    "on display": (history_of(SHOWN, 7, seen_on(0.1, 0)), Reason.ON_DISPLAY, None),
    "on display for a year without its notice": (
        history_of(LONG_SHOWN, 60, seen_on(28)),
        Reason.CALENDAR_NOT_LOADED,
        None,
    ),
    "on display, and claims a day to come": (
        history_of(SHOWN, 8, seen_on(0.1, 3)),
        Reason.DISPLAY_NOT_CHECKED,
        None,
    ),
    "not looked at since": (
        history_of(SHOWN, 8, seen_on(0.1, 0)),
        Reason.DISPLAY_NOT_CHECKED,
        None,
    ),
    "displayed": (history_of(SHOWN, 9, seen_on(0.1, 0), seen_on(7, 0)), Reason.SEEN_IN_TIME, None),
    "taken down on its last day": (
        history_of(SHOWN, 9, seen_on(0.1, 0), Left(at(7))),
        Reason.TAKEN_DOWN_EARLY,
        None,
    ),
    "taken down, and a list claims a day before it was formed": (
        history_of(SHOWN, 9, seen_on(0.1, -1, claim_kind=ClaimKind.LIST), Left(at(7))),
        Reason.TAKEN_DOWN_EARLY,
        None,
    ),
    "taken down, and claims no day": (
        history_of(SHOWN, 9, seen_on(0.1, last_absent_at=at(-1)), Left(at(7))),
        Reason.TAKEN_DOWN_EARLY,
        None,
    ),
    "taken down nobody knows when": (
        history_of(SHOWN, 9, seen_on(0.1, 0), Left(at(8))),
        Reason.STAY_NOT_KNOWN,
        None,
    ),
    "broken off, and shown for a moment long after": (
        history_of(SHOWN, 41, seen_on(0.1, 0), Left(at(2)), seen_on(38, 0)),
        Reason.TAKEN_DOWN_EARLY,
        None,
    ),
    "broken off, and shown on its last day": (
        history_of(SHOWN, 9, seen_on(0.1, 0), Left(at(2)), seen_on(7, 0)),
        Reason.TAKEN_DOWN_EARLY,
        None,
    ),
    "seen and gone on its last day": (
        history_of(SHOWN, 9, seen_on(0.1, 0), seen_on(7, 0), Left(at(7.1))),
        Reason.TAKEN_DOWN_EARLY,
        None,
    ),
    "shown again after it had stayed": (
        history_of(SHOWN, 12, seen_on(0.1, 0), seen_on(7, 0), Left(at(8)), seen_on(9, 0)),
        Reason.SEEN_IN_TIME,
        None,
    ),
    "another page was there meanwhile": (
        history_of(SHOWN, 9, seen_on(0.1, 0), second_on(1), Left(at(2)), second_on(7)),
        Reason.SEEN_IN_TIME,
        None,
    ),
    "it moved, and was nowhere meanwhile": (
        history_of(SHOWN, 9, seen_on(0.1, 0), Left(at(2)), second_on(0.1), second_on(8)),
        Reason.TAKEN_DOWN_EARLY,
        None,
    ),
    "gone before the day that another page claims": (
        history_of(SHOWN, 12, seen_on(0.1), Left(at(0.2)), second_on(2, 1), second_on(10, 1)),
        Reason.SEEN_IN_TIME,
        None,
    ),
    "kept online again within its time": (
        history_of(KEPT_ON, 30, seen_on(9, 8), Left(at(20)), seen_on(25, 8)),
        Reason.SEEN_IN_TIME,
        None,
    ),
    "kept online again after its time": (
        history_of(KEPT_ON, 60, seen_on(9, 8), Left(at(20)), seen_on(45, 8)),
        Reason.GONE_FROM_THE_WEB,
        None,
    ),
    "absent after the limit": (
        history_of(TWENTY, 60, seen_on(40, 35, last_absent_at=at(31))),
        Reason.ABSENT_AFTER_DUE,
        5,  # it claims a day of rest, Qingming
    ),
    "absent after the limit, by a claim that is contradicted": (
        history_of(TWENTY, 60, seen_on(40, 38, last_absent_at=at(31), contradicted=True)),
        Reason.ABSENT_AFTER_DUE,
        3,
    ),
    "claims too late": (history_of(TWENTY, 60, seen_on(40, 29)), Reason.CLAIM_AFTER_DUE, 1),
    "contradicted": (
        history_of(TWENTY, 60, seen_on(40, 20, cms_at=at(25))),
        Reason.CLAIM_CONTRADICTED,
        None,
    ),
    "claims nothing": (history_of(TWENTY, 60, seen_on(40)), Reason.NO_PUBLICATION_TIME, None),
    "ahead": (history_of(TWENTY, 22), Reason.DUE_DATE_AHEAD, None),
    "within days": (history_of(TWENTY, 28), Reason.DUE_WITHIN_DAYS, None),
    "in review": (history_of(TWENTY, 60, in_review=True), Reason.CANDIDATE_IN_REVIEW, None),
    "not walked": (history_of(TWENTY, 60), Reason.NO_CAPTURE_SINCE_DUE, None),
    "absent": (history_of(TWENTY, 50, walked_at=at(45)), Reason.PROVEN_ABSENT, 15),
    "taken back": (
        history_of(TWENTY, 60, seen_on(9), Left(at(40), FactKind.TAKEN_BACK)),
        Reason.NO_CAPTURE_SINCE_DUE,
        None,
    ),
}
