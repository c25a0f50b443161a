"""Why a match was made, or waits for a person: every rule has its words, in both languages."""

import pytest

from services.projects.matching.explaining import SURE, MatchFacts, explain
from services.projects.matching.models import MATCHER, MatchMethod, ReviewReason
from services.projects.matching.registered import BY_REGISTER
from services.projects.matching.wording import ONLY_REGISTERED, REASONS

CODE = "2605-359900-44-05-523645"
MADE = MatchFacts(
    method=MatchMethod.NAME,
    score=1.0,
    reason=None,
    decided_by=MATCHER,
    title="关于城西水厂扩建工程可行性研究报告的批复",
    project_code=CODE,
    project_name="城西水厂扩建工程",
    doc_no="宁发改审批〔2026〕12号",
)


@pytest.mark.parametrize("method", MatchMethod)
def test_each_tie_is_explained_by_what_it_rests_on(method: MatchMethod) -> None:
    tie, sure = explain(MADE._replace(method=method, score=0.72))
    assert (tie.rule, sure.rule) == (method.value, SURE)
    shown = {
        MatchMethod.CODE: CODE,
        MatchMethod.DOCUMENT: "宁发改审批〔2026〕12号",
        MatchMethod.NAME: MADE.project_name,
        MatchMethod.SIMILAR: "72%",
        MatchMethod.REGISTER: "发布登记",
    }
    assert (shown[method] or "-") in tie.text.zh


def test_what_only_the_units_register_ties_is_not_said_to_stand_on_the_page() -> None:
    by_register = MADE._replace(score=BY_REGISTER, reason=ReviewReason.NAMED_BY_UNIT)
    tie, doubt = explain(by_register)
    assert tie.rule == MatchMethod.REGISTER
    assert "发布登记" in tie.text.zh
    assert MADE.project_name not in tie.text.zh
    assert (doubt.rule, doubt.text) == (ReviewReason.NAMED_BY_UNIT, ONLY_REGISTERED)


def test_every_reason_to_ask_a_person_has_words_of_its_own() -> None:
    assert REASONS.keys() == set(ReviewReason)
    assert len({text.zh for text in REASONS.values()}) == len(ReviewReason)
    for reason in ReviewReason:
        last = explain(MADE._replace(reason=reason))[-1]
        assert last.rule == reason
        assert last.text.zh
        assert last.text.en


@pytest.mark.parametrize(
    ("title", "reason", "seen"),
    [
        ("城西水厂扩建工程二期可行性研究报告的批复", ReviewReason.ANOTHER_PART, "二期"),
        ("城西水厂扩建工程施工监理中标公告", ReviewReason.ANOTHER_PART, "施工监理"),
        ("关于撤销城西水厂扩建工程批复的公告", ReviewReason.ITEM_UNCLEAR, "撤销"),
        ("城西水厂扩建工程废标公告", ReviewReason.ITEM_UNCLEAR, "废标"),
    ],
)
def test_the_word_that_made_the_doubt_is_shown(title: str, reason: ReviewReason, seen: str) -> None:
    last = explain(MADE._replace(title=title, reason=reason))[-1]
    assert f"“{seen}”" in last.text.zh
    assert f"“{seen}”" in last.text.en


def test_what_a_person_accepted_needs_no_further_reason() -> None:
    assert [each.rule for each in explain(MADE._replace(decided_by="auditor-a"))] == ["name"]
