"""By which names a page is tied: as itself, as another part of it, or as one of several."""

from datetime import date

import pytest

from services.projects.matching.models import MatchMethod, ReviewReason
from services.projects.matching.naming import no_longer_sure, propose_again, propose_besides
from services.projects.matching.rules import PageFacts, propose
from services.projects.reading.naming import names_in
from tests.projects.test_matching_rules import CODE, OTHER, duty, found, page

PARTS = (
    "一期",
    "（二期）",
    "三期工程",
    "扩建",
    "改扩建工程",
    "配套工程",
    "及配套设施",
    "A10标段",
    "第2标段",
    "A标段",
    "（A标段）",
    "标段一",
    "东段",
    "延伸线",
    "二阶段",
    "一区",
    "东区",
    "起步区",
    "改造",
    "2#楼",
    "一号楼",
    "B地块",
)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("between", ["", "工程", "建设项目"])
def test_a_name_that_goes_on_as_another_part_goes_to_a_person(part: str, between: str) -> None:
    wanted = duty("平潭岚城新区小学")
    title = f"关于平潭岚城新区小学{between}{part}可行性研究报告的批复"
    assert found(page(title), wanted) == [
        (wanted.duty_id, MatchMethod.NAME, ReviewReason.ANOTHER_PART)
    ]
    named = PageFacts("D01", "批复", None, f"平潭岚城新区小学{part}", None, None, frozenset())
    assert [p.reason for p in propose(named, [wanted])] == [ReviewReason.ANOTHER_PART]


@pytest.mark.parametrize("part", ["-2", "（2）", "B", "-B", "A1"])
def test_a_name_with_a_bare_number_or_letter_goes_to_a_person(part: str) -> None:
    wanted = duty("平潭岚城新区小学")
    notice = page(f"关于平潭岚城新区小学{part}可行性研究报告的批复")
    assert found(notice, wanted) == [(wanted.duty_id, MatchMethod.NAME, ReviewReason.ANOTHER_PART)]


BEFORE = ("新", "南", "城东", "老", "二期", "（二期）", "第2标段", "A标段", "东区", "扩建", "“新”")


@pytest.mark.parametrize("before", BEFORE)
def test_a_name_that_begins_as_another_one_goes_to_a_person(before: str) -> None:
    wanted = duty("平潭岚城新区小学")
    notice = page(f"关于{before}平潭岚城新区小学可行性研究报告的批复")
    assert found(notice, wanted) == [(wanted.duty_id, MatchMethod.NAME, ReviewReason.ANOTHER_PART)]


@pytest.mark.parametrize(
    "before", ["关于对", "关于同意", "关于新建", "批复：", "更新，", "济南", "江北区", "广东"]
)
def test_other_words_before_a_name_make_no_other_one_of_it(before: str) -> None:
    wanted = duty("平潭岚城新区小学")
    notice = page(f"{before}平潭岚城新区小学可行性研究报告的批复")
    assert found(notice, wanted) == [(wanted.duty_id, MatchMethod.NAME, None)]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_registered_is_the_one_that_is_meant(part: str) -> None:
    whole, other = duty("平潭岚城新区小学"), duty(f"平潭岚城新区小学{part}", code=OTHER)
    notice = page(f"关于平潭岚城新区小学{part}可行性研究报告的批复")
    assert found(notice, whole, other) == [(other.duty_id, MatchMethod.NAME, None)]


def test_both_parts_in_one_title_are_both_named() -> None:
    first, second = duty("平潭岚城新区小学"), duty("平潭岚城新区小学二期", code=OTHER)
    notice = page("关于平潭岚城新区小学、平潭岚城新区小学二期可行性研究报告的批复")
    assert found(notice, first, second) == [
        (first.duty_id, MatchMethod.NAME, ReviewReason.SEVERAL_PROJECTS),
        (second.duty_id, MatchMethod.NAME, ReviewReason.SEVERAL_PROJECTS),
    ]


REST = (
    *("十四五期间建设", "配套费", "施工期间", "可行性研究报告", "中标结果", "招标方案"),
    *(
        "2026年度计划",
        "（宁发改〔2026〕12号）",
        "2个子项",
        "PPP项目",
        "区域评估",
        "一段时间内实施方案",
    ),
)


@pytest.mark.parametrize("rest", REST)
def test_other_words_after_a_name_make_no_other_part_of_it(rest: str) -> None:
    wanted = duty("平潭岚城新区小学")
    notice = page(f"关于平潭岚城新区小学{rest}的批复")
    assert found(notice, wanted) == [(wanted.duty_id, MatchMethod.NAME, None)]


def test_the_code_decides_whatever_follows_the_name() -> None:
    wanted = duty("平潭岚城新区小学")
    notice = page("关于平潭岚城新区小学二期可行性研究报告的批复", code=CODE)
    assert found(notice, wanted) == [(wanted.duty_id, MatchMethod.CODE, None)]


FIVE = ("城东大桥", "城南小学", "城西水厂", "城北医院", "滨江绿道")


def test_a_title_that_names_five_projects_proposes_five() -> None:
    duties = [duty(name, code=f"{n}") for n, name in enumerate(FIVE)]
    notice = page(f"关于{'、'.join(FIVE)}项目可行性研究报告的批复")
    assert found(notice, *duties) == [
        (each.duty_id, MatchMethod.NAME, ReviewReason.SEVERAL_PROJECTS) for each in duties
    ]


@pytest.mark.parametrize("name", FIVE)
@pytest.mark.parametrize("title", ["关于{}项目可研的批复", "关于{}等五个项目可研的批复"])
def test_one_of_several_that_a_title_names_goes_to_a_person_whoever_else_is_known(
    name: str, title: str
) -> None:
    wanted = duty(name)
    notice = page(title.format("、".join(FIVE)))
    assert found(notice, wanted) == [
        (wanted.duty_id, MatchMethod.NAME, ReviewReason.SEVERAL_PROJECTS)
    ]


def test_of_several_in_a_title_the_one_with_its_code_is_sure() -> None:
    sure, other = duty("城东大桥"), duty("城南小学", code=OTHER)
    notice = page("关于城东大桥、城南小学可行性研究报告的批复", code=CODE)
    assert found(notice, sure, other) == [
        (sure.duty_id, MatchMethod.CODE, None),
        (other.duty_id, MatchMethod.NAME, ReviewReason.SEVERAL_PROJECTS),
    ]


def test_a_page_of_one_project_may_publish_others_that_it_names() -> None:
    first, second = duty("城东大桥"), duty("城南小学", code=OTHER)
    notice = page("关于城东大桥、城南小学可行性研究报告的批复")
    besides = propose_besides(notice, [first, second], {CODE})
    assert [(p.candidate, p.reason) for p in besides] == [(second, ReviewReason.SEVERAL_PROJECTS)]
    alike = page("关于城东大桥可行性研究报告的批复")
    assert propose_besides(alike, [first, duty("城东大桥梁", code=OTHER)], {CODE}) == []


def test_a_page_is_asked_about_again_where_its_project_has_a_duty_that_was_not_known() -> None:
    first, second, other = duty(), duty(), duty("城南小学", code=OTHER)
    notice = page(code=CODE)
    fresh = propose(notice, [first, second])
    both = [*fresh, *propose(page("关于城南小学可行性研究报告的批复"), [other])]
    assert propose_again(notice, both, [first], {first.duty_id}) == fresh
    assert no_longer_sure([first, other], fresh) == [first]
    assert propose_again(notice, both, [first], {first.duty_id, second.duty_id}) == []


def test_a_page_that_names_no_item_is_asked_about_again_for_what_it_publishes_alone() -> None:
    first, second, third = duty(), duty(), duty(item="MP-02-13")
    unclear = page(code=CODE, items=frozenset())
    again = propose_again(
        unclear, propose(unclear, [first, second, third]), [first], {first.duty_id}
    )
    assert [each.candidate for each in again] == [first, second]


def test_a_match_is_as_sure_as_it_was_where_the_page_tells_the_duties_apart() -> None:
    first, second = duty(formed_on=date(2026, 3, 2)), duty(formed_on=date(2026, 6, 1))
    notice = page(code=CODE, formed_on=date(2026, 3, 2))
    fresh = propose(notice, [first, second])
    assert propose_again(notice, fresh, [first], {first.duty_id}) == []
    mistaken = propose_again(notice, fresh, [second], {second.duty_id})
    assert [each.candidate for each in mistaken] == [first]
    assert no_longer_sure([second], mistaken) == [second]


@pytest.mark.parametrize(
    ("title", "known", "named"),
    [
        (
            "滨海新区大道改造建设项目施工招标公告",
            ["滨海新区大道改造工程"],
            {"滨海新区大道改造工程": ""},
        ),
        (
            "滨海新区大道改造工程项目施工招标公告",
            ["滨海新区大道改造项目"],
            {"滨海新区大道改造项目": ""},
        ),
        (
            "滨海新区大道改造建设项目监理",
            ["滨海新区大道改造工程"],
            {"滨海新区大道改造工程": "监理"},
        ),
        (
            "滨海新区大道改造工程施工",
            ["滨海新区大道改造工程", "滨海新区大道改造项目"],
            {"滨海新区大道改造工程": ""},
        ),
        (
            "滨海新区大道改造建设项目施工",
            ["滨海新区大道改造工程", "滨海新区大道改造项目"],
            {"滨海新区大道改造工程": "", "滨海新区大道改造项目": ""},
        ),
        (
            "关于滨海新区大道改造工程政府投资项目初步设计审批的公示",
            ["滨海新区大道改造工程"],
            {"滨海新区大道改造工程": ""},
        ),
        ("中山路建设项目施工", ["中山路工程"], {}),
        ("滨海新区大道改造施工", ["滨海新区大道改造工程"], {}),
    ],
)
def test_what_kind_of_project_a_name_calls_it_makes_no_other_one(
    title: str, known: list[str], named: dict[str, str]
) -> None:
    assert {name: naming.part for name, naming in names_in(title, known).items()} == named
