"""What is missing or does not fit in the data of an item and its guide, each named in words."""

from typing import Any

import pytest

from services.appointments.guides.findings import findings
from services.appointments.guides.schemas import GuideContent, ItemTerms

ITEM: dict[str, Any] = {
    "name": "测试事项",
    "group": "测试",
    "department_code": "T01",
    "subject_kinds": ["person"],
    "standard_minutes": 20,
    "visits_needed": 1,
    "visits_reason": "核对原件",
    "valid_from": "2020-01-01",
    "authority_name": "测试局",
    "exercise_levels": ["city"],
    "handling_forms": ["window"],
    "result_kind": "certificate",
}
PAPER: dict[str, Any] = {"name": "身份证", "source": "本人"}
GUIDE: dict[str, Any] = {
    "conditions": ["本人到场"],
    "materials": [PAPER],
    "steps": [{"name": "取号"}],
    "basis": ["某法第一条"],
    "results": ["居住证"],
    "consultation": "12345",
    "complaints": "12345",
    "remedies": "行政复议",
}
PROMISED = {"case_kind": "promised", "promised_limit": 3, "promised_limit_unit": "workdays"}


def found(item: dict[str, Any], guide: dict[str, Any] | None, halls: int = 1) -> list[str]:
    content = None if guide is None else GuideContent(**{**GUIDE, **guide})
    return [
        f"{one.kind} {one.pointer}"
        for one in findings(ItemTerms(**{**ITEM, **item}), content, halls=halls)
    ]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({}, []),
        ({"promised_limit": 2, "promised_limit_unit": "days"}, ["contradiction promised_limit"]),
        (
            {**PROMISED, "legal_limit": 2, "legal_limit_unit": "workdays"},
            ["contradiction promised_limit"],
        ),
        (
            {**PROMISED, "legal_limit": 20, "legal_limit_unit": "days"},
            ["contradiction promised_limit_unit"],
        ),
        (PROMISED, ["missing legal_limit"]),
        ({"handling_forms": ["computer"]}, ["contradiction handling_forms"]),
        ({"online_depth": "iii"}, ["contradiction handling_forms"]),
        ({"by_post": True}, ["contradiction handling_forms"]),
        ({"handling_forms": ["window", "post"]}, ["contradiction handling_forms"]),
        ({"online_depth": "iv"}, ["contradiction visits_needed", "contradiction handling_forms"]),
        ({"authority_name": None}, ["missing authority_name"]),
        ({"exercise_levels": []}, ["missing exercise_levels"]),
        ({"handling_forms": []}, ["missing handling_forms"]),
        ({"result_kind": None}, ["missing result_kind"]),
    ],
)
def test_each_fault_of_an_item_is_named(item: dict[str, Any], said: list[str]) -> None:
    assert found(item, {}) == [line.replace(" ", " /item/") for line in said]


@pytest.mark.parametrize(
    ("guide", "said"),
    [
        ({"materials": []}, []),
        ({"materials": [{"name": "甲"}]}, ["missing materials/0/source"]),
        (
            {"materials": [PAPER, {**PAPER, "kind": "form"}]},
            ["missing materials/1/blank_form"],
        ),
        ({"materials": [{**PAPER, "copies": 0}]}, ["contradiction materials/0/copies"]),
        ({"materials": [{**PAPER, "may_follow": True}]}, ["contradiction materials"]),
        ({"materials": [PAPER, {**PAPER, "may_follow": True}]}, []),
        ({"results": ["准予批复"]}, ["contradiction results/0"]),
        ({"fees": [{"name": "工本费", "amount": "10 元"}]}, ["missing fees/0/basis"]),
        *(
            ({name: empty}, [f"missing {name}"])
            for name, empty in (
                ("basis", []),
                ("conditions", []),
                ("results", []),
                ("consultation", ""),
                ("complaints", ""),
                ("remedies", ""),
            )
        ),
    ],
)
def test_each_fault_of_a_guide_is_named(guide: dict[str, Any], said: list[str]) -> None:
    assert found({}, guide) == [line.replace(" ", " /guide/") for line in said]


def test_papers_that_nobody_can_hand_in_are_a_contradiction() -> None:
    online = {"visits_needed": 0, "online_depth": "iii", "handling_forms": ["computer"]}

    assert found(online, {}) == ["contradiction /guide/materials"]
    assert found(online, {"materials": [{**PAPER, "form": "electronic"}]}) == []


def test_an_item_without_guide_or_hall_says_so_with_the_contradiction_first() -> None:
    assert found({}, None, halls=0) == [
        "contradiction /item/visits_needed",
        "missing /guide",
    ]
