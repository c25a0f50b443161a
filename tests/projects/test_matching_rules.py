"""Which duty a page publishes: the strongest tie decides, likeness is never enough by itself."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from services.projects.matching.models import MatchMethod, ReviewReason
from services.projects.matching.rules import (
    Candidate,
    PageFacts,
    coverage,
    item_codes,
    missing_elements,
    propose,
)
from services.projects.reading.rule import ItemCue

CODE, OTHER = "2605-359900-44-05-523645", "2504-359900-43-04-418916"


def duty(
    name: str = "城西水厂扩建工程",
    *,
    code: str = CODE,
    item: str = "MP-02-02",
    unit: str = "D01",
    formed_on: date | None = None,
    doc_no: str | None = None,
) -> Candidate:
    return Candidate(uuid4(), unit, code, name, item, formed_on, doc_no)


def page(
    title: str = "关于城西水厂扩建工程可行性研究报告批复的公示",
    *,
    code: str | None = None,
    doc_no: str | None = None,
    formed_on: date | None = None,
    items: frozenset[str] = frozenset({"MP-02-02"}),
) -> PageFacts:
    return PageFacts("D01", title, code, None, doc_no, formed_on, items)


def found(page: PageFacts, *duties: Candidate) -> list[tuple[UUID, str, str | None]]:
    return [(p.candidate.duty_id, p.method, p.reason) for p in propose(page, duties)]


def test_the_project_code_is_a_sure_tie() -> None:
    wanted = duty()
    assert found(page("公示", code=CODE), wanted, duty(code=OTHER)) == [
        (wanted.duty_id, MatchMethod.CODE, None)
    ]


def test_a_code_of_another_project_rules_out_the_name_in_the_title() -> None:
    assert found(page(code=OTHER), duty()) == []


def test_the_document_number_is_a_sure_tie_without_a_code() -> None:
    wanted = duty(doc_no="宁发改审批[2026]第12号")
    notice = page("批复", doc_no="宁发改审批〔2026〕12号", items=frozenset())
    assert found(notice, wanted, duty(doc_no="宁发改审批〔2026〕13号")) == [
        (wanted.duty_id, MatchMethod.DOCUMENT, None)
    ]


def test_the_name_in_the_title_is_a_tie_whatever_its_punctuation() -> None:
    wanted = duty("八方电商物流园变更（仓库二、综合楼）")
    notice = page("八方电商物流园变更(仓库二、综合楼)项目可研批复")
    assert found(notice, wanted) == [(wanted.duty_id, MatchMethod.NAME, None)]


def test_the_longer_of_two_names_is_meant() -> None:
    first, second = duty("平潭岚城新区小学"), duty("平潭岚城新区小学（二期）", code=OTHER)
    notice = page("关于平潭岚城新区小学（二期）可行性研究报告的批复")
    assert found(notice, first, second) == [(second.duty_id, MatchMethod.NAME, None)]


def test_mere_likeness_goes_to_a_person() -> None:
    wanted = duty("滨江污水处理厂提标改造工程")
    notice = page("关于滨江污水厂提标改造工程可行性研究报告的批复")
    assert found(notice, wanted) == [
        (wanted.duty_id, MatchMethod.SIMILAR, ReviewReason.ONLY_SIMILAR)
    ]


def test_too_little_likeness_is_nothing() -> None:
    assert found(page("关于召开年度工作会议的通知"), duty("滨江污水处理厂提标改造工程")) == []


def test_a_page_about_another_item_is_nothing() -> None:
    assert found(page(code=CODE), duty(item="MP-02-13")) == []


def test_a_page_of_unclear_item_goes_to_a_person() -> None:
    wanted = duty()
    assert found(page(code=CODE, items=frozenset()), wanted) == [
        (wanted.duty_id, MatchMethod.CODE, ReviewReason.ITEM_UNCLEAR)
    ]


def test_of_two_decisions_on_one_item_the_one_of_that_day_is_meant() -> None:
    first, second = duty(formed_on=date(2026, 3, 2)), duty(formed_on=date(2026, 6, 1))
    notice = page(code=CODE, formed_on=date(2026, 6, 1))
    assert found(notice, first, second) == [(second.duty_id, MatchMethod.CODE, None)]


def test_of_two_decisions_that_cannot_be_told_apart_a_person_chooses() -> None:
    first, second = duty(formed_on=date(2026, 3, 2)), duty(formed_on=date(2026, 6, 1))
    assert {reason for _, _, reason in found(page(code=CODE), first, second)} == {
        ReviewReason.SEVERAL_CANDIDATES
    }


def test_a_duty_of_another_unit_goes_to_a_person() -> None:
    wanted = duty(unit="D03")
    assert found(page(code=CODE), wanted) == [
        (wanted.duty_id, MatchMethod.CODE, ReviewReason.OTHER_UNIT)
    ]


@pytest.mark.parametrize(
    "title",
    [
        "关于城西水厂扩建工程施工许可阶段审批前公示",
        "城西水厂扩建工程环评文件拟审批公示",
        "城西水厂扩建工程环评受理公示",
        "城西水厂扩建工程规划许可批前公示",
    ],
)
def test_a_notice_before_the_decision_is_not_its_publication(title: str) -> None:
    assert found(page(title, code=CODE), duty()) == []


@pytest.mark.parametrize(
    ("column", "title", "expected"),
    [
        ("施工许可", "甲工程公示", {"MP-02-13"}),
        ("综合信息", "甲工程建筑工程施工许可证", {"MP-02-13"}),
        ("规划许可", "甲工程建设用地规划许可证", {"MP-02-11"}),
        ("综合信息", "甲工程公示", set()),
        (None, "甲工程公示", set()),
    ],
)
def test_the_column_or_the_titles_words_tell_the_item(
    column: str | None, title: str, expected: set[str]
) -> None:
    cues = [
        ItemCue(item_code="MP-02-13", columns=["施工许可"], words=["施工许可证"]),
        ItemCue(item_code="MP-02-11", columns=["规划许可"], words=["用地规划"]),
        ItemCue(item_code="MP-02-12", columns=["规划许可"], words=["工程规划"]),
    ]
    assert item_codes(cues, column, title) == expected


def test_coverage_is_the_share_of_the_names_pairs_of_characters() -> None:
    assert coverage("城西水厂", "城西水厂扩建") == 1.0
    assert coverage("城西水厂", "城西的水厂") == pytest.approx(2 / 3)
    assert coverage("", "城西") == 0.0


def test_elements_are_missing_where_no_label_stands_for_them() -> None:
    wanted = ["批复时间", "批复单位", "批复文号", "项目名称"]
    assert missing_elements(wanted, ["批复日期", "批复机关", "项目名称"]) == ("批复文号",)
