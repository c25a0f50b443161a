"""The matcher on real titles: it is never wrong by itself, and its table in the docs is true."""

from collections import Counter
from pathlib import Path

import pytest

from services.projects.matching import rules
from tests.projects import labelled_pairs
from tests.projects.labelled_pairs import LabelledPair

DOCUMENT = Path("docs/matching.md")


def test_there_are_300_right_and_300_wrong_pairs_each_with_its_source() -> None:
    pairs = labelled_pairs.read()
    labels = Counter(pair.label for pair in pairs)
    assert labels["yes"] >= 300
    assert labels["no"] >= 300
    assert labels.keys() == {"yes", "no"}
    assert all(pair.source and pair.kind for pair in pairs)
    asked = Counter((pair.unit, pair.column, pair.title, pair.project, pair.item) for pair in pairs)
    assert max(asked.values()) == 1


def test_no_wrong_pair_is_taken_automatically() -> None:
    wrong = [
        (pair.kind, pair.title, pair.project)
        for pair, said in labelled_pairs.answers()
        if said.is_automatic and not pair.is_right
    ]
    assert wrong == []


def test_the_threshold_is_the_one_that_the_choosing_half_shows() -> None:
    chosen_by, reported_on = labelled_pairs.halves()
    assert min(len(chosen_by), len(reported_on)) >= 300
    assert labelled_pairs.choose(chosen_by) == rules.LIKE_ENOUGH


def test_the_table_of_the_docs_is_what_the_set_shows() -> None:
    assert labelled_pairs.table() in DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("title", "project"),
    [
        ("金昌市金川总校体育中考设备采购项目废标公告", "金昌市金川总校体育中考设备采购项目"),
        ("临泉县殡仪馆建设项目勘察设计中标结果公告", "临泉县殡仪馆建设项目"),
        ("某市供水一期工程（管道）(EPC)监理", "某市供水一期工程（管道）"),
        ("某大道改造工程（东路-西路）给水管线工程", "某大道改造工程（东路-西路）"),
        ("某中学新建教学楼工程施工招标控制价", "某中学新建教学楼工程"),
    ],
)
def test_what_ended_or_is_another_contract_was_found_to_need_a_person(
    title: str, project: str
) -> None:
    pair = LabelledPair("no", "", "own", "交易结果公示", title, project, "", "MP-03-04", "")
    said = labelled_pairs.answer(pair)
    assert (said.is_found, said.is_automatic) == (True, False)


def test_no_source_is_in_both_halves_and_each_is_named() -> None:
    chosen_by, reported_on = ({pair.source for pair, _ in half} for half in labelled_pairs.halves())
    assert chosen_by.isdisjoint(reported_on)
    assert reported_on == labelled_pairs.REPORTED_ON
