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
    normal_name,
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


NUMBER = "行审〔2026〕12号"


@pytest.mark.parametrize("its_name", ["城西水厂扩建工程", "东湖大道工程"])
def test_a_document_number_that_two_units_share_does_not_join_them(its_name: str) -> None:
    own, other = duty(), duty("东湖大道工程", code=OTHER, unit="D02", doc_no=NUMBER)
    notice = page(f"关于{its_name}可行性研究报告的批复", doc_no=NUMBER)
    is_theirs = its_name == "东湖大道工程"
    expected = (
        (other.duty_id, MatchMethod.DOCUMENT, ReviewReason.OTHER_UNIT)
        if is_theirs
        else (own.duty_id, MatchMethod.NAME, None)
    )
    assert found(notice, own, other) == [expected]


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


def scores(page: PageFacts, *duties: Candidate) -> list[tuple[UUID, float]]:
    return [(p.candidate.duty_id, p.score) for p in propose(page, duties)]


def test_a_sure_tie_has_the_full_score() -> None:
    wanted = duty(doc_no="宁发改审批〔2026〕12号")
    for notice in (page("批复", doc_no="宁发改审批〔2026〕12号"), page("公示", code=CODE), page()):
        assert scores(notice, wanted) == [(wanted.duty_id, 1.0)]


def test_likeness_is_scored_to_three_places() -> None:
    wanted = duty("甲乙丙丁戊己庚")  # six pairs; the title holds five of them in the first case
    assert scores(page("甲乙丙丁戊己"), wanted) == [(wanted.duty_id, 0.833)]
    assert scores(page("甲乙丙丁"), wanted) == []


def test_six_tenths_are_like_enough() -> None:
    wanted = duty("甲乙丙丁戊己")
    assert scores(page("甲乙丙丁"), wanted) == [(wanted.duty_id, 0.6)]


def test_a_page_that_names_no_project_is_alike_by_its_title_alone() -> None:
    wanted = duty("甲乙丙XXX")  # four pairs; the title holds two of them
    assert scores(page("关于甲乙丙的批复"), wanted) == []


def test_every_duty_that_an_exact_mark_ties_is_proposed() -> None:
    assert len(found(page(code=CODE), *(duty() for _ in range(5)))) == 5


def test_of_duties_that_are_merely_alike_three_are_proposed() -> None:
    notice = page("关于滨江污水厂提标改造工程可行性研究报告的批复")
    assert len(found(notice, *(duty("滨江污水处理厂提标改造工程") for _ in range(5)))) == 3


def test_the_document_outweighs_the_item_that_the_page_seems_to_be_about() -> None:
    wanted = duty(item="MP-02-13", doc_no="宁发改审批〔2026〕12号")
    other = duty(item="MP-02-02", doc_no="宁发改审批〔2026〕12号")
    notice = page("批复", doc_no="宁发改审批〔2026〕12号")
    assert found(notice, wanted) == [
        (wanted.duty_id, MatchMethod.DOCUMENT, ReviewReason.ITEM_UNCLEAR)
    ]
    assert found(notice, wanted, other) == [(other.duty_id, MatchMethod.DOCUMENT, None)]


def test_a_duty_without_a_document_number_is_not_the_documents() -> None:
    assert found(page("批复", doc_no="宁发改审批〔2026〕12号"), duty()) == []
    assert found(page("批复"), duty(doc_no="宁发改审批〔2026〕12号")) == []


@pytest.mark.parametrize(("name", "is_tie"), [("甲乙丙", False), ("甲乙丙丁", True)])
def test_a_name_of_three_characters_is_no_tie(name: str, is_tie: bool) -> None:
    [proposal] = propose(page(f"关于{name}的批复"), [duty(name)])
    assert (proposal.method is MatchMethod.NAME) is is_tie


def test_the_name_in_the_body_counts_like_the_one_in_the_title() -> None:
    wanted = duty()
    named = PageFacts("D01", "批复", None, wanted.project_name, None, None, frozenset())
    assert propose(named, [wanted])[0].method is MatchMethod.NAME
    alike = PageFacts("D01", "批复", None, "城西水厂扩建", None, None, frozenset())
    assert propose(alike, [wanted])[0].method is MatchMethod.SIMILAR


def test_no_duty_of_the_unit_is_no_proposal() -> None:
    assert propose(page(), []) == []
    assert found(page(), duty(unit="D03")) == []


def test_of_two_units_with_one_project_the_pages_own_is_meant() -> None:
    own, other = duty(), duty(unit="D03")
    assert found(page(code=CODE), other, own) == [(own.duty_id, MatchMethod.CODE, None)]


def test_of_two_documents_of_one_day_the_pages_own_is_meant() -> None:
    day = date(2026, 6, 1)
    wanted = duty(formed_on=day, doc_no="宁发改审批〔2026〕12号")
    notice = page(code=CODE, doc_no="宁发改审批〔2026〕12号", formed_on=day)
    assert found(notice, duty(formed_on=day), wanted) == [
        (wanted.duty_id, MatchMethod.DOCUMENT, None)
    ]


def test_two_of_one_day_are_narrowed_by_the_unit_only_if_it_tells_them_apart() -> None:
    day = date(2026, 6, 1)
    first, second = duty(formed_on=day), duty(formed_on=day)
    assert len(found(page(code=CODE, formed_on=day), first, second)) == 2


def test_a_name_is_compared_without_width_case_and_punctuation() -> None:
    assert normal_name("（Ａ－１）号 楼·Ｂ") == "a1号楼b"
