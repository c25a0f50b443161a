"""An answer about what is reported missing lasts as long as what it rests on."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.projects.auditing.models import Verdict
from services.projects.opendata.facts import PublicDuty
from services.projects.reported_missing import rules
from services.projects.reported_missing.models import (
    CheckAction,
    CheckAnswer,
    CheckState,
    DisclosureCheck,
)
from services.projects.reported_missing.rules import CheckFinding
from services.projects.reported_missing.schemas import DOCUMENT
from tests.projects.test_opendata import a_duty

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
TODAY, DAY = date(2026, 3, 2), timedelta(days=1)
URL = "https://www.example.gov.cn/a.htm"
PROJECT = "2408-359900-47-03-837832"


def a_check(**others: Any) -> DisclosureCheck:
    values = {"project_code": PROJECT, "item_code": "MP-02-01", "unit_code": "D01"}
    moments = {"reference": "-", "first_reported_at": NOON, "last_reported_at": NOON}
    return DisclosureCheck.model_validate({**moments, **values, **others})


def answered(answer: CheckAnswer, *, by: str | None = None, **others: Any) -> DisclosureCheck:
    said = {"state": CheckState.ANSWERED, "answer": answer, "answered_at": NOON, "answered_by": by}
    return a_check(**said, **others)


def owed(verdict: Verdict, **others: Any) -> PublicDuty:
    return a_duty(verdict=verdict, project_code=PROJECT, **others)


SEEN = {"first_seen_at": NOON, "url": URL}


@pytest.mark.parametrize(
    ("named", "duty", "answer"),
    [
        ({}, owed(Verdict.ON_TIME, **SEEN), CheckAnswer.PUBLISHED),
        ({}, owed(Verdict.ON_TIME, **SEEN | {"url": None}, gone_at=NOON), None),
        ({}, owed(Verdict.LATE, **SEEN | {"url": None}, gone_at=NOON), None),
        ({}, owed(Verdict.EARLY_VIOLATION, **SEEN | {"url": None}, is_open=False), None),
        ({"item_code": None}, owed(Verdict.ON_TIME, **SEEN), None),
        ({"item_code": None}, owed(Verdict.OVERDUE), None),
        ({"item_code": None, "project_code": None}, owed(Verdict.OVERDUE), None),
        ({"project_code": None}, owed(Verdict.OVERDUE), None),
        ({"project_code": None}, a_duty(verdict=Verdict.OVERDUE), CheckAnswer.OVERDUE),
        ({}, owed(Verdict.EXEMPT), None),
        ({}, owed(Verdict.PENDING), CheckAnswer.NOT_DUE),
    ],
    ids=lambda given: None if isinstance(given, PublicDuty | CheckAnswer) else str(given),
)
def test_only_what_is_surely_meant_and_there_for_everybody_answers_by_itself(
    named: dict[str, Any], duty: PublicDuty, answer: CheckAnswer | None
) -> None:
    found = rules.find(a_check(**named), [duty], {})
    assert (found and found.answer) == answer


OVERDUE, PUBLISHED = CheckFinding(CheckAnswer.OVERDUE), CheckFinding(CheckAnswer.PUBLISHED, url=URL)
NOT_OWED = {"answer": CheckAnswer.NOT_OWED, "by": "auditor-a"}
NOT_DUE = {"answer": CheckAnswer.NOT_DUE, "by": "auditor-a", "due_on": TODAY}
ONLINE = {"answer": CheckAnswer.PUBLISHED, "by": "auditor-a", "url": URL}
ORDERED = {"answer": CheckAnswer.ORDERED, "by": "auditor-a"}
BY_DUTY = {"answer": CheckAnswer.OVERDUE, "by": None}
BEFORE, AFTER = {"created_at": NOON - DAY}, {"created_at": NOON + DAY}
FIND, REOPEN = CheckAction.FIND, CheckAction.REOPEN


@pytest.mark.parametrize(
    ("said", "found", "duty", "today", "step"),
    [
        (BY_DUTY, OVERDUE, {}, TODAY, None),
        (BY_DUTY, PUBLISHED, {}, TODAY, FIND),
        (BY_DUTY, None, {}, TODAY, REOPEN),
        (NOT_OWED, None, BEFORE, TODAY, None),
        (NOT_OWED, OVERDUE, BEFORE, TODAY, None),
        (NOT_OWED, None, AFTER, TODAY, REOPEN),
        (NOT_OWED, OVERDUE, AFTER, TODAY, FIND),
        (NOT_OWED, PUBLISHED, BEFORE, TODAY, FIND),
        (NOT_DUE, OVERDUE, {}, TODAY, None),
        (NOT_DUE, OVERDUE, {}, TODAY + DAY, FIND),
        (NOT_DUE, None, {}, TODAY + DAY, REOPEN),
        (ONLINE, None, {"gone_at": NOON - DAY}, TODAY, None),
        (ONLINE, None, {"gone_at": NOON + DAY}, TODAY, REOPEN),
        (ORDERED, OVERDUE, {}, TODAY + DAY, None),
        (ORDERED, None, {}, TODAY + DAY, None),
    ],
)
def test_an_answer_stays_found_anew_or_is_taken_back(
    said: dict[str, Any],
    found: CheckFinding | None,
    duty: dict[str, Any],
    today: date,
    step: CheckAction | None,
) -> None:
    check = answered(said["answer"], **{name: said[name] for name in said if name != "answer"})
    assert rules.next_step(check, found, [owed(Verdict.UNKNOWN, **duty)], today) is step


def test_what_is_open_waits_for_whatever_answers_it() -> None:
    assert rules.next_step(a_check(), None, [], TODAY) is None
    assert rules.next_step(a_check(), OVERDUE, [], TODAY) is FIND


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("宁政公开整改〔2026〕12号", True),
        ("宁川市人民政府公告2026年第3号", True),
        ("条例第14条", True),
        ("《政府信息公开条例》第十四条第一款第（三）项", True),
        ("第十六条之一", True),
        ("请找张三处理第14条", False),
        ("张三13812345678号", False),
        ("整改〔2026〕3号，找张三", False),
        ("张三，电话13812345678，见第1条", False),
        ("13812345678条", False),
    ],
)
def test_what_goes_out_with_an_answer_is_a_number_or_an_article(text: str, *, is_one: bool) -> None:
    assert (re.fullmatch(DOCUMENT, text) is not None) is is_one
