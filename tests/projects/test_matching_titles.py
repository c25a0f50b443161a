"""What a title is of: a notice before the decision, another matter, or the decision itself."""

from dataclasses import replace

import pytest

from services.projects.matching.models import ReviewReason
from tests.projects.test_matching_rules import CODE, duty, found, page


@pytest.mark.parametrize(
    "title",
    [
        "关于城西水厂扩建工程施工许可阶段审批前公示",
        "城西水厂扩建工程环评文件拟审批公示",
        "城西水厂扩建工程环评受理公示",
        "城西水厂扩建工程规划许可批前公示",
        "城西水厂扩建工程可行性研究报告受理通知书",
        "城西水厂扩建工程可行性研究报告申请受理情况",
        "城西水厂扩建工程可行性研究报告审批听证公告",
        "城西水厂扩建工程可行性研究报告技术审查公示",
        "城西水厂扩建工程可行性研究报告审查意见征求公告",
        "关于征求城西水厂可行性研究报告意见的函",
    ],
)
def test_a_notice_before_the_decision_is_not_its_publication(title: str) -> None:
    assert found(page(title, code=CODE), duty()) == []


@pytest.mark.parametrize(
    "title",
    [
        "关于不予批准城西水厂扩建工程可行性研究报告的决定",
        "关于撤销城西水厂扩建工程可行性研究报告批复的公告",
        "关于注销城西水厂扩建工程施工许可的公告",
        "城西水厂扩建工程行政处罚决定书",
        "城西水厂扩建工程施工许可办事指南",
        "城西水厂扩建工程施工许可申请示范文本",
        "城西水厂扩建工程可行性研究报告批复更正公告",
        "市领导调研城西水厂扩建工程可行性研究报告办理情况",
        "城西水厂扩建工程可行性研究报告评审会",
    ],
)
@pytest.mark.parametrize("code", [CODE, None])
def test_what_may_be_of_another_matter_than_the_decision_goes_to_a_person(
    title: str, code: str | None
) -> None:
    [(_, _, reason)] = found(page(title, code=code), duty())
    assert reason is ReviewReason.ITEM_UNCLEAR


@pytest.mark.parametrize(
    ("title", "own"),
    [
        ("关于城西水厂扩建工程节能审查意见的批复", "节能审查意见"),
        ("城西水厂扩建工程行政处罚决定书", "质量安全行政处罚"),
        ("城西水厂扩建工程办事指南", "办事指南"),
    ],
)
def test_what_the_item_itself_is_called_is_no_doubt(title: str, own: str) -> None:
    notice = replace(page(title, code=CODE), own_words=frozenset({own}))
    assert [reason for _, _, reason in found(notice, duty())] == [None]
