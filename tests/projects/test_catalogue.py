"""The 85 duties of the handbook's catalogue, each mixed value split into columns of one meaning."""

from collections import Counter
from pathlib import Path

import httpx
import pytest

import services.projects
from services.projects.calendar import clocks
from services.projects.calendar.models import RuleKind
from services.projects.catalogue import rules
from services.projects.catalogue.models import CatalogueItem
from services.projects.catalogue.schemas import ItemRow
from services.projects.duties.making import rule_of

FILE = Path(services.projects.__file__).parent / "data" / "disclosure_catalogue.csv"
ITEMS = {item.item_code: item for item in rules.read(FILE.read_text("utf-8-sig").splitlines())}


def test_every_duty_of_the_file_is_read() -> None:
    assert len(ITEMS) == 85
    kinds = Counter(item.duty_kind.value for item in ITEMS.values())
    assert kinds == {
        "deadline": 63,
        "min_period": 7,
        "min_publicity": 6,
        "asap": 4,
        "realtime": 2,
        "with_notice": 1,
        "before_event": 1,
        "annual": 1,
    }
    units = Counter(item.limit_unit.value for item in ITEMS.values())
    assert units == {"WD": 62, "CD": 15, "ASAP": 4, "RT": 2, "WITH_NOTICE": 1, "DATE": 1}
    assert sum(not item.basis_verified for item in ITEMS.values()) == 15


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("MP-02-01", {"licence": "no", "licence_verified": False, "limit_value": 20}),
        ("MP-02-13", {"licence": "yes", "licence_verified": True, "short_limit_wd": 7}),
        ("PR-01-01", {"licence": "depends", "licence_verified": True}),
        ("GEN-05", {"month_day": "01-31", "limit_value": None, "limit_unit": "DATE"}),
        ("FB-01", {"limit_value": 20, "limit_unit": "CD"}),
        ("MP-01-02", {"audience_kind": "group", "audience": ["项目单位"]}),
        ("DE-07", {"audience_kind": "everyone", "audience": ["被征收人", "全社会"]}),
        ("MP-03-01", {"limit_value": None, "limit_unit": "ASAP"}),
        ("MP-01-01", {"limit_value": None, "limit_unit": "RT"}),
    ],
)
def test_mixed_values_are_split(code: str, expected: dict[str, object]) -> None:
    item = ITEMS[code].model_dump(mode="json")
    assert {name: item[name] for name in expected} == expected


def test_elements_and_channels_are_lists() -> None:
    assert ITEMS["MP-02-01"].content_elements == [
        *("审批结果", "批复时间", "批复单位", "批复文号", "项目名称", "项目统一代码")
    ]
    assert ITEMS["MP-02-01"].channels == ["政府网站", "政务服务中心", "投资项目在线审批监管平台"]
    assert all(item.content_elements and item.channels for item in ITEMS.values())


def reason_of(item: ItemRow) -> str | None:
    return item.not_auditable.value if item.not_auditable else None


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("MP-01-02", "audience_is_a_group"),
        ("PW-03", "audience_is_a_group"),
        ("MP-04-04", "audience_is_a_group"),
        ("MP-08-02", "not_a_publication"),
        ("GEN-04", "not_a_publication"),
        ("DE-03", "not_a_publication"),
        ("MP-03-03", None),
        ("DE-01", None),
        ("PR-02-01", None),
        ("GEN-03", "place_is_not_online"),
        ("MP-02-01", None),
        ("PR-02-04", None),
        ("GEN-05", None),
    ],
)
def test_what_the_open_web_cannot_show_is_marked(code: str, reason: str | None) -> None:
    assert reason_of(ITEMS[code]) == reason


def test_every_item_has_a_clock_or_owes_no_publication() -> None:
    """Those without are asked for, reported or served on somebody, and say so."""
    without = {
        code: reason_of(item)
        for code, item in ITEMS.items()
        if rule_of(CatalogueItem(version=1, **item.model_dump()))[0].kind is RuleKind.NONE
    }
    assert without == {"DE-02": "not_a_publication", "DE-03": "not_a_publication"}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("MP-03-03", "公示不少于3日"),
        ("MP-04-04", "公示不少于10个工作日"),
        ("PR-02-03", "公示不少于5个工作日"),
        ("DE-01", "公示不少于30日"),
        ("PR-02-01", "与所随信息同日公开"),
        ("MP-02-13", "7个工作日内公开"),
        ("FB-01", "20日内公开"),
        ("GEN-05", "每年01-31前"),
    ],
)
def test_a_clock_says_what_the_file_asks_for(code: str, words: str) -> None:
    item = CatalogueItem(version=1, **ITEMS[code].model_dump())
    assert clocks.words(rule_of(item)[0]).zh == words


@pytest.mark.parametrize(
    ("old", "new"),
    [("deadline", "imagined"), (",20,WD", ",many,WD"), ("MP-02-01", "no code"), (",WD,", ",WEEK,")],
)
def test_a_wrong_row_is_named_by_its_line(old: str, new: str) -> None:
    lines = FILE.read_text("utf-8-sig").splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("MP-02-01"))
    lines[place] = lines[place].replace(old, new, 1)
    with pytest.raises(rules.CatalogueUnreadable, match=f"line {place + 1}"):
        rules.read(lines)


async def test_the_catalogue_is_public_and_filtered(projects: httpx.AsyncClient) -> None:
    async def codes(**params: str | int | bool) -> list[str]:
        answer = await projects.get("/api/v1/catalogue", params={"limit": 200, **params})
        return [item["item_code"] for item in answer.json()["items"]]

    assert await codes() == sorted(ITEMS)
    assert len(await codes(auditable=False)) == 12
    assert len(await codes(domain="财政预决算")) == 5
    assert await codes(limit=1) == ["DE-01"]
